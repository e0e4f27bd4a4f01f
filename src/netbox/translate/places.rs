//! Devices as lines of `at`: both members of a pair are the pair.
//!
//! Elsewhere: which devices an object is at (`vlan`, `vrf`).

use std::collections::{BTreeMap, BTreeSet};

use super::scope::{Member, Scope};
use crate::intent::model::DeviceState;
use crate::names::PairName;
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
    let mut members: BTreeMap<&PairName, Vec<Id>> = BTreeMap::new();
    for member in scope.devices.iter().filter(|member| kept(member)) {
        if let Some((pair, _)) = &member.pair {
            members.entry(pair).or_default().push(member.id);
        }
    }
    for member in scope.devices.iter().filter(|member| kept(member) && devices.contains(&member.id)) {
        let pair = member.pair.as_ref().and_then(|(pair, _)| members.get_key_value(pair));
        let both = pair.map_or(&[][..], |(_, both)| both.as_slice());
        let complete = both.iter().all(|id| devices.contains(id));
        places.single |= !complete;
        match pair {
            Some((pair, both)) if complete && !both.iter().any(|id| apart.contains(id)) => {
                if both.first() == Some(&member.id) {
                    places.lines.push((pair.to_string(), both.clone()));
                }
            }
            _ => places.lines.push((member.name.to_string(), vec![member.id])),
        }
    }
    places
}

fn kept(member: &Member<'_>) -> bool {
    member.state != DeviceState::Released
}
