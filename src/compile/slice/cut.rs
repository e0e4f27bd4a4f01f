//! Cuts a device's slice from the fabric.
//!
//! What several files say of one thing (profile and port, pair and device) is merged here,
//! so that features read one answer. Elsewhere: who is connected to whom and who carries
//! what (`intent::topology`).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Filters, HostPort, LinkEnd, Management, Mlag, Overlay, Policies, RawHere, Slice, Underlay, VlanHere,
    VrfHere,
};
use crate::diagnostic::Spanned;
use crate::intent::Fabric;
use crate::intent::model::{
    self, Design, Device, MlagDesign, Pair, Port, Profile, RawFragment, Role, policy,
};
use crate::intent::topology::{Link, Topology, VlanAt};
use crate::names::{DeviceName, InterfaceName, RepoPath};

impl<'a> Slice<'a> {
    /// Cuts one device's slice; none if the fabric has no such device.
    pub fn of(fabric: &'a Fabric, topology: &Topology<'a>, device: &DeviceName) -> Option<Self> {
        let this = fabric.devices.get(device)?;
        let design = &fabric.design;
        let role = design.roles.get(&this.role.value);
        let pair = topology.pair_of(device);
        let mut slice = Self {
            device: &this.name,
            place: &this.place,
            state: &this.state,
            spine: topology.is_spine(device),
            platform: topology.platform_of(device),
            asn: topology.asn_of(device),
            loopback: &this.loopback,
            vtep: topology.vtep_of(device),
            management: Management {
                interface: &design.management.interface,
                vrf: &design.management.vrf,
                address: &this.management,
                gnmi_port: design.management.gnmi_port,
            },
            underlay: underlay(&design.underlay, role),
            overlay: design.overlay.as_ref().map(|overlay| self::overlay(overlay, design, role)),
            services: topology.services_of(device),
            mlag: mlag(fabric, topology, this, pair),
            links: links(fabric, topology, this),
            ports: ports(&design.profiles, topology, this, pair),
            unused_ports: design.unused_ports,
            unused_ports_place: &design.place,
            vlan_internal: design.vlan_internal.as_ref(),
            vlans: topology.vlans_at(device).iter().map(vlan).collect(),
            vrfs: vrfs(topology, device),
            policies: Policies::default(),
            static_routes: &design.static_routes,
            raw: raw(&fabric.raw, topology, device),
            files: BTreeSet::new(),
        };
        slice.policies = Policies::of(fabric, &slice);
        slice.files = files(fabric, topology, &slice, this, pair);
        Some(slice)
    }
}

/// What a role says goes before what the fabric says.
fn underlay<'a>(fabric: &'a model::Underlay, role: Option<&'a Role>) -> Underlay<'a> {
    let role = role.map(|role| &role.underlay);
    macro_rules! nearer {
        ($field:ident) => {
            role.and_then(|role| role.$field.as_ref()).or(fabric.$field.as_ref())
        };
    }
    // both numbers stand in one key
    let paths = role.filter(|role| role.maximum_paths.is_some()).unwrap_or(fabric);
    Underlay {
        mtu: nearer!(mtu),
        distance: nearer!(distance),
        maximum_paths: paths.maximum_paths.as_ref(),
        ecmp: paths.ecmp.as_ref(),
        maximum_routes: nearer!(maximum_routes),
        maximum_routes_below: role.and_then(|role| role.maximum_routes.as_ref()),
        bfd: nearer!(bfd),
        filters: filters(role.map(|role| &role.filters), &fabric.filters),
    }
}

fn filters<'a>(role: Option<&'a policy::Filters>, fabric: &'a policy::Filters) -> Filters<'a> {
    role.map_or(Filters::of(fabric), |role| Filters::of(role).or(Filters::of(fabric)))
}

/// The same of the overlay; its limit of routes is the underlay's where nobody says one.
fn overlay<'a>(fabric: &'a model::Overlay, design: &'a Design, role: Option<&'a Role>) -> Overlay<'a> {
    let own = role.and_then(|role| role.overlay.as_ref()).map(|overlay| &overlay.value);
    macro_rules! nearer {
        ($field:ident) => {
            own.and_then(|own| own.$field.as_ref()).or(fabric.$field.as_ref())
        };
    }
    Overlay {
        multihop: nearer!(multihop),
        gateway_mac: nearer!(gateway_mac),
        learn_any: nearer!(learn_any),
        maximum_routes: nearer!(maximum_routes).or(underlay(&design.underlay, role).maximum_routes),
        bfd: nearer!(bfd),
        filters: filters(own.map(|own| &own.filters), &fabric.filters),
        vlan: fabric.vlan.as_ref(),
        vrf: fabric.vrf.as_ref(),
    }
}

fn mlag<'a>(
    fabric: &'a Fabric,
    topology: &Topology<'a>,
    this: &'a Device,
    pair: Option<&'a Pair>,
) -> Option<Mlag<'a>> {
    let (design, member) = (fabric.design.mlag.as_ref()?, this.mlag.as_ref()?);
    let (other, pair) = (topology.mlag_peer(&this.name)?, pair?);
    Some(Mlag {
        domain: domain(design, pair),
        port_channel: &design.port_channel,
        peer_vlan: &design.peer_vlan,
        ibgp_vlan: design.ibgp_vlan.as_ref(),
        dual_primary: design.dual_primary.as_ref(),
        vrf_ibgp: design.vrf_ibgp.as_ref(),
        peer_link: &pair.peer_link,
        address: &member.peer,
        peer_address: other.peer_address,
        ibgp_address: member.ibgp.as_ref(),
        ibgp_peer: other.ibgp_address,
        peer: other.device,
        heartbeat: other.device.and_then(|name| fabric.devices.get(name)).map(|device| &device.management),
    })
}

