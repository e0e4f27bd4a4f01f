//! Pairs and their members: how many there are, and that what they say agrees.

use super::{Context, also};
use crate::diagnostic::{Finding, Findings};
use crate::intent::layout::Kind;
use crate::intent::model::{Device, MlagMember, Pair};
use crate::intent::topology::other_end;

pub(super) fn check(cx: &Context<'_>, out: &mut Findings) {
    for pair in cx.fabric.pairs.values() {
        let members: Vec<&Device> =
            cx.topology.members(&pair.name).iter().filter_map(|name| cx.fabric.devices.get(*name)).collect();
        count(cx, pair, &members, out);
        if pair.peer_link.is_empty() && !members.is_empty() {
            let finding = Finding::error(
                "pair-no-peer-link",
                &pair.place,
                format!("pair {}: `peer-link` is missing", pair.name),
            );
            out.push(finding.hint("name the port between the members, as in `peer-link: Ethernet10`"));
        }
        if let [first, second] = members[..] {
            agree(cx, pair, first, second, out);
        }
    }
    for device in cx.kept() {
        member(cx, device, out);
        number(cx, device, out);
    }
}

/// One member is a lone survivor and keeps its MLAG (rule 6); none and three are faults.
fn count(cx: &Context<'_>, pair: &Pair, members: &[&Device], out: &mut Findings) {
    if members.is_empty() && !cx.broken.any(Kind::Device) {
        let message = format!("pair {}: no device names it", pair.name);
        let finding = Finding::warning("pair-empty", &pair.place, message);
        out.push(
            finding.hint(format!("add `pair: {}` to its devices, or remove {}", pair.name, pair.place.file)),
        );
    }
    if let [_, _, third, ..] = members {
        let names = members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>().join(", ");
        let message = format!("pair {} has {} members: {names}", pair.name, members.len());
        let place = |member: &Device| member.pair.as_ref().map(|pair| pair.place.clone());
        let Some(marked) = place(third) else { return };
        let others: Vec<_> =
            members.iter().filter_map(|member| place(member)).filter(|place| *place != marked).collect();
        let finding = Finding::error("pair-members", &marked, message);
        out.push(
            also(finding, &others, "a member too").hint("a pair has two members: take this device out of it"),
        );
    }
}

/// What a device says about its pair's MLAG.
fn member(cx: &Context<'_>, device: &Device, out: &mut Findings) {
    let name = &device.name;
    match (&device.pair, &device.mlag) {
        (None, Some(mlag)) => {
            let message = format!("device {name} has MLAG addresses and no pair");
            let finding = Finding::error("mlag-without-pair", &mlag.peer.place, message);
            out.push(finding.hint("add `pair: NAME`, or remove `mlag`"));
        }
        (Some(pair), None) => {
            let message = format!("device {name} is in pair {} and has no MLAG addresses", pair.value);
            let finding = Finding::error("mlag-missing", &pair.place, message);
            out.push(finding.hint("add `mlag: { peer: ADDRESS/31, ibgp: ADDRESS/31 }`"));
        }
        (Some(_), Some(mlag)) => designed(cx, device, mlag, out),
        (None, None) => {}
    }
    if let (Some(pair), Some(vtep)) = (&device.pair, &device.vtep) {
        let message = format!("device {name} has a VTEP of its own and is in pair {}", pair.value);
        let finding = Finding::error("vtep-of-member", &vtep.place, message);
        let in_pair = cx.fabric.pairs.get(&pair.value).and_then(|pair| pair.vtep.as_ref());
        out.push(match in_pair {
            Some(shared) => finding.related(&shared.place, "the pair's").hint("remove it here"),
            None => finding.hint(format!("move it to pairs/{}.yaml: both members share it", pair.value)),
        });
    }
}

