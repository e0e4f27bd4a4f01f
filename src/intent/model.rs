//! The fabric: what the whole intent says, typed, each value with its place.
//!
//! Here: the structs that decoding fills and compilation reads; those of `services`, `drift` and of
//! policies in files of their own. Elsewhere: reading them
//! from YAML (one file a kind beside this one), rules across objects (`check`), answers
//! to questions across objects such as "which links has this device" (`topology`).

pub mod drift;
pub mod policy;
pub mod services;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use drift::{DriftPolicies, DriftPolicy};
use ipnet::{IpNet, Ipv4Net};
use policy::{AsPathList, CommunityList, Filters, Policy, PrefixList};
use serde::Serialize;
use services::Services;

use crate::diagnostic::{Place, Spanned};
use crate::names::{
    Asn, DeviceName, FabricName, InterfaceName, PairName, PolicyName, RepoPath, RoleName, SecretName, VlanId,
    Vni, VrfName,
};

/// The checked model of the whole intent of one fabric.
#[derive(Clone, Debug)]
pub struct Fabric {
    /// `fabric.yaml`.
    pub design: Design,
    /// `devices/NAME.yaml`.
    pub devices: BTreeMap<DeviceName, Device>,
    /// `pairs/NAME.yaml`.
    pub pairs: BTreeMap<PairName, Pair>,
    /// `vlans/ID.yaml`.
    pub vlans: BTreeMap<VlanId, Vlan>,
    /// `vrfs/NAME.yaml`.
    pub vrfs: BTreeMap<VrfName, Vrf>,
    /// `policies/NAME.yaml`.
    pub policies: BTreeMap<PolicyName, Policy>,
    /// `prefix-lists/NAME.yaml`.
    pub prefix_lists: BTreeMap<PolicyName, PrefixList>,
    /// `community-lists/NAME.yaml`.
    pub community_lists: BTreeMap<PolicyName, CommunityList>,
    /// `as-path-lists/NAME.yaml`.
    pub as_path_lists: BTreeMap<PolicyName, AsPathList>,
    /// `raw/*.json`, in the order of their paths.
    pub raw: Vec<RawFragment>,
}

/// `fabric.yaml`: the design, once.
#[derive(Clone, Debug, Serialize)]
pub struct Design {
    /// The file as a whole.
    #[serde(skip)]
    pub place: Place,
    /// `name`: the fabric's name.
    pub name: Spanned<FabricName>,
    /// `platform`: the network OS of every device that does not name another.
    pub platform: Platform,
    /// `management`: how devices are reached; bootstrap only.
    pub management: Management,
    /// `roles`.
    pub roles: BTreeMap<RoleName, Role>,
    /// `underlay`.
    pub underlay: Underlay,
    /// `overlay`; none is a fabric without VXLAN.
    pub overlay: Option<Overlay>,
    /// `services`: the name, time and log servers of every device.
    pub services: Services,
    /// `mlag`: shared by every pair.
    pub mlag: Option<MlagDesign>,
    /// `static-routes` of the default VRF; those that leave by management are bootstrap.
    pub static_routes: Vec<StaticRoute>,
    /// `profiles`: named settings of ports.
    pub profiles: BTreeMap<String, Profile>,
    /// `unused-ports`.
    pub unused_ports: UnusedPorts,
    /// `vlan-internal`: the range that the device takes for routed ports (EOS: 1006 up).
    pub vlan_internal: Option<Spanned<(VlanId, VlanId)>>,
    /// `limits`: the brakes.
    pub limits: Limits,
    /// `drift`: what becomes of what people change on devices.
    pub drift: DriftPolicies,
}

/// `platform: { os, version }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Platform {
    /// The network OS: `arista-eos`.
    pub os: Spanned<String>,
    /// Its version: `4.35.0F`.
    pub version: Spanned<String>,
}

/// `management`: printed by bootstrap, compared, never in a Set (promise 13).
#[derive(Clone, Debug, Serialize)]
pub struct Management {
    /// The management interface, `Management0`.
    pub interface: Spanned<InterfaceName>,
    /// Its VRF; `default` is the device's own.
    pub vrf: Spanned<String>,
    /// `gnmi.port`; 6030 by default.
    pub gnmi_port: u16,
}

