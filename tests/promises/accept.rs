//! Drift accepted: somebody changes a device by hand, the list says which line asked for
//! something else, and the intent is made to ask for what is there. No Set is sent for it.

use std::process::Output;

use gitfabric::names::CommitId;
use gitfabric::yang::Path;
use serde_json::{Value, json};

use crate::intent::Intent;
use crate::lab::{Lab, Settings};
use crate::running::{Running, until};

const VLAN: &str = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name";
const PEER: &str = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/neighbors/neighbor[neighbor-address=192.0.2.7]";
const UPLINK: &str = "/interfaces/interface[name=Ethernet11]/config";
const EVE: &str = "/system/aaa/authentication/users/user[username=eve]";
const ADA: &str = "Ada L <ada@example.net>";

/// One pair and a spine; every device is read back again and again.
fn lab() -> Lab {
    Lab::with(
        Intent::pair(),
        Settings { config: "mode: apply\nfull-read-back: 500ms", ..Settings::default() },
    )
}

/// Somebody sets something on a device behind the agent's back.
fn by_hand(lab: &Lab, device: &str, path: &str, json: Value) {
    lab.device(device).edit(&[], &[(path.parse::<Path>().unwrap(), json)]).unwrap();
}

/// Waits until the record lists so many differences, and gives them.
async fn listed(lab: &Lab, count: usize) -> Vec<Value> {
    let printed = || lab.printed(&["drift", "--json"]);
    let look = || {
        let listed: Value = serde_json::from_str(&printed()).unwrap();
        listed["drift"].as_array().filter(|rows| rows.len() == count).cloned()
    };
    until("what differs is on record", look, printed).await
}

fn accept(lab: &Lab, arguments: &[&str]) -> Output {
    lab.gitfabric(&[&["drift", "accept", "--author", ADA], arguments].concat())
}

