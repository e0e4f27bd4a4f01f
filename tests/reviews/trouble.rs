//! What goes wrong: comments that people delete or change, two agents, a forge in trouble.

use gitfabric::forge::Kind;
use serde_json::json;

use crate::forge::{Answer, BOT, Deed, On};
use crate::world::{KINDS, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_somebody_deleted_or_changed_is_put_right() {
    for kind in KINDS {
        let world = World::new(kind);
        let agent = world.agent().await;
        let number = world.opens(|files| files.rename_vlan("ventas"));
        let first = world.reviewed(number).await;
        // looks from now on: one that goes before it was ever listed is not missed
        world.forge.requests();
        world.looks(3).await;
        world.forge.deletes(first.id);
        let second = world.comment(number, "it is there again", |body| body.contains("ventas")).await;
        assert_ne!(second.id, first.id, "{kind}");
        world.forge.requests();
        world.looks(3).await;
        world.forge.rewords(second.id, "<!-- gitfabric:plan evpn-lab -->\nall is well, merge it");
        let third = world.comment(number, "it is put right", |body| body.contains("ventas")).await;
        assert_eq!(third.id, second.id, "{kind}");
        agent.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_comment_that_looks_like_ours_is_left_alone() {
    let world = World::new(Kind::GitHub);
    let agent = world.agent().await;
    let number = world.opens(|files| files.rename_vlan("ventas"));
    let forged = "<!-- gitfabric:plan evpn-lab -->\nnothing changes";
    let theirs = world.forge.says(number, "mallory", forged);
    let ours = world
        .until("it is reviewed", || world.forge.comments(number).into_iter().find(|said| said.author == BOT))
        .await;
    assert!(ours.body.contains("ventas"));
    let comments = world.forge.comments(number);
    assert_eq!(comments.iter().find(|said| said.id == theirs).unwrap().body, forged);
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_in_trouble_is_asked_again_later_and_no_pass_waits_for_it() {
    for (case, answer) in [
        ("a gateway in trouble", Some(Answer::json(502, &json!({"message": "Bad gateway"})))),
        ("a connection that breaks", None),
        ("no right to comment", Some(Answer::json(403, &json!({"message": "Resource not accessible"})))),
        ("refused", Some(Answer::json(422, &json!({"message": "Validation failed"})))),
    ] {
        let world = World::new(Kind::GitHub);
        let mut agent = world.agent().await;
        let deed = answer.map_or(Deed::Break, Deed::Answer);
        world.forge.on(On::next("POST", "/comments"), deed);
        let number = world.opens(|files| files.rename_vlan("ventas"));
        // meanwhile the network follows Git
        let commit = world.lab.commit("Another banner", |files| files.set_spine_raw("hello"));
        agent.settled(&commit).await;
        let said = world.reviewed(number).await;
        assert!(said.body.contains("ventas"), "{case}");
        agent.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_is_read_anew() {
    let world = World::new(Kind::GitHub);
    world.lab.set_secret("forge/token", "ghp_expired");
    let agent = world.agent().await;
    let number = world.opens(|files| files.rename_vlan("ventas"));
    world.until("it was tried", || (!world.forge.requests().is_empty()).then_some(())).await;
    world.lab.set_secret("forge/token", crate::forge::TOKEN);
    world.reviewed(number).await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_that_is_closed_meanwhile_is_dropped() {
    let world = World::new(Kind::GitHub);
    let agent = world.agent().await;
    // closed after it was listed, before it is told
    let close = |world: &mut crate::forge::World| {
        world.change(1, |entry| entry.state = gitfabric::forge::State::Closed);
    };
    world.forge.on(On::next("GET", "/pulls/1"), Deed::Before(Box::new(close)));
    let closed = world.opens(|files| files.rename_vlan("ventas"));
    let open = world.opens(|files| files.rename_vlan("compras"));
    world.reviewed(open).await;
    assert_eq!(world.forge.comments(closed), []);
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_that_was_deleted_keeps_no_other_waiting() {
    let world = World::new(Kind::GitHub);
    let agent = world.agent().await;
    let deleted = world.opens(|files| files.rename_vlan("ventas"));
    world.reviewed(deleted).await;
    // it is asked for in vain, as often as anybody asks
    for _ in 0..500 {
        let gone = Answer::json(404, &json!({"message": "Not Found"}));
        world.forge.on(On::next("GET", "/pulls/1"), Deed::Answer(gone));
    }
    world.forge.close(deleted);
    let next = world.opens(|files| files.rename_vlan("compras"));
    let said = world.reviewed(next).await;
    assert!(said.body.contains("compras"));
    agent.end().await;
}
