//! Devices with the same change.
//!
//! Two devices are in one group if their changes are equal leaf by leaf, or would be if each
//! had the other's own values: its name, AS, addresses, those of its links and of its
//! partner. A group shows its first device's values and says so. One pass over all changes,
//! by fingerprints. Elsewhere: what the changes are (`plan`), what they do (`platform::effects`).

use std::collections::{BTreeMap, HashMap};

use ring::digest::{Context, SHA256};

use super::report::{Cause, Command, Group, LeafLine, Review};
use super::source::Sources;
use crate::compile::DeviceBuild;
use crate::intent::Topology;
use crate::names::DeviceName;
use crate::plan::render::{printable, value};
use crate::plan::{Action, Change, DevicePlan, Plan};
use crate::platform::cli::Sign;
use crate::platform::effects::{Changed, Effect, Effects};
use crate::yang::natural::natural;
use crate::yang::{Tree, Value};

type Print = [u8; 32];

/// A device that changes, with both sides of it.
#[derive(Clone, Copy)]
pub(super) struct Touched<'a> {
    pub(super) name: &'a DeviceName,
    pub(super) plan: &'a DevicePlan,
    pub(super) before: Option<&'a DeviceBuild>,
    pub(super) after: &'a DeviceBuild,
}

impl Touched<'_> {
    /// What a change does to the device's traffic, and why.
    pub(super) fn effect(&self, change: &Change) -> (Effect, &'static str) {
        if self.before.is_none() {
            return (Effect::Hitless, "nothing of ours was on the device");
        }
        let (from, to) = match &change.action {
            Action::Add { to } => (None, Some(&to.value)),
            Action::Modify { from, to } => (Some(from), Some(&to.value)),
            Action::Delete { from } => (Some(from), None),
        };
        let (created, removed) = (&self.plan.created, &self.plan.removed);
        self.effects().of(&Changed { path: &change.path, from, to, created, removed })
    }

    pub(super) fn effects(&self) -> &Effects {
        &self.after.profile.effects
    }

    /// The gravest effect of all its changes.
    pub(super) fn worst(&self) -> Effect {
        self.plan.changes.iter().map(|change| self.effect(change).0).max().unwrap_or(Effect::Hitless)
    }
}

/// The devices of a plan that change.
pub(super) fn touched<'a>(
    plan: &'a Plan,
    before: &'a BTreeMap<DeviceName, std::sync::Arc<DeviceBuild>>,
    after: &'a BTreeMap<DeviceName, std::sync::Arc<DeviceBuild>>,
) -> Vec<Touched<'a>> {
    let touched = plan.changed().filter_map(|(name, plan)| {
        let before = before.get(name).map(std::convert::AsRef::as_ref);
        Some(Touched { name, plan, before, after: after.get(name)? })
    });
    let mut touched: Vec<_> = touched.collect();
    touched.sort_by(|a, b| natural(a.name.as_str(), b.name.as_str()));
    touched
}

