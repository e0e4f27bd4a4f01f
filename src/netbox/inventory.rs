//! What NetBox says, object by object, each kind in its own table by id.
//!
//! Here: the table of endpoints with the fields that travel (`fields=`), and the tables that
//! they fill. Elsewhere: the kinds themselves (`objects`), reading lists whole (`read`),
//! keeping them up to date (`changes`), what they mean (`translate`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[allow(clippy::wildcard_imports, reason = "the table names every kind; the lint is off in tests")]
use super::objects::bgp::*;
#[allow(clippy::wildcard_imports, reason = "the table names every kind; the lint is off in tests")]
use super::objects::*;
use super::wire::Id;

/// All objects of a kind by id.
pub type Table<T> = BTreeMap<Id, T>;

/// A kind of object: where it is listed and what of it travels.
pub trait Object: serde::de::DeserializeOwned {
    /// Its list, below `/api/`.
    const ENDPOINT: Endpoint;
    /// Its id.
    fn id(&self) -> Id;
}

/// One page of a list.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    /// Objects that the whole list has.
    pub(super) count: Option<u64>,
    /// Where the next page is.
    pub(super) next: Option<String>,
    pub(super) results: Vec<T>,
}

/// What a page says beside its objects.
pub(super) struct PageEnd {
    /// Objects that the whole list has.
    pub(super) count: Option<u64>,
    /// Where the next page is.
    pub(super) next: Option<String>,
    /// The objects that came.
    pub(super) ids: Vec<Id>,
}

/// A list of NetBox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Below `/api/`: `dcim/devices`.
    pub path: &'static str,
    /// As change log and permissions name the kind: `dcim.device`.
    pub object_type: &'static str,
    /// What is asked for by `fields=`.
    pub fields: &'static [&'static str],
    /// Whether the netbox-bgp plugin has it.
    pub plugin: bool,
}

