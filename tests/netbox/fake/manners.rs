//! How the fake NetBox behaves as a whole: its version, its page sizes, its plugin.
//!
//! Differences between versions are those of `NetBox`'s release notes that an exporter can
//! see. Elsewhere: faults of single requests (`faults`).

use serde_json::{Map, Value, json};

/// NetBox's major and minor version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u8, pub(crate) u8);

impl Version {
    /// Prefixes have a `site`, interfaces a plain MAC address: too old for an exporter.
    pub(crate) const V4_1: Self = Self(4, 1);
    pub(crate) const V4_2: Self = Self(4, 2);
    pub(crate) const V4_3: Self = Self(4, 3);
    pub(crate) const V4_4: Self = Self(4, 4);
    pub(crate) const V4_5: Self = Self(4, 5);
    /// The recorded one.
    pub(crate) const V4_6: Self = Self(4, 6);
    pub(crate) const V4_7: Self = Self(4, 7);

    /// What `/api/status/` says.
    pub(crate) fn full(self) -> String {
        let patch = if self == Self::V4_6 { 8 } else { 1 };
        format!("{}.{}.{patch}", self.0, self.1)
    }

    /// The version of netbox-bgp that goes with it.
    pub(crate) fn plugin(self) -> String {
        // 0.18.0 had no `max_prefixes` yet
        let patch = u8::from(self == Self::V4_5);
        format!("0.{}.{patch}", self.1 + 13)
    }

    /// Whether this version, with its plugin, has an endpoint.
    pub(super) fn has(self, endpoint: &str) -> bool {
        match endpoint {
            "authentication-check" => self >= Self::V4_5,
            "plugins/bgp/aspath-list" | "plugins/bgp/aspath-list-rule" => self >= Self::V4_3,
            _ => true,
        }
    }

    /// An object of 4.6 as this version shows it.
    pub(super) fn as_it_was(self, endpoint: &str, object: &Value) -> Value {
        let mut object = object.clone();
        if self == Self::V4_6 {
            return object;
        }
        if let Value::Object(map) = &mut object {
            self.older(endpoint, map);
            if self >= Self::V4_7 {
                newer(endpoint, map);
            }
        }
        object
    }

    fn older(self, endpoint: &str, map: &mut Map<String, Value>) {
        let (_, model) = endpoint.split_once('/').unwrap_or_default();
        let mut without = |since: Self, names: &[&str]| {
            if self < since {
                for name in names {
                    map.remove(*name);
                }
            }
        };
        without(Self::V4_6, &["bundle", "total_vlan_ids"]);
        without(Self::V4_5, &["owner", "profile"]);
        without(Self::V4_4, &["message"]);
        match model {
            "asns" => without(Self::V4_6, &["role"]),
            "platforms" => without(Self::V4_4, &["parent"]),
            "device-roles" => without(Self::V4_3, &["parent"]),
            "l2vpns" => without(Self::V4_3, &["status"]),
            "bgp/session" => {
                without(Self::V4_6, &["extra_attributes"]);
                without(Self::V4_5, &["max_prefixes", "remote_as_macro"]);
            }
            "bgp/peer-group" => {
                without(Self::V4_6, &["extra_attributes", "prefix_list_in", "prefix_list_out"]);
            }
            "bgp/routing-policy-rule" => without(Self::V4_3, &["match_aspath_list"]),
            _ => {}
        }
        if model == "services" && self < Self::V4_3 {
            let parent = map.remove("parent").unwrap_or(Value::Null);
            let device = map.remove("parent_object_type") == Some(json!("dcim.device"));
            map.remove("parent_object_id");
            let (device, machine) = if device { (parent, Value::Null) } else { (Value::Null, parent) };
            map.insert("device".into(), device);
            map.insert("virtual_machine".into(), machine);
        }
        if self < Self::V4_2 {
            if let Some(scope) = map.remove("scope") {
                map.insert("site".into(), scope);
            }
            without_all(map, &["scope_type", "scope_id", "primary_mac_address", "mac_addresses"]);
        }
    }
}

fn without_all(map: &mut Map<String, Value>, names: &[&str]) {
    for name in names {
        map.remove(*name);
    }
}

/// The custom fields of the recorded fabric that choose from a set.
const SELECTS: [&str; 2] = ["link_kind", "redistribute"];

fn newer(endpoint: &str, map: &mut Map<String, Value>) {
    if let Some(Value::Object(fields)) = map.get_mut("custom_fields") {
        for (_, value) in fields.iter_mut().filter(|(name, _)| SELECTS.contains(&name.as_str())) {
            let labelled = |value: &Value| json!({"value": value, "label": value});
            *value = match &*value {
                Value::String(_) => labelled(value),
                Value::Array(values) => values.iter().map(labelled).collect(),
                other => other.clone(),
            };
        }
    }
    match endpoint {
        "ipam/services" => {
            let protocol = map["protocol"]["value"].as_str().unwrap_or_default().to_owned();
            let ports = map["ports"].as_array().cloned().unwrap_or_default();
            let ports: Vec<String> = ports.iter().map(|port| format!("{protocol}/{port}")).collect();
            map.insert("port_mappings".into(), json!(ports));
        }
        "dcim/interfaces" => {
            map.insert("channels".into(), Value::Null);
            map.insert("channel_id".into(), Value::Null);
        }
        "plugins/bgp/session" => {
            map.insert("remote_prefix".into(), Value::Null);
        }
        "plugins/bgp/community-list-rule" => {
            map.insert("community_custom".into(), Value::Null);
        }
        _ => {}
    }
}

/// How a NetBox behaves. Set with [`Fake::manners`](super::Fake::manners).
#[derive(Clone, Debug)]
pub(crate) struct Manners {
    pub(crate) version: Version,
    /// `MAX_PAGE_SIZE`.
    pub(crate) page_cap: usize,
    /// `PAGINATE_COUNT`.
    pub(crate) page_default: usize,
    /// Lists, and lists in objects, come in an order of their own; `ordering` is not obeyed
    /// (cursors and the change log keep theirs).
    pub(crate) shuffle: Option<u64>,
    /// Whether netbox-bgp is there.
    pub(crate) plugin: bool,
    /// `fields`, `omit` and `brief` change nothing.
    pub(crate) ignores_fields: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            version: Version::V4_6,
            page_cap: 1000,
            page_default: 50,
            shuffle: None,
            plugin: true,
            ignores_fields: false,
        }
    }
}

impl Manners {
    /// Whether answers are those of the recorded NetBox.
    pub(super) fn as_recorded(&self) -> bool {
        let usual = Self::default();
        self.version == usual.version
            && self.page_cap == usual.page_cap
            && self.page_default == usual.page_default
            && self.shuffle.is_none()
            && self.plugin
            && !self.ignores_fields
    }

    /// Whether an endpoint is there.
    pub(super) fn has(&self, endpoint: &str) -> bool {
        (self.plugin || !endpoint.starts_with("plugins/bgp")) && self.version.has(endpoint)
    }
}