/// Puts devices with the same change together: the gravest first, then the largest, then by
/// name. The topologies are those of the fabric before, if there was one, and after.
pub(super) fn groups(
    touched: &[Touched<'_>],
    topologies: (Option<&Topology<'_>>, &Topology<'_>),
    sources: &Sources<'_>,
) -> Vec<Group> {
    let mut found: BTreeMap<Print, (Vec<&Touched<'_>>, std::collections::BTreeSet<Print>)> = BTreeMap::new();
    for device in touched {
        let own = own_values(device.name, topologies);
        let (members, exact) = found.entry(print(device.plan, &own)).or_default();
        members.push(device);
        exact.insert(print(device.plan, &HashMap::new()));
    }
    let room = (Review::LEAVES / found.len().max(1)).max(20);
    let group = |(members, exact): (Vec<&Touched<'_>>, std::collections::BTreeSet<Print>)| {
        members.split_first().map(|(first, _)| {
            let devices = members.iter().map(|device| device.name.clone()).collect();
            let group = one(first, devices, sources, room);
            Group { own_values: exact.len() > 1, ..group }
        })
    };
    let mut groups: Vec<Group> = found.into_values().filter_map(group).collect();
    groups.sort_by(|a, b| {
        let first = |group: &Group| group.devices.first().map(ToString::to_string).unwrap_or_default();
        let by_size = b.devices.len().cmp(&a.devices.len());
        b.effect.cmp(&a.effect).then(by_size).then_with(|| natural(&first(a), &first(b)))
    });
    groups
}

fn one(first: &Touched<'_>, devices: Vec<DeviceName>, sources: &Sources<'_>, room: usize) -> Group {
    let mut causes: BTreeMap<(Effect, &'static str), (usize, String)> = BTreeMap::new();
    let mut leaves = Vec::new();
    for change in &first.plan.changes {
        let (effect, reason) = first.effect(change);
        let cause = causes.entry((effect, reason)).or_insert_with(|| (0, change.path.to_string()));
        cause.0 += 1;
        if leaves.len() < room {
            leaves.push(leaf(change, effect, reason, sources));
        }
    }
    let none = Tree::new();
    let before = first.before.map_or(&none, |before| &before.tree);
    let mut commands = first.after.profile.cli.changes(before, &first.after.tree);
    let commands_left_out = commands.len().saturating_sub(room);
    commands.truncate(room);
    let counts = first.plan.counts();
    let cause = |((effect, reason), (leaves, example))| Cause { effect, reason, leaves, example };
    let effects: Vec<Cause> = causes.into_iter().rev().map(cause).collect();
    Group {
        devices,
        own_values: false,
        counts: (counts.added, counts.modified, counts.deleted),
        effect: effects.first().map_or(Effect::Hitless, |cause| cause.effect),
        leaves_left_out: first.plan.changes.len() - leaves.len(),
        leaves,
        effects,
        commands: commands
            .into_iter()
            .map(|line| Command {
                sign: line.sign.as_char(),
                depth: line.depth,
                leaves: line.leaves.iter().map(printable).collect(),
                origin: line.origin.map(|place| sources.origin(&place, line.sign == Sign::Remove)),
                text: line.text,
            })
            .collect(),
        commands_left_out,
    }
}

fn leaf(change: &Change, effect: Effect, reason: &'static str, sources: &Sources<'_>) -> LeafLine {
    let (sign, before, after) = match &change.action {
        Action::Add { to } => ('+', None, Some(value(&to.value))),
        // by name they are equal; what stands in the store is another
        Action::Modify { from: Value::Secret(from), to } if to.value == Value::Secret(from.clone()) => {
            ('~', None, Some(format!("secret:{from} (changed)")))
        }
        Action::Modify { from, to } => ('~', Some(value(from)), Some(value(&to.value))),
        Action::Delete { from } => ('-', Some(value(from)), None),
    };
    let origin = change.origin.as_ref().map(|place| sources.origin(place, sign == '-'));
    LeafLine { sign, path: printable(&change.path), before, after, origin, effect, reason }
}

/// The values that a device has for itself, each with a word that stands for it.
fn own_values(
    device: &DeviceName,
    (before, after): (Option<&Topology<'_>>, &Topology<'_>),
) -> HashMap<String, String> {
    let mut own = HashMap::new();
    for (side, topology) in [("", Some(after)), ("was-", before)] {
        let Some(topology) = topology else { continue };
        let Some(this) = topology.fabric().devices.get(device) else { continue };
        let mut put = |word: &str, value: String| {
            own.entry(value).or_insert_with(|| format!("{side}{word}"));
        };
        put("name", this.name.to_string());
        put("loopback", this.loopback.to_string());
        put("management", this.management.addr().to_string());
        topology.asn_of(device).into_iter().for_each(|asn| put("asn", asn.to_string()));
        topology.vtep_of(device).into_iter().for_each(|vtep| put("vtep", vtep.to_string()));
        if let Some(mlag) = &this.mlag {
            put("mlag", mlag.peer.addr().to_string());
            mlag.ibgp.iter().for_each(|ibgp| put("ibgp", ibgp.addr().to_string()));
        }
        if let Some(peer) = topology.mlag_peer(device) {
            put("peer", peer.peer_address.to_string());
            peer.ibgp_address.into_iter().for_each(|address| put("peer-ibgp", address.to_string()));
            peer.management.into_iter().for_each(|address| put("peer-management", address.to_string()));
            peer.device.into_iter().for_each(|name| put("peer-name", name.to_string()));
        }
        for (index, link) in topology.links(device).iter().enumerate() {
            put(&format!("link{index}"), link.address.addr().to_string());
            put(&format!("link{index}-far"), link.remote_address.to_string());
            put(&format!("link{index}-name"), link.remote.to_string());
            put(&format!("link{index}-loopback"), link.remote_loopback.to_string());
        }
    }
    own
}

/// The fingerprint of a plan, with a device's own values taken for words.
fn print(plan: &DevicePlan, own: &HashMap<String, String>) -> Print {
    let mut context = Context::new(&SHA256);
    let mut part = |mark: u8, text: &str| {
        context.update(&[mark]);
        for token in text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))) {
            let (word, end) = match token.char_indices().next_back() {
                Some((at, c)) if !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')) => token.split_at(at),
                _ => (token, ""),
            };
            match own.get(word) {
                Some(stands_for) => {
                    context.update(&[1]);
                    context.update(stands_for.as_bytes());
                }
                None => context.update(word.as_bytes()),
            }
            context.update(end.as_bytes());
        }
        context.update(&[0]);
    };
    for change in &plan.changes {
        part(b'p', &change.path.to_string());
        match &change.action {
            Action::Add { to } => part(b'+', &format!("{:?}", to.value)),
            Action::Modify { from, to } => part(b'~', &format!("{from:?} {:?}", to.value)),
            Action::Delete { from } => part(b'-', &format!("{from:?}")),
        }
    }
    plan.created.iter().for_each(|entry| part(b'c', &entry.to_string()));
    plan.removed.iter().for_each(|entry| part(b'r', &entry.to_string()));
    let mut print = [0; 32];
    print.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    print
}
