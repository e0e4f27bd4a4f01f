//! The fake answers as the recorded NetBox did: its own queries byte for byte, others as the
//! recording lets one derive. All need `../shared`, and say so where it is not there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fake::recorded::{entries, folder};
use crate::fake::{Fake, endpoints, tokens};
use crate::get::{get, send};

#[test]
fn every_recorded_query_gets_its_recorded_bytes_in_each_state() {
    for state in 1..=3 {
        let Some(netbox) = Fake::recorded(state) else { return };
        let mut served = 0;
        for entry in entries(&folder().unwrap(), state) {
            let authorization = match entry.auth.as_str() {
                "exporter" => format!("Token {}", tokens::EXPORTER),
                "exporter-v2" => format!("Bearer {}", tokens::EXPORTER_V2),
                "admin" => format!("Token {}", tokens::ADMIN),
                "limited" => format!("Token {}", tokens::LIMITED),
                "constrained" => format!("Token {}", tokens::CONSTRAINED),
                "expired" => format!("Token {}", tokens::EXPIRED),
                "disabled" => format!("Token {}", tokens::DISABLED),
                "none" => String::new(),
                "bad-v1" => "Token 0000000000000000000000000000000000000000".to_owned(),
                "bad-v2" => "Bearer nbt_abcdefabcdef.wrong".to_owned(),
                "bad-form" => "Bearer 0000000000000000000000000000000000000000".to_owned(),
                "bad-v2-form" => "Token nbt_abcdefabcdef".to_owned(),
                other => panic!("no token for {other}"),
            };
            let target = match entry.query.as_str() {
                "" => entry.path.clone(),
                query => format!("{}?{query}", entry.path),
            };
            let sent = if entry.sent.is_null() { String::new() } else { entry.sent.to_string() };
            let got = send(&netbox, &authorization, &entry.method, &target, &sent);
            let recorded = std::fs::read_to_string(&entry.file).unwrap();
            let case = format!("state {state}: {} {target} as {}", entry.method, entry.auth);
            assert_eq!(got.status, entry.status, "{case}");
            let recorded = recorded.replace("http://netbox.example", &netbox.url());
            assert!(got.body == recorded, "{case}: other bytes");
            for (name, value) in &entry.headers {
                assert_eq!(got.header(name), Some(value.as_str()), "{case}: {name}");
            }
            served += 1;
        }
        assert!(served > 50, "state {state}: {served}");
    }
}

#[test]
fn what_is_derived_is_what_was_recorded() {
    let Some(netbox) = Fake::recorded(1) else { return };
    // the same question with one harmless parameter more is answered from the content
    for target in [
        "/api/dcim/interfaces/?limit=50",
        "/api/dcim/interfaces/?limit=50&offset=50",
        "/api/dcim/interfaces/?limit=50&offset=200",
        "/api/dcim/interfaces/?start=0&limit=100",
        "/api/dcim/interfaces/?limit=100&start=101",
        "/api/dcim/interfaces/?limit=100&start=201",
        "/api/dcim/interfaces/?limit=0",
        "/api/dcim/interfaces/?limit=5000",
        "/api/dcim/interfaces/?device=leaf1&limit=1000",
        "/api/ipam/ip-addresses/?limit=1000",
        "/api/ipam/ip-addresses/?device=leaf1&limit=1000",
        "/api/ipam/vlans/?group=fabric-a&tag=gitops&limit=1000",
        "/api/plugins/bgp/session/?device=leaf1&limit=1000",
        "/api/dcim/devices/?fields=id,name,role,primary_ip4&limit=1000",
        "/api/dcim/devices/?omit=config_context&limit=1000",
        "/api/dcim/devices/?exclude=config_context&limit=1000",
        "/api/dcim/devices/?brief=true&limit=1000",
        "/api/dcim/devices/?role=spine&role=leaf&status=active&limit=1000",
        "/api/dcim/devices/?tag=gitops&limit=1000",
        "/api/dcim/devices/?cf_gitops_managed=true&limit=1000",
        "/api/dcim/devices/?name=leaf1",
        "/api/dcim/devices/?last_updated__gte=2020-01-01T00:00:00Z&brief=true&limit=1000",
        "/api/dcim/devices/?role=no-such-role",
        "/api/dcim/devices/?role_id=abc",
        "/api/dcim/devices/?limit=abc",
        "/api/dcim/interfaces/?start=0&offset=10",
        "/api/core/object-changes/?limit=1&ordering=-id",
        "/api/core/object-changes/?limit=20",
    ] {
        let (recorded, derived) = (get(&netbox, target), get(&netbox, &format!("{target}&zz=")));
        assert_eq!(derived.status, recorded.status, "{target}");
        let mut derived = derived.json();
        for link in ["next", "previous"] {
            if let Some(text) = derived.get(link).and_then(Value::as_str) {
                derived[link] = text.replace("&zz=", "").replace("?zz=", "").into();
            }
        }
        let recorded = recorded.json();
        assert_eq!(derived["count"], recorded["count"], "{target}");
        assert_eq!(derived["next"], recorded["next"], "{target}");
        assert_eq!(derived["previous"], recorded["previous"], "{target}");
        assert!(derived == recorded, "{target}: other rows");
    }
}

