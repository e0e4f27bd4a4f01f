//! The words of a message, in the style of who shows it, and never longer than it takes.
//!
//! Pure. What comes from devices and people is escaped, so that it neither formats nor calls
//! anybody; where a style has no way to escape a sign it is shown as its likeness.

use jiff::{Timestamp, Unit};

use crate::alerts::event::Event;
use crate::record::NewsLeaf;

/// A value is shown up to here: what is longer is looked up with `gitfabric drift`.
const VALUE: usize = 200;

/// A path is shown up to here.
const PATH: usize = 400;

/// The leaves that a message for people lists at most.
const LISTED: usize = 20;

/// How a text is marked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::alerts) enum Style {
    /// Not at all.
    Plain,
    /// Slack's mrkdwn: `&`, `<` and `>` are escaped (Slack, "Formatting text"), others cannot be.
    Slack,
    /// Discord's Markdown.
    Discord,
    /// The Markdown of Adaptive Cards.
    Teams,
}

impl Style {
    /// A text of others as it stands, without any effect.
    pub(in crate::alerts) fn escape(self, text: &str) -> String {
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            match (self, c) {
                (Self::Slack | Self::Teams, '&') => escaped.push_str("&amp;"),
                (Self::Slack | Self::Teams, '<') => escaped.push_str("&lt;"),
                (Self::Slack | Self::Teams, '>') => escaped.push_str("&gt;"),
                (Self::Slack, '`') => escaped.push('\''),
                (Self::Discord, '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '>' | '[' | ']' | '#' | '@')
                | (Self::Teams, '\\' | '*' | '_' | '~' | '`' | '[' | ']' | '#') => {
                    escaped.push('\\');
                    escaped.push(c);
                }
                _ => escaped.push(c),
            }
        }
        escaped
    }

    /// A text of others in fixed width, where the style has that.
    fn code(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            // within a span of code nothing but its end has a meaning
            Self::Discord => format!("`{}`", text.replace('`', "'")),
            Self::Slack => format!("`{}`", self.escape(text)),
            Self::Teams => self.escape(text),
        }
    }
}

/// A text of others on one line, without what steers a terminal or a reader.
pub(in crate::alerts) fn line(text: &str) -> String {
    let is_steering = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if is_steering(c) { ' ' } else { c }).collect()
}

/// The beginning of a text, of at most so many characters.
pub(in crate::alerts) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// A time for people.
pub(in crate::alerts) fn time(at: Timestamp) -> String {
    at.round(Unit::Second).unwrap_or(at).strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// `Drift found: leaf1 (dc1)`.
pub(in crate::alerts) fn title(event: &Event) -> String {
    let about = match &event.device {
        Some(device) => format!(" on {device}"),
        None if event.devices.is_empty() => String::new(),
        None => format!(": {} devices", event.devices.len()),
    };
    format!("{}{about} ({})", event.what.title(), event.fabric)
}

/// Everything below the title.
pub(in crate::alerts) fn body(event: &Event, style: Style, room: usize) -> String {
    let mut lines = vec![style.escape(&cut(&line(&event.summary), 500))];
    if let Some(detail) = &event.detail {
        let detail = cut(detail, 1_000);
        lines.extend(detail.lines().map(|text| style.escape(&line(text))));
    }
    let text = lines.join("\n");
    let left = room.saturating_sub(text.chars().count() + 1);
    match leaves(event, style, left) {
        leaves if leaves.is_empty() => cut(&text, room),
        leaves => format!("{text}\n{leaves}"),
    }
}

/// What a message stands on: `dc1 · commit 6e0d52c · 2026-11-21 03:12:44Z · 2 in one`.
pub(in crate::alerts) fn footer(event: &Event) -> String {
    let mut parts = vec![event.fabric.to_string()];
    parts.extend(event.commit.as_ref().map(|commit| format!("commit {}", commit.short())));
    parts.extend(event.found_at.map(|at| format!("found {}", time(at))));
    parts.push(time(event.at));
    if event.merged > 1 {
        parts.push(format!("{} events in one", event.merged));
    }
    parts.join(" · ")
}

/// A line a leaf, as many as there is room for, and how many more there are.
pub(in crate::alerts) fn leaves(event: &Event, style: Style, room: usize) -> String {
    /// `and 1000000 more`
    const MORE: usize = 24;
    let (mut text, mut listed, mut length) = (String::new(), 0, 0);
    for leaf in event.leaves.iter().take(LISTED) {
        let line = leaf_line(event, leaf, style);
        let needed = line.chars().count() + 1;
        if length + needed + MORE > room {
            break;
        }
        if listed > 0 {
            text.push('\n');
        }
        text.push_str(&line);
        length += needed;
        listed += 1;
    }
    let more = event.count() - listed;
    if more > 0 && room >= MORE {
        text.push_str(&format!("{}and {more} more", if listed > 0 { "\n" } else { "" }));
    }
    text
}

/// From what it was to what it is.
fn leaf_line(event: &Event, leaf: &NewsLeaf, style: Style) -> String {
    let value = |value: &Option<String>| match value {
        Some(value) => style.code(&cut(&line(value), VALUE)),
        None => "nothing".to_owned(),
    };
    let (was, is) =
        if event.what.is_over() { (&leaf.live, &leaf.recorded) } else { (&leaf.recorded, &leaf.live) };
    let mut text = format!("{}: {} → {}", style.code(&cut(&line(&leaf.path), PATH)), value(was), value(is));
    if let Some(origin) = &leaf.origin {
        text.push_str(&format!(" ({})", style.escape(&cut(&line(origin), PATH))));
    }
    if leaf.kind != "owned" {
        text.push_str(&format!(" {}", style.escape(&cut(&line(&leaf.kind), VALUE))));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::alerts::render::tests::drift;

    #[test]
    fn what_others_wrote_has_no_effect() {
        for (style, text, expected) in [
            (Style::Slack, "<!channel> & `x`", "&lt;!channel&gt; &amp; 'x'"),
            (Style::Discord, "@everyone **x** [a](b)", r"\@everyone \*\*x\*\* \[a\](b)"),
            (Style::Teams, "<b>*x*</b>", r"&lt;b&gt;\*x\*&lt;/b&gt;"),
            (Style::Plain, "<b>", "<b>"),
        ] {
            assert_eq!(style.escape(text), expected, "{style:?}");
        }
        assert_eq!(Style::Discord.code("a`b"), "`a'b`");
        assert_eq!(line("a\u{1b}[2J\nb\u{202e}c"), "a [2J b c");
        assert_eq!(cut("äöü", 2), "ä…");
    }

    #[test]
    fn many_leaves_are_counted() {
        let text = leaves(&drift(1_000), Style::Slack, 2_900);
        assert!(text.ends_with("and 980 more"), "{text}");
        assert_eq!(text.lines().count(), 21);
    }

    proptest! {
        #[test]
        fn a_body_keeps_within_its_room(count in 0..60_usize, room in 600..4_000_usize, kind in 0..4_usize) {
            let style = [Style::Plain, Style::Slack, Style::Discord, Style::Teams][kind];
            prop_assert!(body(&drift(count), style, room).chars().count() <= room);
        }
    }
}
