//! Promise 11: laptop, CI job and agent print the same plan for the same inputs.

use gitfabric::compile::Engine;
use gitfabric::git::repository::Repository;
use gitfabric::git::snapshot::Snapshot;
use gitfabric::plan::{Revision, plan_of_builds, render};

use crate::intent::Intent;
use crate::lab::Lab;

/// What the binary prints between two commits is what the library gives, byte for byte,
/// with an engine that has seen nothing and with one that came there step by step, as the
/// agent's does.
#[tokio::test(flavor = "multi_thread")]
async fn the_binary_and_the_library_print_the_same_plan_byte_for_byte() {
    let lab = Lab::new(Intent::example());
    let from = lab.head();
    lab.commit("A detour", |files| {
        files.rename_vlan("detour");
        files.replace("fabric.yaml", "mtu: 9214", "mtu: 1500");
    });
    lab.revert();
    let to = lab.commit("Several things", |files| {
        files.rename_vlan("web");
        files.remove("vlans/900.yaml");
        files.replace("vrfs/gold.yaml", "peers:", "# peers:");
        files.replace("vrfs/gold.yaml", "  border:", "#  border:");
        files.write("vlans/60.yaml", "name: db\nvni: 110060\nat: [leaf1-2, leaf3-4]\n");
    });
    let repository = Repository::open(&lab.repository()).unwrap();
    let mut steady = Engine::new();
    for commit in repository.log(None, &to, 10).unwrap().iter().rev() {
        steady.build(&Snapshot::of_commit(&repository, &commit.id, None).unwrap());
    }
    let [mut text, mut json, mut markdown] = [const { Vec::new() }; 3];
    for engine in [&mut Engine::new(), &mut steady] {
        let mut build = |commit| engine.build(&Snapshot::of_commit(&repository, commit, None).unwrap());
        let (before, after) = (build(&from), build(&to));
        let revisions = (Some(Revision::Commit(from.clone())), Revision::Commit(to.clone()));
        let plan = plan_of_builds(&before.devices, after.fabric.as_ref().unwrap(), &after.devices, revisions);
        text.push(render::text(&plan, render::Style::default()));
        json.push(render::json(&plan));
        markdown.push(render::markdown(&plan));
    }
    let plan = ["plan", from.as_str(), to.as_str(), "-C", "intent.git"];
    text.push(lab.printed(&plan));
    json.push(lab.printed(&[&plan[..], &["--json"]].concat()));
    markdown.push(lab.printed(&[&plan[..], &["--format", "markdown"]].concat()));
    for printed in [text, json, markdown] {
        assert!(printed[0].contains("web"), "{}", printed[0]);
        assert_eq!(printed[0], printed[1], "an engine that came step by step");
        assert_eq!(printed[0], printed[2], "the binary");
    }
}

/// The tree that the agent puts on a device is the one that `gitfabric compile` writes.
#[tokio::test(flavor = "multi_thread")]
async fn the_agent_applies_what_compile_writes() {
    let lab = Lab::new(Intent::pair());
    let mut agent = crate::running::Running::start(&lab);
    agent.settled(&lab.head()).await;
    agent.end().await;
    lab.printed(&["compile", "intent.git", "--commit", "HEAD", "--out", "compiled"]);
    for (name, owned) in lab.owned() {
        let file = lab.path(&format!("compiled/{name}.json"));
        let compiled: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!(compiled, serde_json::from_str::<serde_json::Value>(&owned).unwrap(), "{name}");
    }
}
