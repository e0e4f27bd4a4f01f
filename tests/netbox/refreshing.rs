//! What changed in NetBox, read by its change log: the same as if everything were read.
//!
//! Elsewhere: reading everything (`reading`).

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use gitfabric::netbox::{self, NetBoxError, Reading, Wanted};
use serde_json::{Value, json};

use crate::fake::{Fake, Fault, Netbox, On, tokens};
use crate::reading::{client, client_as, read};

type Edit = fn(&mut Netbox);

fn refresh(fake: &Fake, reading: Reading) -> Reading {
    netbox::refresh(&client(fake), reading, &Wanted::default()).unwrap()
}

/// Sets a field of an object.
fn set(netbox: &mut Netbox, list: &str, id: u64, field: &str, value: Value) {
    netbox.update(list, id, |object| {
        object.insert(field.to_owned(), value);
    });
}

fn add_vlan(netbox: &mut Netbox) {
    netbox.by("ada", |netbox| netbox.add_vlan(30, "cold-room", 20_030));
}

fn add_webhook(netbox: &mut Netbox) {
    netbox.create("extras/webhooks", json!({"name": "export"}));
}

fn add_field(netbox: &mut Netbox) {
    let field = json!({
        "name": "colour", "label": "", "object_types": ["ipam.vlan"], "type": {"value": "text"},
        "related_object_type": null,
    });
    netbox.create("extras/custom-fields", field);
    let vlans: Vec<_> = netbox.objects("ipam/vlans").filter_map(|vlan| vlan["id"].as_u64()).collect();
    netbox.silently(|netbox| {
        for vlan in vlans {
            netbox.update("ipam/vlans", vlan, |vlan| vlan["custom_fields"]["colour"] = json!("blue"));
        }
    });
}

#[test]
fn a_refresh_gives_what_a_whole_read_gives() {
    let fake = Fake::fabric(8);
    let edits: [(&str, Edit, usize); 15] = [
        ("nothing", |_| {}, 1),
        ("a VLAN with its VNI", add_vlan, 10),
        ("a port gets it", |netbox| netbox.set_untagged("north-l7", "Port-Channel1", 30), 3),
        ("a VLAN goes", |netbox| netbox.delete_vlan(101), 10),
        ("a VLAN that ports carry goes", |netbox| netbox.delete_vlan(10), 10),
        ("a VLAN's name", |netbox| netbox.rename_vlan(30, "cheese"), 3),
        ("a device's status", |netbox| netbox.set_device_status("north-l8", "decommissioning"), 3),
        ("a device and all that is its", |netbox| netbox.delete_device("north-l8"), 10),
        (
            "a config context",
            |netbox| netbox.edit_context("north-base", |data| data["ntp"]["servers"] = json!(["192.0.2.1"])),
            4,
        ),
        ("a custom field with a default", add_field, 4),
        (
            "a device's name, which others nest",
            |netbox| {
                let device = netbox.id_of("dcim/devices", "north-l1");
                set(netbox, "dcim/devices", device, "name", json!("leaf-one"));
            },
            3,
        ),
        (
            "a cable is pulled",
            |netbox| {
                let cable =
                    netbox.objects("dcim/cables").next().and_then(|cable| cable["id"].as_u64()).unwrap();
                netbox.delete("dcim/cables", cable);
            },
            3,
        ),
        (
            "made and gone again",
            |netbox| {
                let tag = netbox.create("extras/tags", json!({"name": "short", "slug": "short"}));
                netbox.delete("extras/tags", tag);
            },
            4,
        ),
        ("what is not read", add_webhook, 2),
        (
            "many at once",
            |netbox| {
                let all: Vec<_> =
                    netbox.objects("dcim/interfaces").filter_map(|one| one["id"].as_u64()).collect();
                for interface in all {
                    set(netbox, "dcim/interfaces", interface, "description", json!("all new"));
                }
            },
            4,
        ),
    ];
    let mut reading = read(&fake).unwrap();
    for (case, edit, most) in edits {
        fake.edit(edit);
        fake.forget_requests();
        reading = refresh(&fake, reading);
        let requests = fake.requests().len();
        assert!(requests <= most, "{case}: {requests} requests, {:?}", fake.counts());
        let whole = read(&fake).unwrap();
        for (list, count) in whole.counts() {
            assert_eq!(reading.counts().get(&list), Some(&count), "{case}: {list}");
        }
        assert!(reading.inventory == whole.inventory, "{case}: a refresh gives something else");
        assert_eq!(reading.change(), whole.change(), "{case}");
    }
}

