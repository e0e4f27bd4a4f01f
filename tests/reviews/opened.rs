//! A pull request from its opening on: one comment and one status, edited in place.

use gitfabric::forge::Kind;

use crate::forge::Entry;
use crate::intent::Intent;
use crate::lab::Settings;
use crate::world::{KINDS, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_is_told_what_it_would_do_and_again_when_it_moves() {
    for kind in KINDS {
        let world = World::new(kind);
        let agent = world.agent().await;
        let number = world.opens(|files| files.rename_vlan("ventas"));
        let first = world.reviewed(number).await;
        assert!(first.body.contains("leaf1") && first.body.contains("ventas"), "{kind}: {}", first.body);
        let (state, words) = world.plan_status(number, |_| true).await;
        assert_eq!(state, "success", "{kind}: {words}");

        // it is pushed to: the same comment
        world.pushes(number, |files| files.rename_vlan("compras"));
        let second = world.reviewed(number).await;
        assert_eq!(second.id, first.id, "{kind}");
        assert!(
            second.body.contains("compras") && !second.body.contains("ventas"),
            "{kind}: {}",
            second.body
        );

        // the branch moves: renewed by itself, and says what moved
        let before = world.lab.head();
        world.lab.commit("Another banner", |files| files.set_spine_raw("hello"));
        let third = world.reviewed(number).await;
        assert_eq!(third.id, first.id, "{kind}");
        assert!(third.body.contains(before.short()), "{kind}: the old base is named: {}", third.body);
        assert!(
            world.forge.statuses(&world.head(number)).iter().all(|stand| stand.context == "gitfabric/plan")
        );
        agent.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_without_news_is_a_few_conditional_calls_and_writes_nothing() {
    for kind in KINDS {
        let world = World::new(kind);
        let agent = world.agent().await;
        for name in ["uno", "dos", "tres", "cuatro", "cinco", "seis"] {
            let number = world.opens(|files| files.rename_vlan(name));
            world.reviewed(number).await;
        }
        // what was written is news to the list, and each is heard again once: on a busy machine late
        for _ in 0..10 {
            if world.looks(6).await.unconditional == 0 {
                break;
            }
        }
        let looks = 10;
        let calls = world.looks(looks).await;
        assert_eq!(calls.writes, 0, "{kind}: {calls:?}");
        assert!(calls.all <= 4 * (looks + 1), "{kind}: {calls:?}");
        if kind != Kind::Gitea {
            assert_eq!(calls.unconditional, 0, "{kind}: {calls:?}");
        }
        agent.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_that_does_not_touch_the_fabric_gets_a_green_check_and_no_comment() {
    let settings = Settings { path: Some("net"), ..Settings::default() };
    let world = World::with(Kind::GitHub, Intent::pair().moved("", "net/"), settings, "");
    let agent = world.agent().await;
    let other = world.opens(|files| files.write("docs/readme.yaml", "a: 1\n"));
    let (state, words) = world.status(&world.head(other), "gitfabric/plan/evpn-lab", |_| true).await;
    assert_eq!((state.as_str(), words.as_str()), ("success", "no file of evpn-lab is changed"));
    assert_eq!(world.forge.comments(other), []);

    // it touches the fabric after a push, and does not after another: the comment stays and says so
    world.pushes(other, |files| files.write("net/vlans/41.yaml", "name: new\nvni: 10041\nat: [leaf1-2]\n"));
    let head = world.head(other);
    let said = world.comment(other, "it is told", |body| body.contains(&head)).await;
    world.pushes(other, |files| files.remove("net/vlans/41.yaml"));
    let head = world.head(other);
    let again = world.comment(other, "it is told again", |body| body.contains(&head)).await;
    assert_eq!(again.id, said.id);
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_and_forks_are_reviewed_and_other_branches_are_none_of_ours() {
    for kind in KINDS {
        let world = World::new(kind);
        let agent = world.agent().await;
        let elsewhere = world
            .opens_as(Entry { base: "stable".into(), ..Entry::default() }, |files| files.rename_vlan("uno"));
        let draft =
            world.opens_as(Entry { draft: true, ..Entry::default() }, |files| files.rename_vlan("dos"));
        let fork =
            world.opens_as(Entry { of_fork: true, author: "mallory".into(), ..Entry::default() }, |files| {
                files.rename_vlan("tres");
            });
        world.reviewed(draft).await;
        world.reviewed(fork).await;
        assert_eq!(world.forge.comments(elsewhere), [], "{kind}");
        assert!(world.forge.statuses(&world.head(elsewhere)).is_empty(), "{kind}");
        agent.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_compile_is_told_on_its_line_and_what_conflicts_is_not_planned() {
    for kind in KINDS {
        let world = World::new(kind);
        let agent = world.agent().await;
        let diff = "diff --git a/vlans/40.yaml b/vlans/40.yaml\n--- a/vlans/40.yaml\n+++ b/vlans/40.yaml\n\
            @@ -1,2 +1,2 @@\n-name: x\n+name: x\n+vni: seven\n";
        let broken =
            world.opens(|files| files.write("vlans/40.yaml", "name: x\nvni: seven\nat: [leaf1-2]\n"));
        world.forge.change(broken, |entry| entry.diff = diff.to_owned());
        let said = world.reviewed(broken).await;
        assert!(said.body.contains("vlans/40.yaml"), "{kind}: {}", said.body);
        let (state, _) = world.plan_status(broken, |_| true).await;
        assert!(["failure", "failed"].contains(&state.as_str()), "{kind}: {state}");
        let lines = world
            .until("a comment stands on the line", || {
                let lines = world.forge.lines(broken);
                (!lines.is_empty()).then_some(lines)
            })
            .await;
        assert_eq!((lines[0].path.as_str(), lines[0].line), ("vlans/40.yaml", 2), "{kind}");

        // mended: the comment on the line goes
        world.pushes(broken, |files| files.write("vlans/40.yaml", "name: x\nvni: 10040\nat: [leaf1-2]\n"));
        world.reviewed(broken).await;
        world.until("the line is clean", || world.forge.lines(broken).is_empty().then_some(())).await;

        let conflict = world.opens(|files| files.rename_vlan("ventas"));
        world.reviewed(conflict).await;
        world.lab.commit("Ours", |files| files.rename_vlan("compras"));
        let said = world.reviewed(conflict).await;
        assert!(said.body.to_lowercase().contains("conflict"), "{kind}: {}", said.body);
        assert!(said.body.contains("vlans/40.yaml"), "{kind}: {}", said.body);
        agent.end().await;
    }
}
