//! Drift is put back where policy says so, and nothing else is: by path, with limits, and with
//! a record that is true whenever the agent dies.

use gitfabric::names::DeviceName;
use gitfabric::record::{EventKind, News, NewsKind, Standing};
use gitfabric::simulator::SetFault;
use gitfabric::yang::{Path, Value};
use serde_json::{Value as Json, json};

use crate::intent::Intent;
use crate::lab::{Lab, Settings, fabric_name};
use crate::running::{Process, Running, soon};

const DESCRIPTION: &str = "/interfaces/interface[name=Ethernet11]/config/description";
const FOREIGN: &str = "/interfaces/interface[name=Ethernet9]/config/description";
const NAME: &str = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name";
const PASSWORD: &str = "/network-instances/network-instance[name=gold]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/neighbors/neighbor[neighbor-address=10.90.90.1]/config/auth-password";

/// What looks at every device each second: the watchers need not be there for these tests.
pub(crate) const LOOKING: Settings =
    Settings { config: "mode: apply\nfull-read-back: 1s", path: None, poll: "1s", device: |_| {} };

/// An intent with a policy.
pub(crate) fn with_policy(mut intent: Intent, drift: &str) -> Intent {
    intent.replace("fabric.yaml", "drift: { default: alert }", &format!("drift: {drift}"));
    intent
}

/// Descriptions are put back, all else is told.
fn descriptions(more: &str) -> String {
    let path = "/interfaces/interface/config/description";
    format!("{{ default: alert, paths: [{{ path: {path}, policy: correct }}]{more} }}")
}

/// Changes leaves of a device behind the agent's back.
pub(crate) fn by_hand(lab: &Lab, device: &str, leaves: &[(&str, Json)]) {
    let updates: Vec<(Path, Json)> =
        leaves.iter().map(|(path, value)| (path.parse().unwrap(), value.clone())).collect();
    lab.device(device).edit(&[], &updates).unwrap();
}

/// What a device holds at a leaf.
pub(crate) fn held(lab: &Lab, device: &str, path: &str) -> String {
    match lab.device(device).config().get(&path.parse().unwrap()).map(|leaf| leaf.value.clone()) {
        Some(Value::Scalar(text)) => text.as_str().to_owned(),
        other => panic!("{path}: {other:?}"),
    }
}

/// The news of a kind.
pub(crate) fn news(lab: &Lab, kind: NewsKind) -> Vec<News> {
    let record = rusqlite::Connection::open(lab.config().record()).unwrap();
    let mut query = record.prepare("SELECT body FROM news ORDER BY id").unwrap();
    let bodies = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let news = bodies.map(|body| serde_json::from_str::<News>(&body.unwrap()).unwrap());
    news.filter(|news| news.kind == kind).collect()
}

fn events(lab: &Lab, device: &str, kind: EventKind) -> usize {
    let device: DeviceName = device.parse().unwrap();
    let events = lab.store().events(&fabric_name(), Some(&device), 100).unwrap();
    events.iter().filter(|event| event.kind == kind).count()
}

