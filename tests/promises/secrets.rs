//! Promise 10: secrets stay out of everything but the Set.

use gitfabric::record::Standing;
use gitfabric::yang::{Path, Value};

use crate::intent::Intent;
use crate::lab::{Lab, Settings};
use crate::running::{Process, Running, soon};

const PASSWORD: &str = "Quagga-7731-Zebra";
const CHANGED: &str = "Oryx-4402-Impala";
const LEAF: &str = "/network-instances/network-instance[name=gold]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/neighbors/neighbor[neighbor-address=10.90.90.1]/config/auth-password";

fn with_password() -> Intent {
    let mut intent = Intent::border();
    intent.replace("vrfs/gold.yaml", "asn: 64999", "asn: 64999, password: secret:bgp/border");
    intent
}

/// What leaf7 shows in the secret's place.
fn shown(lab: &Lab) -> String {
    let path: Path = LEAF.parse().unwrap();
    match lab.device("leaf7").config().get(&path).map(|leaf| leaf.value.clone()) {
        Some(Value::Scalar(text)) => text.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// A VRF peer's password reaches the device, and is in no file of the state folder, in no
/// log at its loudest, in no plan, and in no answer of a command. The device of this test
/// shows passwords in clear, and refuses a Set by repeating one: the worst that can come.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_reaches_the_device_and_nothing_else() {
    let settings = Settings {
        config: "mode: apply\nlog: { filter: trace }",
        device: |device| device.personality.hashed_leaves.clear(),
        ..Settings::default()
    };
    let lab = Lab::with(with_password(), settings);
    lab.set_secret("bgp/border", PASSWORD);
    let refusal = gitfabric::simulator::SetFault::Refuse {
        code: tonic::Code::InvalidArgument,
        message: format!("auth-password '{PASSWORD}' is too weak"),
    };
    lab.device("leaf8").next_set(refusal);
    let process = Process::start(&lab);
    soon("leaf8's Set", lab.device("leaf8").wait_for_ended_sets(1)).await;
    let mut told = String::new();
    let plan = ["plan", "--live", "HEAD", "-C", "intent.git"];
    for more in [&[][..], &["--foreign"], &["--json"], &["--format", "markdown"]] {
        told += &lab.printed(&[&plan[..], more].concat());
    }
    process.terminate();
    let (status, log) = process.ended().await;
    assert!(status.success(), "{log}");
    assert_eq!(shown(&lab), PASSWORD, "it was sent");
    told += &lab.printed(&["apply"]);

    lab.set_secret("bgp/border", CHANGED);
    told += &lab.printed(&plan);
    for command in ["status", "history"] {
        told += &lab.printed(&[command]);
        told += &lab.printed(&[command, "--json"]);
    }
    told += &lab.printed(&["compile", "intent.git", "--commit", "HEAD", "--out", "compiled"]);
    assert!(told.contains("secret:bgp/border"), "the plan names it: {told}");
    assert!(log.contains("refused") && log.contains("is too weak"), "the refusal is told: {log}");
    for secret in [PASSWORD, CHANGED] {
        assert!(!told.contains(secret), "a command shows it");
        assert!(!log.contains(secret), "the log shows it");
        let bytes = secret.as_bytes();
        for file in files(&lab.path("state")).chain(files(&lab.path("compiled"))) {
            let content = std::fs::read(&file).unwrap();
            assert!(!content.windows(bytes.len()).any(|window| window == bytes), "{}", file.display());
        }
    }
    lab.assert_true(&lab.head(), &["leaf7", "leaf8", "spine1"]);
}

/// Every file below a folder.
pub(crate) fn files(folder: &std::path::Path) -> impl Iterator<Item = std::path::PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    assert!(!files.is_empty());
    files.into_iter()
}

/// Devices hash what they hold, so a changed secret is found by its fingerprint: at the
/// slow read-back it is sent, and once it was sent it is no change any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_changed_is_found_by_its_fingerprint_and_sent() {
    let settings = Settings { config: "mode: apply\nfull-read-back: 1s", ..Settings::default() };
    let lab = Lab::with(with_password(), settings);
    lab.set_secret("bgp/border", PASSWORD);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let before = shown(&lab);
    assert!(before.starts_with("$7$"), "{before}");

    lab.set_secret("bgp/border", CHANGED);
    soon("leaf7's Set", lab.device("leaf7").wait_for_ended_sets(2)).await;
    soon("leaf8's Set", lab.device("leaf8").wait_for_ended_sets(2)).await;
    let report = agent.settled(&lab.head()).await;
    assert_ne!(shown(&lab), before);
    agent.until("more read-backs", |later| later.turns >= report.turns + 3).await;
    assert_eq!(lab.sets(), "leaf7:2 leaf8:2 spine1:1");
    agent.end().await;
}

/// A secret without a value stops the device that needs it, by name; nothing is sent to it.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_without_a_value_is_named_and_nothing_is_sent() {
    let lab = Lab::with(with_password(), Settings { poll: "200ms", ..Settings::default() });
    let mut agent = Running::start(&lab);
    let reason = agent.stands("leaf7", Standing::Behind).await;
    assert!(reason.contains("secret:bgp/border"), "{reason}");
    assert_eq!(lab.device("leaf7").sets_received(), 0);
    lab.set_secret("bgp/border", PASSWORD);
    agent.settled(&lab.head()).await;
    agent.end().await;
}
