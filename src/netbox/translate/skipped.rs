//! Custom fields that the intent has no place for, folded into short notes, so that nobody
//! believes a value is deployed that is not. Elsewhere: keys of config contexts (`services`).

use std::collections::{BTreeMap, BTreeSet};

use super::scope::Scope;
use crate::netbox::back::OWN_FIELDS;
use crate::netbox::mapping::Source;
use crate::netbox::objection::{Objection, Objections};
use crate::netbox::wire::CustomFields;

/// Notes custom fields that nothing reads.
pub(super) fn note(scope: &Scope<'_>, out: &mut Objections) {
    let sources = scope.mapping.fields.values().flatten();
    let known: BTreeSet<&str> = sources
        .filter_map(|source| match source {
            Source::Custom(name) => Some(name.as_str()),
            Source::Context(_) => None,
        })
        .collect();
    let devices = scope.devices.iter().map(|member| ("devices", &member.device.custom_fields));
    let interfaces = scope.devices.iter().flat_map(|member| scope.interfaces(member.id));
    let interfaces = interfaces.map(|interface| ("interfaces", &interface.custom_fields));
    let vlans = scope.inventory.vlans.values().map(|vlan| ("VLANs", &vlan.custom_fields));
    let vrfs = scope.inventory.vrfs.values().map(|vrf| ("VRFs", &vrf.custom_fields));
    let l2vpns = scope.inventory.l2vpns.values().map(|l2vpn| ("L2VPNs", &l2vpn.custom_fields));
    let sessions = scope.inventory.sessions.values();
    let sessions =
        sessions.filter(|session| session.device.is_some_and(|device| scope.device(device.0).is_some()));
    let sessions = sessions.map(|session| ("sessions", &session.custom_fields));
    let all = devices.chain(interfaces).chain(vlans).chain(vrfs).chain(l2vpns).chain(sessions);
    let mut unread: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (kind, fields) in all {
        let fields: &CustomFields = fields;
        // what gitfabric itself wrote back is no intent
        let is_read = |name: &str| known.contains(name) || name.starts_with(OWN_FIELDS);
        for name in fields.keys().filter(|name| !is_read(name)) {
            *unread.entry((kind, name)).or_default() += 1;
        }
    }
    for ((kind, name), count) in unread {
        let message = format!("the custom field `{name}` of {count} {kind} is not exported");
        out.push(Objection::note("not-exported", message).field(format!("custom_fields.{name}")));
    }
}