#[test]
fn recorded_changes_lead_from_state_to_state() {
    let Some(fake) = Fake::recorded(1) else { return };
    let mut reading = read(&fake).unwrap();
    for (state, change) in [(2, 814), (3, 866)] {
        fake.state(state);
        fake.forget_requests();
        reading = refresh(&fake, reading);
        assert!(!fake.counts().contains_key("dcim/sites"), "only what changed is read");
        assert!(fake.requests().len() <= 10, "{:?}", fake.counts());
        assert_eq!(reading.change(), change);
        assert!(reading.inventory == read(&fake).unwrap().inventory, "state {state}");
    }
}

#[test]
fn an_entry_that_becomes_visible_late_is_not_missed() {
    for quick in [1, 150] {
        a_late_entry(quick);
    }
}

/// An entry that is seen after so many newer ones.
fn a_late_entry(quick: u64) {
    let fake = Fake::fabric(8);
    fake.edit(|netbox| {
        netbox.rename_vlan(4090, "before");
        netbox.rename_vlan(10, "slow");
        for number in 0..quick {
            netbox.rename_vlan(101, &format!("quick{number}"));
        }
    });
    // the transaction of the first has not ended: its entry and its effect are not seen yet
    let slow = fake.look(Netbox::last_change) - quick;
    fake.fault(On::every("core/object-changes"), Fault::hidden(move |entry| entry["id"] == slow));
    fake.fault(
        On::every("ipam/vlans"),
        Fault::rewrite(|body| {
            for vlan in body["results"].as_array_mut().into_iter().flatten().filter(|vlan| vlan["vid"] == 10)
            {
                vlan["name"] = json!("old");
            }
        }),
    );
    let early = read(&fake).unwrap();
    fake.heal();
    fake.forget_requests();
    let late = refresh(&fake, early.clone());
    assert_eq!(fake.requests().len(), 3, "{:?}", fake.counts());
    assert_eq!(early.change(), late.change());
    assert!(early.inventory != late.inventory);
    assert!(late.inventory == read(&fake).unwrap().inventory);
}

#[test]
fn everything_is_read_where_the_log_cannot_be_followed() {
    let fake = Fake::fabric(2);
    fake.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let reading = read(&fake).unwrap();
    let newest = reading.change();
    let day = Duration::from_hours(24);
    for (case, fault, read_whole) in [
        ("the log was pruned", Some(Fault::hidden(move |entry| entry["id"] == newest)), SystemTime::now()),
        (
            "another database",
            Some(Fault::rewrite(|body| {
                for entry in body["results"].as_array_mut().into_iter().flatten() {
                    entry["request_id"] = json!("another");
                }
            })),
            SystemTime::now(),
        ),
        ("too much changed", Some(Fault::count(100_000)), SystemTime::now()),
        ("it is old", None, SystemTime::now() - day),
        ("the clock was set back", None, SystemTime::now() + day),
    ] {
        fake.heal();
        fake.forget_requests();
        if let Some(fault) = fault {
            fake.fault(On::first("core/object-changes"), fault);
        }
        let mut old = reading.clone();
        old.read_whole = read_whole;
        let again = refresh(&fake, old);
        assert_eq!(fake.counts().get("dcim/sites"), Some(&1), "{case}");
        assert!(again.inventory == reading.inventory, "{case}");
    }
}

