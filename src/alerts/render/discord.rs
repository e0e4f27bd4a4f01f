//! Discord: a channel's webhook with an embed.
//!
//! Limits: 256 characters in a title, 4,096 in a description, 2,048 in a footer, 6,000 in all.

use serde_json::{Value, json};

use super::text::{self, Style};
use super::words;
use crate::alerts::event::{Event, Severity};
use crate::alerts::template::Template;

const TITLE: usize = 256;
const DESCRIPTION: usize = 4_096;
const FOOTER: usize = 500;

pub(super) fn message(event: &Event, template: Option<&Template>) -> Value {
    let colour = match event.what.severity() {
        Severity::Good => 0x2e_a0_43,
        Severity::Warning => 0xd2_99_22,
        Severity::Critical => 0xcf_22_2e,
    };
    json!({
        "embeds": [{
            "title": Style::Discord.escape(&text::cut(&text::title(event), TITLE / 2)),
            "description": words(event, template, Style::Discord, DESCRIPTION),
            "color": colour,
            "timestamp": event.at.to_string(),
            "footer": { "text": text::cut(&text::footer(event), FOOTER) },
        }],
        // whatever a text says, it calls nobody
        "allowed_mentions": { "parse": [] },
    })
}
