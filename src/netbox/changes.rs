//! What the change log means for what was read: which objects are to be read again.
//!
//! Here: [`refresh`], and how a reading is brought to a moment at which NetBox stood still.
//! Elsewhere: the log itself (`changelog`), reading everything (`read`), references to what
//! was deleted (`gone`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use super::changelog::Change;
use super::client::Client;
use super::error::NetBoxError;
use super::gone::Gone;
use super::inventory::Endpoint;
use super::lists;
use super::queries::queries;
use super::read::{self, read};
use super::reading::{Reading, Wanted};
use super::wire::Id;

/// More changes than this are not followed one by one: everything is read instead.
const MOST_CHANGES: usize = 2_000;
/// How often NetBox may change under our eyes.
const ROUNDS: u32 = 4;
/// Version and rights are looked at again after this time.
const CHECKED: Duration = Duration::from_mins(5);

/// Changes of these can change which config contexts hold for which device.
const SCOPES: [&str; 14] = [
    "extras.tag",
    "dcim.region",
    "dcim.sitegroup",
    "dcim.site",
    "dcim.location",
    "dcim.devicerole",
    "dcim.platform",
    "dcim.devicetype",
    "virtualization.cluster",
    "virtualization.clustergroup",
    "virtualization.clustertype",
    "tenancy.tenant",
    "tenancy.tenantgroup",
    "extras.configcontextprofile",
];
const CONTEXT: &str = "extras.configcontext";
const CUSTOM_FIELD: &str = "extras.customfield";
/// Its ids are not those of cables, and a cable that loses an end has no entry of its own.
const CABLE_END: &str = "dcim.cabletermination";
/// What the token may see may have changed.
const RIGHTS: [&str; 2] = ["users.objectpermission", "users.group"];

/// Brings a reading up to date by the change log: only what changed is read. Reads everything
/// where that is not safe: the reading is old, the log does not reach back to it, too much
/// changed, NetBox or its plugin is of another version.
pub fn refresh(client: &Client, reading: Reading, wanted: &Wanted<'_>) -> Result<Reading, NetBoxError> {
    let now = SystemTime::now();
    if is_older(reading.read_whole, wanted.whole_every, now)
        || wanted.last.iter().any(|last| reading.status.follows(last).is_err())
    {
        return read(client, wanted);
    }
    let mut reading = reading;
    if is_older(reading.checked, CHECKED, now) {
        let (status, notes) = read::check(client, wanted)?;
        if status != reading.status {
            return read(client, wanted);
        }
        reading.notes = notes;
        reading.checked = now;
    }
    if settle(client, &mut reading, BTreeSet::new(), wanted)? { Ok(reading) } else { read(client, wanted) }
}

/// Whether more than `span` passed since; a clock that was set back counts as that.
fn is_older(then: SystemTime, span: Duration, now: SystemTime) -> bool {
    now.duration_since(then).map_or(true, |age| age >= span)
}

/// Follows the change log until nothing is new in it that concerns us. Lists that were read in
/// several `paged` parts before are read again where rows shifted meanwhile. False if the log
/// cannot be followed.
pub(super) fn settle(
    client: &Client,
    reading: &mut Reading,
    mut paged: BTreeSet<&'static str>,
    wanted: &Wanted<'_>,
) -> Result<bool, NetBoxError> {
    let mut missing = BTreeSet::new();
    for _ in 0..ROUNDS {
        let Some(news) = reading.mark.news(client, MOST_CHANGES)? else { return Ok(false) };
        reading.mark.advance(&news, SystemTime::now());
        let known: Vec<_> = reading.status.lists().collect();
        let Some(plan) = Plan::of(&news, &known, &paged) else { return Ok(false) };
        if plan.is_empty() {
            // read again, the log still knows of no deletion
            return if missing.is_empty() { Ok(true) } else { Err(unexplained(&missing)) };
        }
        let (deleted, asked) = (plan.deleted.clone(), plan.present());
        paged.extend(plan.carry_out(client, reading, &known, wanted)?);
        missing.extend(asked);
        missing.retain(|(path, id)| !deleted.contains(&(*path, *id)) && !reading.inventory.has(path, *id));
    }
    Err(NetBoxError::Restless { times: ROUNDS })
}