fn accepted(lab: &Lab, arguments: &[&str]) -> Value {
    let output = accept(lab, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(lab: &Lab, arguments: &[&str]) -> String {
    let output = accept(lab, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

/// Somebody merges the branch: main moves to it.
fn merge(lab: &Lab, branch: &str) -> CommitId {
    let read = |name: &str| std::fs::read_to_string(lab.repository().join(name)).unwrap();
    let commit = read(&format!("refs/heads/{branch}"));
    let main = lab.repository().join("refs/heads/main");
    std::fs::write(main.with_extension("lock"), &commit).unwrap();
    std::fs::rename(main.with_extension("lock"), main).unwrap();
    commit.trim().parse().unwrap()
}

fn file_of(lab: &Lab, commit: &CommitId, path: &str) -> String {
    let repository = gitfabric::git::Repository::open(&lab.repository()).unwrap();
    let snapshot = gitfabric::git::Snapshot::of_commit(&repository, commit, None).unwrap();
    snapshot.text(&path.parse().unwrap()).unwrap().to_string()
}

/// A VLAN that somebody renamed on the pair: listed with its line, commit and author, accepted
/// for all that the line decides, merged; nothing is sent and nothing differs any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_vlan_is_listed_with_its_line_and_accepted_everywhere() {
    let lab = lab();
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let nothing = lab.gitfabric(&["drift", "--detailed-exitcode"]);
    assert_eq!(nothing.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&nothing.stdout).starts_with("Nothing is on record that differs"));
    for leaf in ["leaf1", "leaf2"] {
        by_hand(&lab, leaf, VLAN, json!("web"));
    }
    let rows = listed(&lab, 2).await;
    let asked = &rows[0]["asked"];
    assert_eq!((&rows[0]["device"], &rows[0]["path"]), (&json!("leaf1"), &json!(VLAN)));
    assert_eq!((&rows[0]["recorded"], &rows[0]["live"]), (&json!("test-l2-vxlan"), &json!("web")));
    assert_eq!(
        (&rows[0]["kind"], &asked["file"], &asked["line"]),
        (&json!("owned"), &json!("vlans/40.yaml"), &json!(2))
    );
    assert_eq!((&asked["commit"], &asked["author"]), (&json!(lab.head().as_str()), &json!("Lab")));
    assert!(rows[0]["since"].is_string());
    let text = lab.printed(&["drift", "leaf2"]);
    assert!(text.contains("    - test-l2-vxlan\n    + web\n    since "), "{text}");
    let line = format!("asked by vlans/40.yaml:2 · {} \"The lab as it is\" · Lab, ", lab.head().short());
    assert!(text.contains(&line) && !text.contains("leaf1"), "{text}");
    let differs = lab.gitfabric(&["drift", "--detailed-exitcode", "--live", "leaf1"]);
    assert_eq!(differs.status.code(), Some(2), "{}", String::from_utf8_lossy(&differs.stdout));

    let sets = lab.sets();
    let error = refused(&lab, &["leaf1", VLAN]);
    let expected = format!("leaf2: {VLAN}: test-l2-vxlan -> web");
    assert!(error.contains(&expected) && error.contains("--everywhere"), "{error}");
    let dry = accept(&lab, &["leaf1", VLAN, "--everywhere", "--dry-run"]);
    let dry = String::from_utf8(dry.stdout).unwrap();
    assert!(
        dry.contains("-name: test-l2-vxlan\n+name: web\n") && dry.contains("leaf1 needs nothing"),
        "{dry}"
    );

    let outcome = accepted(&lab, &["leaf1", VLAN, "--everywhere"]);
    let branch = outcome["branch"].as_str().unwrap();
    assert!(branch.starts_with("drift/leaf1-") && outcome["pull_request"].is_null(), "{outcome:#}");
    assert_eq!((&outcome["plan_empty"], &outcome["outcome"]), (&json!(true), &json!("proposed")));
    assert_eq!(accepted(&lab, &["leaf1", VLAN, "--everywhere"])["commit"], outcome["commit"], "asked twice");
    let repository = gitfabric::git::Repository::open(&lab.repository()).unwrap();
    let commit = repository.commit(&outcome["commit"].as_str().unwrap().parse().unwrap()).unwrap();
    assert_eq!((commit.author.as_str(), commit.parents), ("Ada L", vec![lab.head()]));
    assert_eq!(commit.message.subject, "leaf1: accept 40 name as it is");
    let trailer = &commit.message.trailers[0];
    assert_eq!((trailer.key.as_str(), trailer.value.as_str()), ("Drift-Accepted", "leaf1"));

    // main goes on; asked again, the same branch stands on what main is by then
    let next = lab.commit("Export all of it", crate::intent::Intent::export);
    let again = accepted(&lab, &["leaf1", VLAN, "--everywhere"]);
    assert_eq!((&again["branch"], &again["exported"]), (&outcome["branch"], &json!(["vlans/40.yaml"])));
    let commit = repository.commit(&again["commit"].as_str().unwrap().parse().unwrap()).unwrap();
    assert_eq!(commit.parents, [next]);

    let merged = merge(&lab, branch);
    agent.settled(&merged).await;
    listed(&lab, 0).await;
    assert_eq!(lab.sets(), sets, "nothing is sent");
    let plan = lab.printed(&["plan", "--live", merged.as_str(), "-C", "intent.git", "--json"]);
    let plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["summary"]["changed"], 0, "{plan:#}");
    assert!(file_of(&lab, &merged, "vlans/40.yaml").starts_with("# Stretched between"));
    agent.end().await;
}

/// A link that is shut and described by hand: the device's own file says so, no other changes.
#[tokio::test(flavor = "multi_thread")]
async fn a_shut_port_and_a_description_are_said_by_the_devices_own_file() {
    let lab = lab();
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    by_hand(&lab, "leaf1", &format!("{UPLINK}/enabled"), json!(false));
    by_hand(&lab, "leaf1", &format!("{UPLINK}/description"), json!("broken: see #7"));
    let sets = lab.sets();
    let outcome = accepted(&lab, &["leaf1", UPLINK, "--branch", "mine", "-m", "leaf1: rack 7 moves"]);
    let of_text = &outcome["accepted"][0];
    assert_eq!(
        (&of_text["path"], &of_text["live"]),
        (&json!(format!("{UPLINK}/description")), &json!("broken: see #7"))
    );
    assert_eq!((&outcome["branch"], outcome["beside"].as_array().unwrap().len()), (&json!("mine"), 0));
    let merged = merge(&lab, "mine");
    let file = file_of(&lab, &merged, "devices/leaf1.yaml");
    let expected = "ports:\n  Ethernet11: { description: \"broken: see #7\", enabled: false }\n";
    assert!(file.ends_with(expected), "{file}");
    assert!(file.starts_with("# A leaf: who it is."), "{file}");
    agent.settled(&merged).await;
    listed(&lab, 0).await;
    assert_eq!(lab.sets(), sets);
    agent.end().await;
}

/// A BGP neighbour that nobody asked for becomes a raw fragment of that device.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_neighbour_becomes_a_raw_fragment() {
    let lab = lab();
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let peer = json!({"neighbor-address": "192.0.2.7", "config": {"neighbor-address": "192.0.2.7", "peer-as": 64700}});
    by_hand(&lab, "leaf1", PEER, peer);
    let text = lab.printed(&["drift", "--live", "leaf1"]);
    assert!(text.contains(&format!("  {PEER}  (not ours: never taken away)")), "{text}");
    let sets = lab.sets();
    // as people write it: the schema knows the identity's module
    let short = PEER.replace("openconfig-policy-types:BGP", "BGP");
    let outcome = accepted(&lab, &["leaf1", &short]);
    assert_eq!(outcome["beside"], json!([]), "{outcome:#}");
    assert!(outcome["accepted"][0]["path"].as_str().unwrap().starts_with(PEER), "{outcome:#}");
    let merged = merge(&lab, outcome["branch"].as_str().unwrap());
    let fragment: Value = serde_json::from_str(&file_of(&lab, &merged, "raw/accepted-leaf1.json")).unwrap();
    assert_eq!(fragment["at"], json!(["leaf1"]));
    agent.settled(&merged).await;
    assert_eq!(lab.sets(), sets);
    assert!(!lab.printed(&["drift", "--live", "leaf1"]).contains("192.0.2.7"), "it is ours now");
    agent.end().await;
}

