//! Devices that go away, ask for patience, lie, or are others than they should be.

use super::*;
use crate::simulator::OnChange;
use crate::yang::Leaf;
use crate::yang::schema::NodeId;

/// A device behind a wrong address holds other things rightly: none of them has drifted.
#[tokio::test]
async fn another_device_at_the_address_has_not_drifted() {
    for (case, leaf, version, expected) in [
        ("another name", "leaf9", "4.35.0F", "answers as \"leaf9\", and the intent means leaf1"),
        ("another version", "leaf1", "4.20.1F", "leaf1 runs 4.20.1F, and the intent says 4.35.0F"),
    ] {
        let change = |config: &mut DeviceConfig| {
            let holds = [("/system/config/hostname", leaf), (MTU, "9000")];
            config.bootstrap = Arc::new(testing::tree(&SCHEMA, &holds));
            version.clone_into(&mut config.software_version);
        };
        let mut world = World::with(Personality::eos(), settings(), change, |_| {});
        let why = world.state(WatchState::Away).await;
        assert!(why.contains(expected), "{case}: {why}");
        // it is asked again, says the same, and nothing more is told
        world.device().wait_for_gets(4).await;
        assert_eq!((world.verdicts, world.states.len()), (0, 1), "{case}: {:?}", world.states);
        assert_eq!(world.device().subscriptions_open(), 0, "{case}");
    }
}

/// Another device that is put in the place of one that was watched is found at the next
/// connection.
#[tokio::test]
async fn a_device_is_identified_at_each_connection() {
    let mut world = World::start(Personality::eos());
    world.settled("at first").await;
    world.by_hand(&[], &[("/system/config/hostname", json!("leaf9"))]);
    world
        .differs(
            "while it is connected",
            &[("/system/config/hostname", "protected should be leaf1, is (another value)")],
        )
        .await;
    world.device().cut_connections();
    loop {
        let why = world.state(WatchState::Away).await;
        if why.contains("answers as \"leaf9\"") {
            break;
        }
    }
    world.by_hand(&[], &[("/system/config/hostname", json!("leaf1"))]);
    world.differs("it is itself again", &[]).await;
}

/// A path of which the device wrongly says that nothing is there is looked at with what is
/// around it before it is said to be gone.
#[tokio::test]
async fn what_is_wrongly_said_to_be_gone_is_not_told() {
    let mut world = World::start(Personality::eos());
    world.settled("at first").await;
    world.device().overlook(path(MTU).parent().unwrap());
    world.by_hand(&[], &[(MTU, json!(9000))]);
    world.differs("what is there", &[(MTU, "owned should be 1500, is 9000")]).await;
    world.by_hand(&[MTU], &[]);
    world.differs("what is gone is gone", &[(MTU, "owned should be 1500, is gone")]).await;
    let entry = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]";
    world.by_hand(&[entry], &[]);
    let id = format!("{entry}/config/vlan-id");
    world
        .differs(
            "a whole entry",
            &[
                (MTU, "owned should be 1500, is gone"),
                (&id, "owned should be 40, is gone"),
                (VLAN, "owned should be web, is gone"),
            ],
        )
        .await;
    world.by_hand(&[], &[(MTU, json!(1500)), (VLAN, json!("web")), (&id, json!(40))]);
    world.differs("all is back", &[]).await;
}

/// Hazard H10: a device that ends connections for our pings is pinged less and less often, until
/// it is content.
#[tokio::test]
async fn a_device_that_wants_fewer_pings_gets_fewer() {
    let often = |target: &mut Target| target.deadlines.ping = Duration::from_millis(200);
    let mut world = World::with(Personality::eos(), settings(), |_| {}, often);
    world.device().ping_strictly(Duration::from_secs(1));
    world.settled("at first").await;
    // 200, 400, 800 ms are too often; 1,600 are not, even if one of two pings is half a second late
    for _ in 0..3 {
        let why = world.state(WatchState::Away).await;
        assert!(why.contains("fewer HTTP/2 pings"), "{why}");
    }
    world.state(WatchState::Watching).await;
    let quiet = tokio::time::timeout(Duration::from_secs(4), world.state(WatchState::Away)).await;
    assert!(quiet.is_err(), "it is content: {:?}", world.states);
    world.by_hand(&[], &[(MTU, json!(9000))]);
    world.differs("and is watched", &[(MTU, "owned should be 1500, is 9000")]).await;
}

/// Hazard H11: a stream that never says that all was told is given up, and the device is looked
/// at from time to time.
#[tokio::test]
async fn a_device_whose_stream_never_syncs_is_polled() {
    let hasty = |target: &mut Target| target.deadlines.sync = Duration::from_millis(200);
    let silent = Personality { syncs: false, ..Personality::eos() };
    let mut world = World::with(silent, settings(), |_| {}, hasty);
    let why = world.state(WatchState::Polling).await;
    assert!(why.contains("not all data was sent in 200ms"), "{why}");
    world.settled("at first").await;
    world.by_hand(&[], &[(MTU, json!(9000))]);
    world.differs("a look finds it", &[(MTU, "owned should be 1500, is 9000")]).await;
}

/// A device that cannot tell of changes, or not of some, is looked at from time to time.
#[tokio::test]
async fn a_device_that_cannot_tell_of_changes_is_polled() {
    let code = tonic::Code::Unimplemented;
    let some = OnChange::NotAt(code, vec![path("/interfaces/interface/config")]);
    for (case, on_change, expected) in
        [("none", OnChange::Nowhere(code), WatchState::Polling), ("some", some, WatchState::Watching)]
    {
        let mut world = World::start(Personality { on_change, ..Personality::eos() });
        let why = world.state(expected).await;
        assert!(!why.is_empty(), "{case}");
        world.settled(case).await;
        world.by_hand(&[], &[(MTU, json!(9000))]);
        world.differs(case, &[(MTU, "owned should be 1500, is 9000")]).await;
    }
}