macro_rules! inventory {
    ($( $(#[$doc:meta])* $table:ident: $kind:ident = $path:literal, $object_type:literal, $plugin:literal, [$($field:literal),* $(,)?]; )*) => {
        /// Everything that was read of one NetBox at one moment.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Inventory {
            $( $(#[$doc])* pub $table: Table<$kind>, )*
        }

        /// Every list that is read, in the order in which it is asked for.
        pub const ENDPOINTS: &[Endpoint] = &[$( $kind::ENDPOINT ),*];

        $(
            impl Object for $kind {
                const ENDPOINT: Endpoint =
                    Endpoint { path: $path, object_type: $object_type, fields: &["id", $($field),*], plugin: $plugin };
                fn id(&self) -> Id {
                    self.id
                }
            }
        )*

        impl Inventory {
            /// Reads one object of the list `path` and puts it into its table; the id it has.
            /// `None` if the list is not one of [`ENDPOINTS`].
            pub fn put(&mut self, path: &str, json: &str) -> Option<Result<Id, serde_json::Error>> {
                match path {
                    $( $path => Some(serde_json::from_str::<$kind>(json).map(|object| {
                        let id = object.id();
                        self.$table.insert(id, object);
                        id
                    })), )*
                    _ => None,
                }
            }

            /// Reads a page of the list `path` into its table.
            pub(super) fn put_page(&mut self, path: &str, json: &[u8]) -> Option<Result<PageEnd, serde_json::Error>> {
                match path {
                    $( $path => Some(serde_json::from_slice::<Page<$kind>>(json).map(|page| {
                        let ids = page.results.iter().map(Object::id).collect();
                        self.$table.extend(page.results.into_iter().map(|object| (object.id(), object)));
                        PageEnd { count: page.count, next: page.next, ids }
                    })), )*
                    _ => None,
                }
            }

            /// Takes over what another has, table by table; an object that both have is the
            /// other's.
            pub(super) fn absorb(&mut self, other: Self) {
                $( self.$table.extend(other.$table); )*
            }

            /// Whether an object is in the table of a list.
            pub(super) fn has(&self, path: &str, id: Id) -> bool {
                match path {
                    $( $path => self.$table.contains_key(&id), )*
                    _ => false,
                }
            }

            /// Takes an object out of its table; whether it was there.
            pub fn take(&mut self, path: &str, id: Id) -> bool {
                match path {
                    $( $path => self.$table.remove(&id).is_some(), )*
                    _ => false,
                }
            }

            /// Empties the table of a list before it is read anew.
            pub fn clear(&mut self, path: &str) {
                match path {
                    $( $path => self.$table.clear(), )*
                    _ => {}
                }
            }

            /// How many objects each list has, by its path.
            pub fn counts(&self) -> BTreeMap<&'static str, usize> {
                BTreeMap::from([$( ($path, self.$table.len()) ),*])
            }
        }
    };
}

inventory! {
    /// Interfaces: the largest list, so it is asked for first.
    interfaces: Interface = "dcim/interfaces", "dcim.interface", false, ["device", "name", "type", "enabled", "mtu", "description", "mode", "untagged_vlan", "tagged_vlans", "lag", "parent", "vrf", "mgmt_only", "custom_fields", "tags"];
    /// Addresses.
    addresses: Address = "ipam/ip-addresses", "ipam.ipaddress", false, ["address", "vrf", "role", "status", "assigned_object_type", "assigned_object_id"];
    /// BGP sessions of netbox-bgp.
    sessions: Session = "plugins/bgp/session", "netbox_bgp.bgpsession", true, ["name", "description", "device", "status", "local_address", "remote_address", "local_as", "remote_as", "peer_group", "import_policies", "export_policies", "prefix_list_in", "prefix_list_out", "max_prefixes", "extra_attributes", "custom_fields"];
    /// Devices.
    devices: Device = "dcim/devices", "dcim.device", false, ["name", "role", "platform", "site", "status", "tenant", "primary_ip4", "tags", "custom_fields", "config_context"];
    /// Cables.
    cables: Cable = "dcim/cables", "dcim.cable", false, ["status", "a_terminations", "b_terminations"];
    /// Sites.
    sites: Site = "dcim/sites", "dcim.site", false, ["name", "slug"];
    /// Device roles.
    device_roles: DeviceRole = "dcim/device-roles", "dcim.devicerole", false, ["name", "slug"];
    /// Platforms.
    platforms: Platform = "dcim/platforms", "dcim.platform", false, ["name", "slug"];
    /// ASNs.
    asns: Asn = "ipam/asns", "ipam.asn", false, ["asn"];
    /// VRFs.
    vrfs: Vrf = "ipam/vrfs", "ipam.vrf", false, ["name", "rd", "description", "tenant", "import_targets", "export_targets", "tags", "custom_fields"];
    /// Route targets.
    route_targets: RouteTarget = "ipam/route-targets", "ipam.routetarget", false, ["name"];
    /// VLAN groups.
    vlan_groups: VlanGroup = "ipam/vlan-groups", "ipam.vlangroup", false, ["name", "slug", "scope_type", "scope_id"];
    /// VLANs.
    vlans: Vlan = "ipam/vlans", "ipam.vlan", false, ["vid", "name", "description", "group", "site", "status", "role", "tenant", "tags", "custom_fields"];
    /// Prefixes: prefix lists refer to them.
    prefixes: Prefix = "ipam/prefixes", "ipam.prefix", false, ["prefix", "vrf", "vlan"];
    /// First-hop groups.
    fhrp_groups: FhrpGroup = "ipam/fhrp-groups", "ipam.fhrpgroup", false, ["name", "protocol", "group_id"];
    /// Interfaces of first-hop groups.
    fhrp_assignments: FhrpAssignment = "ipam/fhrp-group-assignments", "ipam.fhrpgroupassignment", false, ["group", "interface_type", "interface_id"];
    /// Services: the gNMI port.
    services: Service = "ipam/services", "ipam.service", false, ["name", "parent_object_type", "parent_object_id", "device", "protocol", "ports", "port_mappings"];
    /// L2VPNs: VNIs.
    l2vpns: L2vpn = "vpn/l2vpns", "vpn.l2vpn", false, ["name", "identifier", "type", "status", "import_targets", "export_targets", "tenant", "custom_fields"];
    /// What L2VPNs connect.
    l2vpn_terminations: L2vpnTermination = "vpn/l2vpn-terminations", "vpn.l2vpntermination", false, ["l2vpn", "assigned_object_type", "assigned_object_id"];
    /// Tenants.
    tenants: Tenant = "tenancy/tenants", "tenancy.tenant", false, ["name", "slug"];
    /// Tags.
    tags: Tag = "extras/tags", "extras.tag", false, ["name", "slug"];
    /// Definitions of custom fields.
    custom_fields: CustomField = "extras/custom-fields", "extras.customfield", false, ["name", "label", "object_types", "type", "related_object_type"];
    /// Config contexts; the merged result stands at each device.
    config_contexts: ConfigContext = "extras/config-contexts", "extras.configcontext", false, ["name", "is_active"];
    /// Peer groups of netbox-bgp.
    peer_groups: PeerGroup = "plugins/bgp/peer-group", "netbox_bgp.bgppeergroup", true, ["name", "description", "import_policies", "export_policies", "prefix_list_in", "prefix_list_out", "extra_attributes", "custom_fields"];
    /// Routing policies of netbox-bgp.
    policies: Policy = "plugins/bgp/routing-policy", "netbox_bgp.routingpolicy", true, ["name", "description"];
    /// Their rules.
    policy_rules: PolicyRule = "plugins/bgp/routing-policy-rule", "netbox_bgp.routingpolicyrule", true, ["routing_policy", "index", "action", "description", "continue_entry", "match_community", "match_community_list", "match_aspath_list", "match_ip_address", "match_ipv6_address", "match_custom", "set_actions"];
    /// Prefix lists of netbox-bgp.
    prefix_lists: PrefixList = "plugins/bgp/prefix-list", "netbox_bgp.prefixlist", true, ["name", "description", "family"];
    /// Their rules.
    prefix_rules: PrefixRule = "plugins/bgp/prefix-list-rule", "netbox_bgp.prefixlistrule", true, ["prefix_list", "index", "action", "prefix", "prefix_custom", "ge", "le"];
    /// Communities of netbox-bgp.
    communities: Community = "plugins/bgp/community", "netbox_bgp.community", true, ["value", "description", "status"];
    /// Community lists of netbox-bgp.
    community_lists: CommunityList = "plugins/bgp/community-list", "netbox_bgp.communitylist", true, ["name", "description"];
    /// Their rules.
    community_rules: CommunityRule = "plugins/bgp/community-list-rule", "netbox_bgp.communitylistrule", true, ["community_list", "action", "community", "community_custom"];
    /// AS path lists of netbox-bgp.
    as_path_lists: AsPathList = "plugins/bgp/aspath-list", "netbox_bgp.aspathlist", true, ["name", "description"];
    /// Their rules.
    as_path_rules: AsPathRule = "plugins/bgp/aspath-list-rule", "netbox_bgp.aspathlistrule", true, ["aspath_list", "index", "action", "pattern"];
}
