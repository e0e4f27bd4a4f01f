//! After the merge: `gitfabric/apply` on the commit, and a comment that closes the story.

use gitfabric::forge::Kind;

use crate::intent::Intent;
use crate::lab::Settings;
use crate::world::{KINDS, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_is_followed_to_the_last_device_and_so_is_its_revert() {
    for kind in KINDS {
        let world = World::new(kind);
        let mut agent = world.agent().await;
        let before = world.lab.trees();
        let number = world.opens(|files| files.rename_vlan("ventas"));
        world.reviewed(number).await;
        let commit = world.merges(number);
        agent.settled(&commit).await;
        let (state, words) = world.status(commit.as_str(), "gitfabric/apply", |_| true).await;
        assert_eq!((state.as_str(), words.as_str()), ("success", "3 devices recorded"), "{kind}");
        let told: Vec<String> =
            world.forge.statuses(commit.as_str()).into_iter().map(|stand| stand.description).collect();
        let story = world
            .until("the story is closed", || world.ours(number, "<!-- gitfabric:applied evpn-lab -->").pop())
            .await;
        for expected in [commit.as_str(), "2 devices changed", "| leaf1 |", "| leaf2 |", "History of `main`"]
        {
            assert!(story.body.contains(expected), "{kind}: {expected} is not in {}", story.body);
        }
        assert!(!story.body.contains("spine1"), "{kind}: {}", story.body);
        assert_eq!(told.last().map(String::as_str), Some("3 devices recorded"), "{kind}: {told:?}");

        // taken back by a pull request of its own
        let revert = world.opens(|files| *files = Intent::pair());
        world.reviewed(revert).await;
        let reverted = world.merges(revert);
        agent.settled(&reverted).await;
        world.status(reverted.as_str(), "gitfabric/apply", |state| state == "success").await;
        assert!(world.lab.trees() == before, "{kind}: every device is as it was");
        agent.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_is_told_once_also_over_a_restart() {
    let world = World::new(Kind::GitHub);
    let agent = world.agent().await;
    let number = world.opens(|files| files.rename_vlan("ventas"));
    world.reviewed(number).await;
    agent.end().await;

    // merged while no agent ran
    let commit = world.merges(number);
    let agent = world.agent().await;
    world.status(commit.as_str(), "gitfabric/apply", |state| state == "success").await;
    let marker = "<!-- gitfabric:applied evpn-lab -->";
    world.until("the story is closed", || world.ours(number, marker).pop()).await;
    agent.end().await;

    world.forge.requests();
    let agent = world.agent().await;
    let calls = world.looks(3).await;
    assert_eq!(calls.writes, 0, "nothing is told twice");
    assert_eq!(world.ours(number, marker).len(), 1);
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_may_not_count_or_that_a_device_refuses_is_told_with_the_reason() {
    let world = World::new(Kind::GitHub);
    let mut agent = world.agent().await;
    let broken = world.opens(|files| files.write("vlans/40.yaml", "name: x\nvni: seven\nat: [leaf1-2]\n"));
    world.reviewed(broken).await;
    let commit = world.merges(broken);
    let (state, words) = world.status(commit.as_str(), "gitfabric/apply", |_| true).await;
    assert_eq!(state, "failure");
    assert!(words.starts_with("refused: 1 error in 1 file"), "{words}");
    let marker = "<!-- gitfabric:applied evpn-lab -->";
    let story = world.until("the story is told", || world.ours(broken, marker).pop()).await;
    assert!(story.body.contains("does not hold"), "{}", story.body);

    // mended by the next commit: the same comment says so
    let mended = world
        .lab
        .commit("Mended", |files| files.write("vlans/40.yaml", "name: x\nvni: 10040\nat: [leaf1-2]\n"));
    agent.settled(&mended).await;
    world.status(commit.as_str(), "gitfabric/apply", |state| state == "success").await;
    let again = world
        .until("the story is mended", || {
            world.ours(broken, marker).pop().filter(|said| !said.body.contains("does not hold"))
        })
        .await;
    assert_eq!(again.id, story.id);
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_only_observes_reviews_and_says_nothing_of_applying() {
    let settings = Settings { config: "mode: observe", ..Settings::default() };
    let world = World::with(Kind::GitHub, Intent::pair(), settings, "");
    let agent = crate::running::Running::start(&world.lab);
    let number = world.opens(|files| files.rename_vlan("ventas"));
    world.reviewed(number).await;
    let commit = world.merges(number);
    world.forge.requests();
    world.looks(3).await;
    assert!(world.forge.statuses(commit.as_str()).is_empty());
    assert!(world.ours(number, "<!-- gitfabric:applied").is_empty());
    agent.end().await;
}
