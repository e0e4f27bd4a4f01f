//! The invented fabric holds together, before and after edits, and has the recorded one's shape.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::fake::{Fake, Netbox, endpoints};
use crate::get::get;

/// Every nested object as (its address, its name there), with the holder's address.
fn nested(value: &Value, holder: &str, found: &mut Vec<(String, String, Value)>) {
    match value {
        Value::Object(map) => {
            if let Some(url) = map.get("url").and_then(Value::as_str) {
                found.push((holder.to_owned(), url.to_owned(), value["name"].clone()));
            }
            map.values().for_each(|value| nested(value, holder, found));
        }
        Value::Array(items) => items.iter().for_each(|item| nested(item, holder, found)),
        _ => {}
    }
}

/// Everything that an object names exists, and is named as it is called.
fn assert_holds_together(netbox: &Netbox) {
    let mut names = BTreeMap::new();
    let mut found = Vec::new();
    for endpoint in endpoints().filter(|endpoint| *endpoint != "core/object-changes") {
        for object in netbox.objects(endpoint) {
            let url = object["url"].as_str().unwrap();
            names.insert(url.to_owned(), object["name"].clone());
            object.as_object().unwrap().values().for_each(|value| nested(value, url, &mut found));
        }
    }
    assert!(!found.is_empty());
    for (holder, url, name) in found {
        let known = names.get(&url).unwrap_or_else(|| panic!("{holder} names {url}, which is not there"));
        assert!(name.is_null() || name == *known, "{holder} calls {url} {name}, not {known}");
    }
}

#[test]
fn every_reference_leads_to_an_object_also_after_edits() {
    let netbox = Fake::fabric(8);
    netbox.look(assert_holds_together);
    netbox.edit(|netbox| {
        netbox.add_vlan(30, "cold-room", 20_030);
        netbox.rename_vlan(10, "shop");
        netbox.delete_vlan(101);
        netbox.delete_device("north-l8");
        netbox.edit_context("north-base", |data| data["ntp"]["servers"] = json!(["10.80.0.7"]));
    });
    netbox.look(|netbox| {
        // the far ends of the cables of a gone device are empty: nothing may name it
        assert_holds_together(netbox);
        let peer = netbox.get("dcim/devices", netbox.id_of("dcim/devices", "north-l7"));
        assert_eq!(peer["custom_fields"]["mlag_peer"], Value::Null);
        assert_eq!(peer["config_context"]["ntp"]["servers"], json!(["10.80.0.7"]));
        let empty = netbox.objects("dcim/cables").filter(|cable| cable["b_terminations"] == json!([]));
        assert_eq!(empty.count(), 2 + 2 + 1);
        let shop = netbox.get("dcim/interfaces", netbox.interface("north-l1", "Port-Channel1"));
        assert_eq!(shop["untagged_vlan"]["name"], "shop");
        assert_eq!(shop["untagged_vlan"]["display"], "shop (10)");
        let vlan = netbox.get("ipam/vlans", netbox.vlan(30));
        assert_eq!(vlan["l2vpn_termination"]["l2vpn"]["identifier"], 20_030);
    });
}

#[test]
fn edits_stand_in_the_change_log_as_netbox_writes_it() {
    let netbox = Fake::fabric(8);
    let log = |netbox: &Fake| get(netbox, "/api/core/object-changes/?ordering=id&limit=1000").json();
    assert_eq!(log(&netbox)["count"], 0);
    netbox.edit(|netbox| netbox.by("ada", |netbox| netbox.add_vlan(30, "cold-room", 20_030)));
    netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let entries = log(&netbox)["results"].as_array().unwrap().clone();
    let short: Vec<String> = entries
        .iter()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap().to_owned();
            format!(
                "{} {} {} {}",
                text("user_name"),
                entry["action"]["value"],
                text("changed_object_type"),
                text("object_repr")
            )
        })
        .collect();
    assert_eq!(
        short,
        [
            "ada \"create\" ipam.vlan cold-room (30)",
            "ada \"create\" ipam.routetarget 64900:20030",
            "ada \"create\" vpn.l2vpn vni-20030 (20030)",
            "ada \"create\" vpn.l2vpntermination cold-room (30) <> vni-20030 (20030)",
            "admin \"update\" ipam.vlan shop (10)",
        ]
    );
    let requests: BTreeSet<&str> =
        entries.iter().map(|entry| entry["request_id"].as_str().unwrap()).collect();
    assert_eq!(requests.len(), 2, "a request each for ada and admin");
    let renamed = &entries[4];
    assert_eq!(renamed["prechange_data"]["name"], "shop-web");
    assert_eq!(renamed["postchange_data"]["name"], "shop");
    assert_eq!(renamed["postchange_data"]["group"], 1, "raw values are ids");
    assert_eq!(renamed["postchange_data"]["status"], "active");

    let before = netbox.look(Netbox::last_change);
    netbox.edit(|netbox| netbox.delete_device("north-l8"));
    let gone =
        get(&netbox, &format!("/api/core/object-changes/?id__gt={before}&limit=1000&ordering=id")).json();
    let gone = gone["results"].as_array().unwrap();
    assert!(gone.iter().all(|entry| entry["action"]["value"] == "delete"));
    assert!(gone.iter().all(|entry| entry["changed_object"].is_null()));
    let of = |kind: &str| gone.iter().filter(|entry| entry["changed_object_type"] == kind).count();
    assert_eq!(of("netbox_bgp.bgpsession"), 10);
    assert_eq!(of("dcim.device"), 1);
    assert_eq!(of("dcim.cable"), 0, "cables stay");
    let device = gone.iter().find(|entry| entry["changed_object_type"] == "dcim.device").unwrap();
    let interfaces = gone.iter().filter(|entry| entry["request_id"] == device["request_id"]);
    assert!(interfaces.count() > 20, "a device and all that goes with it are one request");
}

#[test]
fn it_has_the_size_that_was_asked_for() {
    for (leafs, interfaces, sessions) in [(2, 50, 18), (8, 200, 72), (40, 1000, 360)] {
        let netbox = Fake::fabric(leafs);
        let count = |endpoint: &str| netbox.look(|netbox| netbox.objects(endpoint).count());
        assert!(
            count("dcim/interfaces").abs_diff(interfaces) < interfaces / 3,
            "{}",
            count("dcim/interfaces")
        );
        assert_eq!(count("plugins/bgp/session"), sessions);
        assert!(count("ipam/ip-addresses") > 9 * leafs);
    }
}

#[test]
fn its_objects_have_the_fields_of_recorded_ones() {
    let Some(recorded) = Fake::recorded(1) else { return };
    let invented = Fake::fabric(8);
    let first = |netbox: &Fake, endpoint: &str| {
        netbox.look(|netbox| netbox.objects(endpoint).next().cloned().unwrap_or(Value::Null))
    };
    let counts = |name: &str| name.ends_with("_count") || name.starts_with("count_");
    let mut missing = Vec::new();
    for endpoint in endpoints() {
        let (recorded, invented) = (first(&recorded, endpoint), first(&invented, endpoint));
        let (Value::Object(recorded), Value::Object(invented)) = (recorded, invented) else { continue };
        let names = recorded.keys().filter(|name| !counts(name) && !invented.contains_key(*name));
        missing.extend(names.map(|name| format!("{endpoint}: {name}")));
        let custom = |object: &serde_json::Map<String, Value>| -> BTreeSet<String> {
            let fields = object.get("custom_fields").and_then(Value::as_object);
            fields.into_iter().flat_map(|fields| fields.keys().cloned()).collect()
        };
        assert_eq!(custom(&recorded), custom(&invented), "{endpoint}");
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
