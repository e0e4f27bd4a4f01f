//! Devices as lines of `at`: both members of a pair are the pair.
//!
//! Elsewhere: which devices an object is at (`vlan`, `vrf`).

use std::collections::BTreeSet;

use super::scope::{Member, Scope};
use crate::intent::model::DeviceState;
use crate::netbox::wire::Id;

/// The lines of `at`, in natural order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// Names of pairs and devices, each with the devices that it stands for.
    pub(super) lines: Vec<(String, Vec<Id>)>,
    /// Whether one member of a pair stands alone in it, which `single: true` has to confirm.
    pub(super) single: bool,
}

/// Folds devices to lines. `apart` are those that need a line of their own, as they have
/// addresses of their own. Whom the mapping says to be released is at no place. The last
/// member of a pair whose other one is gone from NetBox stands for the pair: what is written
/// stays as it was.
pub(super) fn fold(scope: &Scope<'_>, devices: &BTreeSet<Id>, apart: &BTreeSet<Id>) -> Places {
    let mut places = Places::default();
    for member in scope.devices.iter().filter(|member| kept(member) && devices.contains(&member.id)) {
        let alone = || (member.name.to_string(), vec![member.id]);
        let Some((pair, _)) = &member.pair else {
            places.lines.push(alone());
            continue;
        };
        let both: Vec<Id> = partners(scope, member).map(|member| member.id).collect();
        let complete = both.iter().all(|id| devices.contains(id));
        places.single |= !complete;
        if !complete || both.iter().any(|id| apart.contains(id)) {
            places.lines.push(alone());
        } else if both.first() == Some(&member.id) {
            places.lines.push((pair.to_string(), both));
        }
    }
    places
}

/// The members of a device's pair, itself among them; without a pair the device alone.
pub(super) fn partners<'s, 'i>(
    scope: &'s Scope<'i>,
    member: &'s Member<'i>,
) -> impl Iterator<Item = &'s Member<'i>> {
    let pair = member.pair.as_ref().map(|(pair, _)| pair);
    let same = move |other: &&Member<'_>| {
        other.id == member.id || pair.is_some() && other.pair.as_ref().map(|(pair, _)| pair) == pair
    };
    scope.devices.iter().filter(same).filter(|other| kept(other))
}

fn kept(member: &Member<'_>) -> bool {
    member.state != DeviceState::Released
}
