//! The fields of an object: which keys it has, each read by its reader, all faults kept.
//!
//! Here: [`Fields`], which remembers the keys that were asked for, so that every other key
//! is unknown without a second list of them. Elsewhere: readers of single values
//! (`scalar`, `route`), the objects themselves (`design`, `device`, `pair`, …).

use std::collections::BTreeSet;

use super::scalar::{Read, shortened};
use super::yaml::{Node, Value};
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::nearest::suggest;

/// A map of the file while it is being read.
pub(crate) struct Fields<'n> {
    /// The object, for messages: `VLAN 40`.
    what: String,
    /// The keys from the object to this map, each with a dot behind it.
    path: String,
    place: &'n Place,
    entries: &'n [(Spanned<String>, Node)],
    asked: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// Opens a node that has to be a map.
    pub(crate) fn open(node: &'n Node, what: impl Into<String>, out: &mut Findings) -> Option<Self> {
        let what = what.into();
        if let Value::Map(entries) = &node.value {
            return Some(Self { what, path: String::new(), place: &node.place, entries, asked: Vec::new() });
        }
        let message = format!("{what}: a map of keys is expected, not {}", node.kind());
        let finding = Finding::error("value-type", &node.place, message);
        out.push(finding.hint("write `key: value` lines, or `{}` for none"));
        None
    }

    /// The object, for messages.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// A key with its object, for messages: "fabric.yaml: `services.ntp.servers`".
    pub(crate) fn named_key(&self, key: &str) -> String {
        format!("{}: `{}{key}`", self.what, self.path)
    }

    /// The key and the value as they were written.
    pub(crate) fn entry(&mut self, key: &'static str) -> Option<(&'n Place, &'n Node)> {
        self.asked.push(key);
        let (found, node) = self.entries.iter().find(|(found, _)| found.value == key)?;
        Some((&found.place, node))
    }

    /// The value as it was written.
    pub(crate) fn node(&mut self, key: &'static str) -> Option<&'n Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// Reads one value with its reader; a fault names object and key.
    fn read<T>(
        &self,
        key: &str,
        node: &Node,
        out: &mut Findings,
        read: impl Fn(&Node) -> Read<T>,
    ) -> Option<Spanned<T>> {
        match read(node) {
            Ok(value) => Some(Spanned::new(value, node.place.clone())),
            Err(mut finding) => {
                finding.message = format!("{}: `{}{key}`: {}", self.what, self.path, finding.message);
                out.push(*finding);
                None
            }
        }
    }

    /// A value that may be left out.
    pub(crate) fn optional<T>(
        &mut self,
        key: &'static str,
        out: &mut Findings,
        read: impl Fn(&Node) -> Read<T>,
    ) -> Option<Spanned<T>> {
        let node = self.node(key)?;
        self.read(key, node, out, read)
    }

    /// A value that has to be there.
    pub(crate) fn required<T>(
        &mut self,
        key: &'static str,
        out: &mut Findings,
        read: impl Fn(&Node) -> Read<T>,
    ) -> Option<Spanned<T>> {
        if self.entries.iter().all(|(found, _)| found.value != key) {
            self.asked.push(key);
            self.missing(key, out);
            return None;
        }
        self.optional(key, out, read)
    }

    /// Says that a key is missing.
    pub(crate) fn missing(&self, key: &str, out: &mut Findings) {
        let message = format!("{}: `{}{key}` is missing", self.what, self.path);
        out.push(Finding::error("key-missing", self.place, message).hint(format!("add `{key}:`")));
    }

    /// A list of values, each read by the same reader; left out is empty.
    pub(crate) fn list<T>(
        &mut self,
        key: &'static str,
        out: &mut Findings,
        read: impl Fn(&Node) -> Read<T>,
    ) -> Vec<Spanned<T>> {
        match self.node(key) {
            None => Vec::new(),
            Some(Node { value: Value::List(items), .. }) => {
                items.iter().filter_map(|item| self.read(key, item, out, &read)).collect()
            }
            Some(node) => {
                let message =
                    format!("{}: `{}{key}`: a list is expected, not {}", self.what, self.path, node.kind());
                let given = match &node.value {
                    Value::Scalar(scalar) => shortened(&scalar.text),
                    _ => String::new(),
                };
                let finding = Finding::error("value-type", &node.place, message);
                out.push(finding.hint(format!("write `{key}: [{given}]`")));
                Vec::new()
            }
        }
    }

    /// One value, or a list of them.
    pub(crate) fn one_or_list<T>(
        &mut self,
        key: &'static str,
        out: &mut Findings,
        read: impl Fn(&Node) -> Read<T>,
    ) -> Vec<Spanned<T>> {
        let one = self.entries.iter().find(|(found, _)| found.value == key);
        match one {
            Some((_, node)) if matches!(node.value, Value::Scalar(_)) => {
                self.asked.push(key);
                self.read(key, node, out, read).into_iter().collect()
            }
            _ => self.list(key, out, read),
        }
    }

    /// A map below this one, with keys of its own.
    pub(crate) fn section(&mut self, key: &'static str, out: &mut Findings) -> Option<Fields<'n>> {
        let node = self.node(key)?;
        let path = format!("{}{key}.", self.path);
        if matches!(node.value, Value::Map(_)) {
            return Fields::open(node, &self.what, out).map(|section| Fields { path, ..section });
        }
        // the message names the key
        Fields::open(node, format!("{}: `{}{key}`", self.what, self.path), out)
    }

    /// A map below this one whose keys are names; left out is empty.
    pub(crate) fn named(&mut self, key: &'static str, out: &mut Findings) -> &'n [(Spanned<String>, Node)] {
        self.section(key, out).map_or(&[], |section| section.entries)
    }

    /// A key that the format will have and this version does not read.
    pub(crate) fn not_yet(&mut self, key: &'static str, hint: &str, out: &mut Findings) {
        if let Some((place, _)) = self.entry(key) {
            let message = format!("{}: `{}{key}` is not supported yet", self.what, self.path);
            out.push(Finding::error("not-yet", place, message).hint(hint));
        }
    }

    /// A key that stands where it cannot, with the reason.
    pub(crate) fn refuse(
        &mut self,
        key: &'static str,
        code: &'static str,
        why: &str,
        hint: &str,
        out: &mut Findings,
    ) {
        if let Some((place, _)) = self.entry(key) {
            let message = format!("{}: `{}{key}` {why}", self.what, self.path);
            out.push(Finding::error(code, place, message).hint(hint));
        }
    }

    /// Refuses every key that nobody asked for. Gives back the known keys that they were
    /// probably meant to be: what these say is not to be relied on.
    pub(crate) fn close(self, out: &mut Findings) -> Vec<&'static str> {
        let mut meant = Vec::new();
        // a key that is there already was hardly meant
        let given: BTreeSet<&str> = self.entries.iter().map(|(key, _)| key.value.as_str()).collect();
        let free: Vec<&'static str> =
            self.asked.iter().copied().filter(|asked| !given.contains(asked)).collect();
        for (key, _) in self.entries.iter().filter(|(key, _)| !self.asked.contains(&key.value.as_str())) {
            let message = format!("{}: there is no key `{}{}`", self.what, self.path, shortened(&key.value));
            let finding = Finding::error("key-unknown", &key.place, message);
            meant.extend(crate::nearest::nearest(&key.value, free.iter().copied()));
            out.push(match suggest(&key.value, free.iter().copied()) {
                Some(hint) => finding.hint(hint),
                None => finding,
            });
        }
        meant
    }
}