/// `roles.NAME`. What it says of `underlay`, `overlay` and `services` goes before what the
/// fabric says, field by field.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Role {
    /// The AS of every device of the role that names none.
    pub asn: Option<Spanned<Asn>>,
    /// `underlay`.
    pub underlay: Underlay,
    /// `overlay`, without schemes; the place is the key's.
    pub overlay: Option<Spanned<Overlay>>,
    /// `services`.
    pub services: Services,
    /// `drift`.
    pub drift: Option<Spanned<DriftPolicy>>,
}

/// `underlay`: the routed links and BGP of the default VRF.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Underlay {
    /// IP MTU of routed links and of the iBGP SVI.
    pub mtu: Option<Spanned<u16>>,
    /// `distance: [external, internal, local]`.
    pub distance: Option<Spanned<[u8; 3]>>,
    /// `maximum-paths.paths`, or `maximum-paths` as a bare number.
    pub maximum_paths: Option<Spanned<u32>>,
    /// `maximum-paths.ecmp`; EOS has no path for it: bootstrap.
    pub ecmp: Option<Spanned<u32>>,
    /// `maximum-routes` of what the devices above and the other member of a pair send; a
    /// role that says it itself limits the devices below too.
    pub maximum_routes: Option<MaximumRoutes>,
    /// `bfd` on the sessions over routed links.
    pub bfd: Option<Spanned<bool>>,
    /// `in`, `out` of the sessions over routed links.
    #[serde(flatten)]
    pub filters: Filters,
}

/// `maximum-routes: { limit, over }`, or a bare number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MaximumRoutes {
    /// How many routes; 0 is no limit.
    pub limit: Spanned<u32>,
    /// Whether more than that only warns (`over: warn`), or ends the session (`over: teardown`).
    pub warn_only: bool,
}

/// `overlay`: VXLAN and EVPN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Overlay {
    /// `multihop`: TTL of the EVPN sessions between loopbacks.
    pub multihop: Option<Spanned<u8>>,
    /// `gateway-mac`: the virtual router MAC, canonical `c0:01:ca:fe:ba:be`. No YANG path: bootstrap.
    pub gateway_mac: Option<Spanned<String>>,
    /// `learn: any`: learn MACs from any VTEP.
    pub learn_any: Option<Spanned<bool>>,
    /// `maximum-routes` of an EVPN session; the underlay's where none is said.
    pub maximum_routes: Option<MaximumRoutes>,
    /// `bfd` on the EVPN sessions.
    pub bfd: Option<Spanned<bool>>,
    /// `in`, `out` of the EVPN sessions.
    #[serde(flatten)]
    pub filters: Filters,
    /// `vlan: { rd, rt }` schemes of L2 services.
    pub vlan: Option<RouteScheme>,
    /// `vrf: { rd, rt }` schemes of L3 services.
    pub vrf: Option<RouteScheme>,
}

/// Schemes with the words `{asn}`, `{vni}`, `{vlan}`, `{id}`, `{router-id}`; checked to hold no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteScheme {
    /// Of the route distinguisher.
    pub rd: Spanned<String>,
    /// Of the route target.
    pub rt: Spanned<String>,
}

/// `mlag`: what every pair of the fabric has.
#[derive(Clone, Debug, Serialize)]
pub struct MlagDesign {
    /// `domain`: the id of every pair's domain; none where each pair has one of its own.
    pub domain: Option<Spanned<String>>,
    /// The peer link's Port-Channel number.
    pub port_channel: Spanned<u16>,
    /// `vlans.peer`: the VLAN of the MLAG SVI.
    pub peer_vlan: Spanned<VlanId>,
    /// `vlans.ibgp`: the VLAN of the iBGP SVI.
    pub ibgp_vlan: Option<Spanned<VlanId>>,
    /// `dual-primary`.
    pub dual_primary: Option<DualPrimary>,
    /// `vrf-ibgp: none`, or `{ vlans: 3001-3099 }`: a SVI pair in each VRF.
    pub vrf_ibgp: Option<Spanned<(VlanId, VlanId)>>,
}

