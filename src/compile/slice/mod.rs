//! All that one device's compilation may look at.
//!
//! Here: [`Slice`] and its parts. A slice serialises without positions, so [`Slice::hash`]
//! is the same exactly when the same tree is due. `cut`: making it from the fabric;
//! `policies`: those that it uses.
//! Elsewhere: what becomes of it (the features), when it is reused (`cache`).

mod cut;
mod policies;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};
use serde::Serialize;

pub use policies::{Applied, Policies, Rules};

use super::vrf::Family;
use crate::diagnostic::{Place, Spanned};
use crate::intent::model::policy;
use crate::intent::model::services::Services;
use crate::intent::model::{
    DeviceState, DualPrimary, Fallback, LacpMode, MaximumRoutes, Platform, PortMode, Redistribution,
    RouteScheme, RouteTargets, StaticRoute, UnusedPorts,
};
use crate::intent::topology::{Link, PeerAt};
use crate::names::{Asn, DeviceName, InterfaceName, PolicyName, RepoPath, VlanId, Vni, VrfName};
use crate::platform::arista_eos::protected::Protected;

/// What one device's compilation sees. Nothing else of the fabric can change its tree.
#[derive(Clone, Debug, Serialize)]
pub struct Slice<'a> {
    /// The device; also its hostname.
    pub device: &'a DeviceName,
    /// Its file as a whole: the origin of what it has by being there.
    #[serde(skip)]
    pub place: &'a Place,
    /// What it is doing.
    pub state: &'a Spanned<DeviceState>,
    /// Whether it carries traffic between others and has no hosts.
    pub spine: bool,
    /// Its network OS.
    pub platform: &'a Platform,
    /// Its AS: its own, its pair's or its role's.
    pub asn: Option<&'a Spanned<Asn>>,
    /// Loopback0 and router id.
    pub loopback: &'a Spanned<Ipv4Addr>,
    /// Loopback1; shared by a pair.
    pub vtep: Option<&'a Spanned<Ipv4Addr>>,
    /// How it is reached: bootstrap and promise 13 only.
    pub management: Management<'a>,
    /// Routed links and BGP of the default VRF.
    pub underlay: Underlay<'a>,
    /// VXLAN and EVPN.
    pub overlay: Option<Overlay<'a>>,
    /// The servers that it uses.
    pub services: Services,
    /// Its half of an MLAG pair.
    pub mlag: Option<Mlag<'a>>,
    /// Its routed links, ordered by its ports.
    pub links: Vec<LinkEnd<'a>>,
    /// Its host ports, its own and its pair's.
    pub ports: BTreeMap<&'a InterfaceName, HostPort<'a>>,
    /// What is to become of ports that nobody names.
    pub unused_ports: UnusedPorts,
    /// Where it could be said: the design as a whole.
    #[serde(skip)]
    pub unused_ports_place: &'a Place,
    /// The VLANs that the device takes for routed ports: bootstrap.
    pub vlan_internal: Option<&'a Spanned<(VlanId, VlanId)>>,
    /// The VLANs that live here, ordered by id.
    pub vlans: Vec<VlanHere<'a>>,
    /// The VRFs that live here, ordered by name.
    pub vrfs: Vec<VrfHere<'a>>,
    /// The policies that it uses.
    pub policies: Policies<'a>,
    /// Static routes of the default VRF, those that leave by management among them.
    pub static_routes: &'a [StaticRoute],
    /// Raw fragments that select it, ordered by file.
    pub raw: Vec<RawHere<'a>>,
    /// The files that any of this was read from.
    #[serde(skip)]
    pub files: BTreeSet<&'a RepoPath>,
}

/// How a device is reached.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Management<'a> {
    /// The management interface.
    pub interface: &'a Spanned<InterfaceName>,
    /// Its VRF.
    pub vrf: &'a Spanned<String>,
    /// Its address with the length.
    pub address: &'a Spanned<Ipv4Net>,
    /// The gNMI server's TCP port.
    pub gnmi_port: u16,
}

/// `underlay` of the fabric with what the device's role says instead.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Underlay<'a> {
    /// IP MTU of routed links and of iBGP SVIs.
    pub mtu: Option<&'a Spanned<u16>>,
    /// External, internal and local distance.
    pub distance: Option<&'a Spanned<[u8; 3]>>,
    /// How many equal paths are used.
    pub maximum_paths: Option<&'a Spanned<u32>>,
    /// How many of them the hardware is made ready for: bootstrap.
    pub ecmp: Option<&'a Spanned<u32>>,
    /// The limit of routes from above and from the other member of a pair.
    pub maximum_routes: Option<&'a MaximumRoutes>,
    /// The limit of routes from below: the role's own word alone.
    pub maximum_routes_below: Option<&'a MaximumRoutes>,
    /// BFD on the sessions over routed links.
    pub bfd: Option<&'a Spanned<bool>>,
    /// What these sessions may learn and tell.
    pub filters: Filters<'a>,
}

