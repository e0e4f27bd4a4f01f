//! The fields of the intent that NetBox has no place for, and where they are looked for.
//!
//! Elsewhere: reading the values (`translate::value`).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A field of the intent that a custom field or a key of the config context fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    /// The fabric's name.
    FabricName,
    /// The pair's name.
    DevicePair,
    /// The pair's other member, as a check.
    DevicePeer,
    /// The device's AS.
    DeviceAsn,
    /// The device's state, before its status.
    DeviceState,
    /// What an interface is for: `underlay`, `host`, `mlag-peer`.
    InterfaceKind,
    /// The MLAG id of a LAG.
    InterfaceMlag,
    /// The VNI of a VLAN; its L2VPN says it too.
    VlanVni,
    /// The number of a VRF, for the schemes.
    VrfId,
    /// The VLAN that stands for the L3 VNI of a VRF, where it has no number of its own.
    VrfVlan,
    /// The L3 VNI of a VRF.
    VrfVni,
    /// What a VRF redistributes.
    VrfRedistribute,
    /// Where a VRF lives without a VLAN of it.
    VrfAt,
    /// `services.dns`.
    Dns,
    /// `services.ntp`.
    Ntp,
    /// `services.syslog`.
    Syslog,
    /// `overlay.gateway-mac`.
    GatewayMac,
    /// `underlay.maximum-paths`.
    MaximumPaths,
    /// `underlay.distance`.
    Distance,
}

use Field as F;

/// Each field: its name in `netbox.yaml`, the kind of object whose custom fields are meant,
/// and where it is looked for unless the file says otherwise.
const TABLE: [(Field, &str, &str, &[&str]); 19] = [
    (F::FabricName, "fabric.name", "dcim.device", &["custom_fields.fabric_name"]),
    (F::DevicePair, "device.pair", "dcim.device", &["custom_fields.mlag_domain_id"]),
    (F::DevicePeer, "device.peer", "dcim.device", &["custom_fields.mlag_peer"]),
    (F::DeviceAsn, "device.asn", "dcim.device", &["custom_fields.bgp_asn"]),
    (F::DeviceState, "device.state", "dcim.device", &[]),
    (F::InterfaceKind, "interface.kind", "dcim.interface", &["custom_fields.link_kind"]),
    (F::InterfaceMlag, "interface.mlag", "dcim.interface", &["custom_fields.mlag_id"]),
    (F::VlanVni, "vlan.vni", "ipam.vlan", &["custom_fields.vni"]),
    (F::VrfId, "vrf.id", "ipam.vrf", &["custom_fields.vrf_id"]),
    (F::VrfVlan, "vrf.vlan", "ipam.vrf", &["custom_fields.l3vni_vlan"]),
    (F::VrfVni, "vrf.vni", "ipam.vrf", &["custom_fields.l3vni"]),
    (F::VrfRedistribute, "vrf.redistribute", "ipam.vrf", &[]),
    (F::VrfAt, "vrf.at", "ipam.vrf", &["custom_fields.deployed_on"]),
    (F::Dns, "services.dns", "dcim.device", &["config_context.dns"]),
    (F::Ntp, "services.ntp", "dcim.device", &["config_context.ntp"]),
    (F::Syslog, "services.syslog", "dcim.device", &["config_context.syslog"]),
    (F::GatewayMac, "overlay.gateway-mac", "dcim.device", &["config_context.anycast_gateway_mac"]),
    (F::MaximumPaths, "underlay.maximum-paths", "dcim.device", &["config_context.bgp.maximum_paths"]),
    (F::Distance, "underlay.distance", "dcim.device", &["config_context.bgp.distance"]),
];

impl Field {
    /// The name in `netbox.yaml`.
    pub(crate) fn name(self) -> &'static str {
        TABLE.iter().find(|(field, ..)| *field == self).map_or("", |(_, name, ..)| name)
    }

    /// The kind of object that has it, as NetBox names kinds: `dcim.device`.
    pub(crate) fn object_type(self) -> &'static str {
        TABLE.iter().find(|(field, ..)| *field == self).map_or("", |(_, _, kind, _)| kind)
    }

    /// Every field with its name.
    pub(crate) fn all() -> impl Iterator<Item = (Self, &'static str)> {
        TABLE.iter().map(|(field, name, ..)| (*field, *name))
    }

    /// Where each is looked for without a mapping.
    pub(crate) fn defaults() -> BTreeMap<Self, Vec<Source>> {
        let sources = |texts: &[&str]| texts.iter().filter_map(|text| text.parse().ok()).collect();
        TABLE.iter().map(|(field, _, _, texts)| (*field, sources(texts))).collect()
    }
}

/// Where a value is looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// `custom_fields.NAME` of the object.
    Custom(String),
    /// `config_context.KEY.KEY` of the device.
    Context(Vec<String>),
}

impl FromStr for Source {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, rest) = text.split_once('.').ok_or(())?;
        let mut keys = rest.split('.').map(str::to_owned);
        match kind {
            _ if rest.split('.').any(str::is_empty) => Err(()),
            "custom_fields" => match (keys.next(), keys.next()) {
                (Some(name), None) => Ok(Self::Custom(name)),
                _ => Err(()),
            },
            "config_context" => Ok(Self::Context(keys.collect())),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom(name) => write!(f, "custom_fields.{name}"),
            Self::Context(keys) => write!(f, "config_context.{}", keys.join(".")),
        }
    }
}
