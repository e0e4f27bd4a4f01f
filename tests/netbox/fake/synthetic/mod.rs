//! An invented fabric of any size, in the shape of the recorded one: spines, leafs as MLAG
//! pairs, EVPN over an eBGP underlay, tenants, policies, services.
//!
//! Names, numbers and addresses are our own; custom fields are those of the recorded fabric,
//! as the exporter's defaults read them. `organisation` (sites to custom fields), `networks`
//! (VLANs, VRFs, VNIs), `hardware` (devices, interfaces, cables), `addresses`, `routing`
//! (sessions and policies), `shapes` (empty objects). Elsewhere: edits of it (`edits`).

mod addresses;
mod hardware;
mod networks;
mod organisation;
mod routing;
mod shapes;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::content::Netbox;
use super::models::MODELS;

pub(super) use shapes::{choice, family, object};

/// The name of the invented fabric.
pub(crate) const FABRIC: &str = "north";
/// How many spines every fabric has.
pub(crate) const SPINES: usize = 2;

/// The content with two spines and so many leafs (an even number, up to 400).
pub(super) fn fabric(leafs: usize) -> Netbox {
    assert!(leafs.is_multiple_of(2) && leafs <= 400, "leafs come in pairs, at most 400");
    let mut netbox = Netbox::new(MODELS.iter().map(|(endpoint, _)| *endpoint));
    let build = Build { netbox: &mut netbox, pairs: leafs / 2, ports: BTreeMap::new() };
    build.everything();
    netbox.quiet = false;
    netbox
}

/// A fabric while it is filled in.
struct Build<'a> {
    netbox: &'a mut Netbox,
    pairs: usize,
    /// Interfaces by device and name.
    ports: BTreeMap<(String, String), u64>,
}

impl Build<'_> {
    fn everything(mut self) {
        self.organisation();
        self.networks();
        self.hardware();
        self.addresses();
        self.routing();
        self.netbox.render_contexts();
    }

    fn add(&mut self, endpoint: &str, with: &Value) -> u64 {
        self.netbox.create(endpoint, object(endpoint, with))
    }

    /// The short form of an object by its name.
    fn named(&self, endpoint: &str, name: &str) -> Value {
        self.netbox.brief(endpoint, self.netbox.id_of(endpoint, name))
    }

    /// The id of an interface.
    fn port(&self, device: &str, name: &str) -> u64 {
        self.ports[&(device.to_owned(), name.to_owned())]
    }

    /// The names of the leafs of a pair, from 0.
    fn members(pair: usize) -> [String; 2] {
        [leaf(2 * pair), leaf(2 * pair + 1)]
    }
}

/// The name of spine number `n`, from 0.
pub(crate) fn spine(n: usize) -> String {
    format!("north-s{}", n + 1)
}

/// The name of leaf number `n`, from 0.
pub(crate) fn leaf(n: usize) -> String {
    format!("north-l{}", n + 1)
}

/// The name of the host at a pair, from 0.
pub(crate) fn host(pair: usize) -> String {
    format!("store{}", pair + 1)
}

/// VLANs that every leaf has: number, name, VRF.
pub(super) const COMMON_VLANS: [(u64, &str, &str); 2] = [(10, "shop-web", "retail"), (20, "press", "plant")];

/// The VLAN that only two neighbouring pairs have.
pub(super) fn local_vlan(pair: usize) -> u64 {
    100 + (pair / 2) as u64
}

/// The VNI of a VLAN.
pub(super) fn vni(vid: u64) -> u64 {
    20_000 + vid
}

/// The AS number of the spines, and of pair `n` from 0.
pub(super) fn asn(pair: Option<usize>) -> u64 {
    64_900 + pair.map_or(0, |pair| pair as u64 + 1)
}

/// Custom fields that are defined for a type, none set.
pub(super) fn unset(object_type: &str) -> Value {
    let fields = organisation::FIELDS.iter().filter(|(_, of, ..)| *of == object_type);
    fields.map(|(name, ..)| ((*name).to_owned(), Value::Null)).collect::<serde_json::Map<_, _>>().into()
}

/// Those with some of them set.
pub(super) fn fields(object_type: &str, set: &Value) -> Value {
    let mut fields = unset(object_type);
    for (name, value) in set.as_object().into_iter().flatten() {
        assert!(fields.get(name).is_some(), "no custom field {name}");
        fields[name.as_str()] = value.clone();
    }
    fields
}

/// Nothing at all.
pub(super) fn none() -> Value {
    json!(null)
}
