//! What goes wrong on purpose goes wrong as it was asked for, and nowhere else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::fake::{Denied, Fake, Fault, Gate, On, Version, Write, tokens};
use crate::get::{Got, get, get_as, send, send_to};

const VLANS: &str = "/api/ipam/vlans/?limit=2";

fn results(got: &Got) -> Vec<Value> {
    got.json()["results"].as_array().unwrap().clone()
}

#[test]
fn a_status_with_its_body_stands_in_place_of_the_answer() {
    let netbox = Fake::fabric(2);
    for (fault, status, body) in [
        (Fault::Html(404), 404, "<!DOCTYPE html>"),
        (Fault::Html(502), 502, "Bad Gateway"),
        (Fault::Html(200), 200, "<html>"),
        (Fault::not_found(), 404, "\"detail\""),
        (Fault::conflict(), 409, "dependent objects"),
        (Fault::TooMany(Some("2")), 429, "Too Many Requests"),
        (Fault::Unavailable("1"), 503, "Service Unavailable"),
        (Fault::Json(500, json!({"error": "boom"})), 500, "boom"),
    ] {
        netbox.fault(On::first("ipam/vlans"), fault);
        let got = get(&netbox, VLANS);
        assert_eq!(got.status, status);
        assert!(got.body.contains(body), "{}", got.body);
        assert_eq!(get(&netbox, VLANS).status, 200, "the next request is well");
    }
    for denied in Denied::ALL {
        netbox.fault(On::first("ipam/vlans"), Fault::Denied(denied));
        let got = get(&netbox, VLANS);
        assert_eq!((got.status, got.json()), (403, json!({"detail": denied.detail()})));
    }
    netbox.fault(On::first("ipam/vlans"), Fault::TooMany(Some("7")));
    assert_eq!(get(&netbox, VLANS).header("Retry-After"), Some("7"));
    netbox.fault(On::first("ipam/vlans"), Fault::Redirect("http://other.example/".to_owned()));
    assert_eq!(get(&netbox, VLANS).header("Location"), Some("http://other.example/"));
    let slash = get(&netbox, "/api/ipam/vlans?limit=2");
    assert_eq!((slash.status, slash.header("Location")), (301, Some(VLANS)));
}

#[test]
fn faults_hit_the_requests_that_they_name() {
    let netbox = Fake::fabric(2);
    let status = |target: &str| get(&netbox, target).status;
    netbox.fault(On::nth("ipam/vlans", 2), Fault::Html(500));
    assert_eq!([VLANS, VLANS, VLANS].map(status), [200, 500, 200]);
    netbox.fault(On::every("ipam/vlans").query("offset="), Fault::Html(500));
    assert_eq!([VLANS, "/api/ipam/vlans/?limit=2&offset=2"].map(status), [200, 500]);
    netbox.fault(On::every("plugins/bgp/*").times(2), Fault::Html(404));
    let bgp = ["/api/plugins/bgp/session/", "/api/plugins/bgp/peer-group/", "/api/plugins/bgp/session/"];
    assert_eq!(bgp.map(status), [404, 404, 200]);
    netbox.fault(On::every("*"), Fault::Html(503));
    assert_eq!(status("/api/dcim/sites/"), 503);
    netbox.heal();
    assert_eq!(["/api/dcim/sites/", "/api/ipam/vlans/?offset=1"].map(status), [200, 200]);
}

#[test]
fn bodies_end_early_or_are_no_json() {
    let netbox = Fake::fabric(2);
    let whole = get(&netbox, VLANS).body;
    netbox.fault(On::first("ipam/vlans"), Fault::NoAnswer);
    assert_eq!(get(&netbox, VLANS).status, 0);
    netbox.fault(On::first("ipam/vlans"), Fault::Cut);
    let cut = get(&netbox, VLANS);
    assert_eq!(cut.header("Content-Length"), Some(whole.len().to_string().as_str()));
    assert_eq!(cut.body, whole[..whole.len() / 2]);
    netbox.fault(On::first("ipam/vlans"), Fault::NotJson);
    let half = get(&netbox, VLANS);
    assert_eq!(half.header("Content-Length"), Some(half.body.len().to_string().as_str()));
    assert!(serde_json::from_str::<Value>(&half.body).is_err());

    netbox.fault(On::first("ipam/vlans"), Fault::Stall);
    let url = netbox.url();
    let stalled =
        std::thread::spawn(move || send_to(&url, &format!("Token {}", tokens::EXPORTER), "GET", VLANS, ""));
    netbox.wait_for("ipam/vlans", 5);
    drop(netbox);
    assert!(stalled.join().unwrap().body.len() < whole.len(), "it came to an end with the fake only");
}