#[test]
fn the_change_log_of_a_later_state_is_answered_from_any_id() {
    let Some(netbox) = Fake::recorded(1) else { return };
    let newest =
        |netbox: &Fake| get(netbox, "/api/core/object-changes/?limit=1&ordering=-id&fields=id").ids();
    assert_eq!(newest(&netbox), [797]);
    netbox.state(2);
    assert_eq!(newest(&netbox), [814]);
    for state in [2, 3] {
        netbox.state(state);
        let since = if state == 2 { 797 } else { 814 };
        let ordered = format!("/api/core/object-changes/?id__gt={since}&ordering=id&limit=1000");
        for recorded in [
            ordered.clone(),
            format!("/api/core/object-changes/?start={}&limit=1000", since + 1),
            format!("/api/core/object-changes/?id__gt={since}&action=delete&limit=1000"),
        ] {
            let derived = get(&netbox, &format!("{recorded}&zz=")).json();
            assert!(derived == get(&netbox, &recorded).json(), "state {state}: {recorded}");
        }
        let paged = get(&netbox, &format!("{ordered}&fields=id").replace("limit=1000", "limit=5")).json();
        assert_eq!(paged["results"][4], serde_json::json!({"id": since + 5}));
        assert!(paged["next"].is_string());
    }
    let both = get(&netbox, "/api/core/object-changes/?id__gt=797&ordering=id&limit=1000");
    assert_eq!(both.ids(), (798..=866).collect::<Vec<u64>>());
}

/// What people and NetBox itself set, without what it counts.
fn told(netbox: &Fake, endpoint: &str) -> Vec<Value> {
    fn without_counts(value: &mut Value) {
        if let Value::Object(map) = value {
            map.retain(|name, _| !name.ends_with("_count") && name != "tagged_items");
            map.values_mut().for_each(without_counts);
        }
    }
    netbox.look(|netbox| {
        let mut objects: Vec<Value> = netbox.objects(endpoint).cloned().collect();
        objects.iter_mut().for_each(without_counts);
        objects
    })
}

#[test]
fn a_device_that_is_deleted_leaves_what_it_left_in_the_recording() {
    let (Some(edited), Some(recorded)) = (Fake::recorded(2), Fake::recorded(3)) else { return };
    edited.edit(|netbox| netbox.delete_device("leaf8"));
    for endpoint in endpoints().filter(|endpoint| *endpoint != "core/object-changes") {
        let (edited, recorded) = (told(&edited, endpoint), told(&recorded, endpoint));
        assert_eq!(edited.len(), recorded.len(), "{endpoint}");
        for (edited, recorded) in edited.iter().zip(&recorded) {
            assert_eq!(edited, recorded, "{endpoint}");
        }
    }
    let deleted = |netbox: &Fake| -> BTreeSet<(String, u64)> {
        let log = get(netbox, "/api/core/object-changes/?id__gt=814&action=delete&limit=1000").json();
        let entries = log["results"].as_array().unwrap().iter();
        entries
            .map(|entry| {
                let kind = entry["changed_object_type"].as_str().unwrap().to_owned();
                (kind, entry["changed_object_id"].as_u64().unwrap())
            })
            .collect()
    };
    assert_eq!(deleted(&edited), deleted(&recorded));
}
