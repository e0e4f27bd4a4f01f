//! The routed interfaces of a VLAN: VRF, gateway, own addresses, MTU, and whether they agree.
//!
//! An SVI and its VLAN have no reference to each other in NetBox: the interface's name says
//! the number. Elsewhere: the VLAN's file (`vlan`), the interfaces of a pair itself (`pair`).

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::scope::{Member, Scope};
use super::vlan::Vlans;
use crate::names::VlanId;
use crate::netbox::objection::{Objection, Objections};
use crate::netbox::objects::{Address, FhrpGroup, Interface, Vlan, Vrf};
use crate::netbox::wire::Id;

/// What the SVIs of a VLAN say together.
#[derive(Debug, Default)]
pub(crate) struct Routed<'i> {
    /// Their VRF; none is the device's own.
    pub(crate) vrf: Option<Id>,
    /// The addresses that all of them share: anycast, or of a first-hop group.
    pub(crate) gateway: Vec<IpNet>,
    /// The addresses that each device has for itself.
    pub(crate) own: BTreeMap<Id, Vec<IpNet>>,
    /// The MTU.
    pub(crate) mtu: Option<u32>,
    /// The devices that have one.
    pub(crate) devices: BTreeSet<Id>,
    each: Vec<Svi<'i>>,
}

/// One device's.
#[derive(Debug)]
struct Svi<'i> {
    device: Id,
    interface: &'i Interface,
    vrf: Option<Id>,
    gateway: BTreeSet<IpNet>,
    own: Vec<IpNet>,
}

/// The SVIs of all devices by their numbers, in the order of the devices.
pub(super) struct Svis<'s, 'i>(BTreeMap<VlanId, Vec<(&'s Member<'i>, &'i Interface)>>);

impl<'s, 'i> Svis<'s, 'i> {
    /// Finds them.
    pub(super) fn of(scope: &'s Scope<'i>) -> Self {
        let mut svis: BTreeMap<VlanId, Vec<_>> = BTreeMap::new();
        for member in &scope.devices {
            for interface in scope.interfaces(member.id) {
                if let Some(id) = number(interface) {
                    svis.entry(id).or_default().push((member, *interface));
                }
            }
        }
        Self(svis)
    }

    /// Whether any device has one of the number.
    pub(super) fn any(&self, id: VlanId) -> bool {
        self.0.contains_key(&id)
    }
}

/// The number of an SVI's VLAN: `Vlan34`, in any case.
fn number(interface: &Interface) -> Option<VlanId> {
    let (kind, number) = interface.name.split_at_checked(4)?;
    number.trim_start().parse().ok().filter(|_| kind.eq_ignore_ascii_case("vlan"))
}

/// Reads the SVIs of a VLAN on all devices.
pub(super) fn read<'i>(
    scope: &Scope<'i>,
    svis: &Svis<'_, 'i>,
    (id, vlan): (VlanId, &Vlan),
    out: &mut Objections,
) -> Routed<'i> {
    let mut routed = Routed::default();
    for (member, interface) in svis.0.get(&id).into_iter().flatten() {
        let svi = svi(scope, member, interface, out);
        routed.devices.insert(member.id);
        if !svi.own.is_empty() {
            routed.own.insert(member.id, svi.own.clone());
        }
        routed.each.push(svi);
    }
    let gateway: BTreeSet<IpNet> = routed.each.iter().flat_map(|svi| svi.gateway.iter().copied()).collect();
    routed.gateway = gateway.into_iter().collect();
    routed.vrf = vrf(scope, vlan, &routed.each, out);
    routed.mtu = mtu(scope, &routed.each, out);
    routed
}

fn svi<'i>(
    scope: &Scope<'i>,
    member: &Member<'_>,
    interface: &'i Interface,
    out: &mut Objections,
) -> Svi<'i> {
    let about = || scope.about_interface(interface);
    let mut svi = Svi {
        device: member.id,
        interface,
        vrf: interface.vrf.map(|vrf| vrf.0),
        gateway: BTreeSet::new(),
        own: Vec::new(),
    };
    let mut addresses: Vec<(IpNet, &Address, bool)> = Vec::new();
    for assigned in scope.addresses(interface.id) {
        let shared =
            matches!(assigned.address.role.0.as_str(), "anycast" | "vip" | "vrrp" | "hsrp" | "glbp" | "carp");
        addresses.push((assigned.net, assigned.address, shared));
    }
    for assigned in scope.virtual_addresses(interface.id) {
        protocol(scope, assigned.address, out);
        addresses.push((assigned.net, assigned.address, true));
    }
    for (net, address, shared) in addresses {
        match (svi.vrf, address.vrf.map(|vrf| vrf.0)) {
            (None, vrf) => svi.vrf = vrf,
            (Some(of_interface), vrf) if vrf != Some(of_interface) => {
                let named = |vrf: Option<Id>| vrf_text(scope, vrf);
                let message = format!("{net} is in {}, and its interface in {}", named(vrf), named(svi.vrf));
                let objection = Objection::error("svi-vrf", message).field("vrf");
                out.push(objection.about(scope.about::<Address>(address.id, &address.address)));
            }
            _ => {}
        }
        if shared {
            svi.gateway.insert(net);
        } else if !svi.own.contains(&net) {
            svi.own.push(net);
        }
    }
    if !interface.enabled {
        let message = "it is shut in NetBox; the intent has no word for it, and it is up";
        out.push(Objection::warning("svi-shut", message).about(about()).field("enabled"));
    }
    svi
}