/// What policy says is put back and recorded as that; what it does not, and what is not ours,
/// stays as somebody made it.
#[tokio::test(flavor = "multi_thread")]
async fn what_policy_says_is_put_back_and_nothing_else() {
    let lab = Lab::with(with_policy(Intent::pair(), &descriptions("")), LOOKING);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let (before, owned) = (held(&lab, "leaf1", DESCRIPTION), lab.owned());
    let changes = [(DESCRIPTION, json!("by hand")), (NAME, json!("oops")), (FOREIGN, json!("keep"))];
    by_hand(&lab, "leaf1", &changes);
    soon("the correction", lab.device("leaf1").wait_for_ended_sets(2)).await;
    let why = agent.stands_for("leaf1", Standing::Drifted, "1 leaf is changed").await;
    agent.end().await;

    assert_eq!(held(&lab, "leaf1", DESCRIPTION), before);
    assert_eq!(held(&lab, "leaf1", NAME), "oops", "policy says to tell it");
    assert_eq!(held(&lab, "leaf1", FOREIGN), "keep", "it is not ours");
    assert_eq!(why, "changed behind our back: 1 leaf is changed");
    assert_eq!(lab.owned(), owned, "the record's tree stays what it was");
    assert_eq!(lab.entry("leaf1").commit, Some(lab.head()));
    assert_eq!(events(&lab, "leaf1", EventKind::Corrected), 1);
    let told = news(&lab, NewsKind::DriftCorrected);
    let leaves: Vec<_> = told.iter().flat_map(|news| &news.leaves).collect();
    assert_eq!(leaves.len(), 1, "{told:?}");
    assert_eq!((leaves[0].path.as_str(), leaves[0].live.as_deref()), (DESCRIPTION, Some("by hand")));
    assert_eq!(leaves[0].recorded.as_deref(), Some(&*before));
    assert!(leaves[0].origin.as_deref().unwrap().starts_with("devices/leaf1.yaml:"), "{leaves:?}");
    let drift = lab.store().drift(&fabric_name()).unwrap().remove("leaf1").unwrap_or_default();
    let paths: Vec<&str> = drift.iter().map(|(leaf, _)| leaf.path.as_str()).collect();
    assert_eq!(paths, [NAME], "what was put back differs no more");
}

/// What policy only lists is no reason to say that a device drifted, whoever looks.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_listed_leaves_a_device_as_it_should_be() {
    let lab = Lab::with(with_policy(Intent::pair(), "{ default: observe }"), LOOKING);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    by_hand(&lab, "leaf1", &[(DESCRIPTION, json!("by hand"))]);
    let known = || lab.store().drift(&fabric_name()).unwrap().remove("leaf1").unwrap_or_default();
    agent.until("it is on record", |_| known().len() == 1).await;
    let gets = lab.device("leaf1").gets_received();
    agent.until("two more read-backs", |_| lab.device("leaf1").gets_received() > gets + 3).await;
    agent.settled(&lab.head()).await;
    agent.end().await;
    assert_eq!(events(&lab, "leaf1", EventKind::Drifted), 0);
    assert_eq!(lab.device("leaf1").sets_received(), 1);
}

/// A commit is no correction: it brings the device to what Git says, whatever the policy.
#[tokio::test(flavor = "multi_thread")]
async fn the_next_commit_for_a_device_overwrites_what_was_changed_on_it() {
    let lab = Lab::with(with_policy(Intent::pair(), &descriptions("")), LOOKING);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let before = held(&lab, "leaf1", NAME);
    by_hand(&lab, "leaf1", &[(NAME, json!("oops"))]);
    agent.stands("leaf1", Standing::Drifted).await;
    let banner = lab.commit("A banner", |files| files.set_spine_raw("authorised only"));
    agent
        .until("the banner is there, and the leaf has drifted as before", |report| {
            let at = |name: &str, standing| {
                let device = report.devices.iter().find(|device| device.device.as_str() == name).unwrap();
                device.standing == standing && device.commit.as_ref() == Some(&banner)
            };
            at("spine1", Standing::Current) && at("leaf1", Standing::Drifted)
        })
        .await;
    let changed = lab.commit("Multihop", |files| files.replace("fabric.yaml", "multihop: 3", "multihop: 4"));
    agent.settled(&changed).await;
    assert_eq!(held(&lab, "leaf1", NAME), before);
    agent.end().await;
}

/// A password that the device shows in another form is told, and never sent for that alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_reads_back_otherwise_is_never_pushed() {
    let mut intent = with_policy(Intent::border(), "{ default: correct }");
    intent.replace("vrfs/gold.yaml", "asn: 64999", "asn: 64999, password: secret:bgp/border");
    let lab = Lab::with(intent, LOOKING);
    lab.set_secret("bgp/border", "Quagga-7731-Zebra");
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let before = held(&lab, "leaf7", DESCRIPTION);
    by_hand(&lab, "leaf7", &[(PASSWORD, json!("Oryx-4402-Impala")), (DESCRIPTION, json!("by hand"))]);
    let other = held(&lab, "leaf7", PASSWORD);
    soon("the correction", lab.device("leaf7").wait_for_ended_sets(2)).await;
    agent.stands("leaf7", Standing::Drifted).await;
    assert_eq!(held(&lab, "leaf7", DESCRIPTION), before);
    assert_eq!(held(&lab, "leaf7", PASSWORD), other);
    assert_eq!(lab.device("leaf7").sets_received(), 2);
    agent.end().await;
}

