//! What each event means for the leaves of ours, as tables. Elsewhere: that no drift is missed
//! by it, whatever the events (`drift::tests::properties`).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::drift::Looked;
use crate::drift::told::Found;
use crate::gnmi::Event;
use crate::plan::{FingerprintKey, SecretMark};
use crate::platform::arista_eos::protected::Protected;
use crate::record::DriftKind;
use crate::yang::testing::{sample, tree};

const MTU: &str = "/interfaces/interface[name=e1]/config/mtu";
const ENABLED: &str = "/interfaces/interface[name=e1]/config/enabled";
const DESCRIPTION: &str = "/interfaces/interface[name=e1]/config/description";
const BGP: &str = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp";

fn path(text: &str) -> Path {
    text.parse().unwrap()
}

fn below_bgp(text: &str) -> String {
    format!("{BGP}/{text}")
}

fn neighbor(address: &str, leaf: &str) -> String {
    below_bgp(&format!("neighbors/neighbor[neighbor-address={address}]{leaf}"))
}

/// Ours: one interface whose `enabled` is the default, lists of values, and a neighbour with a
/// password that showed as `hash`. Bootstrap's: `/odds/signed`.
fn holding() -> Holding {
    let (peer, password) =
        (neighbor("10.0.0.1", "/config/peer-group"), neighbor("10.0.0.1", "/config/auth-password"));
    let community = below_bgp("peer-groups/peer-group[peer-group-name=EVPN]/config/send-community");
    let mut ours = tree(
        sample(),
        &[
            (MTU, "1500"),
            (ENABLED, "true"),
            (DESCRIPTION, "ours"),
            (&community, "EXTENDED STANDARD"),
            ("/odds/ordered", "b a"),
            ("/odds/present", ""),
            (&peer, "EVPN"),
            (&password, "unseen"),
        ],
    );
    let node = ours.get(&path(&password)).unwrap().node;
    let value = Value::Secret("bgp/fw".parse().unwrap());
    ours.insert(path(&password), Leaf { node, value, origin: None });
    let key = FingerprintKey::new(&[1; 32]);
    let mark = SecretMark { sent: key.fingerprint("secret"), read_back: Some(key.fingerprint("hash")) };
    Holding::new(
        sample(),
        Arc::new(ours),
        BTreeMap::from([(path(&password), mark)]),
        Arc::new(tree(sample(), &[("/odds/signed", "1")])),
        Protected::new("Management0", "default", "172.16.0.25/24".parse().unwrap()),
        key,
    )
}

/// What the filter says of an event: `same PATH`, `gone PATH`, `differs PATH`.
fn hints(holding: &Holding, reported: &[&str], resalted: &[&str], event: &Event) -> Vec<String> {
    let found = |text: &&str| Found {
        path: path(text),
        kind: DriftKind::Owned,
        recorded: None,
        live: None,
        origin: None,
    };
    let mut known = Reported::default();
    known.update(&Looked::All, &reported.iter().map(found).collect::<Vec<_>>());
    let mut salts = Salts::default();
    salts.looked(&Looked::All, resalted.iter().map(|text| path(text)).collect());
    let filter = Filter {
        schema: sample(),
        profile: Profile::find("arista-eos", "4.35.0F").unwrap(),
        holding,
        reported: &known,
        salts: &salts,
    };
    let mut seen = Vec::new();
    let mut tell = |path: &Path, hint: Hint| {
        let word = match hint {
            Hint::Same => "same",
            Hint::Gone => "gone",
            Hint::Differs => "differs",
        };
        seen.push(format!("{word} {path}"));
    };
    match event {
        Event::Update(path, value) => filter.update(path, value, &mut tell),
        Event::Delete(path) => filter.delete(path, &mut tell),
        Event::Synced | Event::Committed { .. } => {}
    }
    seen
}

fn one(word: &str, path: impl AsRef<str>) -> Vec<String> {
    vec![format!("{word} {}", path.as_ref())]
}