#[test]
fn objects_that_were_not_asked_for_fail_the_refresh() {
    let fake = Fake::fabric(2);
    fake.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let reading = read(&fake).unwrap();
    fake.edit(|netbox| netbox.rename_vlan(10, "cheese"));
    fake.fault(
        On::every("ipam/vlans"),
        Fault::rewrite(|body| {
            if let Some(rows) = body["results"].as_array_mut() {
                let mut other = rows[0].clone();
                other["id"] = json!(999);
                rows.push(other);
            }
        }),
    );
    let error = netbox::refresh(&client(&fake), reading.clone(), &Wanted::default()).unwrap_err();
    assert!(matches!(error, NetBoxError::FilterIgnored { .. }), "{error}");
    fake.heal();
    fake.fault(
        On::every("core/object-changes"),
        Fault::rewrite(|body| {
            if let Some(rows) = body["results"].as_array_mut() {
                rows.push(json!({"id": 0}));
            }
        }),
    );
    let error = netbox::refresh(&client(&fake), reading, &Wanted::default()).unwrap_err();
    assert!(matches!(error, NetBoxError::FilterIgnored { .. }), "{error}");
}

#[test]
fn objects_that_nobody_deleted_are_missed() {
    let Some(fake) = Fake::recorded(1) else { return };
    let whole = read(&fake).unwrap();
    let hidden = |fake: &Fake| {
        let reading = read(fake).unwrap();
        netbox::hidden(&client(fake), &reading, &whole.counts(), whole.change())
    };
    hidden(&fake).unwrap();
    // a constraint on the token's permission
    for (list, seen) in [("dcim/devices", 13), ("dcim/interfaces", 129)] {
        fake.heal();
        fake.fault(On::every(list), Fault::hidden(move |object| object["id"].as_u64() >= Some(seen + 1)));
        match hidden(&fake).unwrap_err() {
            NetBoxError::Hidden { list: told, now, deleted: 0, .. } => {
                assert_eq!((told.as_str(), now as u64), (list, seen));
            }
            other => panic!("{other}"),
        }
    }
    // a single one that is no device
    fake.heal();
    fake.fault(On::every("dcim/interfaces"), Fault::hidden(|object| object["id"] == 1));
    let error = hidden(&fake).unwrap_err();
    assert!(matches!(&error, NetBoxError::Hidden { list, .. } if list == "dcim/interfaces"), "{error}");
    // what was deleted was deleted
    fake.heal();
    fake.edit(|netbox| netbox.delete_device("leaf8"));
    hidden(&fake).unwrap();
}

#[test]
fn new_objects_do_not_make_up_for_hidden_ones_unless_the_log_has_forgotten_them() {
    let fake = Fake::fabric(2);
    fake.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let whole = read(&fake).unwrap();
    let hidden = |fake: &Fake| {
        let reading = read(fake).unwrap();
        netbox::hidden(&client(fake), &reading, &whole.counts(), whole.change())
    };
    fake.edit(|netbox| {
        add_vlan(netbox);
        netbox.delete_vlan(30);
        add_vlan(netbox);
        netbox.delete_vlan(4091);
    });
    hidden(&fake).unwrap();
    fake.fault(On::every("ipam/vlans"), Fault::hidden(|vlan| vlan["vid"] == 10));
    match hidden(&fake).unwrap_err() {
        NetBoxError::Hidden { list, before, now, created: 1, deleted: 1 } => {
            assert_eq!((list.as_str(), before), ("ipam/vlans", now + 1));
        }
        other => panic!("{other}"),
    }
    fake.edit(|netbox| netbox.forget_changes(netbox.last_change()));
    hidden(&fake).unwrap();
}

