//! Commands as EOS knows them: lines in modes, each with what takes it away again.
//!
//! Here: [`Block`], into which every feature writes, and printing it as lines. Which of two
//! commands replaces the other is decided by their slots: commands of one slot of a block
//! are one setting. Elsewhere: what a feature writes (the files beside this one), the way
//! from one block to another (`changes`).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::node::Said;
use crate::platform::cli::Line;
use crate::yang::natural::natural;

/// Where a command stands among its siblings, and which setting it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The place of its words in the block's order.
    pub(super) rank: usize,
    /// Which of several such settings: an address, a neighbour.
    pub(super) name: String,
}

impl Ord for Slot {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank).then_with(|| natural(&self.name, &other.name))
    }
}

impl PartialOrd for Slot {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a command is for those around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One line.
    Line,
    /// A line that opens a mode; what is inside stands deeper.
    Mode,
    /// Lines that go together and can go at once, such as those of a neighbour; they have no
    /// line above them.
    Group,
}

/// One command.
#[derive(Clone, Debug)]
pub(super) struct Command<'t> {
    pub(super) kind: Kind,
    /// As it is typed; empty for a group.
    pub(super) text: String,
    /// What takes it away, with all that is inside.
    pub(super) undo: String,
    /// The leaves that it comes from, the one that says most first.
    pub(super) leaves: Vec<Said<'t>>,
    pub(super) inside: Block<'t>,
    /// Whether EOS prints the mode only if something stands in it.
    pub(super) only_filled: bool,
}

/// The commands of one mode.
#[derive(Clone, Debug)]
pub(super) struct Block<'t> {
    /// The words of its commands in EOS's own order. An empty text begins a paragraph.
    pub(super) order: &'static [&'static str],
    /// What every command of it begins with: `neighbor 10.0.0.1 `.
    prefix: String,
    pub(super) commands: BTreeMap<Slot, Command<'t>>,
}

impl<'t> Block<'t> {
    pub(super) fn new(order: &'static [&'static str]) -> Self {
        Self { order, prefix: String::new(), commands: BTreeMap::new() }
    }

    /// The rank of words in this block; unknown words come last.
    pub(super) fn rank(&self, words: &str) -> usize {
        self.order.iter().position(|known| *known == words).unwrap_or(self.order.len())
    }

    fn slot(&self, words: &str, name: &str) -> Slot {
        Slot { rank: self.rank(words), name: name.to_owned() }
    }

    /// The lowest of all doors: a line in its slot. What has the slot already stays; if it
    /// says the same it takes the leaves too, else they are left over.
    fn put(&mut self, slot: Slot, (text, undo): (String, String), leaves: Vec<Said<'t>>) {
        let (text, undo) = (printable(text), printable(undo));
        match self.commands.entry(slot) {
            Entry::Vacant(free) => {
                free.insert(Command {
                    kind: Kind::Line,
                    text,
                    undo,
                    leaves,
                    inside: Block::new(&[]),
                    only_filled: false,
                });
            }
            Entry::Occupied(there) if there.get().text == text => there.into_mut().leaves.extend(leaves),
            Entry::Occupied(_) => {}
        }
    }

    /// A setting with one value: `mtu 9214`, undone as `no mtu`.
    pub(super) fn set(&mut self, words: &str, value: &str, leaves: impl IntoIterator<Item = Said<'t>>) {
        let texts = (format!("{}{words} {value}", self.prefix), format!("no {}{words}", self.prefix));
        self.put(self.slot(words, ""), texts, leaves.into_iter().collect());
    }

    /// A setting with one value, straight from its leaf.
    pub(super) fn set_leaf(&mut self, words: &str, leaf: Option<Said<'t>>) {
        if let Some(said) = leaf {
            self.set(words, &said.text(), [said]);
        }
    }

    /// One of several that stand side by side: `trunk group A`, undone as it is written.
    pub(super) fn each(&mut self, words: &str, value: &str, leaves: impl IntoIterator<Item = Said<'t>>) {
        let text = format!("{}{words} {value}", self.prefix);
        let undo = format!("no {text}");
        self.put(self.slot(words, value), (text, undo), leaves.into_iter().collect());
    }

    /// A command that is there or not, and may be refused: `no neighbor A activate` is a
    /// line of its own, other than none.
    pub(super) fn flag(&mut self, words: &str, leaf: Option<Said<'t>>) {
        let Some(said) = leaf else { return };
        let text = format!("{}{words}", self.prefix);
        let texts = if said.is("true") {
            (text.clone(), format!("no {text}"))
        } else if said.is("false") {
            (format!("no {text}"), format!("default {text}"))
        } else {
            return;
        };
        self.put(self.slot(words, ""), texts, vec![said]);
    }

    /// A command in words of its own, with what takes it away.
    pub(super) fn say(
        &mut self,
        (words, name): (&str, &str),
        text: &str,
        undo: &str,
        leaves: impl IntoIterator<Item = Said<'t>>,
    ) {
        let texts = (format!("{}{text}", self.prefix), undo.to_owned());
        self.put(self.slot(words, name), texts, leaves.into_iter().collect());
    }

    /// A mode, made if it is not there: `vlan 40`.
    pub(super) fn mode(
        &mut self,
        words: &str,
        name: &str,
        order: &'static [&'static str],
    ) -> &mut Command<'t> {
        let header = if name.is_empty() { words.to_owned() } else { format!("{words} {name}") };
        self.mode_as((words, name), &header, order)
    }

    /// A mode whose command does not begin with the words of its slot, or says more.
    pub(super) fn mode_as(
        &mut self,
        (words, name): (&str, &str),
        header: &str,
        order: &'static [&'static str],
    ) -> &mut Command<'t> {
        let slot = self.slot(words, name);
        self.commands.entry(slot).or_insert_with(|| Command {
            kind: Kind::Mode,
            text: printable(header.to_owned()),
            undo: printable(format!("no {header}")),
            leaves: Vec::new(),
            inside: Block::new(order),
            only_filled: false,
        })
    }

    /// Lines that all begin alike and that one command takes away.
    pub(super) fn group(
        &mut self,
        (words, name): (&str, &str),
        (prefix, undo): (String, String),
        order: &'static [&'static str],
    ) -> &mut Command<'t> {
        let slot = self.slot(words, name);
        self.commands.entry(slot).or_insert_with(|| Command {
            kind: Kind::Group,
            text: String::new(),
            undo: printable(undo),
            leaves: Vec::new(),
            inside: Block { prefix, ..Block::new(order) },
            only_filled: false,
        })
    }

    /// Prints the block; `!` stands before a mode and where a paragraph begins.
    pub(super) fn print(&self, depth: usize, out: &mut Vec<Line<'t>>) {
        let mut last: Option<(&Slot, Kind)> = None;
        for (slot, command) in &self.commands {
            if command.is_silent() {
                continue;
            }
            let apart = last.is_some_and(|(before, kind)| {
                kind == Kind::Mode || command.kind == Kind::Mode || self.paragraph(before, slot)
            });
            if apart {
                out.push(Line { depth, text: "!".to_owned(), leaves: Vec::new(), origin: None });
            }
            command.print(depth, out);
            last = Some((slot, command.kind));
        }
    }

    fn paragraph(&self, before: &Slot, after: &Slot) -> bool {
        self.order.get(before.rank..after.rank).is_some_and(|between| between.contains(&""))
    }
}

