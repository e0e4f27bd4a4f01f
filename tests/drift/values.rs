//! What a device holds otherwise and is no drift, and what is drift and not put back: defaults,
//! secrets, foreign entries where everything should be ours, what carries the agent.

use gitfabric::record::{DriftKind, NewsKind, Standing};
use gitfabric::simulator::{Defaults, GetPaths, MemberNames};
use serde_json::{Value as Json, json};

use crate::intent::Intent;
use crate::lab::Lab;
use crate::running::{soon, until};
use crate::world::{
    DESCRIPTION, ENABLED, OTHER, Ways, agent, by_hand, differs, held, in_order, is_awake, lab, lab_of, news,
    on, rows, told, told_by_now,
};

const BGP: &str = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp";
const USER: &str = "/system/aaa/authentication/users/user[username=eve]";
const VNI: &str = "/interfaces/interface[name=Vxlan1]/arista-vxlan/vlan-to-vnis/vlan-to-vni[vlan=66]";
const PORT: &str = "/system/grpc-servers/grpc-server[name=default]/config/port";
const PASSWORD: &str = "/network-instances/network-instance[name=gold]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/neighbors/neighbor[neighbor-address=10.90.90.1]/config/auth-password";

/// A device that spells out every default, one that hides them all, and one that has those that
/// somebody set: none of it is drift, a default that somebody changed is, on each of them, and it
/// is none any more once the default is back, whether by a value or by taking the leaf away.
#[tokio::test(flavor = "multi_thread")]
async fn a_default_is_the_same_said_or_unsaid_and_another_value_is_drift() {
    let ways: [(&str, Ways); 3] = [
        ("as set", |_| {}),
        ("all", |device| device.personality.defaults = Defaults::All),
        ("none", |device| device.personality.defaults = Defaults::Omitted),
    ];
    for (case, ways) in ways {
        let lab = lab_of(Intent::pair(), "{ default: alert }", "", ways);
        let agent = agent(&lab).await;
        assert_eq!(told_by_now(&lab).await, Vec::<String>::new(), "{case}");
        for back in ["a value", "nothing"] {
            by_hand(&lab, &[(ENABLED, json!(false))]);
            let found = differs(&lab, &[(ENABLED, DriftKind::Owned)]).await;
            let values = (found[0].recorded.as_deref(), found[0].live.as_deref());
            assert_eq!(values, (Some("true"), Some("false")), "{case}");
            match back {
                "a value" => by_hand(&lab, &[(ENABLED, json!(true))]),
                _ => on(&lab, "leaf1", &[ENABLED], &[]),
            }
            differs(&lab, &[]).await;
        }
        // away it is the default, and there again it is no other
        by_hand(&lab, &[(ENABLED, json!(true))]);
        on(&lab, "leaf1", &[ENABLED], &[]);
        assert_eq!(told_by_now(&lab).await, [ENABLED, ENABLED], "{case}");
        in_order(&lab).await;
        agent.end().await;
    }
}

/// Values spelled oddly, lists in another order, members with and without their module, answers
/// longer and shorter than their question, the last of the first state told twice.
#[tokio::test(flavor = "multi_thread")]
async fn other_ways_of_saying_the_same_are_no_drift() {
    let lab = lab_of(Intent::pair(), "{ default: correct }", "", |device| {
        let ways = &mut device.personality;
        (ways.odd_spelling, ways.reverses_leaf_lists, ways.replays_last) = (true, true, true);
        (ways.member_names, ways.get_paths) = (MemberNames::Prefixed, GetPaths::Shorter);
    });
    let mut agent = agent(&lab).await;
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent.settled(&renamed).await;
    let ours = held(&lab, "leaf1", DESCRIPTION).unwrap();
    by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
    soon("the correction", lab.device("leaf1").wait_for_ended_sets(3)).await;
    let seen = || (told(&lab, NewsKind::DriftCorrected) == [DESCRIPTION]).then_some(());
    until("it is put back", seen, || format!("{:#?}", rows(&lab, "leaf1"))).await;
    agent.settled(&renamed).await;
    assert_eq!(held(&lab, "leaf1", DESCRIPTION).unwrap(), ours);
    assert_eq!(told(&lab, NewsKind::DriftFound), [DESCRIPTION], "and nothing else, on any device");
    in_order(&lab).await;
    agent.end().await;
}