/// A device that hashes a password anew at each look is as it should be, after every pass, and is
/// never sent it for that.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_salts_a_password_anew_has_not_drifted() {
    let mut intent = with_policy(Intent::border(), "{ default: correct }");
    intent.replace("vrfs/gold.yaml", "asn: 64999", "asn: 64999, password: secret:bgp/border");
    let device = |device: &mut gitfabric::simulator::DeviceConfig| device.personality.resalts = true;
    let lab = Lab::with(intent, Settings { device, ..LOOKING });
    lab.set_secret("bgp/border", "Quagga-7731-Zebra");
    let mut agent = Running::start(&lab);
    let first = lab.head();
    agent.settled(&first).await;
    let gets = lab.device("leaf7").gets_received();
    agent.until("two more read-backs", |_| lab.device("leaf7").gets_received() > gets + 6).await;
    let live: Json = serde_json::from_str(&lab.printed(&["drift", "--live", "--json"])).unwrap();
    assert_eq!(live["drift"].as_array().map(Vec::len), Some(0), "{live:#}");
    let changed = lab.commit("Multihop", |files| files.replace("fabric.yaml", "multihop: 3", "multihop: 4"));
    agent.settled(&changed).await;
    agent.end().await;
    assert!(news(&lab, NewsKind::DriftFound).is_empty());
    assert_eq!(events(&lab, "leaf7", EventKind::Drifted), 0);
    let (before, after) = (lab.build(&first), lab.build(&changed));
    let holds = |path: &Path| before.devices["leaf7"].tree.get(path).map(|leaf| &leaf.value);
    let differ = after.devices["leaf7"].tree.iter().filter(|(path, leaf)| holds(path) != Some(&leaf.value));
    let device: DeviceName = "leaf7".parse().unwrap();
    let events = lab.store().events(&fabric_name(), Some(&device), 100).unwrap();
    let applied = events.iter().find(|event| event.kind == EventKind::Applied && event.commit == changed);
    assert_eq!(applied.map(|event| event.changes), Some(differ.count() as u64), "the password goes along");
}

/// Somebody changes it again and again: after so many corrections it is left, told once, also
/// after a restart, until a person asks.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_fought_for_ever() {
    let lab = Lab::with(with_policy(Intent::pair(), &descriptions(", corrections-per-hour: 2")), LOOKING);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let before = held(&lab, "leaf1", DESCRIPTION);
    for sets in [2, 3] {
        by_hand(&lab, "leaf1", &[(DESCRIPTION, json!("mine"))]);
        soon("the correction", lab.device("leaf1").wait_for_ended_sets(sets)).await;
        // read back, too: what is changed again before that was not put back
        let count = || events(&lab, "leaf1", EventKind::Corrected);
        agent.until("it is on record", |_| count() == sets - 1).await;
        agent.stands("leaf1", Standing::Current).await;
    }
    by_hand(&lab, "leaf1", &[(DESCRIPTION, json!("mine"))]);
    let why = "was put back 2 times within an hour: given up";
    let why = agent.stands_for("leaf1", Standing::Drifted, why).await;
    assert!(why.contains("`gitfabric apply`"), "{why}");
    agent.end().await;

    let mut agent = Running::start(&lab);
    let turns = agent.until("a read-back", |report| report.turns >= 3).await;
    assert!(turns.devices.iter().any(|entry| entry.standing == Standing::Drifted));
    agent.end().await;
    assert_eq!(lab.device("leaf1").sets_received(), 3, "it is left alone");
    assert_eq!(held(&lab, "leaf1", DESCRIPTION), "mine");
    assert_eq!(news(&lab, NewsKind::CorrectionGivenUp).len(), 1);
    let status: Json = serde_json::from_str(&lab.printed(&["status", "--json"])).unwrap();
    let leaf1 = &status["fabrics"][0]["devices"][0];
    assert_eq!((&leaf1["device"], &leaf1["drift"]), (&json!("leaf1"), &json!(1)), "{leaf1:#}");
    assert!(leaf1["given_up"]["why"].as_str().unwrap().contains("given up"), "{leaf1:#}");

    lab.printed(&["apply"]);
    assert_eq!(held(&lab, "leaf1", DESCRIPTION), before);
    assert!(lab.store().given_up(&fabric_name()).unwrap().is_empty());

    // and from then on the agent does again, as often as before
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    by_hand(&lab, "leaf1", &[(DESCRIPTION, json!("mine"))]);
    soon("a correction", lab.device("leaf1").wait_for_ended_sets(5)).await;
    agent.stands("leaf1", Standing::Current).await;
    assert_eq!(held(&lab, "leaf1", DESCRIPTION), before);
    agent.end().await;
}

