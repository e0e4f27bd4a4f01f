//! A message as each receiver takes it: JSON, of a size that it takes, and headers.
//!
//! Pure: one file a receiver. Elsewhere: the words (`text`), sending (`alerts::send`).

pub mod alertmanager;
mod discord;
mod slack;
mod teams;
#[cfg(test)]
pub(in crate::alerts) mod tests;
pub(in crate::alerts) mod text;
mod webhook;

use serde_json::Value;

use self::text::Style;
use super::event::Event;
use super::kind::Kind;
use super::template::Template;

/// What is sent: one POST.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The body, JSON.
    pub body: Value,
    /// Headers beside the usual ones.
    pub headers: Vec<(&'static str, String)>,
}

impl Rendered {
    fn plain(body: Value) -> Self {
        Self { body, headers: Vec::new() }
    }
}

/// An event as a receiver takes it, in the words of a template if there is one. Of an
/// Alertmanager it is only that it is wrong now: `alertmanager::alerts` says what ended.
pub fn render(kind: Kind, event: &Event, template: Option<&Template>) -> Rendered {
    match kind {
        Kind::Slack => Rendered::plain(slack::message(event, template)),
        Kind::Discord => Rendered::plain(discord::message(event, template)),
        Kind::Teams => Rendered::plain(teams::message(event, template)),
        Kind::Alertmanager => Rendered::plain(alertmanager::single(event, template)),
        Kind::Webhook => webhook::message(event, template),
    }
}

/// The text below the title: the template's, or ours.
fn words(event: &Event, template: Option<&Template>, style: Style, room: usize) -> String {
    template.map_or_else(
        || text::body(event, style, room),
        |template| text::cut(&template.fill(event, style, room / 2), room),
    )
}