/// A look that waits for its answer, longer than it is to the next one, costs nothing meanwhile.
#[tokio::test]
async fn a_watcher_whose_look_is_not_answered_does_nothing_but_wait() {
    let often = Settings { read_back: Duration::from_millis(50), ..settings() };
    let hasty = |target: &mut Target| target.deadlines.get = Duration::from_secs(1);
    let mut world = World::with(Personality::eos(), often, |_| {}, hasty);
    world.settled("at first").await;
    world.device().freeze();
    let before = world.turns.load(Ordering::Relaxed);
    world.state(WatchState::Away).await;
    let turns = world.turns.load(Ordering::Relaxed) - before;
    assert!(turns < 200, "{turns} turns in a second");
}

/// Nothing is on record of a device that cannot tell of changes: there is nothing to look for, and
/// that it goes away and comes back is told all the same.
#[tokio::test]
async fn a_polled_device_without_a_record_is_lost_and_back() {
    let code = tonic::Code::Unimplemented;
    let mut world = World::start(Personality { on_change: OnChange::Nowhere(code), ..Personality::eos() });
    world.settled("at first").await;
    world.standard.send_replace(Standard::Unknown);
    let verdicts = world.verdicts;
    // the next connection's, which asks who it is and then waits for a record
    let gets = world.device().gets_received();
    world.device().wait_for_gets(gets + 1).await;
    world.device().down();
    world.state(WatchState::Away).await;
    world.device().up().unwrap();
    world.state(WatchState::Polling).await;
    assert!(world.verdicts <= verdicts + 1, "one look at most was under way");
}

/// Hazard H12: after a restart the device is watched again, on a connection of its own, and what
/// the restart changed is told.
#[tokio::test]
async fn a_device_that_restarted_is_watched_again_with_what_it_came_back_with() {
    let mut world = World::start(Personality::eos());
    world.settled("at first").await;
    world.by_hand(&[], &[(MTU, json!(9000))]);
    world.differs("before", &[(MTU, "owned should be 1500, is 9000")]).await;
    world.device().save();
    world.by_hand(&[], &[(MTU, json!(1500))]);
    world.differs("put right, not saved", &[]).await;
    for round in 1..=3 {
        world.device().reboot();
        world.differs("after the restart", &[(MTU, "owned should be 1500, is 9000")]).await;
        world.device().wait_for_subscriptions(1).await;
        world.by_hand(&[], &[(MTU, json!(1500))]);
        world.differs("and it is heard again", &[]).await;
        assert!(world.states.len() > round, "{:?}", world.states);
    }
}

/// Hazard H20: clocks that jump, and times that are none, change nothing.
#[tokio::test]
async fn a_clock_that_jumps_hides_nothing() {
    let mut world = World::start(Personality::eos());
    world.settled("at first").await;
    for (hours, mtu) in [(-24, 1600), (48, 1700), (-200_000, 1800)] {
        world.device().shift_clock(hours * 3600);
        world.by_hand(&[], &[(MTU, json!(mtu))]);
        let row = format!("owned should be 1500, is {mtu}");
        // the row before it is replaced, never added to
        while world.rows.get(&path(MTU)) != Some(&row) {
            world.hear().await;
            assert!(world.rows.len() <= 1, "{:?}", world.rows);
        }
    }
}

/// While a pass has the device in hand nothing is judged; then it is, against what the pass wrote.
#[tokio::test]
async fn a_change_during_a_pass_is_judged_after_it_and_the_pass_is_not() {
    let mut world = World::start(Personality::eos());
    world.settled("at first").await;
    world.standard.send_replace(Standard::Busy);
    world.by_hand(&[], &[(MTU, json!(9000))]);
    world.by_hand(&[], &[(VLAN, json!("db"))]);
    let mut now = ours();
    now.extend(testing::tree(&SCHEMA, &[(MTU, "9000")]));
    world.standard.send_replace(held(now));
    world.differs("the pass set the MTU", &[(VLAN, "owned should be web, is db")]).await;
    world.by_hand(&[], &[(VLAN, json!("web"))]);
    world.differs("put right", &[]).await;
}

/// A fault of ours is told, and the device is watched again: here a leaf of which the schema has
/// no node, which nothing that a device says can make.
#[tokio::test]
async fn a_watcher_that_panics_says_so_and_goes_on() {
    let mut world = World::start(Personality::eos());
    world.settled("at first").await;
    let mut broken = ours();
    let leaf = broken.get(&path(MTU)).unwrap().clone();
    broken.insert(
        path("/interfaces/interface[name=Ethernet1]/config/nowhere"),
        Leaf { node: NodeId(u32::MAX), ..leaf },
    );
    world.standard.send_replace(held(broken));
    world.by_hand(&[], &[(MTU, json!(9000))]);
    let why = world.state(WatchState::Away).await;
    assert!(why.contains("a fault of ours, and is tried again"), "{why}");
    // the connection after it fails in the same way, and the next
    let before = world.device().connections_received();
    while world.device().connections_received() < before + 2 {
        tokio::task::yield_now().await;
    }
    world.standard.send_replace(held(ours()));
    world.differs("it goes on", &[(MTU, "owned should be 1500, is 9000")]).await;
}
