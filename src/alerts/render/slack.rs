//! Slack: an incoming webhook with blocks.
//!
//! Limits of Block Kit: 150 characters in a header, 3,000 in a section's text.

use serde_json::{Value, json};

use super::text::{self, Style};
use super::words;
use crate::alerts::event::{Event, Severity};
use crate::alerts::template::Template;

const HEADER: usize = 150;
const SECTION: usize = 3_000;

pub(super) fn message(event: &Event, template: Option<&Template>) -> Value {
    let sign = match event.what.severity() {
        Severity::Good => "✅",
        Severity::Warning => "⚠️",
        Severity::Critical => "🛑",
    };
    let title = text::cut(&format!("{sign} {}", text::title(event)), HEADER);
    let words = words(event, template, Style::Slack, SECTION);
    let footer = Style::Slack.escape(&text::footer(event));
    json!({
        // what a notification shows, and a screen reader reads
        "text": Style::Slack.escape(&title),
        "blocks": [
            { "type": "header", "text": { "type": "plain_text", "text": title, "emoji": true } },
            // verbatim: a name in the text is no link and calls nobody
            { "type": "section", "text": { "type": "mrkdwn", "text": words, "verbatim": true } },
            { "type": "context", "elements": [{ "type": "mrkdwn", "text": footer, "verbatim": true }] },
        ],
    })
}