/// A border leaf whose VRF peer has a password.
fn with_password(policy: &str, config: &str, ways: Ways) -> Lab {
    let mut intent = Intent::border();
    intent.replace("vrfs/gold.yaml", "asn: 64999", "asn: 64999, password: secret:bgp/border");
    let lab = lab_of(intent, policy, config, ways);
    lab.set_secret("bgp/border", "Quagga-7731-Zebra");
    lab
}

/// A device that hashes with a new salt at each answer: it is never drift, nobody is told, and
/// nothing is sent for it, also when everything is read back again and again.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_hashed_anew_at_each_answer_is_never_drift() {
    let lab = with_password("{ default: correct }", "full-read-back: 500ms", |device| {
        device.personality.resalts = true;
    });
    let mut agent = agent(&lab).await;
    for times in [1, 2] {
        on(&lab, "leaf7", &[], &[(DESCRIPTION, json!("by hand"))]);
        let seen = || (told(&lab, NewsKind::DriftCorrected).len() == times).then_some(());
        until("it is put back", seen, || format!("{:#?}", rows(&lab, "leaf7"))).await;
    }
    let turns = agent.until("it is current", |_| true).await.turns;
    let later = agent.until("more read-backs", |report| report.turns >= turns + 3).await;
    for device in &later.devices {
        assert_eq!(device.standing, Standing::Current, "{}: {:?}", device.device, device.reason);
    }
    assert_eq!(rows(&lab, "leaf7"), []);
    assert_eq!(told(&lab, NewsKind::DriftFound), [DESCRIPTION, DESCRIPTION]);
    assert_eq!(lab.device("leaf7").sets_received(), 3);
    agent.end().await;
}

/// Another password, and a device that saves its configuration with another salt: what stands
/// there cannot be seen, so it is told, once, without a word of it, and never put back.
#[tokio::test(flavor = "multi_thread")]
async fn another_hash_of_a_password_is_told_and_never_put_back() {
    for by_salt in [false, true] {
        let lab = with_password("{ default: correct }", "", |_| {});
        let mut agent = agent(&lab).await;
        if by_salt {
            lab.device("leaf7").rehash();
        } else {
            on(&lab, "leaf7", &[], &[(PASSWORD, json!("Oryx-4402-Impala"))]);
        }
        let shown = held(&lab, "leaf7", PASSWORD).unwrap();
        let seen = || rows(&lab, "leaf7").into_iter().find(|row| row.path == PASSWORD);
        let row = until("it is seen", seen, || format!("{:#?}", rows(&lab, "leaf7"))).await;
        assert_eq!(row.kind, DriftKind::Secret);
        assert_eq!(row.recorded.as_deref(), Some("secret:bgp/border"));
        on(&lab, "leaf7", &[], &[(DESCRIPTION, json!("by hand"))]);
        soon("the correction", lab.device("leaf7").wait_for_ended_sets(2)).await;
        agent.stands("leaf7", Standing::Drifted).await;
        assert_eq!(held(&lab, "leaf7", PASSWORD).unwrap(), shown, "it is nobody's to send");
        let told = told(&lab, NewsKind::DriftFound);
        assert_eq!(told.iter().filter(|path| **path == PASSWORD).count(), 1, "{told:?}");
        let all = format!("{:?}{row:?}", news(&lab, NewsKind::DriftFound));
        assert!(!all.contains("Oryx") && !all.contains("Quagga") && !all.contains(&shown), "{all}");
        agent.end().await;
    }
}