/// A first-hop group becomes an anycast gateway; of a group that speaks a protocol of its own
/// that is told.
fn protocol(scope: &Scope<'_>, address: &Address, out: &mut Objections) {
    let group = address.assigned_object_id.and_then(|group| scope.inventory.fhrp_groups.get(&group));
    let Some(group) = group else { return };
    if matches!(group.protocol.0.as_str(), "vrrp2" | "vrrp3" | "hsrp" | "glbp" | "carp" | "clusterxl") {
        let message =
            format!("it speaks {}; in the intent its address becomes an anycast gateway", group.protocol.0);
        let about = scope.about::<FhrpGroup>(group.id, &group.group_id.to_string());
        out.push(Objection::warning("gateway-protocol", message).about(about).field("protocol"));
    }
}

fn vrf_text(scope: &Scope<'_>, vrf: Option<Id>) -> String {
    match vrf.and_then(|vrf| scope.inventory.vrfs.get(&vrf)) {
        Some(Vrf { name, .. }) => format!("VRF {name}"),
        None => "no VRF".to_owned(),
    }
}

/// The VRF of all; places that differ are an error, as a VLAN is one subnet.
fn vrf(scope: &Scope<'_>, vlan: &Vlan, each: &[Svi<'_>], out: &mut Objections) -> Option<Id> {
    let first = each.first()?;
    for other in each.iter().filter(|other| other.vrf != first.vrf) {
        let message = format!(
            "it is in {}, and {} in {}: VLAN {} is of one VRF",
            vrf_text(scope, other.vrf),
            scope.about_interface(first.interface).name,
            vrf_text(scope, first.vrf),
            vlan.vid
        );
        let objection = Objection::error("svi-vrf", message).about(scope.about_interface(other.interface));
        out.push(objection.field("vrf"));
    }
    first.vrf
}

/// The MTU of all that say one.
fn mtu(scope: &Scope<'_>, each: &[Svi<'_>], out: &mut Objections) -> Option<u32> {
    let mut said = each.iter().filter_map(|svi| Some((svi, svi.interface.mtu?)));
    let (first, mtu) = said.next()?;
    for (other, differs) in said.filter(|(_, other)| *other != mtu) {
        let message = format!(
            "its MTU is {differs}, and that of {} is {mtu}: a VLAN has one",
            scope.about_interface(first.interface).name
        );
        let objection = Objection::error("svi-mtu", message).about(scope.about_interface(other.interface));
        out.push(objection.field("mtu"));
    }
    Some(mtu)
}

/// What the intent says of all places at once has to be so at each. `devices` are all places
/// of the VLAN, those of its ports too.
pub(super) fn compare(
    scope: &Scope<'_>,
    id: VlanId,
    routed: &Routed<'_>,
    devices: &BTreeSet<Id>,
    out: &mut Objections,
) {
    if routed.gateway.is_empty() {
        return;
    }
    let shown =
        |nets: &mut dyn Iterator<Item = &IpNet>| nets.map(ToString::to_string).collect::<Vec<_>>().join(", ");
    for svi in &routed.each {
        let lacking: Vec<&IpNet> = routed.gateway.iter().filter(|net| !svi.gateway.contains(net)).collect();
        if lacking.is_empty() {
            continue;
        }
        let lacking = shown(&mut lacking.into_iter());
        let about = scope.about_interface(svi.interface);
        out.push(if svi.gateway.is_empty() {
            let message = format!("it lacks the gateway {lacking} of the other interfaces, and gets it too");
            Objection::warning("gateway-differs", message).about(about)
        } else {
            let has = shown(&mut svi.gateway.iter());
            let message = format!("its gateway is {has}, and other interfaces have {lacking}");
            let hint = "a VLAN has the same gateway everywhere: give each SVI all of its anycast addresses";
            Objection::error("gateway-differs", message).about(about).hint(hint)
        });
    }
    for member in scope.devices.iter().filter(|member| devices.contains(&member.id)) {
        if routed.each.iter().all(|svi| svi.device != member.id) {
            let message =
                format!("its ports carry VLAN {id}, and it has no Vlan{id}: it gets the gateway too");
            let objection = Objection::warning("gateway-differs", message);
            out.push(objection.about(scope.about_device(member.device)).hint(format!(
                "add Vlan{id} in NetBox; in the intent a VLAN with a gateway has it wherever it is"
            )));
        }
    }
}