/// What is to be read again.
#[derive(Debug, Default, PartialEq)]
struct Plan {
    /// Objects by the path of their list; whether the last entry is a deletion.
    objects: BTreeMap<&'static str, BTreeMap<Id, bool>>,
    /// Objects that have an entry of their deletion.
    deleted: BTreeSet<(&'static str, Id)>,
    /// Lists as wholes.
    whole: BTreeSet<&'static str>,
}

impl Plan {
    /// Reads the news, oldest first. None if everything is to be read.
    fn of(news: &[Change], known: &[&'static Endpoint], paged: &BTreeSet<&'static str>) -> Option<Self> {
        let mut plan = Self::default();
        let with_cable: BTreeSet<&str> = news
            .iter()
            .filter(|change| change.changed_object_type == "dcim.cable")
            .map(|change| change.request_id.as_str())
            .collect();
        for change in news {
            let object_type = change.changed_object_type.as_str();
            if RIGHTS.contains(&object_type) {
                return None;
            }
            let is_new = change.action == "create";
            if object_type == CONTEXT || (SCOPES.contains(&object_type) && !is_new) {
                plan.whole.insert("dcim/devices");
            }
            if object_type == CABLE_END && !with_cable.contains(change.request_id.as_str()) {
                plan.whole.insert("dcim/cables");
            }
            let list = known.iter().find(|list| list.object_type == object_type);
            let Some((list, id)) = list.zip(change.changed_object_id) else { continue };
            let is_deleted = change.action == "delete";
            plan.objects.entry(list.path).or_default().insert(id, is_deleted);
            if is_deleted {
                plan.deleted.insert((list.path, id));
            }
            if paged.contains(list.path) && (is_new || is_deleted) {
                plan.whole.insert(list.path);
            }
        }
        Some(plan)
    }

    fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.whole.is_empty()
    }

    /// The objects that must be there: their last entry is no deletion.
    fn present(&self) -> Vec<(&'static str, Id)> {
        let objects = self.objects.iter().flat_map(|(path, ids)| ids.iter().map(move |id| (*path, id)));
        objects.filter(|(_, (_, is_deleted))| !**is_deleted).map(|(path, (id, _))| (path, *id)).collect()
    }

