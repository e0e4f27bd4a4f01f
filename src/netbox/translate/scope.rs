//! Whose is what: the devices of one fabric, and indexes over the inventory.
//!
//! Here: which devices are exported, what each is (role, state, pair, AS), and the ways from
//! a device to its interfaces, addresses, cables. Elsewhere: what is written of them.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use serde_json::Value;

use super::previous::{Previous, get, text};
use super::value::{self, Subject};
use crate::intent::model::DeviceState;
use crate::names::{Asn, DeviceName, PairName, RoleName};
use crate::netbox::inventory::{Inventory, Object, Table};
use crate::netbox::mapping::{FabricMapping, Field, Mapping};
use crate::netbox::objection::{About, Objection, Objections};
use crate::netbox::objects::{Address, Device, Interface};
use crate::netbox::wire::{Id, Ref};
use crate::yang::natural::natural;

/// One fabric's part of an inventory.
pub(crate) struct Scope<'i> {
    /// Everything that NetBox says.
    pub(crate) inventory: &'i Inventory,
    /// How it says it.
    pub(crate) mapping: &'i Mapping,
    /// What the mapping says of this fabric.
    pub(crate) fabric: &'i FabricMapping,
    /// What stands in the fabric's folder.
    pub(crate) previous: &'i Previous,
    /// The exported devices, in natural order of their names.
    pub(crate) devices: Vec<Member<'i>>,
    base_url: &'i str,
    by_id: BTreeMap<Id, usize>,
    interfaces: BTreeMap<Id, Vec<&'i Interface>>,
    addresses: BTreeMap<Id, Vec<Assigned<'i>>>,
    /// Virtual addresses of first-hop groups, by the group's interfaces.
    virtual_addresses: BTreeMap<Id, Vec<Assigned<'i>>>,
    far: BTreeMap<Id, Id>,
    lag_members: BTreeMap<Id, Vec<&'i Interface>>,
    /// The AS of each device's own end of its sessions.
    session_as: BTreeMap<Id, BTreeSet<Asn>>,
}

/// An exported device.
#[derive(Debug)]
pub(crate) struct Member<'i> {
    /// Its id.
    pub(crate) id: Id,
    /// Its name.
    pub(crate) name: DeviceName,
    /// Its role in the intent.
    pub(crate) role: RoleName,
    /// Its state.
    pub(crate) state: DeviceState,
    /// Its pair, and the text that NetBox has for it.
    pub(crate) pair: Option<(PairName, String)>,
    /// Its AS.
    pub(crate) asn: Option<Asn>,
    /// The object.
    pub(crate) device: &'i Device,
}

/// An address on an interface.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assigned<'i> {
    /// With its length, host bits kept.
    pub(crate) net: IpNet,
    /// The object.
    pub(crate) address: &'i Address,
}

/// The id of a reference.
fn id_of(reference: Option<Ref>) -> Option<Id> {
    reference.map(|reference| reference.0)
}

impl<'i> Scope<'i> {
    /// Finds the devices and builds the indexes. Devices that cannot be exported are objections.
    pub(crate) fn new(
        inventory: &'i Inventory,
        mapping: &'i Mapping,
        fabric: &'i FabricMapping,
        previous: &'i Previous,
        base_url: &'i str,
        out: &mut Objections,
    ) -> Self {
        let mut scope = Self {
            inventory,
            mapping,
            fabric,
            previous,
            devices: Vec::new(),
            base_url: base_url.trim_end_matches('/'),
            by_id: BTreeMap::new(),
            interfaces: BTreeMap::new(),
            addresses: BTreeMap::new(),
            virtual_addresses: BTreeMap::new(),
            far: cable_peers(inventory),
            lag_members: BTreeMap::new(),
            session_as: session_as(inventory),
        };
        scope.index_interfaces();
        scope.index_addresses(out);
        let mut devices: Vec<Member<'i>> =
            inventory.devices.values().filter_map(|device| scope.member(device, out)).collect();
        devices.sort_by(|a, b| natural(a.name.as_str(), b.name.as_str()).then(a.id.cmp(&b.id)));
        scope.by_id = devices.iter().enumerate().map(|(at, member)| (member.id, at)).collect();
        scope.devices = devices;
        scope.refuse_namesakes(out);
        scope
    }