#[test]
fn an_update_is_suspicious_only_where_it_is_about_ours_and_says_another_thing() {
    let holding = holding();
    let state = "/interfaces/interface[name=e1]/state/counters/in-octets";
    let bare = "/interfaces/interface[name=e1]/config";
    let community = below_bgp("peer-groups/peer-group[peer-group-name=EVPN]/config/send-community");
    let (ours, rogue) =
        (neighbor("10.0.0.1", "/config/peer-group"), neighbor("10.6.6.6", "/config/peer-group"));
    let rogue_entry = neighbor("10.6.6.6", "");
    let added = neighbor("10.0.0.1", "/config/unheard-of");
    for (case, at, value, expected) in [
        ("the same", MTU, json!(1500), one("same", MTU)),
        ("the same as text (H15)", MTU, json!("1500"), one("same", MTU)),
        ("another value", MTU, json!(9000), one("differs", MTU)),
        ("no value of its type", MTU, json!("jumbo"), one("differs", MTU)),
        ("a list where a value is", MTU, json!([1500]), one("gone", MTU)),
        (
            "names with modules (H21)",
            "/openconfig-interfaces:interfaces/interface[name=e1]/config/mtu",
            json!(1),
            {
                // below its range
                one("gone", MTU)
            },
        ),
        (
            "the same with modules",
            "/openconfig-interfaces:interfaces/interface[name=e1]/config/mtu",
            json!(1500),
            { one("same", MTU) },
        ),
        (
            "a foreign leaf of ours",
            "/interfaces/interface[name=e1]/config/loopback-mode",
            json!("NONE"),
            vec![],
        ),
        (
            "a foreign entry",
            "/interfaces/interface[name=e9]/config/mtu",
            json!(9000),
            one("same", MTU.replace("e1", "e9")),
        ),
        ("a counter", state, json!(7), vec![]),
        ("state that we have no schema of", "/interfaces/interface[name=e1]/state/mtu", json!(9000), vec![]),
        ("a node that the schema lacks", "/vendor/secret-sauce", json!(1), vec![]),
        (
            "a container",
            bare,
            json!({"openconfig-interfaces:mtu": 1500, "description": "theirs", "unheard-of": 1}),
            vec![format!("differs {DESCRIPTION}"), format!("same {MTU}")],
        ),
        (
            "values in another order (H16)",
            &*community,
            json!(["STANDARD", "EXTENDED"]),
            one("same", &*community),
        ),
        ("one value less (H17)", &*community, json!(["STANDARD"]), one("differs", &*community)),
        ("no value any more", &*community, json!([]), one("gone", &*community)),
        ("an order that counts", "/odds/ordered", json!(["a", "b"]), one("differs", "/odds/ordered")),
        ("bootstrap's", "/odds/signed", json!(1), one("same", "/odds/signed")),
        ("bootstrap's, otherwise", "/odds/signed", json!(2), one("differs", "/odds/signed")),
        ("presence", "/odds/present", json!({}), one("same", "/odds/present")),
        ("our neighbour", &*ours, json!("EVPN"), one("same", &*ours)),
        ("a rogue neighbour", &*rogue, json!("EVPN"), one("differs", &*rogue)),
        (
            "a rogue neighbour at once",
            &*rogue_entry,
            json!({"config": {"peer-group": "X"}}),
            one("differs", &*rogue),
        ),
        (
            "the key of a rogue alone",
            &*neighbor("10.6.6.6", "/config/neighbor-address"),
            json!("10.6.6.6"),
            { one("same", neighbor("10.6.6.6", "/config/neighbor-address")) },
        ),
        ("more of our neighbour than we know", &*added, json!(1), one("differs", &*added)),
    ] {
        let event = Event::Update(path(at), value);
        assert_eq!(hints(&holding, &[], &[], &event), expected, "{case}");
    }
}