/// A leaf that is changed and put back without end keeps nobody from looking at Git.
#[tokio::test(flavor = "multi_thread")]
async fn the_branch_is_looked_at_however_often_something_is_put_back() {
    let intent = with_policy(Intent::pair(), &descriptions(", corrections-per-hour: 1000"));
    let lab = Lab::with(intent, Settings { poll: "3s", ..Settings::default() });
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    std::fs::rename(lab.repository(), lab.path("away.git")).unwrap();
    let began = std::time::Instant::now();
    loop {
        let sets = lab.device("leaf1").sets_received();
        by_hand(&lab, "leaf1", &[(DESCRIPTION, json!("mine"))]);
        let report = agent
            .until("it is put back, or the branch is looked at", |report| {
                report.trouble.is_some() || lab.device("leaf1").sets_received() > sets
            })
            .await;
        if report.trouble.is_some_and(|trouble| trouble.contains("intent.git")) {
            break;
        }
        assert!(began.elapsed() < std::time::Duration::from_mins(1), "Git is not looked at any more");
    }
    agent.end().await;
}

/// A device that says no to a correction is no diverged one: the rest of the fabric goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_that_is_refused_holds_nobody_up() {
    let lab = Lab::with(with_policy(Intent::pair(), &descriptions("")), LOOKING);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let refusal = SetFault::Refuse { code: tonic::Code::InvalidArgument, message: "not now".to_owned() };
    lab.device("leaf1").next_set(refusal);
    let before = held(&lab, "leaf1", DESCRIPTION);
    by_hand(&lab, "leaf1", &[(DESCRIPTION, json!("by hand"))]);
    let why = agent.stands_for("leaf1", Standing::Drifted, "could not be put back").await;
    assert!(why.contains("not now"), "{why}");
    agent.stands("leaf1", Standing::Current).await;
    assert_eq!(held(&lab, "leaf1", DESCRIPTION), before, "the next look put it back");
    agent.end().await;
}