    fn index_interfaces(&mut self) {
        for interface in self.inventory.interfaces.values() {
            if let Some(device) = interface.device {
                self.interfaces.entry(device.0).or_default().push(interface);
            }
            if let Some(lag) = interface.lag {
                self.lag_members.entry(lag.0).or_default().push(interface);
            }
        }
        for list in self.interfaces.values_mut().chain(self.lag_members.values_mut()) {
            list.sort_by(|a, b| natural(&a.name, &b.name).then(a.id.cmp(&b.id)));
        }
    }

    fn index_addresses(&mut self, out: &mut Objections) {
        let mut of_groups: BTreeMap<Id, Vec<Assigned<'i>>> = BTreeMap::new();
        for address in self.inventory.addresses.values() {
            let into = match address.assigned_object_type.as_deref() {
                Some("dcim.interface") => &mut self.addresses,
                Some("ipam.fhrpgroup") => &mut of_groups,
                _ => continue,
            };
            match (address.address.parse::<IpNet>(), address.assigned_object_id) {
                (Ok(net), Some(id)) => into.entry(id).or_default().push(Assigned { net, address }),
                (Ok(_), None) => {}
                (Err(_), _) => {
                    let message = format!("`{}` is no address with a length", address.address);
                    let about = self.about::<Address>(address.id, &address.address);
                    out.push(Objection::error("address-text", message).about(about).field("address"));
                }
            }
        }
        for assignment in self.inventory.fhrp_assignments.values() {
            let group = assignment.group.and_then(|group| of_groups.get(&group.0));
            let on_interface = assignment.interface_type.as_deref() == Some("dcim.interface");
            if let (Some(group), Some(interface)) = (group, assignment.interface_id.filter(|_| on_interface))
            {
                self.virtual_addresses.entry(interface).or_default().extend(group);
            }
        }
        for list in self.addresses.values_mut().chain(self.virtual_addresses.values_mut()) {
            list.sort_by(|a, b| (a.net, &a.address.role).cmp(&(b.net, &b.address.role)));
        }
    }

