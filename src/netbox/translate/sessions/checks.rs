//! Whether the sessions between devices of the fabric are those that follow from its links.
//!
//! A wrong AS is an error: one of two sources is not true. A session that is missing, or that
//! does not run, is told: the intent makes it all the same.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{End, Purpose, asn, objects};
use crate::netbox::objection::{Objection, Objections};
use crate::netbox::translate::scope::Scope;
use crate::netbox::wire::Id;

pub(super) fn check(scope: &Scope<'_>, ends: &[End<'_, '_>], out: &mut Objections) {
    let seen: BTreeSet<(Purpose, Id, IpAddr, IpAddr)> =
        ends.iter().map(|end| (end.purpose, end.member.id, end.local.addr(), end.remote)).collect();
    for end in ends {
        autonomous_systems(scope, end, out);
        let Some(peer) = end.peer else { continue };
        if end.purpose == Purpose::Inner {
            let message =
                format!("the intent has no such session between {} and {}", end.member.name, peer.name);
            objects(out, scope, end, Objection::warning("session-inner", format!("{message}: left out")));
            continue;
        }
        if !seen.contains(&(end.purpose, peer.id, end.remote, end.local.addr())) {
            let message = format!(
                "{} has no {} session back from {} to {}; the intent makes both ends",
                peer.name,
                end.purpose.in_words(),
                end.remote,
                end.local.addr()
            );
            objects(out, scope, end, Objection::warning("session-one-sided", message));
        }
        if !end.is_up() {
            let message = format!("it is {}, and the intent makes it run", end.session.status.0);
            let objection = Objection::warning("session-status", message).field("status");
            objects(
                out,
                scope,
                end,
                objection.hint("a device out of service is `decommissioning` or `offline`"),
            );
        }
    }
    missing(scope, ends, out);
}

/// The AS of each end is that of its device.
fn autonomous_systems(scope: &Scope<'_>, end: &End<'_, '_>, out: &mut Objections) {
    let sides = [
        ("local_as", asn(scope, end.session.local_as), Some(end.member)),
        ("remote_as", asn(scope, end.session.remote_as), end.peer),
    ];
    for (field, said, member) in sides {
        let Some((member, expected)) = member.and_then(|member| Some((member, member.asn?))) else {
            continue;
        };
        if let Some(said) = said.filter(|said| *said != expected) {
            let message = format!("it says AS {said} for {}, which is in AS {expected}", member.name);
            let objection = Objection::error("session-as", message).field(field);
            objects(out, scope, end, objection.expected(format!("AS {expected}, as the device says")));
        }
    }
}

/// Links between devices without a session, where NetBox has sessions of that kind at all.
fn missing(scope: &Scope<'_>, ends: &[End<'_, '_>], out: &mut Objections) {
    let between = |purpose| -> BTreeSet<(Id, Id)> {
        let of = ends.iter().filter(|end| end.purpose == purpose);
        of.filter_map(|end| Some((end.member.id, end.peer?.id))).collect()
    };
    let linked = linked(scope);
    for purpose in [Purpose::Underlay, Purpose::Overlay] {
        let there = between(purpose);
        if there.is_empty() {
            continue;
        }
        // of a one-sided one the other side tells
        let absent = linked.iter().filter(|(a, b)| !there.contains(&(*a, *b)) && !there.contains(&(*b, *a)));
        for (a, b) in absent {
            let (Some(a), Some(b)) = (scope.device(*a), scope.device(*b)) else { continue };
            let message = format!(
                "it is linked to {} and has no {} session with it in NetBox; the intent makes one",
                b.name,
                purpose.in_words()
            );
            out.push(Objection::warning("session-missing", message).about(scope.about_device(a.device)));
        }
    }
}

/// Pairs of devices, lower id first, with a cable between interfaces that share a subnet.
fn linked(scope: &Scope<'_>) -> BTreeSet<(Id, Id)> {
    let mut linked = BTreeSet::new();
    for member in &scope.devices {
        for interface in scope.interfaces(member.id) {
            let Some(far) = scope.far(interface.id) else { continue };
            let Some(peer) = scope.owner(far).filter(|peer| peer.id > member.id) else { continue };
            let near = scope.addresses(interface.id);
            let meet = scope
                .addresses(far.id)
                .iter()
                .any(|far| near.iter().any(|near| near.net.trunc() == far.net.trunc()));
            if meet {
                linked.insert((member.id, peer.id));
            }
        }
    }
    linked
}