/// `dual-primary: { delay, action, heartbeat-vrf }`.
#[derive(Clone, Debug, Serialize)]
pub struct DualPrimary {
    /// Detection delay in seconds.
    pub delay: Spanned<u32>,
    /// `errdisable` or `none`.
    pub errdisable: Spanned<bool>,
    /// The VRF of the heartbeat; the peer's management address is the target.
    pub heartbeat_vrf: Option<Spanned<String>>,
}

/// `{ prefix, via }`.
#[derive(Clone, Debug, Serialize)]
pub struct StaticRoute {
    /// The destination.
    pub prefix: Spanned<IpNet>,
    /// The next hop.
    pub via: Spanned<IpAddr>,
}

/// `profiles.NAME`: what a port takes where it says nothing itself.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Profile {
    /// `mode`.
    pub mode: Option<Spanned<PortMode>>,
    /// `lacp`.
    pub lacp: Option<Spanned<LacpMode>>,
    /// `fallback`.
    pub fallback: Option<Spanned<Fallback>>,
    /// `fallback-timeout` in seconds.
    pub fallback_timeout: Option<Spanned<u16>>,
    /// `mtu` of the port (L2).
    pub mtu: Option<Spanned<u16>>,
}

/// `mode: access | trunk`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PortMode {
    /// One VLAN, untagged.
    Access,
    /// The VLANs of the list, tagged.
    Trunk,
}

/// `lacp: active | passive | static`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum LacpMode {
    /// Sends LACP.
    Active,
    /// Answers LACP.
    Passive,
    /// A LAG without LACP.
    Static,
}

/// `fallback: individual | static`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Fallback {
    /// Each port for itself while no LACP is heard.
    Individual,
    /// One port while no LACP is heard.
    Static,
}

/// `unused-ports: leave | shut`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum UnusedPorts {
    /// Ports that nobody names are foreign.
    #[default]
    Leave,
    /// Ports that the platform has and nobody names are shut.
    Shut,
}

/// `limits`: what stops a commit or paces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Devices that one commit may take out of the intent; 0 by default.
    pub devices_deleted: u32,
    /// Owned leaves that one commit may delete, over all devices; 200 by default.
    pub leaves_deleted: u32,
    /// Spines that may change at the same time; 1 by default.
    pub spines_at_once: u32,
    /// Pairs of which one member may change at the same time; 2 by default.
    pub pairs_at_once: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { devices_deleted: 0, leaves_deleted: 200, spines_at_once: 1, pairs_at_once: 2 }
    }
}

/// `devices/NAME.yaml`.
#[derive(Clone, Debug, Serialize)]
pub struct Device {
    /// The file's name; also the hostname.
    pub name: DeviceName,
    /// The file as a whole.
    #[serde(skip)]
    pub place: Place,
    /// `role`.
    pub role: Spanned<RoleName>,
    /// `pair`.
    pub pair: Option<Spanned<PairName>>,
    /// `state`; active by default.
    pub state: Spanned<DeviceState>,
    /// `platform`, where it differs from the fabric's.
    pub platform: Option<Platform>,
    /// `asn`, where it differs from the pair's and the role's.
    pub asn: Option<Spanned<Asn>>,
    /// `management`: the address with its length; bootstrap, and where gNMI is reached.
    pub management: Spanned<Ipv4Net>,
    /// `loopback`: Loopback0 and router id.
    pub loopback: Spanned<Ipv4Addr>,
    /// `vtep` of a device without a pair.
    pub vtep: Option<Spanned<Ipv4Addr>>,
    /// `mlag`: this member's own addresses.
    pub mlag: Option<MlagMember>,
    /// `uplinks`: routed links, said by the lower device.
    pub uplinks: BTreeMap<InterfaceName, Uplink>,
    /// `ports`: host ports of this device alone; of a pair's port and of its end of a link
    /// `description` and `enabled` only.
    pub ports: BTreeMap<InterfaceName, Port>,
    /// `services`, where they differ from the role's and the fabric's.
    pub services: Services,
    /// `drift`, where it differs from the role's and the fabric's.
    pub drift: Option<Spanned<DriftPolicy>>,
    /// `tags`, for `at: [tag:x]`.
    pub tags: Vec<Spanned<String>>,
    /// `site`: where it stands; for people.
    #[serde(skip)]
    pub site: Option<Spanned<String>>,
    /// `tenant`: whose it is; for people.
    #[serde(skip)]
    pub tenant: Option<Spanned<String>>,
}