    /// The device as it is exported; none if it is not of this fabric, or cannot be said.
    fn member(&self, device: &'i Device, out: &mut Objections) -> Option<Member<'i>> {
        let platform = slug_of(&self.inventory.platforms, device.platform, |platform| &platform.slug)?;
        if !self.mapping.platforms.contains_key(platform) || !self.is_asked_for(device) {
            return None;
        }
        let about = self.about_device(device);
        let subject =
            Subject { about: about.clone(), custom: &device.custom_fields, context: &device.config_context };
        let state = self.state(device, &subject, out)?;
        let name = device.name.as_deref().unwrap_or_default();
        let name = name.parse::<DeviceName>().map_err(|error| {
            let message = if name.is_empty() {
                "the device has no name".into()
            } else {
                format!("`{name}` is no name of a device")
            };
            out.push(
                Objection::error("device-name", message)
                    .about(about.clone())
                    .field("name")
                    .expected(error.expected),
            );
        });
        let role = self.role(device, &about, out);
        let pair = self.read(Field::DevicePair, &subject, "a name of a pair", value::text, out);
        let pair = pair.and_then(|text| Some((clean(&text)?, text)));
        let asn = |value: &Value| {
            let referred = value::reference(value).filter(|_| value.is_object());
            let known = referred.and_then(|id| self.inventory.asns.get(&id)).map(|asn| u64::from(asn.asn));
            let number =
                known.or_else(|| value.get("asn").and_then(Value::as_u64)).or_else(|| value::number(value));
            Asn::try_from(number?).ok()
        };
        let asn = self.read(Field::DeviceAsn, &subject, "an AS number from 1 to 4294967295", asn, out);
        // without such a field the device's sessions say it, where they are of one mind
        let sessions = self.session_as.get(&device.id).filter(|numbers| numbers.len() == 1);
        let asn = asn.or_else(|| sessions?.first().copied());
        let name = name.ok()?;
        let state = if self.stays_released(&name, state) { DeviceState::Released } else { state };
        Some(Member { id: device.id, name, role: role?, state, pair, asn, device })
    }

    /// A file that people wrote, as it stands.
    pub(crate) fn of_people(&self, path: &str) -> Option<crate::intent::yaml::Node> {
        self.previous.file(path).filter(|_| self.previous.is_of_people(path))
    }

    /// `released` that people wrote stays while NetBox says that the device is on its way out:
    /// NetBox has no such status, and the device's file goes only after it.
    fn stays_released(&self, name: &DeviceName, state: DeviceState) -> bool {
        let leaving = matches!(state, DeviceState::Drained | DeviceState::Paused);
        let file = || self.previous.file(&format!("devices/{name}.yaml"));
        leaving && file().is_some_and(|file| get(&file, "state").and_then(text) == Some("released"))
    }

    /// Whether the filter of the mapping asks for the device.
    fn is_asked_for(&self, device: &Device) -> bool {
        let filter = &self.fabric.devices;
        let has = |set: &BTreeSet<String>, slug: Option<&str>| {
            set.is_empty() || slug.is_some_and(|slug| set.contains(slug))
        };
        let tag =
            |tag: &Ref| self.inventory.tags.get(&tag.0).is_some_and(|tag| filter.tags.contains(&tag.slug));
        let name = device.name.as_deref().unwrap_or_default();
        has(&filter.sites, slug_of(&self.inventory.sites, device.site, |site| &site.slug))
            && has(&filter.roles, slug_of(&self.inventory.device_roles, device.role, |role| &role.slug))
            && has(&filter.statuses, Some(&device.status.0))
            && (filter.tags.is_empty() || device.tags.iter().any(tag))
            && filter.name.as_ref().is_none_or(|pattern| pattern.is_match(name))
            && !filter.exclude.as_ref().is_some_and(|pattern| pattern.is_match(name))
    }

    fn state(&self, device: &Device, subject: &Subject<'_>, out: &mut Objections) -> Option<DeviceState> {
        let own = |value: &Value| match value::text(value)?.as_str() {
            "staged" => Some(DeviceState::Staged),
            "active" => Some(DeviceState::Active),
            "drained" => Some(DeviceState::Drained),
            "paused" => Some(DeviceState::Paused),
            "released" => Some(DeviceState::Released),
            _ => None,
        };
        let expected = "staged, active, drained, paused or released";
        self.read(Field::DeviceState, subject, expected, own, out)
            .or_else(|| self.mapping.states.get(&device.status.0).copied())
    }

    fn role(&self, device: &Device, about: &About, out: &mut Objections) -> Option<RoleName> {
        let slug = slug_of(&self.inventory.device_roles, device.role, |role| &role.slug).unwrap_or_default();
        if let Some(role) = self.mapping.roles.get(slug) {
            return Some(role.clone());
        }
        let role = slug.parse::<RoleName>().map_err(|error| {
            let objection = Objection::error("device-role", format!("`{slug}` is no name of a role"));
            out.push(objection.about(about.clone()).field("role").expected(error.expected));
        });
        role.ok()
    }

    fn refuse_namesakes(&self, out: &mut Objections) {
        for pair in self.devices.windows(2) {
            if let [a, b] = pair
                && a.name == b.name
            {
                let message = format!("another device has the name {} too", a.name);
                let objection =
                    Objection::error("device-name", message).about(self.about_device(b.device)).field("name");
                out.push(
                    objection.hint("leave one out by site, role or tag, or make two fabrics, in netbox.yaml"),
                );
            }
        }
    }

    /// The object of a kind with its page.
    pub(crate) fn about<T: Object>(&self, id: Id, name: &str) -> About {
        let kind = match T::ENDPOINT.object_type.rsplit('.').next().unwrap_or_default() {
            "ipaddress" => "address",
            "fhrpgroup" => "first-hop group",
            "bgpsession" => "BGP session",
            "bgppeergroup" => "peer group",
            "routingpolicy" => "routing policy",
            "prefixlist" => "prefix list",
            "communitylist" => "community list",
            "aspathlist" => "AS path list",
            "routingpolicyrule" | "prefixlistrule" | "communitylistrule" | "aspathlistrule" => "rule",
            "l2vpn" => "L2VPN",
            "vlan" => "VLAN",
            "vrf" => "VRF",
            other => other,
        };
        let url = format!("{}/{}/{id}/", self.base_url, T::ENDPOINT.path);
        About { kind: kind.to_owned(), name: name.to_owned(), url }
    }

    /// A device with its page.
    pub(crate) fn about_device(&self, device: &Device) -> About {
        self.about::<Device>(device.id, device.name.as_deref().unwrap_or("without a name"))
    }

    /// An interface with its page.
    pub(crate) fn about_interface(&self, interface: &Interface) -> About {
        let device = interface.device.and_then(|device| self.inventory.devices.get(&device.0));
        let device = device.and_then(|device| device.name.as_deref()).unwrap_or("?");
        self.about::<Interface>(interface.id, &format!("{device} {}", interface.name))
    }

    /// The exported device with an id.
    pub(crate) fn device(&self, id: Id) -> Option<&Member<'i>> {
        self.devices.get(*self.by_id.get(&id)?)
    }