/// A user, a BGP neighbour and a VNI that nobody asked for, on a fabric where everything is put
/// back: each is told as foreign, without its values, and each stays until a person takes it away.
#[tokio::test(flavor = "multi_thread")]
async fn a_rogue_user_neighbour_or_vni_is_told_and_never_taken_away() {
    let lab = lab("{ default: correct }", "");
    let mut agent = agent(&lab).await;
    is_awake(&lab).await;
    let neighbour = format!("{BGP}/neighbors/neighbor[neighbor-address=192.0.2.7]");
    by_hand(
        &lab,
        &[
            (USER, json!({"username": "eve", "config": {"username": "eve", "role": "network-admin"}})),
            (
                &neighbour,
                json!({"neighbor-address": "192.0.2.7",
                "config": {"neighbor-address": "192.0.2.7", "peer-as": 64700, "description": "do not look"}}),
            ),
            (VNI, json!({"vlan": 66, "config": {"vlan": 66, "vni": 6666}})),
        ],
    );
    let strict = DriftKind::Strict;
    let found = differs(&lab, &[(USER, strict), (&neighbour, strict), (VNI, strict)]).await;
    assert!(found.iter().all(|row| row.recorded.is_none()), "{found:#?}");
    let told_so_far = news(&lab, NewsKind::DriftFound).split_off(1);
    assert_eq!(told_so_far.len(), 1, "{told_so_far:#?}");
    assert!(!format!("{told_so_far:?}{found:?}").contains("do not look"), "{told_so_far:#?}");

    // what is ours is put back around it, and it stays
    let ours = held(&lab, "leaf1", OTHER);
    by_hand(&lab, &[(OTHER, json!("by hand"))]);
    soon("the correction", lab.device("leaf1").wait_for_ended_sets(2)).await;
    let renamed = lab.commit("Rename VLAN 40", |files| files.rename_vlan("web"));
    agent.settled(&renamed).await;
    assert_eq!(held(&lab, "leaf1", OTHER), ours);
    for leaf in
        [format!("{USER}/config/role"), format!("{neighbour}/config/peer-as"), format!("{VNI}/config/vni")]
    {
        assert!(held(&lab, "leaf1", &leaf).is_some(), "{leaf}");
    }
    differs(&lab, &[(USER, strict), (&neighbour, strict), (VNI, strict)]).await;
    on(&lab, "leaf1", &[USER, &neighbour, VNI], &[]);
    differs(&lab, &[]).await;
    let gone = told(&lab, NewsKind::DriftGone);
    assert!([USER, &neighbour, VNI].iter().all(|path| gone.iter().any(|it| it == path)), "{gone:?}");
    agent.end().await;
}

/// A leaf that nobody asked for inside of an entry of ours, where everything should be ours.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_leaf_in_a_neighbour_of_ours_is_told_and_stays() {
    let lab = lab("{ default: correct }", "");
    let agent = agent(&lab).await;
    let neighbour = format!("{BGP}/neighbors/neighbor[neighbor-address=10.0.1.0]");
    let leaf = format!("{neighbour}/config/description");
    assert_eq!(held(&lab, "leaf1", &leaf), None);
    by_hand(&lab, &[(&leaf, json!("do not look"))]);
    differs(&lab, &[(&leaf, DriftKind::Strict)]).await;
    assert_eq!(told_by_now(&lab).await, [leaf.as_str()]);
    assert_eq!(held(&lab, "leaf1", &leaf).as_deref(), Some("do not look"));
    agent.end().await;
}

/// What `bootstrap` prints is not what stands there: it is told and never sent, whatever the
/// policy, and gone once it is right again. What somebody adds beside it is not even that.
#[tokio::test(flavor = "multi_thread")]
async fn what_carries_the_agent_is_told_and_never_put_back() {
    let lab = lab("{ default: correct }", "");
    let mut agent = agent(&lab).await;
    let before = held(&lab, "leaf1", PORT).unwrap();
    by_hand(&lab, &[(PORT, json!(6031)), (OTHER, json!("by hand"))]);
    soon("the correction", lab.device("leaf1").wait_for_ended_sets(2)).await;
    let found = differs(&lab, &[(PORT, DriftKind::Protected)]).await;
    assert_eq!(found[0].recorded.as_deref(), Some(&*before));
    agent.stands("leaf1", Standing::Current).await;
    assert_eq!(held(&lab, "leaf1", PORT).as_deref(), Some("6031"));
    let sent = lab.device("leaf1").sets().into_iter().flat_map(|set| set.operations);
    let sent: Vec<String> = sent.map(|(_, path)| path.to_string()).collect();
    assert!(!sent.iter().any(|path| path != "/" && PORT.starts_with(path.as_str())), "{sent:?}");

    by_hand(&lab, &[(PORT, before.parse::<u16>().map(Json::from).unwrap())]);
    differs(&lab, &[]).await;
    let found = told(&lab, NewsKind::DriftFound);
    assert_eq!(found.iter().filter(|path| **path == PORT).count(), 1, "{found:?}");
    assert!(told(&lab, NewsKind::DriftGone).contains(&PORT.to_owned()));
    agent.end().await;
}