    /// Reads it; gives the lists that took more than one page.
    fn carry_out(
        mut self,
        client: &Client,
        reading: &mut Reading,
        known: &[&'static Endpoint],
        wanted: &Wanted<'_>,
    ) -> Result<BTreeSet<&'static str>, NetBoxError> {
        for (path, objects) in std::mem::take(&mut self.objects) {
            let Some(list) = known.iter().find(|list| list.path == path) else { continue };
            let before = definitions(reading, list, &objects);
            if !self.whole.contains(path) {
                read_objects(client, reading, list, &objects)?;
            }
            // a field that came or went is in, or out of, every object of its kinds
            let after = definitions(reading, list, &objects);
            let kinds = before.union(&after);
            self.whole.extend(
                kinds
                    .filter_map(|kind| {
                        known
                            .iter()
                            .find(|list| list.object_type == kind && list.fields.contains(&"custom_fields"))
                    })
                    .map(|list| list.path),
            );
        }
        let lists: Vec<_> = known.iter().copied().filter(|list| self.whole.contains(list.path)).collect();
        let read = lists::whole(client, &reading.status, &lists, wanted.progress)?;
        for list in &lists {
            reading.inventory.clear(list.path);
        }
        reading.inventory.absorb(read.inventory);
        let mut gone = Gone::default();
        for (path, id) in self.deleted {
            if !reading.inventory.has(path, id) {
                gone.add(path, id);
            }
        }
        reading.inventory.release(&gone);
        Ok(read.paged)
    }
}

/// Says which objects the log knows and NetBox does not show: a deletion is one transaction
/// with its entry, so what has none after another look at the log is hidden from us.
fn unexplained(missing: &BTreeSet<(&'static str, Id)>) -> NetBoxError {
    let list = missing.first().map_or("", |(path, _)| *path);
    let ids = missing.iter().filter(|(path, _)| *path == list).map(|(_, id)| *id).collect();
    NetBoxError::NotShown { list: list.to_owned(), ids }
}

/// The kinds of objects that have one of these custom fields.
fn definitions(reading: &Reading, list: &Endpoint, objects: &BTreeMap<Id, bool>) -> BTreeSet<String> {
    if list.object_type != CUSTOM_FIELD {
        return BTreeSet::new();
    }
    let fields = objects.keys().filter_map(|id| reading.inventory.custom_fields.get(id));
    fields.flat_map(|field| field.object_types.iter().cloned()).collect()
}

/// Reads single objects of a list. Whether one that does not come was deleted is for the log
/// to say (`settle`).
fn read_objects(
    client: &Client,
    reading: &mut Reading,
    list: &Endpoint,
    objects: &BTreeMap<Id, bool>,
) -> Result<(), NetBoxError> {
    for id in objects.keys() {
        reading.inventory.take(list.path, *id);
    }
    let ids: Vec<Id> = objects.iter().filter(|(_, is_deleted)| !**is_deleted).map(|(id, _)| *id).collect();
    for (query, asked) in queries("id", &ids) {
        let mut body = client.get(list.path, &format!("{query}{}", lists::query(list)))?;
        let mut came = BTreeSet::new();
        loop {
            let (inventory, end) = lists::parse(list, &reading.status, &body)?;
            let count = lists::count(&end, &body)?;
            came.extend(end.ids.iter().copied());
            // a filter that NetBox does not know is ignored by it, and everything comes
            if end.ids.iter().any(|id| !asked.contains(id)) {
                return Err(NetBoxError::FilterIgnored { url: body.url });
            }
            reading.inventory.absorb(inventory);
            match end.next {
                Some(next) if !end.ids.is_empty() => body = client.follow(&body, &next)?,
                _ if came.len() as u64 == count => break,
                _ => {
                    let (list, ids) = (list.path.to_owned(), came.len());
                    return Err(NetBoxError::Uncounted { list, count, ids, tries: 1 });
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netbox::inventory::ENDPOINTS;

    #[test]
    fn each_change_tells_what_is_to_be_read_again() {
        for (case, news, objects, whole) in [
            ("nothing", "", "", ""),
            ("an update", "r1 update ipam.vlan 5", "ipam/vlans 5", ""),
            ("the last entry counts", "r1 create ipam.vlan 5, r2 delete ipam.vlan 5", "ipam/vlans -5", ""),
            ("an id that came back", "r1 delete ipam.vlan 5, r2 create ipam.vlan 5", "ipam/vlans 5", ""),
            ("of no interest", "r1 create extras.webhook 1, r1 update users.token 1", "", ""),
            (
                "a config context",
                "r1 delete extras.configcontext 1",
                "extras/config-contexts -1",
                "dcim/devices",
            ),
            ("what scopes a context", "r1 update dcim.region 1", "", "dcim/devices"),
            ("a new scope has no devices", "r1 create dcim.region 1", "", ""),
            ("an end of a cable", "r1 delete dcim.cabletermination 9", "", "dcim/cables"),
            (
                "an end and its cable",
                "r1 create dcim.cabletermination 9, r1 create dcim.cable 3",
                "dcim/cables 3",
                "",
            ),
            (
                "another cable's end",
                "r1 create dcim.cabletermination 9, r2 create dcim.cable 3",
                "dcim/cables 3",
                "dcim/cables",
            ),
            (
                "a row of a list in pages",
                "r1 create dcim.interface 7",
                "dcim/interfaces 7",
                "dcim/interfaces",
            ),
            ("no row of it moved", "r1 update dcim.interface 7", "dcim/interfaces 7", ""),
        ] {
            let known: Vec<_> = ENDPOINTS.iter().collect();
            let Some(plan) = Plan::of(&changes(news), &known, &BTreeSet::from(["dcim/interfaces"])) else {
                panic!("{case}: everything is read")
            };
            let sign = |(id, is_deleted): (&Id, &bool)| format!("{}{id}", if *is_deleted { "-" } else { "" });
            let told = |(path, ids): (&&str, &BTreeMap<Id, bool>)| {
                format!("{path} {}", ids.iter().map(sign).collect::<Vec<_>>().join(" "))
            };
            assert_eq!(plan.objects.iter().map(told).collect::<Vec<_>>().join(", "), objects, "{case}");
            assert_eq!(plan.whole.into_iter().collect::<Vec<_>>().join(", "), whole, "{case}");
        }
        let rights = changes("r1 update users.objectpermission 1");
        assert_eq!(Plan::of(&rights, &[], &BTreeSet::new()), None);
    }

    /// `REQUEST ACTION TYPE ID, …`
    fn changes(text: &str) -> Vec<Change> {
        let change = |text: &str| {
            let mut words = text.split(' ').map(str::to_owned);
            let mut word = || words.next().unwrap_or_default();
            Change {
                request_id: word(),
                action: crate::netbox::Choice(word()),
                changed_object_type: word(),
                changed_object_id: word().parse().ok(),
                ..Change::default()
            }
        };
        text.split(", ").filter(|text| !text.is_empty()).map(change).collect()
    }

    #[test]
    fn age_is_told_by_the_clock_also_when_it_goes_back() {
        let then = SystemTime::UNIX_EPOCH + Duration::from_hours(10);
        let hour = Duration::from_hours(1);
        for (case, now, expected) in [
            ("at once", then, false),
            ("just before", then + hour - Duration::from_nanos(1), false),
            ("just then", then + hour, true),
            ("set back", then - hour, true),
        ] {
            assert_eq!(is_older(then, hour, now), expected, "{case}");
        }
    }
}
