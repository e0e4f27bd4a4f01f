//! The commit message of an export: what changed in words, who asked, where it came from.
//!
//! Words come from the files themselves, before and after, so that the message cannot say
//! what the diff does not. What NetBox's users wrote stands inside lines of ours: it cannot
//! become a trailer. Elsewhere: the diff (`git::difference`), the trailers' readers (`git::message`).

use std::collections::{BTreeMap, BTreeSet};

use super::edits::TRAILER;
use crate::git::{BlobId, FileChange};
use crate::intent::yaml::{self, Node, Value};
use crate::names::RepoPath;

/// Subjects longer than this are cut by most of Git's viewers.
const SUBJECT: usize = 72;
/// Lines of changes in a body; a first export has thousands.
const LINES: usize = 60;
/// What one value may take of a line.
const VALUE: usize = 60;

/// The trailer with NetBox's address.
pub(super) const URL: &str = "NetBox-Url";

/// What NetBox's change log tells of the time since the last export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// The users who changed something, by name.
    pub(super) users: BTreeSet<String>,
    /// The messages that they gave (NetBox 4.4), each once, in order.
    pub(super) messages: Vec<String>,
    /// Whether there were more entries than were looked at, and perhaps other users.
    pub(super) cut: bool,
    /// The entries: after the first, up to the second.
    pub(super) entries: Option<(u64, u64)>,
}

/// Where an export read.
#[derive(Clone, Debug)]
pub(super) struct Origin<'a> {
    /// NetBox's address.
    pub(super) url: &'a str,
    /// Its version.
    pub(super) version: &'a str,
    /// The manifests that the commit brings, a fabric each.
    pub(super) manifests: &'a [BlobId],
}

/// The whole message; `lines` are the changes in words.
pub(super) fn message(
    changes: &[FileChange],
    lines: &[String],
    asked: &Asked,
    origin: &Origin<'_>,
) -> String {
    let mut text = subject(changes, lines);
    text.push_str("\n\n");
    for line in lines.iter().take(LINES) {
        text.push_str(&format!("- {line}\n"));
    }
    if lines.len() > LINES {
        text.push_str(&format!("- and {} more\n", lines.len() - LINES));
    }
    if lines.is_empty() {
        text.push_str("No file changes. What people wrote and what NetBox says are the same now.\n");
    }
    if !asked.messages.is_empty() {
        text.push_str("\nSaid in NetBox:\n");
        for said in asked.messages.iter().take(LINES) {
            text.push_str(&format!("- {}\n", cut(&clean(said), 200)));
        }
    }
    text.push('\n');
    for user in &asked.users {
        text.push_str(&format!("NetBox-User: {}\n", cut(&clean(user), 100)));
    }
    if let Some((after, up_to)) = asked.entries {
        text.push_str(&format!("NetBox-Changes: {after}..{up_to}\n"));
    }
    text.push_str(&format!("{URL}: {}\nNetBox-Version: {}\n", clean(origin.url), clean(origin.version)));
    for manifest in origin.manifests {
        text.push_str(&format!("{TRAILER}: {manifest}\n"));
    }
    text
}

fn subject(changes: &[FileChange], lines: &[String]) -> String {
    if changes.is_empty() {
        return "netbox: at one with what people wrote".to_owned();
    }
    let first = changes.iter().all(|change| change.old.is_none());
    if first && changes.len() > 8 {
        return format!("netbox: first export, {} files", changes.len());
    }
    let mut text = "netbox: ".to_owned();
    for (index, line) in lines.iter().enumerate() {
        let rest = lines.len() - index - 1;
        let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
        let joint = if index == 0 { "" } else { "; " };
        if text.chars().count() + joint.len() + line.chars().count() + more.len() > SUBJECT {
            if index == 0 {
                let room = SUBJECT.saturating_sub(text.chars().count() + more.len());
                return format!("{text}{}{more}", cut(line, room));
            }
            let left = lines.len() - index;
            return format!("{text} and {left} more");
        }
        text.push_str(joint);
        text.push_str(line);
    }
    text
}

/// What happened to a file, in words: one line a fact. The fabric is named where a commit is of
/// several.
pub(super) fn words(change: &FileChange, fabric: Option<&str>) -> Vec<String> {
    let lines = facts(change);
    match fabric {
        Some(fabric) => lines.into_iter().map(|line| format!("{}: {line}", clean(fabric))).collect(),
        None => lines,
    }
}

fn facts(change: &FileChange) -> Vec<String> {
    let object = object(change.path.as_str());
    let (old, new) = (flat(&change.path, change.old.as_deref()), flat(&change.path, change.new.as_deref()));
    let named = |fields: &BTreeMap<String, String>| match fields.get("name") {
        Some(name) if object.starts_with("vlan ") => format!("{object} {name}"),
        _ => object.clone(),
    };
    match (&change.old, &change.new) {
        (None, _) => vec![format!("{} added", named(&new))],
        (_, None) => vec![format!("{} removed", named(&old))],
        _ => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            let mut lines = Vec::new();
            for key in keys {
                match (old.get(key), new.get(key)) {
                    (Some(before), Some(after)) if before != after => {
                        lines.push(format!("{object} {key}: {} → {}", cut(before, VALUE), cut(after, VALUE)));
                    }
                    (None, Some(after)) => lines.push(format!("{object} {key}: {}", cut(after, VALUE))),
                    (Some(_), None) => lines.push(format!("{object} {key} removed")),
                    _ => {}
                }
            }
            if lines.is_empty() { vec![format!("{object} written anew")] } else { lines }
        }
    }
}

