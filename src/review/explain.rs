//! What happens to one leaf: `/gitfabric explain LEAF`.
//!
//! A leaf is named by its YANG path or a part of it, by a line of EOS, or by a place or key
//! of the YAML. Elsewhere: the command and who may give it (`agent::reviews`).

use std::collections::{BTreeMap, HashSet};

use super::judge;
use super::report::{Group, LeafLine, Review};
use super::subject::{Merged, Subject};
use super::text::{code, counted, cut, devices};
use crate::diagnostic::Place;
use crate::names::DeviceName;
use crate::plan::render::{printable, value};
use crate::yang::natural::natural;

/// How many leaves an answer names.
const NAMED: usize = 8;
/// How long a question may be.
const QUESTION: usize = 300;

/// What happens to a leaf, in Markdown.
pub fn explain(subject: &Subject<'_>, question: &str) -> String {
    let alone = Subject { questions: &[], ..subject.clone() };
    let groups = judge::review(&alone).groups;
    answer(subject, &groups, question)
}

/// The same, for a review that was made.
pub(super) fn answer(subject: &Subject<'_>, groups: &[Group], question: &str) -> String {
    let needle = Needle::new(question);
    if needle.text.is_empty() {
        return "Name a leaf: a YANG path or a part of one, a line of EOS, or a line of the YAML such as \
                `vlans/40.yaml:2`.\n"
            .to_owned();
    }
    let mut found: Vec<(&Group, &LeafLine)> = Vec::new();
    let mut count = 0;
    for group in groups {
        let said = needle.said(group);
        for leaf in group.leaves.iter().filter(|leaf| needle.finds(&said, leaf)) {
            count += 1;
            if found.len() < NAMED {
                found.push((group, leaf));
            }
        }
    }
    if found.is_empty() {
        return unchanged(subject, &needle);
    }
    let mut out = String::new();
    for (group, leaf) in &found {
        out.push_str(&changed(group, leaf));
    }
    if count > found.len() {
        out.push_str(&format!(
            "\n{} more; name it more closely.\n",
            counted(count - found.len(), "leaf", "leaves")
        ));
    }
    out
}

fn changed(group: &Group, leaf: &LeafLine) -> String {
    let word = |text: &Option<String>| text.as_ref().map_or_else(|| "nothing".to_owned(), |text| code(text));
    let mut out = format!("- {} on {}\n", code(&leaf.path), devices(&group.devices, 8, code));
    out.push_str(&format!("  - value: {} becomes {}\n", word(&leaf.before), word(&leaf.after)));
    let behind = |leaves: &[String]| leaves.contains(&leaf.path);
    let commands = group.commands.iter().filter(|command| command.sign != ' ' && behind(&command.leaves));
    for command in commands.take(3) {
        out.push_str(&format!(
            "  - as EOS says it: {} {}\n",
            code(&command.sign.to_string()),
            code(&command.text)
        ));
    }
    if let Some(origin) = &leaf.origin {
        let was = if origin.was { "was " } else { "" };
        out.push_str(&format!("  - from: {was}{} {}\n", code(&origin.place.to_string()), code(&origin.text)));
    }
    if group.own_values && group.devices.len() > 1 {
        out.push_str("  - each device has its own values there; those of the first are shown\n");
    }
    out.push_str(&format!("  - effect: {}: {}\n", leaf.effect, leaf.reason));
    out
}

/// What devices hold at a leaf that does not change.
fn unchanged(subject: &Subject<'_>, needle: &Needle) -> String {
    let nothing = || {
        format!(
            "Nothing that this pull request leaves on a device is called {}. Name a part of a YANG path, \
             a line of EOS or a line of the YAML.\n",
            code(&needle.shown)
        )
    };
    let Merged::Clean { build, .. } = &subject.merged else { return nothing() };
    let mut found: BTreeMap<(String, String, Option<Place>), Vec<DeviceName>> = BTreeMap::new();
    let mut more = false;
    for (name, build) in &build.devices {
        for (path, leaf) in build.tree.iter() {
            let text = path.to_string();
            if !needle.is_in_path(&text) && !leaf.origin.as_ref().is_some_and(|place| needle.is_place(place))
            {
                continue;
            }
            let key = (printable(&text), value(&leaf.value), leaf.origin.clone());
            if found.len() >= NAMED && !found.contains_key(&key) {
                more = true;
            } else {
                found.entry(key).or_default().push(name.clone());
            }
        }
    }
    if found.is_empty() {
        return nothing();
    }
    let mut out = "Not changed by this pull request:\n\n".to_owned();
    for ((path, value, origin), mut names) in found {
        names.sort_by(|a, b| natural(a.as_str(), b.as_str()));
        let origin = origin.map_or_else(String::new, |place| format!(", from {}", code(&place.to_string())));
        out.push_str(&format!(
            "- {} is {} on {}{origin}\n",
            code(&path),
            code(&value),
            devices(&names, 8, code)
        ));
    }
    if more {
        out.push_str("\nThere are more; name it more closely.\n");
    }
    out
}

/// What is looked for.
struct Needle {
    /// As it was written, cut.
    shown: String,
    /// In lower case, spaces as one.
    text: String,
    /// File and line, if it is a place of the YAML.
    place: Option<(String, Option<u32>)>,
}

impl Needle {
    fn new(question: &str) -> Self {
        let shown = cut(question.trim().trim_matches('`').trim(), QUESTION);
        let text = shown.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let mut parts = shown.split(':');
        let is_yaml = |file: &&str| matches!(file.rsplit_once('.'), Some((_, "yaml" | "yml")));
        let file = parts.next().filter(is_yaml);
        let line = parts.next().and_then(|line| line.parse().ok());
        Self { place: file.map(|file| (file.to_owned(), line)), text, shown }
    }

    /// The leaves behind the lines of EOS that hold the text: the lines are read once for
    /// all leaves of a group.
    fn said<'g>(&self, group: &'g Group) -> HashSet<&'g str> {
        let said = |text: &str| text.to_lowercase().contains(&self.text);
        let lines = group.commands.iter().filter(|command| said(&command.text));
        lines.flat_map(|command| &command.leaves).map(String::as_str).collect()
    }

    fn finds(&self, said: &HashSet<&str>, leaf: &LeafLine) -> bool {
        let origin = leaf.origin.as_ref();
        let by_yaml = || origin.is_some_and(|origin| origin.text.to_lowercase().contains(&self.text));
        match &self.place {
            Some(_) => origin.is_some_and(|origin| self.is_place(&origin.place)),
            None => self.is_in_path(&leaf.path) || by_yaml() || said.contains(leaf.path.as_str()),
        }
    }

    fn is_in_path(&self, path: &str) -> bool {
        if self.place.is_some() {
            return false;
        }
        let path = path.to_lowercase();
        path.contains(&self.text) || (!self.text.contains('[') && without_keys(&path).contains(&self.text))
    }

    fn is_place(&self, place: &Place) -> bool {
        self.place.as_ref().is_some_and(|(file, line)| {
            file.ends_with(place.file.as_str()) && line.is_none_or(|line| line == place.line)
        })
    }
}

fn without_keys(path: &str) -> String {
    let mut depth = 0;
    let keep = |c: &char| {
        match c {
            '[' => depth += 1,
            ']' => {
                depth -= 1;
                return false;
            }
            _ => {}
        }
        depth == 0
    };
    path.chars().filter(keep).collect()
}

impl Review {
    pub(super) fn answer(&self, subject: &Subject<'_>, question: &str) -> String {
        answer(subject, &self.groups, question)
    }
}