#[test]
fn pages_that_lie() {
    let netbox = Fake::fabric(8);
    let total = get(&netbox, VLANS).json()["count"].as_u64().unwrap();
    let once = |fault: Fault| {
        netbox.fault(On::first("ipam/vlans"), fault);
        get(&netbox, "/api/ipam/vlans/?limit=3&ordering=id")
    };
    assert_eq!(once(Fault::short_page()).ids(), [1, 2]);
    assert_eq!(once(Fault::twice()).ids(), [1, 2, 3, 1]);
    assert_eq!(once(Fault::no_next()).json()["next"], Value::Null);
    assert_eq!(once(Fault::count(99)).json()["count"], 99);
    let next = |fault: Fault| once(fault).json()["next"].as_str().unwrap().to_owned();
    assert_eq!(
        next(Fault::overlap()),
        format!("{}/api/ipam/vlans/?limit=3&offset=2&ordering=id", netbox.url())
    );
    assert_eq!(next(Fault::loops()), format!("{}/api/ipam/vlans/?limit=3&ordering=id", netbox.url()));
    assert_eq!(
        next(Fault::next_at("http://inner-host:8080")),
        "http://inner-host:8080/api/ipam/vlans/?limit=3&offset=3&ordering=id"
    );
    let hidden = once(Fault::hidden(|vlan| vlan["name"] == "press"));
    assert_eq!((hidden.ids().len(), hidden.json()["count"].as_u64()), (2, Some(total - 1)));

    // a VLAN goes between two pages: the first row of the second page is passed over
    let before = netbox.look(crate::fake::Netbox::last_change);
    netbox.fault(On::nth("ipam/vlans", 2), Fault::before(|netbox| netbox.delete_vlan(10)));
    assert_eq!(get(&netbox, "/api/ipam/vlans/?limit=2&ordering=id").ids(), [1, 2]);
    assert_eq!(get(&netbox, "/api/ipam/vlans/?limit=2&offset=2&ordering=id").ids(), [4, 5]);
    assert!(netbox.look(crate::fake::Netbox::last_change) > before);
}

#[test]
fn answers_are_held_until_they_are_let_go() {
    let netbox = Fake::fabric(2);
    let gate = Gate::new();
    netbox.fault(On::every("dcim/*"), Fault::Held(gate.clone()));
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let url = netbox.url();
            let token = format!("Token {}", tokens::EXPORTER);
            std::thread::spawn(move || send_to(&url, &token, "GET", "/api/dcim/sites/", "").status)
        })
        .collect();
    gate.wait_for(3);
    assert_eq!(get(&netbox, VLANS).status, 200, "others are answered meanwhile");
    assert!(waiting.iter().all(|thread| !thread.is_finished()));
    gate.open();
    assert!(waiting.into_iter().all(|thread| thread.join().unwrap() == 200));
    assert_eq!(netbox.most_at_once(), 4);
    assert_eq!(netbox.counts()["dcim/sites"], 3);
    netbox.forget_requests();
    assert_eq!((netbox.requests().len(), netbox.most_at_once()), (0, 0));
}

#[test]
fn requests_are_kept_without_their_tokens() {
    let netbox = Fake::fabric(2);
    get(&netbox, VLANS);
    get_as(&netbox, &format!("Bearer {}", tokens::EXPORTER_V2), VLANS);
    let requests = netbox.requests();
    assert_eq!((requests[0].endpoint(), requests[0].query.as_str()), ("ipam/vlans", "limit=2"));
    assert_eq!(requests[0].query().get("limit"), Some("2"));
    assert!(!format!("{requests:?}").contains(tokens::EXPORTER));
    assert_ne!(requests[0].auth, requests[1].auth);
    assert_ne!(requests[0].connection, requests[1].connection);
}