    /// The exported device whose interface it is.
    pub(crate) fn owner(&self, interface: &Interface) -> Option<&Member<'i>> {
        self.device(id_of(interface.device)?)
    }

    /// The members of each pair, in natural order.
    pub(crate) fn pairs(&self) -> BTreeMap<&PairName, Vec<&Member<'i>>> {
        let mut pairs: BTreeMap<&PairName, Vec<&Member<'i>>> = BTreeMap::new();
        for member in &self.devices {
            if let Some((pair, _)) = &member.pair {
                pairs.entry(pair).or_default().push(member);
            }
        }
        pairs
    }

    /// A device's fields, for [`Scope::read`].
    pub(crate) fn device_subject(&self, device: &'i Device) -> Subject<'i> {
        Subject {
            about: self.about_device(device),
            custom: &device.custom_fields,
            context: &device.config_context,
        }
    }

    /// A device's interfaces in natural order.
    pub(crate) fn interfaces(&self, device: Id) -> &[&'i Interface] {
        self.interfaces.get(&device).map_or(&[], Vec::as_slice)
    }

    /// The addresses of an interface, sorted.
    pub(crate) fn addresses(&self, interface: Id) -> &[Assigned<'i>] {
        self.addresses.get(&interface).map_or(&[], Vec::as_slice)
    }

    /// The virtual addresses of an interface's first-hop groups, sorted.
    pub(crate) fn virtual_addresses(&self, interface: Id) -> &[Assigned<'i>] {
        self.virtual_addresses.get(&interface).map_or(&[], Vec::as_slice)
    }

    /// The interface at the other end of an interface's cable.
    pub(crate) fn far(&self, interface: Id) -> Option<&'i Interface> {
        self.inventory.interfaces.get(self.far.get(&interface)?)
    }

    /// The ports of a LAG in natural order.
    pub(crate) fn lag_members(&self, lag: Id) -> &[&'i Interface] {
        self.lag_members.get(&lag).map_or(&[], Vec::as_slice)
    }

    /// What an interface is for: `underlay`, `host`, `mlag-peer`; empty if nobody says it.
    pub(crate) fn kind(&self, interface: &'i Interface, out: &mut Objections) -> String {
        let subject = Subject::new(self.about_interface(interface), &interface.custom_fields);
        self.read(Field::InterfaceKind, &subject, "a word", value::text, out).unwrap_or_default()
    }
}

/// The slug, or whatever `of` takes, of what a reference names.
pub(crate) fn slug_of<T>(
    table: &Table<T>,
    reference: Option<Ref>,
    of: impl Fn(&T) -> &String,
) -> Option<&str> {
    table.get(&id_of(reference)?).map(|object| of(object).as_str())
}

/// The AS of each device's own end of its sessions.
fn session_as(inventory: &Inventory) -> BTreeMap<Id, BTreeSet<Asn>> {
    let mut numbers: BTreeMap<Id, BTreeSet<Asn>> = BTreeMap::new();
    for session in inventory.sessions.values() {
        let local = session.local_as.and_then(|asn| inventory.asns.get(&asn.0));
        let local = local.and_then(|asn| Asn::try_from(u64::from(asn.asn)).ok());
        if let (Some(device), Some(local)) = (session.device, local) {
            numbers.entry(device.0).or_default().insert(local);
        }
    }
    numbers
}

/// The other end of each interface's cable, where both sides have exactly one interface.
fn cable_peers(inventory: &Inventory) -> BTreeMap<Id, Id> {
    let mut far = BTreeMap::new();
    for cable in inventory.cables.values() {
        let ([a], [b]) = (cable.a_terminations.as_slice(), cable.b_terminations.as_slice()) else { continue };
        if [a, b].iter().all(|end| end.object_type == "dcim.interface") {
            far.insert(a.object_id, b.object_id);
            far.insert(b.object_id, a.object_id);
        }
    }
    far
}

/// A text as the name of a pair: what no name can have becomes `-`.
fn clean(text: &str) -> Option<PairName> {
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let cleaned: String = text.trim().chars().map(fits).take(63).collect();
    cleaned.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).trim_end_matches('-').parse().ok()
}
