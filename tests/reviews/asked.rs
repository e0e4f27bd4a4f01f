//! What people ask in comments, and who is answered.

use gitfabric::forge::Kind;

use crate::world::{KINDS, World};

#[tokio::test(flavor = "multi_thread")]
async fn people_who_may_write_are_answered_in_our_one_comment() {
    for kind in KINDS {
        let world = World::new(kind);
        let agent = world.agent().await;
        let sets = world.lab.sets();
        let number = world.opens(|files| files.rename_vlan("ventas"));
        let first = world.reviewed(number).await;
        world.forge.says(number, "ada", "/gitfabric explain vlans/40.yaml");
        let said = world.comment(number, "it is answered", |body| body.contains("ada")).await;
        assert_eq!(said.id, first.id, "{kind}");
        assert!(said.body.contains("vlans/40.yaml"), "{kind}: {}", said.body);

        world.forge.says(number, "ada", "/gitfabric apply");
        let said = world.comment(number, "help is given", |body| body.contains("Nothing applies")).await;
        assert_eq!(said.id, first.id, "{kind}");
        assert_eq!(world.lab.sets(), sets, "{kind}: nothing was sent for a comment");
        agent.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_renewed_when_somebody_asks_and_by_nobody_else() {
    let world = World::new(Kind::GitHub);
    let agent = world.agent().await;
    let number = world.opens(|files| files.rename_vlan("ventas"));
    let first = world.reviewed(number).await;
    world.forge.says(number, "mallory", "/gitfabric plan");
    let refused =
        world.comment(number, "it is refused", |body| body.contains("Only people who may write")).await;
    assert_eq!(refused.id, first.id);
    // once each: no one can keep it busy
    world.forge.says(number, "mallory", "/gitfabric plan");
    world.forge.says(number, "mallory", "/gitfabric explain x");
    world.forge.requests();
    world.looks(3).await;
    assert_eq!(world.looks(3).await.writes, 0);
    world.forge.says(number, "ada", "/gitfabric plan");
    // made anew; within one second it says the same
    let path = format!("/pulls/{number}");
    world
        .until("it is renewed", || {
            world.forge.requests().iter().any(|request| request.target.ends_with(&path)).then_some(())
        })
        .await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_is_shown_as_it_stands_and_runs_nowhere() {
    let world = World::new(Kind::GitHub);
    let agent = world.agent().await;
    let number = world.opens(|files| files.rename_vlan("ventas"));
    world.reviewed(number).await;
    let asked = "<script>alert(1)</script> @everyone ](javascript:x) -->";
    world.forge.says(number, "ada", &format!("/gitfabric explain {asked}\n/gitfabric explain second"));
    let said = world.comment(number, "it is answered", |body| body.contains("alert(1)")).await;
    let around = said.body.replace(&format!("`{asked}`"), "");
    assert!(!around.contains("<script>") && !around.contains("@everyone"), "as code only: {}", said.body);
    assert!(!said.body.contains("second`"), "only the first line is a command: {}", said.body);
    agent.end().await;
}