#[test]
fn an_order_of_a_seed_holds_the_same_rows_on_other_pages() {
    let netbox = Fake::fabric(8);
    let pages = |netbox: &Fake| -> Vec<u64> {
        let page = |offset: usize| {
            get(netbox, &format!("/api/dcim/interfaces/?limit=100&offset={offset}&ordering=id"))
        };
        [0, 100, 200].into_iter().flat_map(|offset| page(offset).ids()).collect()
    };
    let usual = pages(&netbox);
    let mut orders = BTreeSet::from([usual.clone()]);
    for seed in 1..=3 {
        netbox.manners(|manners| manners.shuffle = Some(seed));
        let mut shuffled = pages(&netbox);
        assert!(orders.insert(shuffled.clone()), "seed {seed} changes nothing");
        assert_eq!(shuffled, pages(&netbox), "one seed is one order");
        shuffled.sort_unstable();
        assert_eq!(shuffled, usual);
        let mut cursor = get(&netbox, "/api/dcim/interfaces/?start=101&limit=50").ids();
        cursor.sort_unstable();
        assert_eq!(cursor, (101..=150).collect::<Vec<u64>>(), "a cursor's pages keep to their ids");
    }
}

#[test]
fn pages_are_cut_to_the_cap_of_this_netbox() {
    let netbox = Fake::fabric(8);
    netbox.manners(|manners| manners.page_cap = 40);
    let got = get(&netbox, "/api/dcim/interfaces/?limit=1000");
    assert_eq!(results(&got).len(), 40);
    assert!(got.json()["next"].as_str().unwrap().ends_with("/api/dcim/interfaces/?limit=40&offset=40"));
    netbox.manners(|manners| manners.ignores_fields = true);
    let got = get(&netbox, "/api/dcim/interfaces/?fields=id&limit=1");
    assert!(results(&got)[0].get("name").is_some());
}

#[test]
fn another_version_answers_as_that_version() {
    let netbox = Fake::fabric(2);
    let first = |target: &str| results(&get(&netbox, target))[0].clone();
    for (version, plugin, authentication, cursor, aspath) in [
        (Version::V4_2, "0.15.0", 404, false, 404),
        (Version::V4_3, "0.16.0", 404, false, 200),
        (Version::V4_4, "0.17.0", 404, false, 200),
        (Version::V4_5, "0.18.1", 200, false, 200),
        (Version::V4_6, "0.19.0", 200, true, 200),
        (Version::V4_7, "0.20.0", 200, true, 200),
    ] {
        netbox.manners(|manners| manners.version = version);
        let case = version.full();
        let status = get(&netbox, "/api/status/");
        assert_eq!(status.json()["netbox-version"], case.as_str());
        assert_eq!(status.json()["plugins"]["netbox_bgp"], plugin, "{case}");
        assert_eq!(status.header("API-Version").unwrap(), format!("{}.{}", version.0, version.1));
        assert_eq!(get(&netbox, "/api/authentication-check/").status, authentication, "{case}");
        assert_eq!(get(&netbox, "/api/plugins/bgp/aspath-list/").status, aspath, "{case}");
        assert_eq!(get(&netbox, "/api/dcim/devices/?start=0").json()["count"].is_null(), cursor, "{case}");
        let v2 = get_as(&netbox, &format!("Bearer {}", tokens::EXPORTER_V2), "/api/status/");
        assert_eq!(v2.status == 200, version >= Version::V4_5, "{case}");

        let service = first("/api/ipam/services/");
        assert_eq!(service.get("parent").is_some(), version >= Version::V4_3, "{case}");
        assert_eq!(service.get("device").is_some(), version < Version::V4_3, "{case}");
        assert_eq!(service.get("port_mappings").is_some(), version >= Version::V4_7, "{case}");
        assert_eq!(first("/api/vpn/l2vpns/").get("status").is_some(), version >= Version::V4_3, "{case}");
        assert_eq!(first("/api/dcim/cables/").get("profile").is_some(), version >= Version::V4_5, "{case}");
        let session = first("/api/plugins/bgp/session/");
        assert_eq!(session.get("max_prefixes").is_some(), version >= Version::V4_5, "{case}");
        assert_eq!(session.get("extra_attributes").is_some(), version >= Version::V4_6, "{case}");
        let vrf = first("/api/ipam/vrfs/");
        let chosen = vrf["custom_fields"]["redistribute"][0].is_string();
        assert_eq!(chosen, version < Version::V4_7, "{case}: select fields get labels");
    }
    netbox.manners(|manners| manners.version = Version::V4_1);
    let prefix = first("/api/ipam/prefixes/");
    assert!(prefix.get("scope").is_none() && prefix["site"]["slug"] == "nh1");
}