/// `overlay` of the fabric with what the device's role says instead.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Overlay<'a> {
    /// TTL of the EVPN sessions.
    pub multihop: Option<&'a Spanned<u8>>,
    /// The virtual router MAC: bootstrap.
    pub gateway_mac: Option<&'a Spanned<String>>,
    /// Whether MACs are learnt from any VTEP.
    pub learn_any: Option<&'a Spanned<bool>>,
    /// The limit of routes of an EVPN session.
    pub maximum_routes: Option<&'a MaximumRoutes>,
    /// BFD on the EVPN sessions.
    pub bfd: Option<&'a Spanned<bool>>,
    /// What these sessions may learn and tell.
    pub filters: Filters<'a>,
    /// Route distinguishers and targets of L2 services.
    pub vlan: Option<&'a RouteScheme>,
    /// Those of L3 services.
    pub vrf: Option<&'a RouteScheme>,
}

/// `in`, `out` of sessions: names of policies, or of prefix lists that stand for some.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Filters<'a> {
    /// What may be learnt.
    pub inbound: Option<&'a Spanned<PolicyName>>,
    /// What may be told.
    pub outbound: Option<&'a Spanned<PolicyName>>,
}

impl<'a> Filters<'a> {
    /// Those that the intent says.
    pub fn of(filters: &'a policy::Filters) -> Self {
        Self { inbound: filters.inbound.as_ref(), outbound: filters.outbound.as_ref() }
    }

    /// These, and where they say nothing the farther ones.
    fn or(self, farther: Self) -> Self {
        Self { inbound: self.inbound.or(farther.inbound), outbound: self.outbound.or(farther.outbound) }
    }
}

/// A device's half of an MLAG pair.
#[derive(Clone, Debug, Serialize)]
pub struct Mlag<'a> {
    /// The domain id: the pair's, else the fabric's, else the pair's name.
    pub domain: Spanned<&'a str>,
    /// The peer link's Port-Channel.
    pub port_channel: &'a Spanned<u16>,
    /// The VLAN of the MLAG SVI.
    pub peer_vlan: &'a Spanned<VlanId>,
    /// The VLAN of the iBGP SVI.
    pub ibgp_vlan: Option<&'a Spanned<VlanId>>,
    /// Dual-primary detection.
    pub dual_primary: Option<&'a DualPrimary>,
    /// The VLANs of the iBGP SVIs of VRFs; none where VRFs get none.
    pub vrf_ibgp: Option<&'a Spanned<(VlanId, VlanId)>>,
    /// The peer link's ports.
    pub peer_link: &'a [Spanned<InterfaceName>],
    /// Its address on the MLAG SVI.
    pub address: &'a Spanned<Ipv4Net>,
    /// The other member's.
    pub peer_address: Ipv4Addr,
    /// Its address on the iBGP SVI.
    pub ibgp_address: Option<&'a Spanned<Ipv4Net>>,
    /// The other member's.
    pub ibgp_peer: Option<Ipv4Addr>,
    /// The other member; none for a lone survivor.
    pub peer: Option<&'a DeviceName>,
    /// The other member's management address, the heartbeat's target.
    pub heartbeat: Option<&'a Spanned<Ipv4Net>>,
}

/// One end of a routed link, with what a BGP session over it needs to know of the other.
#[derive(Clone, Debug, Serialize)]
pub struct LinkEnd<'a> {
    /// Ports and addresses.
    #[serde(flatten)]
    pub link: Link<'a>,
    /// The other device's AS.
    pub asn: Option<&'a Spanned<Asn>>,
    /// The other device's Loopback0.
    pub loopback: &'a Spanned<Ipv4Addr>,
    /// What this device says of its end: a description instead of the other's name.
    pub description: Option<&'a Spanned<String>>,
    /// Whether this end is up; true by default.
    pub enabled: Option<&'a Spanned<bool>>,
}

/// A host port after profile, pair and device are merged.
#[derive(Clone, Debug, Serialize)]
pub struct HostPort<'a> {
    /// Its key in the pair's file, or the device's.
    #[serde(skip)]
    pub place: &'a Place,
    /// Whether it is the pair's, so that its LAG spans both members.
    pub of_pair: bool,
    /// The description, or else what is connected.
    pub description: Option<&'a Spanned<String>>,
    /// Whether it is up; true by default.
    pub enabled: Option<&'a Spanned<bool>>,
    /// Its Port-Channel, and on a pair the MLAG's number.
    pub lag: Option<&'a Spanned<u16>>,
    /// The VLANs that pass.
    pub vlans: &'a [Spanned<VlanId>],
    /// The untagged VLAN of a trunk.
    pub native: Option<&'a Spanned<VlanId>>,
    /// Access or trunk.
    pub mode: Option<&'a Spanned<PortMode>>,
    /// LACP.
    pub lacp: Option<&'a Spanned<LacpMode>>,
    /// What the LAG does while no LACP is heard.
    pub fallback: Option<&'a Spanned<Fallback>>,
    /// After how many seconds.
    pub fallback_timeout: Option<&'a Spanned<u16>>,
    /// The L2 MTU.
    pub mtu: Option<&'a Spanned<u16>>,
}