/// `state`: a device leaves in steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceState {
    /// Compiled, validated, not sent.
    Staged,
    /// In service.
    Active,
    /// Host ports and BGP drained, links up.
    Drained,
    /// Left as it is, and its neighbours' ends too.
    Paused,
    /// Never written again; its neighbours' ends are removed.
    Released,
}

/// `mlag: { peer, ibgp }`: both are /31s, the other end is the peer's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MlagMember {
    /// The address on the MLAG SVI.
    pub peer: Spanned<Ipv4Net>,
    /// The address on the iBGP SVI.
    pub ibgp: Option<Spanned<Ipv4Net>>,
}

/// `uplinks.PORT: { to: DEVICE PORT, address }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Uplink {
    /// The port's key in the file.
    #[serde(skip)]
    pub place: Place,
    /// The upper device.
    pub to: Spanned<DeviceName>,
    /// Its port.
    pub to_port: Spanned<InterfaceName>,
    /// This end's address on the /31 (or /30).
    pub address: Spanned<Ipv4Net>,
}

/// A host port: `ports.PORT` of a pair or a device.
#[derive(Clone, Debug, Serialize)]
pub struct Port {
    /// The port's key in the file.
    #[serde(skip)]
    pub place: Place,
    /// `to`: what is connected; the description unless one is given.
    pub to: Option<Spanned<String>>,
    /// `description`.
    pub description: Option<Spanned<String>>,
    /// `enabled`; true by default.
    pub enabled: Option<Spanned<bool>>,
    /// `profile`.
    pub profile: Option<Spanned<String>>,
    /// `lag`: the Port-Channel's number, and on a pair the MLAG's.
    pub lag: Option<Spanned<u16>>,
    /// `vlans`: allowed (trunk), or the one (access).
    pub vlans: Vec<Spanned<VlanId>>,
    /// `native`: the untagged VLAN of a trunk.
    pub native: Option<Spanned<VlanId>>,
    /// `mode`, `lacp`, `fallback`, `fallback-timeout`, `mtu`, where they differ from the profile.
    #[serde(flatten)]
    pub own: Profile,
}

/// `pairs/NAME.yaml`: what both members share.
#[derive(Clone, Debug, Serialize)]
pub struct Pair {
    /// The file's name.
    pub name: PairName,
    /// The file as a whole.
    #[serde(skip)]
    pub place: Place,
    /// `asn`.
    pub asn: Option<Spanned<Asn>>,
    /// `vtep`: Loopback1 of both.
    pub vtep: Option<Spanned<Ipv4Addr>>,
    /// `domain`: the id of its MLAG domain, where it differs from the fabric's and from its
    /// own name.
    pub domain: Option<Spanned<String>>,
    /// `peer-link`: one port or several.
    pub peer_link: Vec<Spanned<InterfaceName>>,
    /// `ports`: the same on both members.
    pub ports: BTreeMap<InterfaceName, Port>,
}

