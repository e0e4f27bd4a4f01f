//! What a person wants a message to say: text with `{field}`s, and nothing that is executed.
//!
//! Pure. The text is the person's own and goes out as it stands, with the markup of the receiver;
//! what fills the fields comes from devices and commits, and is escaped. Elsewhere: the words
//! without a template (`render`).

use std::str::FromStr;

use super::event::Event;
use super::render::text::{self, Style};
use crate::nearest;

/// A longer template is a mistake: no receiver takes it.
const LONGEST: usize = 3_000;

/// What can be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Fabric,
    Event,
    Kind,
    Device,
    Commit,
    Summary,
    Detail,
    Path,
    Recorded,
    Live,
    Origin,
    Leaves,
    Count,
    Time,
    Id,
}

const FIELDS: [(&str, Field); 15] = [
    ("fabric", Field::Fabric),
    ("event", Field::Event),
    ("kind", Field::Kind),
    ("device", Field::Device),
    ("commit", Field::Commit),
    ("summary", Field::Summary),
    ("detail", Field::Detail),
    ("path", Field::Path),
    ("recorded", Field::Recorded),
    ("live", Field::Live),
    ("origin", Field::Origin),
    ("leaves", Field::Leaves),
    ("count", Field::Count),
    ("time", Field::Time),
    ("id", Field::Id),
];

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(Field),
}

/// A template that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

impl FromStr for Template {
    type Err = String;

    /// Reads `text {field} text`; `{{` and `}}` are braces.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("a template without text would send nothing; leave it out".to_owned());
        }
        if text.chars().count() > LONGEST {
            return Err(format!("a template of more than {LONGEST} characters fits no message"));
        }
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = brace.strip_prefix("{{") {
                plain.push('{');
                rest = after;
            } else if let Some(after) = brace.strip_prefix("}}") {
                plain.push('}');
                rest = after;
            } else if let Some((name, after)) = brace.strip_prefix('{').and_then(|it| it.split_once('}')) {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
                pieces.push(Piece::Field(field(name)?));
                rest = after;
            } else {
                return Err("a brace stands alone; `{{` and `}}` write one".to_owned());
            }
        }
        plain.push_str(rest);
        pieces.push(Piece::Text(plain));
        pieces.retain(|piece| *piece != Piece::Text(String::new()));
        Ok(Self(pieces))
    }
}

fn field(name: &str) -> Result<Field, String> {
    let name = name.trim();
    FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field).ok_or_else(|| {
        let names = FIELDS.map(|(known, _)| known);
        let meant = nearest::suggest(name, names).unwrap_or_else(|| format!("there is {}", names.join(", ")));
        format!("there is no field `{{{name}}}`: {meant}")
    })
}

impl Template {
    /// Fills it in, in the style of a receiver, the leaves within `room` characters.
    pub(super) fn fill(&self, event: &Event, style: Style, room: usize) -> String {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Field(field) => filled.push_str(&value(*field, event, style, room)),
            }
        }
        filled
    }
}

fn value(field: Field, event: &Event, style: Style, room: usize) -> String {
    let first = event.leaves.first();
    let plain = |text: &str| style.escape(&text::line(text));
    let optional = |text: Option<&str>| plain(text.unwrap_or("-"));
    match field {
        Field::Fabric => plain(event.fabric.as_str()),
        Field::Event => plain(event.what.title()),
        Field::Kind => plain(event.what.as_str()),
        Field::Device if !event.devices.is_empty() => format!("{} devices", event.devices.len()),
        Field::Device => optional(event.device.as_ref().map(crate::names::DeviceName::as_str)),
        Field::Commit => optional(event.commit.as_ref().map(crate::names::CommitId::short)),
        Field::Summary => plain(&event.summary),
        Field::Detail => {
            let lines = event.detail.as_deref().unwrap_or_default().lines();
            lines.map(plain).collect::<Vec<_>>().join("\n")
        }
        Field::Path => optional(first.map(|leaf| leaf.path.as_str())),
        Field::Recorded => optional(first.and_then(|leaf| leaf.recorded.as_deref())),
        Field::Live => optional(first.and_then(|leaf| leaf.live.as_deref())),
        Field::Origin => optional(first.and_then(|leaf| leaf.origin.as_deref())),
        Field::Leaves => text::leaves(event, style, room),
        Field::Count => event.count().to_string(),
        Field::Time => plain(&text::time(event.at)),
        Field::Id => plain(&event.id),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::alerts::render::tests::drift;

    #[test]
    fn fields_are_filled_in_and_escaped_and_the_text_around_them_is_not() {
        for (case, template, style, expected) in [
            ("plain", "{device}: {path}", Style::Plain, "leaf1: /vlans/vlan[vlan-id=40]/config/name"),
            ("the author's markup stays", "*{device}*", Style::Slack, "*leaf1*"),
            ("a device's does not", "{live}", Style::Slack, "&lt;!channel&gt; 'rm'"),
            ("braces", "{{{count}}}", Style::Plain, "{2}"),
            ("blanks", "{ count }", Style::Plain, "2"),
            ("nothing to say", "{origin}", Style::Plain, "vlans/40.yaml:1"),
        ] {
            let template: Template = template.parse().unwrap();
            assert_eq!(template.fill(&drift(2), style, 1_000), expected, "{case}");
        }
    }

    #[test]
    fn what_cannot_be_filled_in_is_told_with_what_was_meant() {
        for (template, expected) in [
            ("{devise}", "did you mean `device`?"),
            ("{nothing-like-it}", "there is fabric, event"),
            ("{device", "stands alone"),
            ("device}", "stands alone"),
            ("{}", "no field"),
            (" ", "without text"),
            (&"x".repeat(3_001), "3000"),
        ] {
            let error = template.parse::<Template>().unwrap_err();
            assert!(error.contains(expected), "{template}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}|[{}a-z]{0,30}") {
            if let Ok(template) = text.parse::<Template>() {
                template.fill(&drift(1), Style::Discord, 100);
            }
        }
    }
}
