//! Microsoft Teams: a webhook of its app Workflows, which takes an Adaptive Card.
//!
//! A message may have 28 KB, and its `attachments` are what the flow's step "for each" goes
//! through. The flow answers 202 and posts later: that it took a card is not that it shows it.

use serde_json::{Value, json};

use super::text::{self, Style};
use super::words;
use crate::alerts::event::{Event, Severity};
use crate::alerts::template::Template;

/// Of characters that JSON may write with six bytes each this is within 28 KB, also in so many
/// blocks.
const TEXT: usize = 4_000;
const LINES: usize = 50;

pub(super) fn message(event: &Event, template: Option<&Template>) -> Value {
    let colour = match event.what.severity() {
        Severity::Good => "Good",
        Severity::Warning => "Warning",
        Severity::Critical => "Attention",
    };
    let block = |text: String| json!({ "type": "TextBlock", "text": text, "wrap": true });
    let mut title = block(Style::Teams.escape(&text::title(event)));
    title["weight"] = json!("Bolder");
    title["size"] = json!("Medium");
    title["color"] = json!(colour);
    let mut body = vec![title];
    // a block a line: a single end of a line is none in a card
    let words = words(event, template, Style::Teams, TEXT);
    let mut lines = words.lines().filter(|line| !line.trim().is_empty());
    body.extend(lines.by_ref().take(LINES).map(|line| block(line.to_owned())));
    body.extend(lines.next().map(|_| block("…".to_owned())));
    let mut footer = block(Style::Teams.escape(&text::footer(event)));
    footer["isSubtle"] = json!(true);
    footer["size"] = json!("Small");
    body.push(footer);
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "Full" },
                "body": body,
            },
        }],
    })
}