/// `vlans/ID.yaml`.
#[derive(Clone, Debug, Serialize)]
pub struct Vlan {
    /// The file's name.
    pub id: VlanId,
    /// The file as a whole.
    #[serde(skip)]
    pub place: Place,
    /// `name`.
    pub name: Spanned<String>,
    /// `vrf`: routed there; none is L2 only.
    pub vrf: Option<Spanned<VrfName>>,
    /// `vni`: stretched by VXLAN; none is local.
    pub vni: Option<Spanned<Vni>>,
    /// `mtu`: the IP MTU of its routed interfaces.
    pub mtu: Option<Spanned<u16>>,
    /// `tenant`: whose it is; for people.
    #[serde(skip)]
    pub tenant: Option<Spanned<String>>,
    /// `gateway`: anycast addresses with their length.
    pub gateway: Vec<Spanned<IpNet>>,
    /// `rd`, where it differs from the scheme.
    pub rd: Option<Spanned<String>>,
    /// `rt`, where it differs from the scheme.
    pub rt: Option<RouteTargets>,
    /// `at`: where it lives, with own addresses where a place has some (VARP).
    pub at: Vec<Placement>,
    /// `single: true`: one member of a pair alone is meant.
    pub single: bool,
}

/// One line of `at`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Placement {
    /// Which devices.
    pub selector: Spanned<Selector>,
    /// The place's own addresses with their length; a device only.
    pub addresses: Vec<Spanned<IpNet>>,
}

/// `DEVICE`, `PAIR`, `role:NAME` or `tag:NAME`. A bare name is a device or a pair; names
/// of devices and pairs are distinct (checked).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Selector {
    /// A device or a pair.
    Name(String),
    /// Every device of the role.
    Role(RoleName),
    /// Every device with the tag.
    Tag(String),
}

/// `rt: { import: [...], export: [...] }`, or one target for both; replaces the scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteTargets {
    /// Imported.
    pub import: Vec<Spanned<String>>,
    /// Exported.
    pub export: Vec<Spanned<String>>,
}

/// `vrfs/NAME.yaml`.
#[derive(Clone, Debug, Serialize)]
pub struct Vrf {
    /// The file's name.
    pub name: VrfName,
    /// The file as a whole.
    #[serde(skip)]
    pub place: Place,
    /// `tenant`: whose it is; for people.
    #[serde(skip)]
    pub tenant: Option<Spanned<String>>,
    /// `id`: for the schemes.
    pub id: Option<Spanned<u32>>,
    /// `vni`: the L3 VNI; none is local.
    pub vni: Option<Spanned<Vni>>,
    /// `rd`, where it differs from the scheme.
    pub rd: Option<Spanned<String>>,
    /// `rt`, where it differs from the scheme.
    pub rt: Option<RouteTargets>,
    /// `redistribute`.
    pub redistribute: Vec<Redistribution>,
    /// `peers`: external sessions, on every device with a connected subnet that holds the address.
    pub peers: BTreeMap<String, Peer>,
    /// `at`: places without a VLAN of it.
    pub at: Vec<Placement>,
}

/// `connected`, or `{ connected: POLICY }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Redistribution {
    /// What is taken over.
    pub source: Spanned<Redistribute>,
    /// What of it: a policy, or a prefix list.
    pub policy: Option<Spanned<PolicyName>>,
}

/// What a VRF's BGP takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Redistribute {
    /// Connected subnets.
    Connected,
    /// Static routes.
    Static,
}

/// `peers.NAME`.
#[derive(Clone, Debug, Serialize)]
pub struct Peer {
    /// The key in the file.
    #[serde(skip)]
    pub place: Place,
    /// `address`.
    pub address: Spanned<IpAddr>,
    /// `asn`.
    pub asn: Spanned<Asn>,
    /// `description`.
    pub description: Option<Spanned<String>>,
    /// `maximum-routes`.
    pub maximum_routes: Option<MaximumRoutes>,
    /// `bfd`.
    pub bfd: Option<Spanned<bool>>,
    /// `in`, `out`.
    #[serde(flatten)]
    pub filters: Filters,
    /// `password: secret:NAME`.
    pub password: Option<Spanned<SecretName>>,
}

/// `raw/*.json`: `{ "at": [...], "config": { RFC 7951 } }`, for what the model lacks.
#[derive(Clone, Debug)]
pub struct RawFragment {
    /// The file.
    pub file: RepoPath,
    /// Which devices.
    pub at: Vec<Placement>,
    /// The value of `config`, an RFC 7951 object as of the root.
    pub config: serde_json::Value,
    /// The place of each value of `config`, by JSON pointer (RFC 6901).
    pub places: BTreeMap<String, Place>,
}