/// A VLAN as one device has it.
#[derive(Clone, Debug, Serialize)]
pub struct VlanHere<'a> {
    /// Its number.
    pub id: VlanId,
    /// Its file as a whole.
    #[serde(skip)]
    pub place: &'a Place,
    /// The line of `at` that put it here.
    #[serde(skip)]
    pub at: &'a Place,
    /// Its name.
    pub name: &'a Spanned<String>,
    /// Its VRF.
    pub vrf: Option<&'a Spanned<VrfName>>,
    /// Its VNI.
    pub vni: Option<&'a Spanned<Vni>>,
    /// The IP MTU of its routed interface.
    pub mtu: Option<&'a Spanned<u16>>,
    /// Its anycast gateways.
    pub gateway: &'a [Spanned<IpNet>],
    /// The device's own addresses.
    pub addresses: Vec<&'a Spanned<IpNet>>,
    /// Its own route distinguisher.
    pub rd: Option<&'a Spanned<String>>,
    /// Its own route targets.
    pub rt: Option<&'a RouteTargets>,
}

/// A VRF as one device has it.
#[derive(Clone, Debug, Serialize)]
pub struct VrfHere<'a> {
    /// Its name.
    pub name: &'a VrfName,
    /// Its file as a whole.
    #[serde(skip)]
    pub place: &'a Place,
    /// The number for the schemes.
    pub id: Option<&'a Spanned<u32>>,
    /// Its L3 VNI.
    pub vni: Option<&'a Spanned<Vni>>,
    /// Its own route distinguisher.
    pub rd: Option<&'a Spanned<String>>,
    /// Its own route targets.
    pub rt: Option<&'a RouteTargets>,
    /// What its BGP takes over.
    pub redistribute: &'a [Redistribution],
    /// Its external peers here.
    pub peers: Vec<PeerAt<'a>>,
}

/// A raw fragment.
#[derive(Clone, Debug, Serialize)]
pub struct RawHere<'a> {
    /// Its file.
    pub file: &'a RepoPath,
    /// An RFC 7951 object as of the root.
    pub config: &'a serde_json::Value,
    /// The place of each value, by JSON pointer.
    #[serde(skip)]
    pub places: &'a BTreeMap<String, Place>,
}

impl<'a> Slice<'a> {
    /// SHA-256 over the slice without positions, in hexadecimal.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "every key of a slice is text or a number, which JSON takes"
    )]
    pub fn hash(&self) -> String {
        let text = serde_json::to_vec(self).expect("a slice serialises");
        let digest = ring::digest::digest(&ring::digest::SHA256, &text);
        digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
            for nibble in [byte >> 4, byte & 15] {
                hex.extend(char::from_digit(nibble.into(), 16));
            }
            hex
        })
    }

    /// What must never be sent to this device (promise 13).
    pub fn protected(&self) -> Protected {
        let Management { interface, vrf, address, .. } = &self.management;
        let protected = Protected::new(interface.as_str(), vrf, address.value);
        let by_management = |route: &&StaticRoute| protected.leaves_by_management(route.via.value);
        let routes: Vec<IpNet> =
            self.static_routes.iter().filter(by_management).map(|route| route.prefix.value).collect();
        protected.with_routes(routes)
    }

    /// Whether host ports and BGP sessions are to be down.
    pub fn is_drained(&self) -> bool {
        self.state.value == DeviceState::Drained
    }

    /// The VLANs of a VRF that have an address here, and so an interface in it.
    pub fn routed_vlans(&self, vrf: &VrfName) -> impl Iterator<Item = &VlanHere<'a>> {
        self.vlans
            .iter()
            .filter(move |vlan| vlan.is_routed() && vlan.vrf.is_some_and(|name| name.value == *vrf))
    }
}

impl VlanHere<'_> {
    /// Whether the device has an interface in this VLAN.
    pub fn is_routed(&self) -> bool {
        !self.gateway.is_empty() || !self.addresses.is_empty()
    }

    /// The families of its addresses and gateways here.
    pub(super) fn families(&self) -> BTreeSet<Family> {
        let own = self.addresses.iter().map(|own| own.value);
        own.chain(self.gateway.iter().map(|gateway| gateway.value))
            .map(|net| Family::of(net.addr()))
            .collect()
    }
}
