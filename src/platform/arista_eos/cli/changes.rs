//! From one tree to another: the commands that an engineer would type, in an order that
//! works on a device that is in service.
//!
//! Only the areas in which leaves differ are built, before and after; the two are compared
//! slot by slot. What goes is said before what comes where EOS has room for one alone (an
//! address, a VNI), and after it where the old carries traffic until the new does (routes,
//! neighbours) or is still referred to (VLANs, VRFs, route maps). Elsewhere: what is one
//! setting (`command`).

use std::collections::{BTreeMap, HashSet};

use super::area::Wanted;
use super::command::{Block, Command, Kind, Slot};
use super::node::{Said, leaves};
use super::{build, shown};
use crate::platform::cli::{CliLine, Sign};
use crate::yang::diff::{Difference, diff};
use crate::yang::{Path, Tree};

/// The way from one tree to another.
pub(super) fn between(before: &Tree, after: &Tree) -> Vec<CliLine> {
    let differences: Vec<Difference<'_>> = diff(before, after);
    if differences.is_empty() {
        return Vec::new();
    }
    let mut wanted = Wanted::default();
    for difference in &differences {
        wanted.add(difference.path());
    }
    let (before, after) = (leaves(before), leaves(after));
    let mut lines = sections(&build(&before, &wanted), &build(&after, &wanted));
    remarks(&differences, &mut lines);
    lines
}

/// The whole configuration: interfaces that only lose go first, what others refer to goes
/// last, and everything else changes between, in EOS's order.
fn sections<'t>(before: &Block<'t>, after: &Block<'t>) -> Vec<CliLine> {
    let (mut early, mut main, mut late) = (Vec::new(), Vec::new(), Vec::new());
    for (slot, old, new) in both(before, after) {
        let is_interface = slot.rank == before.rank("interface");
        let mut lines = Vec::new();
        match (old, new) {
            (Some(old), None) => {
                removed(old, 0, &mut lines);
                if is_interface { early.push(lines) } else { late.push(lines) }
            }
            (None, Some(new)) => added(new, 0, &mut main),
            (Some(old), Some(new)) => {
                if old.kind == Kind::Group {
                    // entries of a list: the new ones first, as a list without any permits all
                    let (gone, come) = block(&old.inside, &new.inside, 0);
                    main.extend(come);
                    late.push(gone);
                    continue;
                }
                kept(old, new, 0, &mut lines);
                let only_loses = lines.iter().all(|line| matches!(line.sign, Sign::Context | Sign::Remove));
                if is_interface && only_loses { early.push(lines) } else { main.extend(lines) }
            }
            (None, None) => {}
        }
    }
    let early = early.into_iter().rev().flatten();
    early.chain(main).chain(late.into_iter().rev().flatten()).collect()
}

/// Slots of either block, in order.
fn both<'b, 't>(
    before: &'b Block<'t>,
    after: &'b Block<'t>,
) -> impl Iterator<Item = (&'b Slot, Option<&'b Command<'t>>, Option<&'b Command<'t>>)> {
    let mut slots: Vec<&Slot> = before.commands.keys().collect();
    slots.extend(after.commands.keys().filter(|slot| !before.commands.contains_key(slot)));
    slots.sort();
    slots.into_iter().map(|slot| (slot, before.commands.get(slot), after.commands.get(slot)))
}

/// A command that is in both.
fn kept(old: &Command<'_>, new: &Command<'_>, depth: usize, out: &mut Vec<CliLine>) {
    if old.text != new.text {
        if old.kind == Kind::Mode || new.kind == Kind::Mode {
            // another AS, another action: EOS makes it anew
            removed(old, depth, out);
            added(new, depth, out);
        } else {
            let mut line = line(new, Sign::Change, depth, &new.text);
            // what the old value came from, an address for one, may be another leaf
            let gone = old.leaves.iter().filter(|said| new.leaves.iter().all(|it| it.path != said.path));
            line.leaves.extend(gone.map(|said| said.path.clone()));
            out.push(line);
        }
        return;
    }
    if old.is_silent() {
        return added(new, depth, out);
    }
    let deeper = if new.kind == Kind::Mode { depth + 1 } else { depth };
    let (gone, come) = block(&old.inside, &new.inside, deeper);
    if gone.is_empty() && come.is_empty() {
        return;
    }
    if new.kind == Kind::Mode {
        out.push(CliLine { leaves: Vec::new(), ..line(new, Sign::Context, depth, &new.text) });
    }
    out.extend(gone);
    out.extend(come);
}

/// What changes inside a mode or group: what goes first, and what comes then.
fn block(old: &Block<'_>, new: &Block<'_>, depth: usize) -> (Vec<CliLine>, Vec<CliLine>) {
    let (mut gone, mut come, mut modes) = (Vec::new(), Vec::new(), Vec::new());
    // with its neighbour goes what its address families say of it
    let mut neighbors: BTreeMap<&str, usize> = BTreeMap::new();
    for (slot, old, new) in both(old, new) {
        match (old, new) {
            (Some(old), None) => {
                if old.kind == Kind::Group && !old.is_silent() {
                    neighbors.insert(&slot.name, gone.len());
                }
                removed(old, depth, &mut gone);
            }
            (None, Some(new)) => {
                added(new, depth, if new.kind == Kind::Mode { &mut modes } else { &mut come });
            }
            (Some(old), Some(new)) if new.kind == Kind::Mode => kept(old, new, depth, &mut modes),
            (Some(old), Some(new)) => kept(old, new, depth, &mut come),
            (None, None) => {}
        }
    }
    if !neighbors.is_empty() {
        with_their_neighbor(&neighbors, depth + 1, &mut gone, &mut modes);
    }
    come.extend(again(old, new, depth));
    if is_process(old) {
        // sessions move before what they leave is gone; what stands in families comes last,
        // as their mode takes the lines after it
        come.append(&mut gone);
    }
    come.append(&mut modes);
    (gone, come)
}