impl<'t> Command<'t> {
    /// Adds leaves that this command implies or is one of the carriers of.
    pub(super) fn implies(&mut self, leaves: impl IntoIterator<Item = Said<'t>>) -> &mut Self {
        self.leaves.extend(leaves);
        self
    }

    fn print(&self, depth: usize, out: &mut Vec<Line<'t>>) {
        if self.kind == Kind::Group {
            let first = out.len();
            self.inside.print(depth, out);
            if let Some(line) = out.get_mut(first) {
                line.leaves.extend(self.leaves.iter().map(|said| said.path));
            }
            return;
        }
        let leaves = self.behind();
        out.push(Line {
            depth,
            text: self.text.clone(),
            leaves: leaves.iter().map(|said| said.path).collect(),
            origin: leaves.iter().find_map(|said| said.origin()),
        });
        self.inside.print(depth + 1, out);
    }

    /// Whether nothing is printed of it, as nothing stands in it.
    pub(super) fn is_silent(&self) -> bool {
        self.inside.commands.is_empty() && (self.kind == Kind::Group || self.only_filled)
    }

    /// The leaves behind the line itself; of a mode without own ones, those of what is in it
    /// first.
    pub(super) fn behind(&self) -> &[Said<'t>] {
        match self.inside.commands.values().next() {
            Some(first) if self.leaves.is_empty() => first.behind(),
            _ => &self.leaves,
        }
    }

    /// Every leaf behind this command and what is inside it.
    pub(super) fn every_leaf(&self, found: &mut Vec<Said<'t>>) {
        found.extend(&self.leaves);
        self.inside.every_leaf(found);
    }
}

impl<'t> Block<'t> {
    /// Every leaf behind the lines of this block.
    pub(super) fn every_leaf(&self, found: &mut Vec<Said<'t>>) {
        for command in self.commands.values() {
            if !command.is_silent() {
                command.every_leaf(found);
            }
        }
    }
}

/// One line, whatever a name or a description holds.
pub(super) fn printable(text: String) -> String {
    let plain = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    if text.chars().all(plain) {
        return text;
    }
    text.chars().map(|c| if plain(c) { c.to_string() } else { c.escape_debug().to_string() }).collect()
}
