//! What the agent tells NetBox, and that the devices never wait for it (issue: the export's
//! way back). NetBox is the fake of `tests/netbox`, with three devices of the lab's names.
//!
//! Elsewhere: single writes, and what is not sent twice (`tests/netbox/written_back.rs`).

use std::collections::BTreeMap;

use gitfabric::names::CommitId;
use gitfabric::record::Standing;
use serde_json::Value;

use crate::fake::{Fake, Fault, Gate, On, synthetic, tokens};
use crate::intent::Intent;
use crate::lab::{Lab, Settings};
use crate::running::{Process, Running};

const FIELDS: [&str; 3] = ["gitfabric_commit", "gitfabric_applied", "gitfabric_state"];

/// A NetBox that has the lab's devices, and these custom fields.
fn netbox(fields: &[&str]) -> Fake {
    let fake = Fake::fabric(4);
    fake.edit(|netbox| {
        let names =
            [(synthetic::spine(0), "spine1"), (synthetic::leaf(0), "leaf1"), (synthetic::leaf(1), "leaf2")];
        for (from, to) in names {
            let id = netbox.id_of("dcim/devices", &from);
            netbox.update("dcim/devices", id, |device| device["name"] = to.into());
        }
        for name in fields {
            netbox.define_device_field(name, "text");
        }
    });
    fake
}

/// A pair and a spine, whose agent tells the NetBox at an address.
fn lab(url: &str, token: &str, more: &str) -> Lab {
    let config = format!("mode: apply\nnetbox: {{ url: '{url}', token: secret:netbox/write }}\n{more}");
    let lab = Lab::with(Intent::pair(), Settings { config: config.leak(), ..Settings::default() });
    lab.set_secret("netbox/write", token);
    lab
}

/// What a field says, by device.
fn said(fake: &Fake, field: &str) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    fake.look(|netbox| {
        let devices = netbox.objects("dcim/devices");
        let known =
            devices.filter(|device| ["spine1", "leaf1", "leaf2"].iter().any(|name| device["name"] == *name));
        known.map(|device| (text(&device["name"]), text(&device["custom_fields"][field]))).collect()
    })
}

/// How often each kind of write came, and the entries of the journals.
fn written(fake: &Fake) -> (usize, Vec<String>) {
    let (patches, entries): (Vec<_>, Vec<_>) =
        fake.writes().into_iter().partition(|write| write.method == "PATCH");
    let comments = entries.iter().map(|entry| entry.body["comments"].as_str().unwrap().to_owned());
    (patches.len(), comments.collect())
}

fn commits(of: [(&str, &CommitId); 3]) -> BTreeMap<String, String> {
    of.into_iter().map(|(name, commit)| (name.to_owned(), commit.to_string())).collect()
}

/// Each device's fields say which commit it holds; its journal what that was. A commit writes
/// to the devices that it concerns, and a new start, a poll or a read-back to none.
#[tokio::test(flavor = "multi_thread")]
async fn netbox_says_which_commit_a_device_holds() {
    let fake = netbox(&FIELDS);
    let lab = lab(&fake.url(), tokens::ADMIN, "full-read-back: 1s");
    let first = lab.head();
    let mut agent = Running::start(&lab);
    agent.settled(&first).await;
    fake.wait_for_writes(6);
    let renamed = lab.commit("VLAN 40 is called web", |files| files.rename_vlan("web"));
    let report = agent.settled(&renamed).await;
    fake.wait_for_writes(10);
    agent.until("more turns", |later| later.turns >= report.turns + 3).await;
    agent.end().await;

    assert_eq!(
        said(&fake, "gitfabric_commit"),
        commits([("leaf1", &renamed), ("leaf2", &renamed), ("spine1", &first)])
    );
    assert!(said(&fake, "gitfabric_state").values().all(|state| state == "current"));
    for (name, time) in said(&fake, "gitfabric_applied") {
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{name}: {time}");
    }
    let (patches, entries) = written(&fake);
    assert_eq!((patches, entries.len()), (5, 5), "{entries:#?}");
    let last = format!("gitfabric: commit {} (VLAN 40 is called web) applied, ", renamed.short());
    assert_eq!(
        entries.iter().filter(|entry| entry.starts_with(&last) && entry.ends_with(", by Lab")).count(),
        2
    );

    let mut agent = Running::start(&lab);
    let report = agent.settled(&renamed).await;
    agent.until("a read-back", |later| later.turns >= report.turns + 3).await;
    agent.end().await;
    assert_eq!(fake.writes().len(), 10, "{:#?}", fake.writes());
}