/// The fabric's `mlag` has to be there, and say an iBGP VLAN when the member has an address
/// in it.
fn designed(cx: &Context<'_>, device: &Device, mlag: &MlagMember, out: &mut Findings) {
    if !cx.sound("mlag") {
        return;
    }
    let name = &device.name;
    let Some(design) = &cx.fabric.design.mlag else {
        let message = format!("device {name} has MLAG addresses, and fabric.yaml has no `mlag`");
        let finding = Finding::error("mlag-undesigned", &mlag.peer.place, message);
        out.push(finding.hint("add `mlag: { port-channel, vlans }` to fabric.yaml"));
        return;
    };
    match (&design.ibgp_vlan, &mlag.ibgp) {
        (Some(vlan), None) => {
            let message = format!("device {name} has no address for the iBGP VLAN {}", vlan.value);
            let finding =
                Finding::error("mlag-ibgp", &mlag.peer.place, message).related(&vlan.place, "the VLAN");
            out.push(finding.hint("add `ibgp: ADDRESS/31` beside `peer`"));
        }
        (None, Some(ibgp)) => {
            let message = format!("device {name} has an iBGP address, and the fabric has no iBGP VLAN");
            let finding = Finding::error("mlag-ibgp", &ibgp.place, message);
            out.push(finding.hint("add `ibgp: ID` to `mlag.vlans` of fabric.yaml, or remove it here"));
        }
        _ => {}
    }
}

/// Both members of one pair: their addresses are the ends of one link, their AS is one.
fn agree(cx: &Context<'_>, pair: &Pair, first: &Device, second: &Device, out: &mut Findings) {
    if let (Some(a), Some(b)) = (&first.mlag, &second.mlag) {
        let ends = [("peer", Some(&a.peer), Some(&b.peer)), ("ibgp", a.ibgp.as_ref(), b.ibgp.as_ref())];
        for (key, a, b) in ends {
            let (Some(a), Some(b)) = (a, b) else { continue };
            // the same address twice is reported with the other addresses
            let same = a.value.addr() == b.value.addr();
            let far = other_end(a.value);
            if same || (far == Some(b.value.addr()) && a.value.prefix_len() == b.value.prefix_len()) {
                continue;
            }
            let message = format!(
                "pair {}: `mlag.{key}` of {} and {} are not the two ends of one link",
                pair.name, first.name, second.name
            );
            let finding =
                Finding::error("mlag-ends", &b.place, message).related(&a.place, "the other member's");
            out.push(match far {
                Some(far) => finding.hint(format!(
                    "{} has {}, so this is {far}/{}",
                    first.name,
                    a.value,
                    a.value.prefix_len()
                )),
                None => finding,
            });
        }
    }
    let asn = |device: &Device| cx.topology.asn_of(&device.name);
    if let (Some(a), Some(b)) = (asn(first), asn(second))
        && a != b
    {
        let message = format!(
            "pair {}: {} is in AS {} and {} in AS {}",
            pair.name, first.name, a.value, second.name, b.value
        );
        let finding = Finding::error("pair-asn", &b.place, message).related(&a.place, "the other member's");
        out.push(finding.hint(format!("write `asn` in {} alone", pair.place.file)));
    }
    let known = |device: &Device| cx.fabric.design.roles.contains_key(&device.role.value);
    if first.role != second.role && known(first) && known(second) {
        let message = format!("pair {}: its members have two roles", pair.name);
        let finding = Finding::error("pair-roles", &second.role.place, message);
        out.push(finding.related(&first.role.place, "the other member's"));
    }
}

/// Every device is in an AS.
fn number(cx: &Context<'_>, device: &Device, out: &mut Findings) {
    let pair_unread = device.pair.as_ref().is_some_and(|pair| !cx.fabric.pairs.contains_key(&pair.value));
    let role_unread = !cx.fabric.design.roles.contains_key(&device.role.value);
    if cx.topology.asn_of(&device.name).is_some() || pair_unread || role_unread || !cx.sound("roles") {
        return;
    }
    let finding =
        Finding::error("device-no-asn", &device.place, format!("device {} is in no AS", device.name));
    out.push(match &device.pair {
        Some(pair) => finding.hint(format!("add `asn: NUMBER` to pairs/{}.yaml", pair.value)),
        None => {
            finding.hint(format!("add `asn: NUMBER` here, or to role {} in fabric.yaml", device.role.value))
        }
    });
}
