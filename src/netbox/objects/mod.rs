//! The kinds of objects that NetBox lists, with the fields that we need.
//!
//! References are ids; nothing volatile is kept. Field names and shapes: NetBox REST API 4.2
//! to 4.7. Elsewhere: what netbox-bgp adds (`bgp`), where each kind is listed (`inventory`).

pub mod bgp;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wire::{Choice, CustomFields, Id, Ref, Refs, or_default};

/// Declares a kind's struct: null reads as the default, unknown keys are ignored. Absent does
/// too, since versions differ; what no version lacks is looked for in whole pages (`absent`).
macro_rules! kind {
    ($(#[$doc:meta])* $name:ident { $( $(#[$field_doc:meta])* $field:ident: $type:ty, )* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        pub struct $name {
            /// The primary key.
            pub id: Id,
            $( $(#[$field_doc])* #[serde(default, deserialize_with = "or_default")] pub $field: $type, )*
        }
    };
}
pub(super) use kind;

kind! {
    /// `dcim/interfaces`.
    Interface {
        /// Whose it is.
        device: Option<Ref>,
        /// Its name, `Ethernet1`.
        name: String,
        /// `type`: `lag`, `virtual`, `100gbase-x-qsfp28`.
        r#type: Choice,
        /// Whether it is switched on.
        enabled: bool,
        /// MTU in bytes.
        mtu: Option<u32>,
        /// What a person wrote.
        description: String,
        /// `access`, `tagged`, `tagged-all`, `q-in-q`, or none.
        mode: Choice,
        /// The VLAN without a tag.
        untagged_vlan: Option<Ref>,
        /// The VLANs with a tag.
        tagged_vlans: Refs,
        /// The LAG it is a member of.
        lag: Option<Ref>,
        /// The interface it stands on; a VTEP's loopback by convention.
        parent: Option<Ref>,
        /// Its VRF.
        vrf: Option<Ref>,
        /// Whether it serves management alone.
        mgmt_only: bool,
        /// Custom fields.
        custom_fields: CustomFields,
        /// Tags.
        tags: Refs,
    }
}
kind! {
    /// `ipam/ip-addresses`.
    Address {
        /// With its length, `10.0.1.0/31`.
        address: String,
        /// Its VRF.
        vrf: Option<Ref>,
        /// `loopback`, `anycast`, `vip`, `vrrp`, `secondary`, or none.
        role: Choice,
        /// `active`, `reserved`, `deprecated`, …
        status: Choice,
        /// `dcim.interface`, `ipam.fhrpgroup`, …
        assigned_object_type: Option<String>,
        /// The id of what it is assigned to.
        assigned_object_id: Option<Id>,
    }
}
kind! {
    /// `dcim/devices`.
    Device {
        /// Its name; may be absent.
        name: Option<String>,
        /// Its role.
        role: Option<Ref>,
        /// Its platform.
        platform: Option<Ref>,
        /// Its site.
        site: Option<Ref>,
        /// `active`, `planned`, `staged`, `offline`, `failed`, `decommissioning`, `inventory`.
        status: Choice,
        /// Its tenant.
        tenant: Option<Ref>,
        /// Its primary IPv4 address.
        primary_ip4: Option<Ref>,
        /// Tags.
        tags: Refs,
        /// Custom fields.
        custom_fields: CustomFields,
        /// All config contexts that hold for it, merged by NetBox.
        config_context: Value,
    }
}
kind! {
    /// `dcim/cables`.
    Cable {
        /// `connected`, `planned`, `decommissioning`.
        status: Choice,
        /// One side; may be empty after a device was deleted.
        a_terminations: Vec<Termination>,
        /// The other side; may be empty too.
        b_terminations: Vec<Termination>,
    }
}
/// One end of a cable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Termination {
    /// `dcim.interface`, `dcim.frontport`, …
    pub object_type: String,
    /// The id of the interface.
    pub object_id: Id,
}
kind! {
    /// `dcim/sites`.
    Site {
        /// For people.
        name: String,
        /// For machines.
        slug: String,
    }
}
kind! {
    /// `dcim/device-roles`.
    DeviceRole {
        /// For people.
        name: String,
        /// For machines.
        slug: String,
    }
}
kind! {
    /// `dcim/platforms`.
    Platform {
        /// For people.
        name: String,
        /// For machines.
        slug: String,
    }
}
kind! {
    /// `ipam/asns`.
    Asn {
        /// The number.
        asn: u32,
    }
}
kind! {
    /// `ipam/vrfs`.
    Vrf {
        /// Its name; NetBox allows it twice.
        name: String,
        /// One RD for the whole network: never a device's RD.
        rd: Option<String>,
        /// What a person wrote.
        description: String,
        /// Its tenant.
        tenant: Option<Ref>,
        /// Imported route targets.
        import_targets: Refs,
        /// Exported route targets.
        export_targets: Refs,
        /// Tags.
        tags: Refs,
        /// Custom fields.
        custom_fields: CustomFields,
    }
}
kind! {
    /// `ipam/route-targets`.
    RouteTarget {
        /// The value, `65000:100001`.
        name: String,
    }
}
kind! {
    /// `ipam/vlan-groups`.
    VlanGroup {
        /// For people.
        name: String,
        /// For machines.
        slug: String,
        /// `dcim.site`, …
        scope_type: Option<String>,
        /// The id of the scope.
        scope_id: Option<Id>,
    }
}
kind! {
    /// `ipam/vlans`.
    Vlan {
        /// The VLAN id, unique within its group only.
        vid: u16,
        /// Its name.
        name: String,
        /// What a person wrote.
        description: String,
        /// Its group.
        group: Option<Ref>,
        /// Its site, where it has no group.
        site: Option<Ref>,
        /// `active`, `reserved`, `deprecated`.
        status: Choice,
        /// Its role.
        role: Option<Ref>,
        /// Its tenant.
        tenant: Option<Ref>,
        /// Tags.
        tags: Refs,
        /// Custom fields.
        custom_fields: CustomFields,
    }
}
kind! {
    /// `ipam/prefixes`.
    Prefix {
        /// `10.0.250.0/24`.
        prefix: String,
        /// Its VRF.
        vrf: Option<Ref>,
        /// Its VLAN.
        vlan: Option<Ref>,
    }
}
kind! {
    /// `ipam/fhrp-groups`. Its virtual addresses are those that are assigned to it
    /// (`ipam.fhrpgroup`): what is said twice can disagree, and a new address is no change of
    /// the group in the change log.
    FhrpGroup {
        /// Its name.
        name: String,
        /// `vrrp3`, `other`, …
        protocol: Choice,
        /// Its number.
        group_id: u32,
    }
}
kind! {
    /// `ipam/fhrp-group-assignments`.
    FhrpAssignment {
        /// The group.
        group: Option<Ref>,
        /// `dcim.interface`.
        interface_type: Option<String>,
        /// The interface's id.
        interface_id: Option<Id>,
    }
}
kind! {
    /// `ipam/services`.
    Service {
        /// `gnmi`.
        name: String,
        /// `dcim.device` (NetBox 4.3).
        parent_object_type: Option<String>,
        /// The device's id (NetBox 4.3).
        parent_object_id: Option<Id>,
        /// The device (NetBox 4.2).
        device: Option<Ref>,
        /// `tcp`.
        protocol: Choice,
        /// Its ports.
        ports: Vec<u16>,
        /// `tcp/6030` (NetBox 4.7).
        port_mappings: Vec<String>,
    }
}
kind! {
    /// `vpn/l2vpns`.
    L2vpn {
        /// Its name.
        name: String,
        /// The VNI.
        identifier: Option<u64>,
        /// `vxlan-evpn`, `vxlan`, …
        r#type: Choice,
        /// `active`, `planned`, `decommissioning` (NetBox 4.3).
        status: Choice,
        /// Imported route targets.
        import_targets: Refs,
        /// Exported route targets.
        export_targets: Refs,
        /// Its tenant.
        tenant: Option<Ref>,
        /// Custom fields.
        custom_fields: CustomFields,
    }
}
kind! {
    /// `vpn/l2vpn-terminations`.
    L2vpnTermination {
        /// The L2VPN.
        l2vpn: Option<Ref>,
        /// `ipam.vlan`, `dcim.interface`.
        assigned_object_type: Option<String>,
        /// The id of what it ends at.
        assigned_object_id: Option<Id>,
    }
}
kind! {
    /// `tenancy/tenants`.
    Tenant {
        /// For people.
        name: String,
        /// For machines.
        slug: String,
    }
}
kind! {
    /// `extras/tags`.
    Tag {
        /// For people.
        name: String,
        /// For machines.
        slug: String,
    }
}
kind! {
    /// `extras/custom-fields`.
    CustomField {
        /// The key in `custom_fields`.
        name: String,
        /// For people.
        label: String,
        /// The kinds of objects that have it.
        object_types: Vec<String>,
        /// `text`, `integer`, `object`, …
        r#type: Choice,
        /// What an object field refers to: `ipam.asn`.
        related_object_type: Option<String>,
    }
}
kind! {
    /// `extras/config-contexts`.
    ConfigContext {
        /// Its name.
        name: String,
        /// Whether it is merged.
        is_active: bool,
    }
}