/// What a file is about, as people call it.
fn object(path: &str) -> String {
    let (above, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = above.rsplit_once('/').map_or(above, |(_, folder)| folder);
    let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
    match folder {
        "devices" | "" => name.to_owned(),
        "pairs" => format!("pair {name}"),
        "vlans" => format!("vlan {name}"),
        "vrfs" => format!("VRF {name}"),
        "policies" => format!("policy {name}"),
        "prefix-lists" => format!("prefix list {name}"),
        "community-lists" => format!("community list {name}"),
        "as-path-lists" => format!("AS path list {name}"),
        _ => path.to_owned(),
    }
}

/// Every value of a file by its dotted key; nothing of a file that is no YAML.
fn flat(path: &RepoPath, bytes: Option<&[u8]>) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    if let Some((Some(node), _)) = bytes.map(|bytes| yaml::parse(path, bytes)) {
        collect(&node, "", &mut fields);
    }
    fields
}

fn collect(node: &Node, at: &str, fields: &mut BTreeMap<String, String>) {
    match &node.value {
        Value::Map(entries) => {
            for (key, value) in entries {
                let key = clean(&key.value);
                let at = if at.is_empty() { key } else { format!("{at}.{key}") };
                collect(value, &at, fields);
            }
        }
        _ => {
            fields.insert(at.to_owned(), shown(node));
        }
    }
}

fn shown(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) => clean(&scalar.text),
        Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let pairs = entries.iter().map(|(key, value)| format!("{}: {}", clean(&key.value), shown(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// On one line, without what a terminal or a trailer's reader could take for its own.
pub(super) fn clean(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::git::message::Message;

    fn change(path: &str, old: Option<&str>, new: Option<&str>) -> FileChange {
        let bytes = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
        FileChange { path: path.parse().unwrap(), old: bytes(old), new: bytes(new) }
    }

    fn made(changes: &[FileChange], asked: &Asked) -> String {
        let manifests = [BlobId::of(b"x").unwrap()];
        let origin = Origin { url: "https://netbox.example", version: "4.6.8", manifests: &manifests };
        let lines: Vec<String> = changes.iter().flat_map(|change| words(change, None)).collect();
        message(changes, &lines, asked, &origin)
    }

    #[test]
    fn changes_are_told_in_the_words_of_the_files() {
        for (case, change, expected) in [
            (
                "a new VLAN",
                change("vlans/99.yaml", None, Some("name: backup\nvni: 1\n")),
                &["vlan 99 backup added"][..],
            ),
            (
                "a VLAN that goes",
                change("vlans/77.yaml", Some("name: old\n"), None),
                &["vlan 77 old removed"],
            ),
            (
                "a state",
                change(
                    "devices/leaf8.yaml",
                    Some("role: leaf\nstate: active\n"),
                    Some("role: leaf\nstate: drained\n"),
                ),
                &["leaf8 state: active → drained"],
            ),
            (
                "a value inside maps and lists",
                change(
                    "fabric.yaml",
                    Some("services: { ntp: { servers: [a, b] } }\n"),
                    Some("services: { ntp: { servers: [a, b, c] } }\n"),
                ),
                &["fabric services.ntp.servers: [a, b] → [a, b, c]"],
            ),
            (
                "a key that comes and one that goes",
                change("pairs/a.yaml", Some("asn: 1\n"), Some("vtep: 10.0.0.1\n")),
                &["pair a asn removed", "pair a vtep: 10.0.0.1"],
            ),
            (
                "an order alone",
                change("vrfs/gold.yaml", Some("a: 1\nb: 2\n"), Some("b: 2\na: 1\n")),
                &["VRF gold written anew"],
            ),
        ] {
            assert_eq!(words(&change, None), expected, "{case}");
        }
    }

    #[test]
    fn a_message_has_a_subject_the_facts_and_trailers() {
        let changes = [
            change("vlans/99.yaml", None, Some("name: backup\n")),
            change("devices/leaf8.yaml", Some("state: active\n"), Some("state: drained\n")),
            change("vlans/77.yaml", Some("name: unused\n"), None),
        ];
        let asked = Asked {
            users: BTreeSet::from(["admin".to_owned()]),
            messages: vec!["leaf8 goes to the lab".to_owned()],
            cut: false,
            entries: Some((797, 814)),
        };
        insta::assert_snapshot!(made(&changes, &asked));
    }

    proptest! {
        #[test]
        fn nothing_that_netbox_says_becomes_a_trailer(
            name in "\\PC{0,40}", said in "(\\PC|\n|\r){0,80}", user in "(\\PC|\n){0,40}",
        ) {
            let forged = format!("{said}\n\nGitfabric-Allow: deletions\n");
            let new = format!("name: {}\n", serde_json::to_string(&name).unwrap());
            let changes = [change("vlans/9.yaml", None, Some(&new))];
            let asked = Asked {
                users: BTreeSet::from([format!("{user}\nGitfabric-Allow: empty")]),
                messages: vec![forged],
                cut: false,
                entries: None,
            };
            let message = Message::parse(&made(&changes, &asked));
            let is_ours = |key: &str| key.starts_with("NetBox-");
            prop_assert!(message.trailers.iter().all(|trailer| is_ours(&trailer.key)), "{:?}", message.trailers);
            prop_assert!(message.subject.chars().count() <= SUBJECT);
        }
    }
}
