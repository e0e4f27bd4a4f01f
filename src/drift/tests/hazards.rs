//! The ways of devices that must not be taken for drift (hazards H9 to H28 of the gnmi fact
//! sheet), each through the watcher: nothing false is told, and what is true is.

use super::*;
use crate::simulator::{Defaults, GetPaths, LeafListUpdate, MemberNames, Packing, Timestamps};

/// What each device goes through: nothing differs at first; what is not ours, and what comes and
/// goes, is not told; what somebody changes is, and that it is put right.
async fn holds_out(case: &str, world: &mut World) {
    world.settled(case).await;
    world.by_hand(&[], &[(FOREIGN, json!("another text"))]);
    world.by_hand(&[ENABLED], &[]);
    world.by_hand(&[], &[(ENABLED, json!(true))]);
    world.by_hand(&[], &[(MTU, json!(9000)), (VLAN, json!("db"))]);
    let changed = [(MTU, "owned should be 1500, is 9000"), (VLAN, "owned should be web, is db")];
    world.differs(case, &changed).await;
    world.by_hand(&[], &[(MTU, json!(1500)), (VLAN, json!("web"))]);
    world.differs(case, &[]).await;
    world.by_hand(&[DESCRIPTION], &[]);
    world.differs(case, &[(DESCRIPTION, "owned should be to spine1, is gone")]).await;
    world.by_hand(&[], &[(DESCRIPTION, json!("to spine1"))]);
    world.differs(case, &[]).await;
}

async fn each_holds_out(ways: Vec<(&str, Personality)>) {
    for (case, personality) in ways {
        holds_out(case, &mut World::start(personality)).await;
    }
}

/// H14: devices differ in whether they tell defaults, and a leaf that goes back to its default
/// may be told as an update.
#[tokio::test]
async fn defaults_are_no_drift_however_they_are_told() {
    let ways = [Defaults::AsSet, Defaults::Omitted, Defaults::All];
    for defaults in ways {
        let case = format!("{defaults:?}");
        let mut world = World::start(Personality { defaults, ..Personality::eos() });
        holds_out(&case, &mut world).await;
        world.by_hand(&[], &[(ENABLED, json!(false))]);
        world.differs(&case, &[(ENABLED, "owned should be true, is false")]).await;
        world.by_hand(&[ENABLED], &[]);
        world.differs(&case, &[]).await;
    }
}

/// H15, H16 and H21: values, their order in a leaf-list and the names of JSON members may be
/// written in several ways.
#[tokio::test]
async fn another_spelling_is_no_drift() {
    let eos = Personality::eos;
    each_holds_out(vec![
        ("H15: odd spelling", Personality { odd_spelling: true, ..eos() }),
        ("H16: leaf-lists the other way round", Personality { reverses_leaf_lists: true, ..eos() }),
        ("H21: all members prefixed", Personality { member_names: MemberNames::Prefixed, ..eos() }),
        ("H21: none", Personality { member_names: MemberNames::Bare, ..eos() }),
    ])
    .await;
}

/// H16 and H17: a value more in a leaf-list is told, whether an update of it adds or overwrites.
#[tokio::test]
async fn a_leaf_list_with_other_values_is_told_and_in_another_order_is_not() {
    let list = format!("{PEERS}/send-community-type");
    for leaf_list_update in [LeafListUpdate::Adds, LeafListUpdate::Overwrites] {
        let case = format!("{leaf_list_update:?}");
        let ways = Personality { leaf_list_update, reverses_leaf_lists: true, ..Personality::eos() };
        let mut world = World::start(ways);
        world.settled(&case).await;
        world.by_hand(&[], &[(&list, json!(["STANDARD", "EXTENDED"]))]);
        world.by_hand(&[], &[(&list, json!(["LARGE"]))]);
        let now = match leaf_list_update {
            LeafListUpdate::Adds => "[EXTENDED, LARGE, STANDARD]",
            LeafListUpdate::Overwrites => "[LARGE]",
        };
        let row = format!("owned should be [EXTENDED, STANDARD], is {now}");
        world.differs(&case, &[(&list, &row)]).await;
    }
}

