//! Promise 13: the agent never cuts its own branch.

use gitfabric::record::Verdict;
use gitfabric::yang::Path;
use serde_json::{Value, json};

use crate::intent::Intent;
use crate::lab::{Lab, Settings};
use crate::running::Running;

/// Raw fragments that touch what carries the agent are refused, with their places, whatever
/// else is in the commit.
#[tokio::test(flavor = "multi_thread")]
async fn a_raw_fragment_that_touches_what_carries_the_agent_is_refused() {
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    for (case, config, said) in [
        (
            "the management interface",
            r#""openconfig-interfaces:interfaces": { "interface": [{ "name": "Management0", "config": { "name": "Management0", "enabled": false } }] }"#,
            "part of the management interface",
        ),
        (
            "users",
            r#""openconfig-system:system": { "aaa": { "authentication": { "users": { "user": [{ "username": "eve", "config": { "username": "eve" } }] } } } }"#,
            "part of users and AAA",
        ),
        (
            "the gNMI server",
            r#""openconfig-system:system": { "grpc-servers": { "grpc-server": [{ "name": "default", "config": { "name": "default", "enable": false } }] } }"#,
            "part of the gNMI server",
        ),
    ] {
        let bad = lab.commit(case, |files| {
            files.rename_vlan("web");
            files.write(
                "raw/x.json",
                &format!("{{ \"at\": [\"role:leaf\"],\n  \"config\": {{\n    {config} }} }}\n"),
            );
        });
        let findings = agent.judged(&bad, Verdict::Refused).await.fabric.unwrap().findings.unwrap();
        assert!(findings.contains(said) && findings.contains("raw/x.json:3:"), "{case}: {findings}");
        agent.judged(&lab.revert(), Verdict::Good).await;
    }
    assert_eq!(lab.sets(), "leaf1:1 leaf2:1 spine1:1");
    agent.end().await;
}

/// A full apply of the example to devices whose management was changed by hand: no Set names
/// a protected path, and what carries the agent stands as the person left it. Neither does
/// a correction, nor a revert.
#[tokio::test(flavor = "multi_thread")]
async fn no_set_ever_contains_what_carries_the_agent() {
    let mut intent = Intent::example();
    intent.replace("fabric.yaml", "default: alert", "default: correct");
    let lab =
        Lab::with(intent, Settings { config: "mode: apply\nfull-read-back: 2s", ..Settings::default() });
    let by_hand: Vec<(Path, Value)> = [
        ("/interfaces/interface[name=Management0]/config/description", json!("by hand")),
        (
            "/system/aaa/authentication/users/user[username=eve]/config",
            json!({"username": "eve", "role": "network-admin"}),
        ),
        ("/system/grpc-servers/grpc-server[name=default]/config/port", json!(6031)),
    ]
    .into_iter()
    .map(|(path, json)| (path.parse().unwrap(), json))
    .collect();
    let names: Vec<String> = lab.trees().keys().map(ToString::to_string).collect();
    for name in &names {
        lab.device(name).edit(&[], &by_hand).unwrap();
    }
    let builds = lab.build(&lab.head()).devices;
    let protected = || -> Vec<(String, String, String)> {
        let trees = lab.trees();
        let of = |(name, tree): (&_, &gitfabric::yang::Tree)| {
            let rules = &builds[name].protected;
            let leaves = tree.iter().filter(|(path, leaf)| rules.why_leaf(path, &leaf.value).is_some());
            leaves
                .map(|(path, leaf)| (format!("{name}"), path.to_string(), leaf.value.to_string()))
                .collect::<Vec<_>>()
        };
        trees.iter().flat_map(of).collect()
    };
    let before = protected();
    assert!(before.len() > 3 * names.len(), "{before:?}");

    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let changed = lab.commit("Something", |files| files.rename_vlan("web"));
    agent.settled(&changed).await;
    let reverted = lab.revert();
    agent.settled(&reverted).await;
    let sets = lab.device("leaf1").sets_received();
    let owned = "/interfaces/interface[name=Ethernet11]/config/description".parse().unwrap();
    lab.device("leaf1").edit(&[], &[(owned, json!("drifted"))]).unwrap();
    crate::running::soon("the correction", lab.device("leaf1").wait_for_ended_sets(sets + 1)).await;
    agent.settled(&reverted).await;
    agent.end().await;

    assert_eq!(protected(), before);
    for name in &names {
        let rules = &builds[name.as_str()].protected;
        for set in lab.device(name).sets() {
            for (operation, path) in &set.operations {
                assert_eq!(rules.why(path), None, "{name}: {operation:?} {path}");
            }
        }
    }
}
