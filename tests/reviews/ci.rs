//! The CI step: the same bytes as the agent's, and what a job gets besides.

use std::process::{Command, Output};

use gitfabric::forge::Kind;
use serde_json::json;

use crate::forge::{Answer, Deed, On, TOKEN};
use crate::intent::Intent;
use crate::lab::Settings;
use crate::world::{World, reserved_port};

/// Runs `gitfabric comment` on the lab's repository with nothing of this process's environment.
fn comment(world: &World, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gitfabric"));
    command.arg("comment").arg("-C").arg(world.lab.repository()).args(arguments).env_clear();
    command.env("NO_COLOR", "1").env("FORGE_TOKEN", TOKEN).envs(variables.iter().copied()).output().unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A comment without the moment at which it was made.
fn timeless(body: &str) -> String {
    let is_time = |line: &str| line.contains("- At: ");
    body.lines().filter(|line| !is_time(line)).collect::<Vec<_>>().join("\n")
}

/// The environment of a job of GitHub Actions for a pull request.
fn github(world: &World, number: u64, of: &str) -> Vec<(&'static str, String)> {
    let event = json!({ "pull_request": {
        "number": number,
        "head": { "sha": world.head(number), "ref": "pr", "repo": { "full_name": of } },
        "base": { "sha": world.lab.head().as_str(), "ref": "main", "repo": { "full_name": "acme/net" } },
    }});
    std::fs::write(world.lab.path("event.json"), event.to_string()).unwrap();
    let server = world.forge.remote().replace("/acme/net.git", "");
    vec![
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_API_URL", format!("{server}/api/v3")),
        ("GITHUB_SERVER_URL", server),
        ("GITHUB_REPOSITORY", "acme/net".to_owned()),
        ("GITHUB_RUN_ID", "12".to_owned()),
        ("GITHUB_EVENT_PATH", world.lab.path("event.json").to_string_lossy().into_owned()),
        ("GITHUB_STEP_SUMMARY", world.lab.path("summary.md").to_string_lossy().into_owned()),
    ]
}

fn borrowed<'a>(variables: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_step_tells_the_very_bytes_that_the_agent_tells() {
    let (_port, address) = reserved_port();
    let web = format!("web: {{ listen: '{address}', stands: secret:ci/stands }}");
    let world = World::with(Kind::GitHub, Intent::pair(), Settings::default(), &web);
    world.lab.set_secret("ci/stands", "stands-token-of-the-agent");
    let agent = world.agent().await;
    let number = world.opens(|files| files.rename_vlan("ventas"));
    let by_agent = world.reviewed(number).await;
    let arguments = [
        "--forge",
        "github",
        "--forge-repository",
        &world.forge.remote(),
        "--pull-request",
        &number.to_string(),
        "--base",
        "main",
        "--head",
        &world.head(number),
        "--stands",
        &format!("http://{address}/v1/stands.json"),
    ];
    let token = [("GITFABRIC_STANDS_TOKEN", "stands-token-of-the-agent")];
    let output = comment(&world, &arguments, &token);
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(errors(&output), "");
    let by_step = world.ours(number, "<!-- gitfabric:plan").pop().unwrap();
    assert_eq!(by_step.id, by_agent.id);
    assert_eq!(timeless(&by_step.body), timeless(&by_agent.body));

    // a wrong token: planned without, and said
    let output = comment(&world, &arguments, &[("GITFABRIC_STANDS_TOKEN", "another")]);
    assert!(output.status.success());
    assert!(errors(&output).contains("planned without how the devices stand"), "{}", errors(&output));
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_github_actions_needs_no_flags() {
    let world = World::new(Kind::GitHub);
    let number = world.opens(|files| files.rename_vlan("ventas"));
    let page = world.lab.path("plan.html");
    let job = github(&world, number, "acme/net");
    let output = comment(&world, &["--page", page.to_str().unwrap()], &borrowed(&job));
    assert!(output.status.success(), "{}", errors(&output));
    let said = world.ours(number, "<!-- gitfabric:plan").pop().unwrap();
    assert!(said.body.contains("ventas") && said.body.contains("/actions/runs/12"), "{}", said.body);
    assert_eq!(world.forge.status(&world.head(number), "gitfabric/plan").unwrap().state, "success");
    let summary = std::fs::read_to_string(world.lab.path("summary.md")).unwrap();
    assert!(summary.contains("ventas"), "{summary}");
    assert!(std::fs::read_to_string(page).unwrap().contains("ventas"));

    // it does not compile: red, with the finding on its line
    let broken = world.opens(|files| files.write("vlans/40.yaml", "name: x\nvni: seven\nat: [leaf1-2]\n"));
    let job = github(&world, broken, "acme/net");
    let output = comment(&world, &[], &borrowed(&job));
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    assert!(printed(&output).contains("::error file=vlans/40.yaml,line=2,"), "{}", printed(&output));
    assert_eq!(world.forge.status(&world.head(broken), "gitfabric/plan").unwrap().state, "failure");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_out_of_a_fork_is_planned_and_says_why_it_cannot_comment() {
    let world = World::new(Kind::GitHub);
    let number = world.opens(|files| files.rename_vlan("ventas"));
    let forbidden = || Answer::json(403, &json!({"message": "Resource not accessible by integration"}));
    for (method, part) in [("POST", "/comments"), ("POST", "/statuses")] {
        world.forge.on(On::next(method, part), Deed::Answer(forbidden()));
    }
    let job = github(&world, number, "mallory/net");
    let output = comment(&world, &[], &borrowed(&job));
    assert!(output.status.success(), "{}", errors(&output));
    assert!(errors(&output).contains("may only read"), "{}", errors(&output));
    assert!(printed(&output).contains("2 of 3 devices change"), "{}", printed(&output));
    assert!(std::fs::read_to_string(world.lab.path("summary.md")).unwrap().contains("ventas"));
    assert_eq!(world.forge.comments(number), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_prints_and_writes_nothing_and_what_is_missing_is_asked_for() {
    let world = World::new(Kind::GitHub);
    let number = world.opens(|files| files.rename_vlan("ventas"));
    let head = world.head(number);
    let output = comment(&world, &["--base", "main", "--head", &head, "--dry-run"], &[]);
    assert!(output.status.success(), "{}", errors(&output));
    assert!(printed(&output).starts_with("<!-- gitfabric:plan evpn-lab -->\n"), "{}", printed(&output));
    assert_eq!(world.forge.calls().all, 0);
    let forge = ["--forge", "github"];
    for (case, arguments, expected) in [
        ("no base", vec!["--dry-run"], "--base is missing"),
        ("no forge", vec!["--base", "main"], "say --forge"),
        ("no number", [&["--base", "main"], &forge[..]].concat(), "--pull-request"),
        ("no such commit", vec!["--base", "main", "--head", "no-such", "--dry-run"], "--head no-such"),
    ] {
        let output = comment(&world, &arguments, &[]);
        assert_eq!(output.status.code(), Some(1), "{case}");
        assert!(errors(&output).contains(expected), "{case}: {}", errors(&output));
    }
    // a clone without its history
    let mut job = github(&world, number, "acme/net");
    job.push(("GITHUB_TOKEN", TOKEN.to_owned()));
    let event =
        std::fs::read_to_string(world.lab.path("event.json")).unwrap().replace(&head, &"d".repeat(40));
    std::fs::write(world.lab.path("event.json"), event).unwrap();
    let output = comment(&world, &[], &borrowed(&job));
    assert!(errors(&output).contains("fetch-depth: 0"), "{}", errors(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_renews_its_comment_when_the_pull_request_changes_nothing_any_more() {
    let world = World::new(Kind::GitHub);
    let number = world.opens(|files| files.rename_vlan("ventas"));
    let step = || comment(&world, &[], &borrowed(&github(&world, number, "acme/net")));
    assert!(step().status.success());
    world.pushes(number, |files| *files = Intent::pair());
    let output = step();
    assert!(output.status.success(), "{}", errors(&output));
    let said = world.ours(number, "<!-- gitfabric:plan").pop().unwrap();
    assert!(said.body.contains(&world.head(number)), "it still tells of the head before: {}", said.body);
}