/// Whether a block is a BGP process or a VRF in it, by its order of commands.
fn is_process(block: &Block<'_>) -> bool {
    block.order.contains(&"neighbor")
}

/// Lines about a neighbour that is gone as a whole are not said again in its families, which
/// stand at this depth; deeper ones are those of VRFs, whose neighbours are others.
fn with_their_neighbor(
    neighbors: &BTreeMap<&str, usize>,
    depth: usize,
    gone: &mut [CliLine],
    modes: &mut Vec<CliLine>,
) {
    let of = |line: &CliLine| {
        let text = line.text.strip_prefix("default ").unwrap_or(&line.text);
        let text = text.strip_prefix("no ").unwrap_or(text).strip_prefix("neighbor ")?;
        neighbors.get(text.strip_suffix(" activate")?).copied()
    };
    modes.retain_mut(|line| {
        let Some(at) = of(line).filter(|_| line.sign == Sign::Remove && line.depth == depth) else {
            return true;
        };
        if let Some(whole) = gone.get_mut(at) {
            whole.leaves.append(&mut line.leaves);
        }
        false
    });
    // a mode in which nothing is left to say is not entered
    let mut index = 0;
    let depths: Vec<usize> = modes.iter().map(|line| line.depth).collect();
    modes.retain(|line| {
        index += 1;
        line.sign != Sign::Context || depths.get(index).is_some_and(|next| *next > line.depth)
    });
}

/// Addresses that the command for an interface's VRF wipes are said again.
fn again(old: &Block<'_>, new: &Block<'_>, depth: usize) -> Vec<CliLine> {
    let vrf = |block: &Block<'_>| {
        let rank = block.rank("vrf");
        let mut lines =
            block.commands.iter().filter(|(slot, command)| slot.rank == rank && command.kind == Kind::Line);
        lines.next().map(|(_, command)| command.text.clone())
    };
    if !new.order.contains(&"vrf") || vrf(old) == vrf(new) {
        return Vec::new();
    }
    let address = |command: &&Command<'_>| {
        command.text.starts_with("ip address ") || command.text.starts_with("ipv6 address ")
    };
    let stays = new
        .commands
        .iter()
        .filter(|(slot, command)| old.commands.get(slot).is_some_and(|before| before.text == command.text));
    let stays = stays.map(|(_, command)| command).filter(address);
    stays.map(|command| line(command, Sign::Change, depth, &command.text)).collect()
}

/// A command that comes, with all that is inside it.
fn added(command: &Command<'_>, depth: usize, out: &mut Vec<CliLine>) {
    if command.is_silent() {
        return;
    }
    let deeper = match command.kind {
        Kind::Group => depth,
        Kind::Line | Kind::Mode => {
            out.push(line(command, Sign::Add, depth, &command.text));
            depth + 1
        }
    };
    let first = out.len();
    command.inside.commands.values().for_each(|inside| added(inside, deeper, out));
    if command.kind == Kind::Group
        && let Some(line) = out.get_mut(first)
    {
        line.leaves.extend(command.leaves.iter().map(|said| said.path.clone()));
    }
}

/// A command that goes, with all that is inside it, as one line.
fn removed(command: &Command<'_>, depth: usize, out: &mut Vec<CliLine>) {
    if command.is_silent() {
        return;
    }
    let mut all = Vec::new();
    command.every_leaf(&mut all);
    out.push(CliLine { leaves: paths(&all), ..line_of(&all, Sign::Remove, depth, &command.undo) });
}

fn line(command: &Command<'_>, sign: Sign, depth: usize, text: &str) -> CliLine {
    line_of(command.behind(), sign, depth, text)
}

fn line_of(leaves: &[Said<'_>], sign: Sign, depth: usize, text: &str) -> CliLine {
    CliLine {
        depth,
        sign,
        text: text.to_owned(),
        leaves: paths(leaves),
        origin: leaves.iter().find_map(|said| said.origin()).cloned(),
    }
}

fn paths(leaves: &[Said<'_>]) -> Vec<Path> {
    leaves.iter().map(|said| said.path.clone()).collect()
}

/// Leaves that differ and change no command: each as a comment, so that nothing is silent.
fn remarks(differences: &[Difference<'_>], lines: &mut Vec<CliLine>) {
    let told: HashSet<&Path> =
        lines.iter().filter(|line| line.sign != Sign::Context).flat_map(|line| &line.leaves).collect();
    let silent: Vec<CliLine> =
        differences.iter().filter(|difference| !told.contains(difference.path())).map(remark).collect();
    lines.extend(silent);
}

fn remark(difference: &Difference<'_>) -> CliLine {
    let path = difference.path();
    let value = |leaf| shown(Said { path, leaf });
    let (sign, values, leaf) = match difference {
        Difference::Added { to, .. } => (Sign::Add, value(to), to),
        Difference::Removed { from, .. } => (Sign::Remove, value(from), from),
        Difference::Changed { from, to, .. } => {
            (Sign::Change, format!("{} -> {}", value(from), value(to)), to)
        }
    };
    let text = super::command::printable(format!("! no command: {path} {values}"));
    CliLine { depth: 0, sign, text, leaves: vec![path.clone()], origin: leaf.origin.clone() }
}