#[test]
fn an_object_that_the_log_knows_and_that_does_not_come_is_not_taken_for_deleted() {
    let fake = Fake::fabric(2);
    fake.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let reading = read(&fake).unwrap();
    let vlan = fake.look(|netbox| netbox.vlan(10));
    fake.edit(|netbox| netbox.rename_vlan(10, "cheese"));
    let again = |fake: &Fake| netbox::refresh(&client(fake), reading.clone(), &Wanted::default());
    // a constraint on the token's permission
    fake.fault(On::every("ipam/vlans"), Fault::hidden(|vlan| vlan["vid"] == 10));
    match again(&fake).unwrap_err() {
        NetBoxError::NotShown { list, ids } => assert_eq!((list.as_str(), ids), ("ipam/vlans", vec![vlan])),
        other => panic!("{other}"),
    }
    // an answer that says it has more
    fake.heal();
    fake.fault(On::every("ipam/vlans"), Fault::count(2));
    let error = again(&fake).unwrap_err();
    assert!(matches!(error, NetBoxError::Uncounted { count: 2, ids: 1, .. }), "{error}");
    // deleted just before it is asked for: its entry is found by another look at the log
    fake.heal();
    fake.fault(On::first("ipam/vlans"), Fault::before(|netbox| netbox.delete_vlan(10)));
    let late = again(&fake).unwrap();
    assert!(late.inventory == read(&fake).unwrap().inventory);
}

#[test]
fn the_log_says_who_changed_what_and_no_secret() {
    let Some(fake) = Fake::recorded(2) else { return };
    let changes = netbox::changes_since(&client(&fake), 797, 1000).unwrap();
    assert!(!changes.cut);
    let vlan = changes.changes.iter().find(|change| change.changed_object_type == "ipam.vlan").unwrap();
    assert_eq!((vlan.user_name.as_str(), vlan.object_repr.as_str()), ("admin", "app99 (99)"));
    assert_eq!((vlan.id, vlan.action.0.as_str()), (801, "create"));
    assert_eq!(changes.changes.len(), 17);
    assert!(
        fake.requests()
            .iter()
            .all(|request| request.query.contains("fields=") && !request.query.contains("data"))
    );
    assert!(!format!("{changes:?}").contains("test-secret"));
    fake.manners(|manners| manners.page_cap = 5);
    let few = netbox::changes_since(&client(&fake), 797, 8).unwrap();
    assert_eq!((few.changes.len(), few.cut), (10, true));
}

#[test]
fn a_reading_is_kept_between_runs() {
    let fake = Fake::fabric(2);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("netbox.json");
    let (client, _) = client_as(&fake, tokens::EXPORTER);
    assert_eq!(netbox::load(&file, client.url()), (None, None));
    let reading = netbox::read(&client, &Wanted::default()).unwrap();
    netbox::save(&file, client.url(), &reading).unwrap();
    netbox::save(&file, client.url(), &reading).unwrap();
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
    let (kept, note) = netbox::load(&file, client.url());
    assert_eq!((kept.as_ref(), note), (Some(&reading), None));
    assert!(refresh(&fake, kept.unwrap()).inventory == reading.inventory);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains(tokens::EXPORTER));
    for (case, text, url, expected) in [
        ("another NetBox", text.clone(), "https://other.example/", "it was kept of http://127.0.0.1"),
        ("cut", text[..text.len() / 2].to_owned(), client.url(), "it is damaged"),
        ("empty", String::new(), client.url(), "it is damaged"),
        (
            "of another version",
            text.replace("\"gitfabric ", "\"gitfabric 0."),
            client.url(),
            "another gitfabric",
        ),
        (
            "of another form",
            text.replace("\"interfaces\":{", "\"interfaces\":7,\"x\":{"),
            client.url(),
            "it is damaged",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let (kept, note) = netbox::load(&file, url);
        assert!(kept.is_none(), "{case}");
        assert!(note.unwrap().contains(expected), "{case}");
    }
}

#[test]
fn version_and_rights_are_looked_at_again_after_a_while() {
    let fake = Fake::fabric(2);
    let reading = read(&fake).unwrap();
    fake.forget_requests();
    let reading = refresh(&fake, reading);
    assert_eq!(fake.counts(), BTreeMap::from([("core/object-changes".to_owned(), 1)]));
    // NetBox was upgraded, and its log says nothing of that
    fake.manners(|manners| manners.version = crate::fake::Version::V4_7);
    let kept = serde_json::to_value(&reading).unwrap();
    let mut old = kept.clone();
    old["checked"] = json!({"secs_since_epoch": 0, "nanos_since_epoch": 0});
    let old: Reading = serde_json::from_value(old).unwrap();
    assert_eq!(refresh(&fake, old).status.version, "4.7.1");
}
