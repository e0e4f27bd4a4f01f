//! The names and texts that the intent leaves to the compiler, with the lab's exact values.
//!
//! They are one list because a device's owned tree holds them: changing one is a change on
//! every device, and whoever takes over a running fabric compares this list first.
//! Elsewhere: EOS's own interface names (`platform::arista_eos::interfaces`).

/// Peer group of a leaf's sessions to its spines, on the routed links.
pub(crate) const GROUP_UNDERLAY: &str = "underlay";
/// Peer group of the session between the members of a pair.
pub(crate) const GROUP_IBGP: &str = "underlay_ibgp";
/// Peer group of the EVPN sessions between loopbacks.
pub(crate) const GROUP_EVPN: &str = "evpn";
/// The name of the one BGP process; Arista's constraints name it too.
pub(crate) const BGP: &str = "BGP";

/// Description of Loopback0 on a leaf. The lab's spines have none there.
pub(crate) const ROUTER_ID_DESCRIPTION: &str = "Router-ID";
/// Description of Loopback1.
pub(crate) const VTEP_DESCRIPTION: &str = "VTEP";
/// UDP port of VXLAN (RFC 7348).
pub(crate) const VXLAN_UDP_PORT: u16 = 4789;

/// Trunk group that keeps the pair's own VLANs on the peer link.
pub(crate) const MLAG_TRUNK_GROUP: &str = "mlag-peer";
/// Name of the VLAN of the MLAG SVI.
pub(crate) const MLAG_PEER_VLAN_NAME: &str = "mlag-peer";
/// Name of the VLAN of the iBGP SVI.
pub(crate) const MLAG_IBGP_VLAN_NAME: &str = "mlag-ibgp";
/// Description of the MLAG SVI.
pub(crate) const MLAG_PEER_SVI_DESCRIPTION: &str = "MLAG Peer-Link";
/// Description of the iBGP SVI, also of those of VRFs.
pub(crate) const MLAG_IBGP_SVI_DESCRIPTION: &str = "MLAG iBGP Peering";
/// Description of the peer link's ports.
pub(crate) const PEER_LINK_PORT_DESCRIPTION: &str = "mlag peer link";
/// Description of the peer link's Port-Channel.
pub(crate) const PEER_LINK_DESCRIPTION: &str = "MLAG Peer";

/// The user that the agent logs in as, until the person who runs bootstrap names another.
pub(crate) const AGENT_USER: &str = "gitfabric";
/// The gRPC transport of the gNMI server.
pub(crate) const GRPC_TRANSPORT: &str = "default";
/// The SSL profile of the gNMI server, made by the person who runs bootstrap.
pub(crate) const SSL_PROFILE: &str = "gitfabric";