/// The id of a pair's MLAG domain. Domains meet nobody but the two members, so that one id
/// may serve every pair.
fn domain<'a>(design: &'a MlagDesign, pair: &'a Pair) -> Spanned<&'a str> {
    let said = pair.domain.as_ref().or(design.domain.as_ref());
    said.map_or_else(
        || Spanned::new(pair.name.as_str(), pair.place.clone()),
        |said| Spanned::new(said.as_str(), said.place.clone()),
    )
}

fn links<'a>(fabric: &'a Fabric, topology: &Topology<'a>, this: &'a Device) -> Vec<LinkEnd<'a>> {
    let end = |link: &Link<'a>| {
        let remote = fabric.devices.get(link.remote)?;
        let own = this.ports.get(link.port);
        Some(LinkEnd {
            link: link.clone(),
            asn: topology.asn_of(link.remote),
            loopback: &remote.loopback,
            description: own.and_then(|own| own.description.as_ref()),
            enabled: own.and_then(|own| own.enabled.as_ref()),
        })
    };
    topology.links(&this.name).iter().filter_map(end).collect()
}

/// The pair's ports, on which the device may change description and `enabled`, and the
/// device's own. What a device says of its ends of links stands with the links.
fn ports<'a>(
    profiles: &'a BTreeMap<String, Profile>,
    topology: &Topology<'a>,
    this: &'a Device,
    pair: Option<&'a Pair>,
) -> BTreeMap<&'a InterfaceName, HostPort<'a>> {
    let mut ports: BTreeMap<_, _> = BTreeMap::new();
    for (name, shared) in pair.into_iter().flat_map(|pair| &pair.ports) {
        let mut port = host_port(profiles, shared, true);
        if let Some(own) = this.ports.get(name) {
            port.description = own.description.as_ref().or(port.description);
            port.enabled = own.enabled.as_ref().or(port.enabled);
        }
        ports.insert(name, port);
    }
    let links: BTreeSet<_> = topology.links(&this.name).iter().map(|link| link.port).collect();
    for (name, own) in this.ports.iter().filter(|(name, _)| !links.contains(name)) {
        ports.entry(name).or_insert_with(|| host_port(profiles, own, false));
    }
    ports
}

fn host_port<'a>(profiles: &'a BTreeMap<String, Profile>, port: &'a Port, of_pair: bool) -> HostPort<'a> {
    let profile = port.profile.as_ref().and_then(|name| profiles.get(&name.value));
    macro_rules! own_or_profile {
        ($field:ident) => {
            port.own.$field.as_ref().or_else(|| profile.and_then(|profile| profile.$field.as_ref()))
        };
    }
    HostPort {
        place: &port.place,
        of_pair,
        description: port.description.as_ref().or(port.to.as_ref()),
        enabled: port.enabled.as_ref(),
        lag: port.lag.as_ref(),
        vlans: &port.vlans,
        native: port.native.as_ref(),
        mode: own_or_profile!(mode),
        lacp: own_or_profile!(lacp),
        fallback: own_or_profile!(fallback),
        fallback_timeout: own_or_profile!(fallback_timeout),
        mtu: own_or_profile!(mtu),
    }
}

fn vlan<'a>(here: &VlanAt<'a>) -> VlanHere<'a> {
    VlanHere {
        id: here.vlan.id,
        place: &here.vlan.place,
        at: here.place,
        name: &here.vlan.name,
        vrf: here.vlan.vrf.as_ref(),
        vni: here.vlan.vni.as_ref(),
        mtu: here.vlan.mtu.as_ref(),
        gateway: &here.vlan.gateway,
        addresses: here.addresses.clone(),
        rd: here.vlan.rd.as_ref(),
        rt: here.vlan.rt.as_ref(),
    }
}

fn vrfs<'a>(topology: &Topology<'a>, device: &DeviceName) -> Vec<VrfHere<'a>> {
    let here = topology.vrfs_at(device).map(|vrf| VrfHere {
        name: &vrf.name,
        place: &vrf.place,
        id: vrf.id.as_ref(),
        vni: vrf.vni.as_ref(),
        rd: vrf.rd.as_ref(),
        rt: vrf.rt.as_ref(),
        redistribute: &vrf.redistribute,
        peers: topology.peers_at(device, &vrf.name),
    });
    here.collect()
}

fn raw<'a>(fragments: &'a [RawFragment], topology: &Topology<'a>, device: &DeviceName) -> Vec<RawHere<'a>> {
    let selected = fragments.iter().filter(|raw| topology.select_all(&raw.at).contains(device));
    selected.map(|raw| RawHere { file: &raw.file, config: &raw.config, places: &raw.places }).collect()
}

/// Every file that a value of the slice came from: what must be unmoved for a tree made
/// earlier to have true origins.
fn files<'a>(
    fabric: &'a Fabric,
    topology: &Topology<'a>,
    slice: &Slice<'a>,
    this: &'a Device,
    pair: Option<&'a Pair>,
) -> BTreeSet<&'a RepoPath> {
    let mut files = BTreeSet::from([&fabric.design.place.file, &this.place.file]);
    files.extend(pair.map(|pair| &pair.place.file));
    let others = slice.links.iter().map(|end| end.link.remote);
    for other in others.chain(slice.mlag.iter().filter_map(|mlag| mlag.peer)) {
        files.extend(fabric.devices.get(other).map(|device| &device.place.file));
        files.extend(topology.pair_of(other).map(|pair| &pair.place.file));
    }
    files.extend(slice.vlans.iter().map(|vlan| &vlan.place.file));
    files.extend(slice.vrfs.iter().map(|vrf| &vrf.place.file));
    files.extend(slice.policies.files());
    files.extend(slice.raw.iter().map(|raw| raw.file));
    files
}