/// H18: entries that are only in `state`, and what they report, are nobody's configuration.
#[tokio::test]
async fn what_is_only_reported_is_no_drift() {
    let learned = |config: &mut DeviceConfig| {
        let state = "/interfaces/interface[name=Ethernet49]/state/oper-status";
        config.foreign.push((path(state), json!("UP")));
    };
    let mut world = World::with(Personality::eos(), settings(), learned, |_| {});
    holds_out("H18", &mut world).await;
}

/// H19: what is gone may be told leaf by leaf, as a branch, or as all that is left.
#[tokio::test]
async fn a_delete_is_heard_in_each_of_its_forms() {
    let eos = Personality::eos;
    let atomic = |places: &[&str]| places.iter().map(|text| path(text)).collect::<Vec<_>>();
    each_holds_out(vec![
        ("H19: branches", Personality { branch_deletes: true, ..eos() }),
        ("H19: leaves", Personality { branch_deletes: false, ..eos() }),
        ("H19: containers", Personality { atomic: atomic(&["/interfaces/interface/config"]), ..eos() }),
        ("H19: lists", Personality { atomic: atomic(&["/interfaces", "/network-instances"]), ..eos() }),
    ])
    .await;
}

/// H20: times that are none.
#[tokio::test]
async fn a_time_that_is_none_is_not_believed() {
    let eos = Personality::eos;
    each_holds_out(vec![
        ("H20: seconds", Personality { timestamps: Timestamps::Seconds, ..eos() }),
        ("H20: zero", Personality { timestamps: Timestamps::None, ..eos() }),
    ])
    .await;
}

/// H22: an answer may be shorter or longer than its question.
#[tokio::test]
async fn a_look_is_understood_in_each_form_of_its_answer() {
    let eos = Personality::eos;
    each_holds_out(vec![
        ("H22: shorter", Personality { get_paths: GetPaths::Shorter, ..eos() }),
        ("H22: leaves", Personality { get_paths: GetPaths::Leaves, ..eos() }),
        ("H22: in the prefix", Personality { get_paths: GetPaths::InPrefix, ..eos() }),
    ])
    .await;
}

/// H27: the client's side of a stream stays open, for a server ends it otherwise.
#[tokio::test]
async fn a_server_that_ends_half_closed_streams_does_not_end_ours() {
    let mut world = World::start(Personality { survives_half_close: false, ..Personality::eos() });
    holds_out("H27", &mut world).await;
    assert_eq!(world.device().connections_received(), 1);
    assert_eq!(world.states.len(), 1, "{:?}", world.states);
}

/// H28: what is told again behind the sync, or with each heartbeat, is not even looked at.
#[tokio::test]
async fn what_is_told_again_costs_no_look() {
    let mut world = World::start(Personality { replays_last: true, ..Personality::eos() });
    world.settled("H28").await;
    let before = world.device().gets_received();
    for text in ["a", "b", "c"] {
        world.by_hand(&[], &[(FOREIGN, json!(text))]);
    }
    world.by_hand(&[], &[(MTU, json!(1500)), (VLAN, json!("web"))]);
    world.by_hand(&[], &[(MTU, json!(9000))]);
    world.differs("H28", &[(MTU, "owned should be 1500, is 9000")]).await;
    assert_eq!(world.device().gets_received(), before + 1, "one look, for what is true");
}

/// H9: the whole table in one message of some megabytes, again with each change.
#[tokio::test]
async fn a_table_of_megabytes_in_one_message_is_heard() {
    let large = |config: &mut DeviceConfig| {
        let mut holds = Tree::clone(&config.bootstrap);
        for index in 1..=6000 {
            let entry = format!("/interfaces/interface[name=Loopback{index}]/config/description");
            holds.extend(testing::tree(&SCHEMA, &[(&*entry, &*"x".repeat(250))]));
        }
        config.bootstrap = Arc::new(holds);
    };
    let packing = Personality { packing: Packing::Table, ..Personality::eos() };
    let mut world = World::with(packing, settings(), large, |_| {});
    world.settled("H9").await;
    world.by_hand(&[], &[(MTU, json!(9000))]);
    world.differs("H9", &[(MTU, "owned should be 1500, is 9000")]).await;
}
