//! Which part of a configuration a leaf can change, so that a change builds only these.
//!
//! Elsewhere: building them (the features).

use std::collections::BTreeSet;

use crate::yang::{Elem, Path};

/// A part of a configuration that is built as one. Interfaces are wanted by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Area {
    System,
    Vlans,
    Vrfs,
    Policies,
    Mlag,
    /// Static routes, BGP, EVPN instances.
    Routing,
}

/// What is built.
#[derive(Debug, Default)]
pub(super) struct Wanted<'p> {
    areas: u8,
    every_interface: bool,
    interfaces: BTreeSet<&'p str>,
}

/// Where a leaf has its say.
enum Place<'p> {
    Area(Area),
    Interface(&'p str),
    /// What an interface says of others: the mode of a LAG stands at its members.
    EveryInterface,
}

impl<'p> Wanted<'p> {
    pub(super) fn all() -> Self {
        Self { areas: u8::MAX, every_interface: true, interfaces: BTreeSet::new() }
    }

    /// Also all that this leaf can change.
    pub(super) fn add(&mut self, path: &'p Path) {
        match place(path) {
            // a VRF's name is said by `vrf instance`, by `vrf` of BGP, or by both
            Place::Area(Area::Vrfs | Area::Routing) => {
                self.areas |= 1 << Area::Vrfs as u8 | 1 << Area::Routing as u8;
            }
            Place::Area(area) => self.areas |= 1 << area as u8,
            Place::Interface(name) => drop(self.interfaces.insert(name)),
            Place::EveryInterface => self.every_interface = true,
        }
    }

    pub(super) fn has(&self, area: Area) -> bool {
        self.areas & (1 << area as u8) != 0
    }

    pub(super) fn has_interface(&self, name: &str) -> bool {
        self.every_interface || self.interfaces.contains(name)
    }

    /// Whether any interface is wanted.
    pub(super) fn has_interfaces(&self) -> bool {
        self.every_interface || !self.interfaces.is_empty()
    }

    /// Whether what is built says all that this leaf has to say.
    pub(super) fn covers(&self, path: &Path) -> bool {
        match place(path) {
            Place::Area(area) => self.has(area),
            Place::Interface(name) => self.has_interface(name),
            Place::EveryInterface => self.every_interface,
        }
    }
}

fn place(path: &Path) -> Place<'_> {
    let elems = path.elems();
    let name = |at: usize| elems.get(at).map_or("", Elem::name);
    let key = |at: usize, key: &str| elems.get(at).and_then(|elem| elem.key(key)).unwrap_or_default();
    match (name(0), name(1), name(2), name(3)) {
        ("interfaces", _, "aggregation", "config") if name(4) == "lag-type" => Place::EveryInterface,
        ("lacp", ..) => Place::EveryInterface,
        ("interfaces", ..) => Place::Interface(key(1, "name")),
        ("stp", "interfaces", ..) => Place::Interface(key(2, "name")),
        ("arista", "varp", "config", "varp-intf-config") => Place::Interface(key(3, "intf-id")),
        ("network-instances", _, "interfaces", _) => Place::Interface(key(3, "id")),
        ("network-instances", _, "vlans", _) => Place::Area(Area::Vlans),
        ("network-instances", _, "config", "route-distinguisher") => Place::Area(Area::Routing),
        ("network-instances", _, "config", _) => Place::Area(Area::Vrfs),
        ("network-instances", ..) | ("arista", "eos", "evpn", _) => Place::Area(Area::Routing),
        ("arista", "eos", "mlag", _) => Place::Area(Area::Mlag),
        ("routing-policy", ..) => Place::Area(Area::Policies),
        _ => Place::Area(Area::System),
    }
}