/// While NetBox hangs, commits are applied as ever; then it is told how the devices stand, and
/// nothing of what was overtaken.
#[tokio::test(flavor = "multi_thread")]
async fn a_netbox_that_hangs_delays_nothing_and_gets_the_last_word() {
    let fake = netbox(&FIELDS);
    let gate = Gate::new();
    fake.fault(On::every("*"), Fault::Held(gate.clone()));
    let lab = lab(&fake.url(), tokens::ADMIN, "");
    let first = lab.head();
    let mut agent = Running::start(&lab);
    agent.settled(&first).await;
    gate.wait_for(1);
    let overtaken = lab.commit("Overtaken", |files| files.rename_vlan("first"));
    agent.settled(&overtaken).await;
    let last = lab.commit("The last", |files| files.rename_vlan("second"));
    let report = agent.settled(&last).await;
    assert_eq!(lab.sets(), "leaf1:3 leaf2:3 spine1:1");
    // what a turn found is put there to be told behind its report
    agent.until("a turn more", |later| later.turns > report.turns).await;
    assert_eq!(fake.writes(), []);
    gate.open();
    fake.wait_for_writes(6);
    agent.end().await;
    assert_eq!(
        said(&fake, "gitfabric_commit"),
        commits([("leaf1", &last), ("leaf2", &last), ("spine1", &first)])
    );
    let (patches, entries) = written(&fake);
    assert_eq!((patches, entries.len()), (3, 3), "{entries:#?}");
    let of = |subject: &str| entries.iter().filter(|entry| entry.contains(subject)).count();
    assert_eq!((of("The lab as it is"), of("The last")), (1, 2), "{entries:#?}");
}

/// Away, or without the right to write: the devices get their commits, the agent ends when it
/// is told to, and the log says once what is wrong. How a device stands otherwise is told too.
#[tokio::test(flavor = "multi_thread")]
async fn a_netbox_that_is_away_or_refuses_fails_nothing() {
    let nowhere = lab("http://127.0.0.1:9", tokens::ADMIN, "");
    let mut agent = Running::start(&nowhere);
    agent.settled(&nowhere.head()).await;
    agent.end().await;

    let fake = netbox(&FIELDS);
    let lab = lab(&fake.url(), tokens::EXPORTER, "");
    let process = Process::start(&lab);
    process.logs("needs a permission with the action `add` on extras.journalentry").await;
    lab.set_secret("netbox/write", tokens::ADMIN);
    process.logs("NetBox is told again").await;
    lab.device("spine1").down();
    lab.commit("While it is away", |files| files.set_spine_raw("one"));
    fake.wait_for_writes(8);
    process.terminate();
    let (status, log) = process.ended().await;
    assert!(status.success(), "{log}");
    assert_eq!(lab.entry("spine1").standing, Standing::Unreachable);
    assert_eq!(said(&fake, "gitfabric_state")["spine1"], "unreachable");
    let (_, entries) = written(&fake);
    assert!(entries.last().unwrap().starts_with("gitfabric: unreachable: "), "{entries:#?}");
    assert_eq!(log.matches("NetBox is not told").count(), 1, "{log}");
}

/// A field that NetBox does not define is told, once, and the others are written. The token
/// is in no log at its loudest, and in no file of the state folder.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_missing_is_told_and_the_token_is_not() {
    let fake = netbox(&FIELDS[..1]);
    let lab = lab(&fake.url(), tokens::ADMIN, "log: { filter: trace }");
    let process = Process::start(&lab);
    process.logs("NetBox has no custom field gitfabric_state").await;
    fake.wait_for_writes(6);
    let renamed = lab.commit("VLAN 40 is called web", |files| files.rename_vlan("web"));
    fake.wait_for_writes(10);
    process.terminate();
    let (status, log) = process.ended().await;
    assert!(status.success(), "{log}");
    assert_eq!(said(&fake, "gitfabric_commit")["leaf1"], renamed.to_string());
    assert_eq!(log.matches("NetBox has no custom field gitfabric_state").count(), 1);
    assert!(!log.contains(tokens::ADMIN));
    for file in crate::secrets::files(&lab.path("state")) {
        let content = std::fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&content).contains(tokens::ADMIN), "{}", file.display());
    }
}