/// A device that diverged holds the commit up, and no correction, as that carries nothing of the
/// commit; but of its partner's, which waits for it until somebody puts it right by hand.
#[tokio::test(flavor = "multi_thread")]
async fn a_diverged_device_keeps_a_correction_from_its_partner_alone() {
    let intent = Intent::of(&["spine1", "leaf1", "leaf2", "leaf5", "leaf6"]);
    let lab = Lab::with(with_policy(intent, &descriptions("")), Settings::default());
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let refusal = SetFault::Refuse { code: tonic::Code::InvalidArgument, message: "not now".to_owned() };
    lab.device("leaf2").next_set(refusal);
    lab.commit("Another uplink", |files| {
        files.replace("devices/leaf2.yaml", "10.0.1.3/31", "10.0.1.103/31");
    });
    agent.stands("leaf2", Standing::Diverged).await;

    let (other, before) = (held(&lab, "leaf5", DESCRIPTION), held(&lab, "leaf1", DESCRIPTION));
    by_hand(&lab, "leaf5", &[(DESCRIPTION, json!("by hand"))]);
    soon("the correction", lab.device("leaf5").wait_for_ended_sets(2)).await;
    agent.stands("leaf5", Standing::Current).await;
    assert_eq!(held(&lab, "leaf5", DESCRIPTION), other);

    by_hand(&lab, "leaf1", &[(DESCRIPTION, json!("by hand"))]);
    agent.stands_for("leaf1", Standing::Waiting, "its partner leaf2 diverged").await;
    by_hand(&lab, "leaf1", &[(DESCRIPTION, json!(before))]);
    agent.stands("leaf1", Standing::Current).await;
    assert_eq!(lab.device("leaf1").sets_received(), 1);

    by_hand(&lab, "leaf1", &[(DESCRIPTION, json!("by hand"))]);
    agent.stands_for("leaf1", Standing::Waiting, "its partner leaf2 diverged").await;
    let next = lab.commit("Go on", |files| files.rename_vlan("web"));
    agent.settled(&next).await;
    assert_eq!(held(&lab, "leaf1", DESCRIPTION), before);
    agent.end().await;
}

/// A device that is away in the middle of a correction keeps a commit from no other device.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_of_which_nothing_is_heard_holds_nobody_up() {
    let lab = Lab::with(with_policy(Intent::pair(), &descriptions("")), LOOKING);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    lab.device("spine1").down();
    let changed = lab.commit("A banner", |files| files.set_spine_raw("authorised only"));
    agent.stands("spine1", Standing::Unreachable).await;
    agent.end().await;
    by_hand(&lab, "leaf1", &[(DESCRIPTION, json!("by hand"))]);
    lab.device("leaf1").next_set(SetFault::NoAnswer);
    let process = Process::start(&lab);
    soon("the Set", lab.device("leaf1").wait_for_ended_sets(2)).await;
    process.kill();
    lab.device("leaf1").down();
    assert!(lab.entry("leaf1").puts_back, "what was cut off is no commit");

    let mut agent = Running::start(&lab);
    agent.stands("leaf1", Standing::Unreachable).await;
    lab.device("spine1").up().unwrap();
    agent
        .until("the spine has the commit", |report| {
            let spine = report.devices.iter().find(|device| device.device.as_str() == "spine1");
            spine.is_some_and(|spine| {
                spine.standing == Standing::Current && spine.commit.as_ref() == Some(&changed)
            })
        })
        .await;
    assert!(lab.entry("leaf1").in_flight);
    agent.end().await;
}

/// The agent dies after the device took a correction: it counts once, is not sent again, and
/// what was left aside is still left aside.
#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_correction_the_record_is_true_and_it_counts_once() {
    let lab = Lab::with(with_policy(Intent::pair(), &descriptions("")), LOOKING);
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let before = held(&lab, "leaf1", DESCRIPTION);
    agent.end().await;

    by_hand(&lab, "leaf1", &[(DESCRIPTION, json!("by hand")), (NAME, json!("oops"))]);
    lab.device("leaf1").next_set(SetFault::NoAnswer);
    let process = Process::start(&lab);
    soon("the Set", lab.device("leaf1").wait_for_ended_sets(2)).await;
    process.kill();
    assert!(lab.entry("leaf1").in_flight);

    let mut agent = Running::start(&lab);
    agent.stands("leaf1", Standing::Drifted).await;
    agent.end().await;
    let entry = lab.entry("leaf1");
    assert!(!entry.in_flight);
    assert_eq!(entry.tree_hash.as_deref(), Some(&*lab.build(&lab.head()).devices["leaf1"].hash));
    assert_eq!(held(&lab, "leaf1", DESCRIPTION), before);
    assert_eq!(held(&lab, "leaf1", NAME), "oops", "nobody asked to put that back");
    assert_eq!(lab.device("leaf1").sets_received(), 2);
    let leaf1 = "leaf1".parse().unwrap();
    let count = lab.store().corrections(&fabric_name(), &leaf1, jiff::Timestamp::now()).unwrap();
    assert_eq!(count, 1);
}