/// Every refusal says what to do instead, and leaves no branch behind.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_accepted_says_what_to_do_instead() {
    let lab = lab();
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let eve = json!({"username": "eve", "config": {"username": "eve", "role": "network-admin"}});
    by_hand(&lab, "leaf1", EVE, eve);
    by_hand(&lab, "leaf1", &VLAN.replace("config/name", "config/status"), json!("SUSPENDED"));
    for (case, arguments, expected) in [
        ("a rogue user", vec!["leaf1", EVE], "`policy: observe`"),
        ("what has not drifted", vec!["leaf1", VLAN], "has not drifted; what has:"),
        ("nothing at all", vec!["spine1", "/interfaces"], "nothing else on the device has"),
        ("no such device", vec!["leaf9", VLAN], "the intent has no device leaf9"),
        ("no path", vec!["leaf1", "interfaces["], "invalid value"),
        ("another identity", vec!["leaf1", &PEER.replace("types:BGP", "types:BPG")], "did you mean `BGP`?"),
        ("neither path nor --all", vec!["leaf1"], "PATH"),
        (
            "what no line says",
            vec!["leaf1", &VLAN.replace("config/name", "config/status")],
            "which vlans/40.yaml:2:7 decides",
        ),
        ("the agent's own branch", vec!["leaf1", "--all", "--branch", "main"], "no edit of the intent"),
    ] {
        let error = refused(&lab, &arguments);
        assert!(error.contains(expected), "{case}: {error}");
    }
    by_hand(&lab, "leaf1", &VLAN.replace("config/name", "config/status"), json!("ACTIVE"));
    by_hand(&lab, "leaf1", &format!("{UPLINK}/enabled"), json!(false));
    let own = refused(&lab, &["leaf1", UPLINK, "--branch", "main"]);
    assert!(own.contains("is the branch that the agent follows"), "{own}");
    let nobody = refused(&lab, &["leaf1", UPLINK, "--author", "Ada"]);
    assert!(nobody.contains("NAME <ADDRESS>"), "{nobody}");
    let left = accept(&lab, &["leaf1", "--all", "--dry-run"]);
    let said = String::from_utf8(left.stderr).unwrap();
    assert!(left.status.success() && said.contains("left as it is:") && said.contains("eve"), "{said}");
    lab.device("leaf1").down();
    let away = refused(&lab, &["leaf1", UPLINK]);
    assert!(away.contains("leaf1 cannot be read: "), "{away}");
    let branches = std::fs::read_dir(lab.repository().join("refs/heads")).unwrap().count();
    assert_eq!(branches, 1, "nothing was pushed");
    agent.end().await;
}