#[test]
fn a_delete_is_about_all_of_ours_at_and_below_it() {
    let holding = holding();
    let e1 = [format!("gone {DESCRIPTION}"), format!("same {ENABLED}"), format!("gone {MTU}")];
    let password = neighbor("10.0.0.1", "/config/auth-password");
    let peer = neighbor("10.0.0.1", "/config/peer-group");
    for (case, at, expected) in [
        ("a leaf", MTU, one("gone", MTU)),
        ("a default", ENABLED, one("same", ENABLED)),
        ("a branch", "/interfaces/interface[name=e1]", e1.to_vec()),
        ("with modules", "/openconfig-interfaces:interfaces", e1.to_vec()),
        ("a whole list", "/interfaces/interface", e1.to_vec()),
        ("every entry", "/interfaces/interface[name=*]/config", e1.to_vec()),
        ("any depth", "/interfaces/.../mtu", one("gone", MTU)),
        ("one that is not ours", "/interfaces/interface[name=e2]", vec![]),
        ("state", "/interfaces/interface[name=e1]/state", vec![]),
        ("bootstrap's", "/odds/signed", one("gone", "/odds/signed")),
        (
            "our neighbour",
            &*neighbor("10.0.0.1", ""),
            vec![format!("gone {password}"), format!("gone {peer}")],
        ),
        ("what the schema lacks", "/vendor/secret-sauce", vec![]),
    ] {
        assert_eq!(hints(&holding, &[], &[], &Event::Delete(path(at))), expected, "{case}");
    }
    let all = hints(&holding, &[], &[], &Event::Delete(Path::root()));
    assert_eq!(all.len(), holding.tree.len() + holding.bootstrap.len(), "everything is gone");
}

#[test]
fn whatever_is_told_of_what_is_known_to_differ_is_worth_a_look() {
    let holding = holding();
    let entry = neighbor("10.6.6.6", "");
    let leaf = neighbor("10.6.6.6", "/config/peer-group");
    let key = neighbor("10.6.6.6", "/config/neighbor-address");
    for (case, reported, event, expected) in [
        ("it is as it should be", MTU, Event::Update(path(MTU), json!(1500)), one("differs", MTU)),
        ("a default is gone", ENABLED, Event::Delete(path(ENABLED)), {
            let twice = format!("differs {ENABLED}");
            // the path itself was reported, too
            vec![format!("gone {ENABLED}"), twice.clone(), twice]
        }),
        ("a leaf of a rogue", &entry, Event::Update(path(&key), json!("10.6.6.6")), one("differs", &key)),
        ("the rogue is gone", &entry, Event::Delete(path(&entry)), {
            vec![format!("differs {entry}"), format!("differs {entry}")]
        }),
        (
            "all neighbours are gone",
            &leaf,
            Event::Delete(path(&below_bgp("neighbors/neighbor[neighbor-address=*]"))),
            {
                vec![
                    format!("gone {}", neighbor("10.0.0.1", "/config/auth-password")),
                    format!("gone {}", neighbor("10.0.0.1", "/config/peer-group")),
                    format!("differs {leaf}"),
                ]
            },
        ),
    ] {
        assert_eq!(hints(&holding, &[reported], &[], &event), expected, "{case}");
    }
}

#[test]
fn a_secret_is_compared_by_what_the_device_showed_in_its_place() {
    let mut holding = holding();
    let at = neighbor("10.0.0.1", "/config/auth-password");
    for (case, resalted, shown, expected) in [
        ("as it was", false, "hash", "same"),
        ("another hash", false, "other", "differs"),
        ("a device that salts anew each time", true, "other", "same"),
    ] {
        let resalted: &[&str] = if resalted { &[&at] } else { &[] };
        let event = Event::Update(path(&at), json!(shown));
        assert_eq!(hints(&holding, &[], resalted, &event), one(expected, &at), "{case}");
        let wide = Event::Update(path(&neighbor("10.0.0.1", "/config")), json!({ "auth-password": shown }));
        assert_eq!(hints(&holding, &[], resalted, &wide), one(expected, &at), "{case}, in its container");
    }
    holding.secrets.clear();
    let event = Event::Update(path(&at), json!("other"));
    assert_eq!(hints(&holding, &[], &[], &event), one("same", &at), "nobody knows what it showed");
}
