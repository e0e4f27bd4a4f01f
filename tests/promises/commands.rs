//! The commands beside a running agent and after it, one agent at a time, a clean end, and
//! an agent that only observes.

use gitfabric::agent::Agent;
use gitfabric::record::{Standing, WatchState};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::intent::Intent;
use crate::lab::{Lab, Settings, fabric_name};
use crate::running::{Process, Running, soon};

fn json(lab: &Lab, arguments: &[&str]) -> Value {
    serde_json::from_str(&lab.printed(arguments)).unwrap()
}

/// `status` and `history` read the record while the agent runs and after it has stopped, and
/// say the same, but that no agent runs.
#[tokio::test(flavor = "multi_thread")]
async fn status_and_history_answer_while_the_agent_runs_and_after_it_stopped() {
    let lab = Lab::new(Intent::pair());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent.settled(&renamed).await;
    // what is told of watchers, too, is the same from then on
    let all_are_watched = || {
        let watches = lab.store().watches(&fabric_name()).unwrap();
        watches.len() == 3 && watches.values().all(|watch| watch.state == WatchState::Watching)
    };
    agent.until("every device is watched", |_| all_are_watched()).await;

    let commands =
        [&["status", "--json"][..], &["history", "--json"], &["history", "leaf1", "--json"], &["history"]];
    let ask = || commands.map(|command| lab.printed(command));
    let mut running = ask();
    let table = lab.printed(&["status"]);
    assert!(table.starts_with("evpn-lab at "), "{table}");
    agent.end().await;
    running[0] = running[0].replace(r#""agent_runs": true"#, r#""agent_runs": false"#);
    assert_eq!(ask(), running);
    assert!(running[0].contains(r#""agent_runs": false"#), "{}", running[0]);

    let status = json(&lab, &["status", "--json"]);
    let fabric = &status["fabrics"][0];
    assert_eq!((&fabric["fabric"], &fabric["verdict"]), (&"evpn-lab".into(), &"good".into()));
    assert_eq!(fabric["commit"], renamed.as_str());
    let devices = fabric["devices"].as_array().unwrap();
    assert_eq!(devices.len(), 3);
    for device in devices {
        assert_eq!((&device["commit"], &device["state"]), (&renamed.as_str().into(), &"current".into()));
    }
    let history = json(&lab, &["history", "--json"]);
    let passes = history["passes"].as_array().unwrap();
    assert_eq!(passes.len(), 2, "{history:#}");
    assert_eq!(passes[0]["commit"], renamed.as_str());
    assert_eq!(passes[0]["summary"], "3 of 3 devices current");
    let of_leaf1 = json(&lab, &["history", "leaf1", "--json"]);
    let what: Vec<&str> = (of_leaf1["events"].as_array().unwrap().iter())
        .map(|event| event["what"].as_str().unwrap())
        .collect();
    assert_eq!(what, ["applied", "applied"]);
    let table = lab.printed(&["status"]);
    assert!(table.contains("3 of 3 devices current") && table.contains("spine1"), "{table}");
    assert!(
        table.starts_with("no agent runs on this state folder: this is what the last one saw\n"),
        "{table}"
    );
}

/// Until its pass has been everywhere, a commit counts the devices that hold it; how they were
/// watched is past when nobody watches any more.
#[tokio::test(flavor = "multi_thread")]
async fn status_says_how_far_a_commit_is_and_what_is_past() {
    let lab = Lab::with(Intent::pair(), Settings { config: "mode: apply\ndrift: {}", ..Settings::default() });
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let gate = lab.device("leaf1").hold_sets();
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    soon("the Set", lab.device("leaf1").wait_for_sets(2)).await;
    let table = lab.printed(&["status"]);
    let first = table.lines().next().unwrap();
    assert!(first.starts_with(&format!("evpn-lab at {}: ", renamed.short())), "{table}");
    assert!(first.contains(" of 3 devices hold it yet; its pass began "), "{table}");
    let fabric = &json(&lab, &["status", "--json"])["fabrics"][0];
    assert_eq!(
        (&fabric["pass"]["commit"], &fabric["pass"]["ended"]),
        (&renamed.as_str().into(), &Value::Null)
    );
    gate.open();
    agent.settled(&renamed).await;
    agent
        .until("a device is watched", |_| {
            let watches = lab.store().watches(&"evpn-lab".parse().unwrap()).unwrap();
            watches.values().any(|watch| watch.state == gitfabric::record::WatchState::Watching)
        })
        .await;
    agent.end().await;
    let table = lab.printed(&["status"]);
    assert!(table.contains("3 of 3 devices current") && table.contains("was watching"), "{table}");
}

/// The second agent on a state folder is refused, and told who has it.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_agent_on_a_state_folder_is_told_who_has_it() {
    let lab = Lab::new(Intent::pair());
    let gate = lab.device("leaf1").hold_sets();
    let process = Process::start(&lab);
    soon("the Set", lab.device("leaf1").wait_for_sets(1)).await;
    let holder = format!("process {}", process.id());
    let error = Agent::new(lab.config(), CancellationToken::new()).err().unwrap();
    assert!(format!("{error:#}").contains(&holder), "{error:#}");
    for command in ["run", "apply"] {
        let output = lab.gitfabric(&[command]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(said.contains(&holder), "{command}: {said}");
    }
    gate.open();
    process.terminate();
    assert!(process.ended().await.0.success());
}

/// SIGTERM while a Set is under way: the Set is finished and recorded, no other is begun,
/// and the exit is clean.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_and_records_the_set_that_is_under_way() {
    let lab = Lab::new(Intent::pair());
    let gate = lab.device("leaf1").hold_sets();
    let process = Process::start(&lab);
    soon("the Set", lab.device("leaf1").wait_for_sets(1)).await;
    process.terminate();
    process.logs("stopping").await;
    gate.open();
    let (status, log) = process.ended().await;
    assert!(status.success(), "{log}");
    lab.assert_true(&lab.head(), &["leaf1"]);
    assert_eq!(lab.device("leaf2").sets_received(), 0, "no Set is begun after the signal");
    assert_eq!(lab.entry("leaf2").standing, Standing::Behind);

    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    assert_eq!(lab.device("leaf1").sets_received(), 1);
    agent.end().await;
}

/// Without `mode` an agent reads, plans and reports, and sends nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_without_a_mode_only_observes() {
    let lab = Lab::with(Intent::pair(), Settings { config: "", ..Settings::default() });
    let held = lab.trees();
    let mut agent = Running::start(&lab);
    for name in ["leaf1", "leaf2", "spine1"] {
        let reason = agent.stands(name, Standing::Behind).await;
        assert!(reason.contains("only observes"), "{reason}");
    }
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent
        .until("the head is planned", |report| {
            report.devices.iter().all(|device| device.target.as_ref() == Some(&renamed))
        })
        .await;
    agent.end().await;
    assert_eq!(lab.sets(), "");
    assert_eq!(lab.trees(), held);
}
