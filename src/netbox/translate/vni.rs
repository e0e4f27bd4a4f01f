//! VNIs and route targets, as L2VPNs and custom fields say them.
//!
//! Two sources that differ are an error with both. Elsewhere: the files that have them
//! (`vlan`, `vrf`).

use std::collections::{BTreeMap, BTreeSet};

use super::scope::Scope;
use super::value::{self, Subject};
use crate::names::Vni;
use crate::netbox::mapping::Field;
use crate::netbox::objection::{About, Objection, Objections};
use crate::netbox::objects::{L2vpn, Vlan};
use crate::netbox::wire::{Id, Ref};
use crate::netbox::yaml::{Map, Node};

/// The L2VPNs by the VLANs that they end at.
pub(super) struct Vnis<'i>(BTreeMap<Id, Vec<&'i L2vpn>>);

impl<'i> Vnis<'i> {
    pub(super) fn of(scope: &Scope<'i>) -> Self {
        let mut of_vlan: BTreeMap<Id, Vec<&'i L2vpn>> = BTreeMap::new();
        for termination in scope.inventory.l2vpn_terminations.values() {
            let l2vpn = termination.l2vpn.and_then(|l2vpn| scope.inventory.l2vpns.get(&l2vpn.0));
            let vlan = termination
                .assigned_object_id
                .filter(|_| termination.assigned_object_type.as_deref() == Some("ipam.vlan"));
            if let (Some(l2vpn), Some(vlan)) = (l2vpn.filter(|l2vpn| is_vxlan(l2vpn)), vlan) {
                of_vlan.entry(vlan).or_default().push(l2vpn);
            }
        }
        Self(of_vlan)
    }

    /// The VNI of a VLAN: what the L2VPN says and what the custom field says have to agree. A
    /// VLAN that was created before its VNI has none yet.
    pub(super) fn of_vlan(
        &self,
        scope: &Scope<'i>,
        vlan: &Vlan,
        about: &About,
        out: &mut Objections,
    ) -> (Option<Vni>, Option<&'i L2vpn>) {
        let l2vpns = self.0.get(&vlan.id).map_or(&[][..], Vec::as_slice);
        if let [first, second, ..] = l2vpns {
            let message = format!("the L2VPNs {} and {} both end at it", first.name, second.name);
            out.push(
                Objection::error("vlan-vni", message)
                    .about(about.clone())
                    .field("l2vpn_termination")
                    .hint("remove one of the two terminations"),
            );
        }
        let l2vpn = l2vpns.first().copied();
        let said = l2vpn.and_then(|l2vpn| Some((l2vpn, l2vpn.identifier?)));
        let inner = said.and_then(|(l2vpn, identifier)| vni(scope, l2vpn, identifier, out));
        let subject = Subject::new(about.clone(), &vlan.custom_fields);
        let parse = |value: &serde_json::Value| Vni::try_from(value::number(value)?).ok();
        let field = scope.read(Field::VlanVni, &subject, "a VNI from 1 to 16777215", parse, out);
        if let (Some((l2vpn, _)), Some(inner), Some(field)) = (said, inner, field)
            && inner != field
        {
            let message = format!("its own VNI is {field}, and its L2VPN {} has {inner}", l2vpn.name);
            let objection = Objection::error("vlan-vni", message).about(about.clone());
            out.push(objection.field("custom_fields").hint("make both say the same, or empty one of them"));
        }
        (inner.or(field), l2vpn)
    }
}

/// Whether an L2VPN stands for a VNI on the network.
pub(super) fn is_vxlan(l2vpn: &L2vpn) -> bool {
    matches!(l2vpn.r#type.0.as_str(), "vxlan-evpn" | "vxlan") && l2vpn.status != "decommissioning"
}

/// The identifier of an L2VPN as a VNI.
pub(super) fn vni(scope: &Scope<'_>, l2vpn: &L2vpn, identifier: u64, out: &mut Objections) -> Option<Vni> {
    let vni = Vni::try_from(identifier);
    if vni.is_err() {
        let objection = Objection::error("l2vpn-identifier", format!("{identifier} is no VNI"));
        let about = scope.about::<L2vpn>(l2vpn.id, &l2vpn.name);
        out.push(objection.about(about).field("identifier").expected("a number from 1 to 16777215"));
    }
    vni.ok()
}

/// `rt`: sorted, in quotes, in the short form where one target is all there is.
pub(super) fn route_targets(
    scope: &Scope<'_>,
    import: &[Ref],
    export: &[Ref],
    about: &About,
    out: &mut Objections,
) -> Option<Node> {
    let mut read = |refs: &[Ref], field: &str| -> BTreeSet<String> {
        let names = refs.iter().filter_map(|target| scope.inventory.route_targets.get(&target.0));
        let fits = |name: &String| {
            let fits = crate::intent::route::is_route_id(name);
            if !fits {
                let message = format!("`{name}` is no route target that devices take");
                let objection = Objection::error("route-target", message).about(about.clone()).field(field);
                out.push(objection.expected("AS:NUMBER or ADDRESS:NUMBER, six bytes, as in 65000:100"));
            }
            fits
        };
        names.map(|target| target.name.trim().to_owned()).filter(fits).collect()
    };
    let (import, export) = (read(import, "import_targets"), read(export, "export_targets"));
    let quoted = |targets: &BTreeSet<String>| Node::list(targets.iter().map(Node::quoted));
    match import.first() {
        None if export.is_empty() => None,
        Some(one) if import.len() == 1 && import == export => Some(Node::quoted(one)),
        _ => {
            let mut map = Map::new();
            map.set_some("import", (!import.is_empty()).then(|| quoted(&import)));
            map.set_some("export", (!export.is_empty()).then(|| quoted(&export)));
            Some(map.into())
        }
    }
}