/// SVIs whose number is no VLAN of the fabric. `told` are numbers of which more is wrong.
pub(super) fn strays(
    scope: &Scope<'_>,
    svis: &Svis<'_, '_>,
    vlans: &Vlans<'_>,
    told: &BTreeSet<VlanId>,
    out: &mut Objections,
) {
    let strays = svis.0.iter().filter(|(id, _)| !vlans.contains_key(id) && !told.contains(id));
    for (id, interface) in strays.flat_map(|(id, svis)| svis.iter().map(move |(_, svi)| (id, svi))) {
        let message = format!("NetBox has no VLAN {id} for this fabric");
        let objection = Objection::error("svi-no-vlan", message).about(scope.about_interface(interface));
        out.push(objection.hint("create it in a VLAN group of the fabric's site, or name it at a port"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::netbox::translate::small::objections;
    use crate::netbox::wire::Ref;

    #[test]
    fn interfaces_of_one_vlan_that_disagree_are_told() {
        objections(&[
            (
                "two VRFs",
                |small| {
                    small.put("ipam/vrfs", 3, json!({ "name": "blue", "custom_fields": { "vrf_id": 3 } }));
                    small.unaddress("leaf2 Vlan34");
                    small.on("leaf2 Vlan34").vrf = Some(Ref(3));
                    small.address("leaf2 Vlan34", "10.34.34.1/24", "anycast");
                },
                &["error[svi-vrf]: interface leaf2 Vlan34: it is in VRF blue, and leaf1 Vlan34 in VRF gold"],
            ),
            (
                "an address in another VRF than its interface",
                |small| {
                    let id = small.on("leaf1 Vlan34").id;
                    small.address_on(id, "10.34.34.9/24", "", None);
                },
                &[
                    "error[svi-vrf]: address 10.34.34.9/24: 10.34.34.9/24 is in no VRF, and its interface in VRF gold",
                ],
            ),
            (
                "two MTUs",
                |small| small.on("leaf2 Vlan34").mtu = Some(1500),
                &[
                    "error[svi-mtu]: interface leaf2 Vlan34: its MTU is 1500, and that of leaf1 Vlan34 is 9164",
                ],
            ),
            (
                "two gateways",
                |small| {
                    small.unaddress("leaf2 Vlan34");
                    small.address("leaf2 Vlan34", "10.34.34.254/24", "anycast");
                },
                &[
                    "error[gateway-differs]: interface leaf1 Vlan34: its gateway is 10.34.34.1/24",
                    "error[gateway-differs]: interface leaf2 Vlan34: its gateway is 10.34.34.254/24",
                ],
            ),
            (
                "no gateway yet",
                |small| small.unaddress("leaf2 Vlan34"),
                &["warning[gateway-differs]: interface leaf2 Vlan34: it lacks the gateway 10.34.34.1/24"],
            ),
            (
                "no interface yet",
                |small| {
                    let id = small.on("leaf2 Vlan34").id;
                    small.inventory.interfaces.remove(&id);
                },
                &["warning[gateway-differs]: device leaf2: its ports carry VLAN 34, and it has no Vlan34"],
            ),
            (
                "shut",
                |small| small.on("leaf2 Vlan34").enabled = false,
                &["warning[svi-shut]: interface leaf2 Vlan34: it is shut in NetBox"],
            ),
            (
                "an interface without a VLAN",
                |small| {
                    small.interface("leaf1", "Vlan500", &json!({}));
                },
                &["error[svi-no-vlan]: interface leaf1 Vlan500: NetBox has no VLAN 500 for this fabric"],
            ),
            (
                "a first-hop group with a protocol of its own",
                |small| {
                    small.put("ipam/fhrp-groups", 1, json!({ "protocol": "vrrp3", "group_id": 7 }));
                    for on in ["leaf1 Vlan34", "leaf2 Vlan34"] {
                        let (id, kind) = (small.on(on).id, "dcim.interface");
                        let assignment = json!({ "group": 1, "interface_type": kind, "interface_id": id });
                        small.add("ipam/fhrp-group-assignments", assignment);
                    }
                    let vip = json!({ "address": "10.34.34.1/24", "vrf": 1, "assigned_object_type": "ipam.fhrpgroup", "assigned_object_id": 1 });
                    small.add("ipam/ip-addresses", vip);
                },
                &["warning[gateway-protocol]: first-hop group 7: it speaks vrrp3"],
            ),
        ]);
    }
}