#[test]
fn a_netbox_without_the_plugin_says_so_by_pages_of_html() {
    let netbox = Fake::fabric(2);
    netbox.manners(|manners| manners.plugin = false);
    assert_eq!(get(&netbox, "/api/status/").json()["plugins"], json!({}));
    let got = get(&netbox, "/api/plugins/bgp/session/?limit=1000");
    assert_eq!((got.status, got.header("Content-Type")), (404, Some("text/html; charset=utf-8")));
}

#[test]
fn tokens_of_few_rights_see_little() {
    let netbox = Fake::fabric(2);
    let get = |token: &str, target: &str| get_as(&netbox, &format!("Token {token}"), target);
    assert_eq!(get(tokens::LIMITED, "/api/dcim/sites/").status, 200);
    let refused = get(tokens::LIMITED, "/api/dcim/devices/");
    assert_eq!((refused.status, refused.json()["detail"].as_str()), (403, Some(Denied::Permission.detail())));
    let all = get(tokens::EXPORTER, "/api/dcim/devices/").json()["count"].clone();
    let some = get(tokens::CONSTRAINED, "/api/dcim/devices/").json()["count"].clone();
    assert_eq!((all, some), (json!(5), json!(2)));
}

#[test]
fn a_request_line_that_gunicorn_would_not_take_is_refused() {
    let netbox = Fake::fabric(2);
    let ids = vec!["id=1234"; 600].join("&");
    assert_eq!(get(&netbox, &format!("/api/ipam/vlans/?{ids}")).status, 400);
    assert_eq!(get(&netbox, "/api/ipam/vlans/?id=2&id=3&id=999").ids(), [2, 3]);
}

#[test]
fn a_netbox_below_a_path_answers_there_and_links_there() {
    let netbox = Fake::fabric(2).below("/inventory");
    assert_eq!(get(&netbox, VLANS).status, 404);
    let got = get(&netbox, &format!("/inventory{VLANS}"));
    let url = netbox.url();
    assert!(url.ends_with("/inventory"));
    assert_eq!(got.json()["next"], format!("{url}{VLANS}&offset=2"));
    assert_eq!(results(&got)[0]["url"].as_str().unwrap().strip_prefix(&url), Some("/api/ipam/vlans/1/"));
    assert_eq!(netbox.counts().keys().next_back().unwrap(), "ipam/vlans");
}

#[test]
fn what_is_written_back_is_kept_and_moves_the_change_log() {
    let netbox = Fake::fabric(2);
    let send = |token: &str, method: &str, target: &str, body: &Value| {
        send(&netbox, &format!("Token {token}"), method, target, &body.to_string())
    };
    let journal = json!({
        "assigned_object_type": "dcim.device", "assigned_object_id": 3, "kind": "success", "comments": "applied",
    });
    let entries = "/api/extras/journal-entries/";
    assert_eq!(send(tokens::EXPORTER, "POST", entries, &journal).status, 403, "a token that may only read");
    let before = netbox.look(crate::fake::Netbox::last_change);
    let got = send(tokens::ADMIN, "POST", entries, &journal);
    assert_eq!((got.status, got.json()["kind"]["value"].as_str()), (201, Some("success")));
    assert_eq!(send(tokens::ADMIN, "POST", entries, &json!({"comments": "x"})).status, 400);
    let field = json!({"custom_fields": {"in_service_since": "2026-11-21"}});
    let got = send(tokens::ADMIN, "PATCH", "/api/dcim/devices/3/", &field);
    assert_eq!(
        (got.status, got.json()["custom_fields"]["in_service_since"].as_str()),
        (200, Some("2026-11-21"))
    );
    assert_eq!(got.json()["custom_fields"]["fabric_name"], "north", "other fields stay");
    let unknown = json!({"custom_fields": {"no_such_field": 1}});
    assert_eq!(send(tokens::ADMIN, "PATCH", "/api/dcim/devices/3/", &unknown).status, 400);
    assert_eq!(send(tokens::ADMIN, "PATCH", "/api/dcim/devices/999/", &field).status, 404);
    assert_eq!(
        netbox.writes(),
        [
            Write { method: "POST".into(), endpoint: "extras/journal-entries".into(), body: journal },
            Write { method: "PATCH".into(), endpoint: "dcim/devices/3".into(), body: field },
        ]
    );
    assert_eq!(netbox.look(crate::fake::Netbox::last_change), before + 2);
}
