//! What people who know EOS read: the real binary's `compile --format eos` and
//! `plan --view eos`, which show the trees and the plan and nothing of their own.

use std::collections::BTreeSet;

use gitfabric::compile::Engine;
use gitfabric::git::repository::Repository;
use gitfabric::git::snapshot::Snapshot;
use gitfabric::plan::{Revision, commands, plan_of_builds, render};
use gitfabric::platform::cli::{CliLine, Sign};
use gitfabric::yang::Path;

use crate::intent::Intent;
use crate::lab::Lab;

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_as_eos_commands_is_the_same_from_the_binary_and_the_library() {
    let lab = Lab::new(Intent::example());
    let from = lab.head();
    let to = lab.commit("A VLAN comes, another goes", |files| {
        files.write("vlans/41.yaml", "name: web\nvni: 110041\nat: [leaf1-2]\n");
        files.replace("pairs/leaf1-2.yaml", "vlans: [40]", "vlans: [40, 41]");
        files.remove("vlans/900.yaml");
        files.replace("vrfs/gold.yaml", "peers:", "# peers:");
        files.replace("vrfs/gold.yaml", "  border:", "#  border:");
    });
    let repository = Repository::open(&lab.repository()).unwrap();
    let mut engine = Engine::new();
    let mut build = |commit| engine.build(&Snapshot::of_commit(&repository, commit, None).unwrap());
    let (before, after) = (build(&from), build(&to));
    let revisions = (Some(Revision::Commit(from.clone())), Revision::Commit(to.clone()));
    let plan = plan_of_builds(&before.devices, after.fabric.as_ref().unwrap(), &after.devices, revisions);
    let lines = commands(&plan, &after.devices);

    // what changes between the trees, and every leaf of the plan behind a line that does
    // something; defaults that go with their entry are not in the plan
    for (name, lines) in &lines {
        let cli = after.devices[name].profile.cli;
        let between = cli.changes(&before.devices[name].tree, &after.devices[name].tree);
        let said = |lines: &[CliLine]| -> Vec<String> {
            let line = |line: &CliLine| {
                format!("{} {} {} {:?}", line.depth, line.sign.as_char(), line.text, line.origin)
            };
            lines.iter().map(line).collect()
        };
        assert_eq!(said(lines), said(&between), "{name}");
        let told: BTreeSet<&Path> =
            lines.iter().filter(|line| line.sign != Sign::Context).flat_map(|line| &line.leaves).collect();
        for change in &plan.devices[name].changes {
            assert!(told.contains(&change.path), "{name}: {} is silent", change.path);
        }
    }
    let arguments = ["plan", from.as_str(), to.as_str(), "-C", "intent.git", "--view", "eos"];
    let text = lab.printed(&arguments);
    assert_eq!(text, render::text_commands(&plan, &lines, render::Style::default()));
    let markdown = lab.printed(&[&arguments[..], &["--format", "markdown"]].concat());
    assert_eq!(markdown, render::markdown_commands(&plan, &lines));
    let commits = [(from.as_str(), "[FROM]"), (to.as_str(), "[TO]")];
    let commits = commits.map(|(commit, word)| (commit.get(..7).unwrap(), word));
    let seen = commits.into_iter().fold(text + &markdown, |text, (commit, word)| text.replace(commit, word));
    insta::assert_snapshot!(seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn compile_writes_the_commands_of_a_device_and_json_unless_asked() {
    let lab = Lab::new(Intent::example());
    let device = ["--device", "leaf1", "--commit", "main"];
    let said =
        lab.printed(&[&["compile", "intent.git", "--out", "cfg", "--format", "eos"], &device[..]].concat());
    assert!(said.starts_with("cfg/leaf1.cfg  "), "{said}");
    insta::assert_snapshot!(std::fs::read_to_string(lab.path("cfg/leaf1.cfg")).unwrap());
    let said = lab.printed(&[&["compile", "intent.git", "--out", "json"], &device[..]].concat());
    assert!(said.starts_with("json/leaf1.json  "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_holds_leaves_and_says_so_when_it_is_asked_for_commands() {
    let lab = Lab::new(Intent::pair());
    let output = lab.gitfabric(&["plan", "HEAD", "HEAD", "-C", "intent.git", "--view", "eos", "--json"]);
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("--view eos goes with --format text or markdown"), "{errors}");
}
