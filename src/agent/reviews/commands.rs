//! What people ask for in comments: `/gitfabric plan`, `/gitfabric explain LEAF`, `/gitfabric
//! hold DEVICE`, `/gitfabric lift DEVICE`.
//!
//! Pure. A command is the first line of a comment and nothing else of it; what stands in it is
//! looked up and never run, and nothing here applies anything: merging is applying, and a hold
//! only keeps something from being sent. Elsewhere: who may ask (`forge`), the answers (`review`,
//! `holds`), when they are given (`watcher`).

use std::fmt;

use crate::forge::Comment;

/// The word that a command begins with.
const WORD: &str = "/gitfabric";
/// The longest question, in characters: a YANG path with keys fits.
const LONGEST: usize = 300;

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Review again, though nothing moved.
    Plan,
    /// Say what happens to a leaf.
    Explain(String),
    /// Leave a device, or a path of it, alone for a while.
    Hold {
        /// The device, as it was typed.
        device: String,
        /// The path; none is the whole device.
        path: Option<String>,
        /// How long: `4h`.
        length: String,
        /// Why.
        reason: String,
    },
    /// End a hold.
    Lift {
        /// The device, as it was typed.
        device: String,
        /// The path; none is the whole device.
        path: Option<String>,
    },
    /// None that there is; the word.
    Unknown(String),
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan => write!(f, "{WORD} plan"),
            Self::Explain(leaf) => write!(f, "{WORD} explain {leaf}"),
            Self::Hold { device, path, length, reason } => {
                let path = path.as_ref().map_or_else(String::new, |path| format!(" {path}"));
                write!(f, "{WORD} hold {device}{path} for {length} {reason}")
            }
            Self::Lift { device, path } => {
                let path = path.as_ref().map_or_else(String::new, |path| format!(" {path}"));
                write!(f, "{WORD} lift {device}{path}")
            }
            Self::Unknown(word) => write!(f, "{}", format!("{WORD} {word}").trim_end()),
        }
    }
}

/// A command and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) command: Command,
    /// The comment.
    pub(super) id: u64,
    /// Who wrote it.
    pub(super) by: crate::forge::User,
    /// When, if the forge says so.
    pub(super) at: Option<jiff::Timestamp>,
}

/// The commands among comments, oldest first.
pub(super) fn commands(comments: &[Comment]) -> Vec<Asked> {
    let asked = |comment: &Comment| {
        let command = command(&comment.body)?;
        let at = comment.created_at.parse().ok();
        Some(Asked { command, id: comment.id, by: comment.author.clone(), at })
    };
    let mut found: Vec<Asked> = comments.iter().filter_map(asked).collect();
    found.sort_by_key(|asked| asked.id);
    found
}

/// Reads a comment's first line.
fn command(body: &str) -> Option<Command> {
    let line = body.lines().next()?;
    let rest = line.trim_end().strip_prefix(WORD)?;
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return None; // `/gitfabrics` is a word of somebody else's
    }
    let (word, more) = rest.trim().split_once([' ', '\t']).unwrap_or((rest.trim(), ""));
    let more = plain(more);
    Some(match word {
        "plan" if more.is_empty() => Command::Plan,
        "explain" if !more.is_empty() => Command::Explain(more),
        "hold" => hold(&more).unwrap_or_else(|| Command::Unknown("hold".to_owned())),
        "lift" => lift(&more).unwrap_or_else(|| Command::Unknown("lift".to_owned())),
        word => Command::Unknown(plain(word)),
    })
}

/// `DEVICE [PATH] for LENGTH REASON`.
fn hold(text: &str) -> Option<Command> {
    let mut words = text.split_whitespace().map(|word| word.trim_matches('`'));
    let (device, next) = (words.next()?.to_owned(), words.next()?);
    let path = if next == "for" {
        None
    } else if words.next()? == "for" {
        Some(next.to_owned())
    } else {
        return None;
    };
    let length = words.next()?.to_owned();
    let reason = words.collect::<Vec<_>>().join(" ");
    (!reason.is_empty()).then_some(Command::Hold { device, path, length, reason })
}

/// `DEVICE [PATH]`.
fn lift(text: &str) -> Option<Command> {
    let mut words = text.split_whitespace().map(|word| word.trim_matches('`').to_owned());
    let (device, path) = (words.next()?, words.next());
    words.next().is_none().then_some(Command::Lift { device, path })
}

/// A text of others on one line, without what could be mistaken for markup or hide it.
fn plain(text: &str) -> String {
    let is_plain = |c: &char| !c.is_control() && !is_invisible(*c);
    let line: String = text.trim().trim_matches('`').chars().filter(is_plain).take(LONGEST).collect();
    line.trim().to_owned()
}

/// Characters that turn a text round, or are not seen (Unicode, "Bidirectional Algorithm" and
/// "Default ignorable code points", those that are used for it).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_first_line_of_a_comment_is_a_command() {
        let explain = |leaf: &str| Some(Command::Explain(leaf.to_owned()));
        let held = |path: Option<&str>| {
            Some(Command::Hold {
                device: "leaf1".to_owned(),
                path: path.map(str::to_owned),
                length: "4h".to_owned(),
                reason: "a broken optic".to_owned(),
            })
        };
        let lifted = |path: Option<&str>| {
            Some(Command::Lift { device: "leaf1".to_owned(), path: path.map(str::to_owned) })
        };
        let unknown = |word: &str| Some(Command::Unknown(word.to_owned()));
        for (case, body, expected) in [
            ("plan", "/gitfabric plan", Some(Command::Plan)),
            ("plan with an end", "/gitfabric plan \r\n\nthanks!", Some(Command::Plan)),
            ("explain", "/gitfabric explain vlan 110", explain("vlan 110")),
            ("in backticks", "/gitfabric explain `/a/b[c=d]/e`", explain("/a/b[c=d]/e")),
            ("explain nothing", "/gitfabric explain", unknown("explain")),
            ("apply", "/gitfabric apply", unknown("apply")),
            ("hold", "/gitfabric hold leaf1 for 4h a broken  optic", held(None)),
            (
                "hold a path",
                "/gitfabric hold leaf1 `/a/b[c=d]` for 4h a broken optic",
                held(Some("/a/b[c=d]")),
            ),
            ("hold without a reason", "/gitfabric hold leaf1 for 4h", unknown("hold")),
            ("hold without an end", "/gitfabric hold leaf1 a broken optic", unknown("hold")),
            ("lift", "/gitfabric lift leaf1", lifted(None)),
            ("lift a path", "/gitfabric lift leaf1 /a", lifted(Some("/a"))),
            ("lift nothing", "/gitfabric lift", unknown("lift")),
            ("plan and more", "/gitfabric plan --destroy", unknown("plan")),
            ("nothing", "/gitfabric", unknown("")),
            ("turned round", "/gitfabric explain a\u{202e}b\u{200b}c\u{7}", explain("abc")),
            ("a word that begins so", "/gitfabrics plan", None),
            ("a quote", "> /gitfabric plan", None),
            ("a later line", "look:\n/gitfabric plan", None),
            ("code", "    /gitfabric plan", None),
            ("nothing at all", "", None),
        ] {
            assert_eq!(command(body), expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn no_comment_makes_it_panic_and_no_question_is_long_or_of_two_lines(body in "(/gitfabric( |\t)(explain|plan)?)?\\PC{0,400}(\n.*)?") {
            if let Some(Command::Explain(text) | Command::Unknown(text)) = command(&body) {
                prop_assert!(text.chars().count() <= LONGEST && !text.contains(char::is_control));
            }
        }
    }
}
