//! The examples of `packaging/`, its how-tos, and the README's review and drift are true:
//! flags exist, configurations are accepted, commands run and print what is shown.
//!
//! Elsewhere: the README's way from NetBox (`tests/netbox`), `agent.yaml` (`agent::config`).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use gitfabric::agent::config::Config;
use serde_json::Value;

/// Every file that shows `gitfabric export`, below `packaging/`.
const EXAMPLES: [&str; 7] = [
    "gitfabric-export.service",
    "gitfabric-export-watch.conf",
    "kubernetes/export-cronjob.yaml",
    "kubernetes/export-watch.yaml",
    "ci/github-export.yaml",
    "ci/gitlab-export.yaml",
    "netbox/README.md",
];

/// Every file that shows `gitfabric comment`, and where its forge has a repository.
const REVIEWS: [(&str, &str); 6] = [
    ("ci/github-review.yaml", "https://github.com/acme/net.git"),
    ("ci/gitlab-review.yaml", "https://gitlab.com/acme/net.git"),
    ("ci/gitea-review.yaml", "https://gitea.example.net/acme/net.git"),
    ("forge/github.md", "https://github.com/acme/net.git"),
    ("forge/gitlab.md", "https://gitlab.com/acme/net.git"),
    ("forge/gitea.md", "https://gitea.example.net/acme/net.git"),
];

/// What every configuration of an agent has.
const AGENT: &str = "
state: state
devices: { username: gitfabric, password: secret:gnmi/password, tls: { ca: ca.pem } }
";

/// Variables by which a CI says that it is one, and tokens.
const OF_CI: [&str; 9] = [
    "GITHUB_ACTIONS",
    "GITEA_ACTIONS",
    "FORGEJO_ACTIONS",
    "GITLAB_CI",
    "GITHUB_STEP_SUMMARY",
    "FORGE_TOKEN",
    "GITHUB_TOKEN",
    "GITFABRIC_STANDS_TOKEN",
    "GITFABRIC_CONFIG",
];

/// Flags of other programs that the same files show.
const OF_OTHERS: [&str; 2] = ["--now", "--from-file"];

/// The `--flag`s in a text, without their values.
fn flags(text: &str) -> BTreeSet<String> {
    text.split(|c: char| c.is_whitespace() || "`,:;=[]()<>".contains(c))
        .filter(|word| word.starts_with("--") && !word.starts_with("---") && word.len() > 2)
        .filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        .map(str::to_owned)
        .collect()
}

fn packaging(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The flags of these files that the help of a command does not name.
fn unknown_flags<'f>(
    command: &str,
    files: impl IntoIterator<Item = &'f str>,
) -> BTreeMap<&'f str, Vec<String>> {
    let help = Command::new(env!("CARGO_BIN_EXE_gitfabric")).args([command, "--help"]).output().unwrap();
    assert!(help.status.success(), "{}", String::from_utf8_lossy(&help.stderr));
    let known = flags(&String::from_utf8(help.stdout).unwrap());
    let is_strange = |flag: &String| !known.contains(flag) && !OF_OTHERS.contains(&&**flag);
    let strange = |file| flags(&packaging(file)).into_iter().filter(is_strange).collect::<Vec<_>>();
    let found = files.into_iter().map(|file| (file, strange(file)));
    found.filter(|(_, strange)| !strange.is_empty()).collect()
}

#[test]
fn every_flag_of_the_examples_exists() {
    for example in EXAMPLES {
        assert!(packaging(example).contains("--netbox"), "{example} shows no export");
    }
    assert_eq!(unknown_flags("export", EXAMPLES), BTreeMap::new(), "unknown to `gitfabric export`");
    for (file, _) in REVIEWS {
        assert!(packaging(file).contains("gitfabric comment"), "{file} shows no review");
    }
    let files = REVIEWS.map(|(file, _)| file);
    assert_eq!(unknown_flags("comment", files), BTreeMap::new(), "unknown to `gitfabric comment`");
}

/// The texts and numbers at the end of all keys of this name, wherever they stand.
fn under(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if key == name => found.push(text.clone()),
                    Value::Number(number) if key == name => found.push(number.to_string()),
                    Value::Array(texts) if key == name => {
                        found.extend(texts.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    value => under(value, name, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| under(value, name, found)),
        _ => {}
    }
}

fn yaml(file: &str) -> Value {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(&packaging(file), options)
        .unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn the_ci_files_are_yaml_that_clones_the_whole_history_and_runs_the_review() {
    for (file, depth, run) in [
        ("ci/github-review.yaml", "fetch-depth", "run"),
        ("ci/gitea-review.yaml", "fetch-depth", "run"),
        ("ci/gitlab-review.yaml", "GIT_DEPTH", "script"),
    ] {
        let value = yaml(file);
        let of = |name: &str| {
            let mut found = Vec::new();
            under(&value, name, &mut found);
            found
        };
        assert_eq!(of(depth), ["0"], "{file}: without its history nothing can be merged");
        let runs = of(run);
        assert!(runs.iter().any(|line| line.starts_with("gitfabric comment")), "{file}: {runs:?}");
    }
}

/// The text of fenced blocks of a language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    text.split(&*fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_configuration_of_the_pages_is_accepted_by_the_agent() {
    for (file, repository) in REVIEWS.into_iter().filter(|(file, _)| file.starts_with("forge/")) {
        let page = packaging(file);
        let configurations = blocks(&page, "yaml");
        assert_eq!(configurations.len(), 2, "{file}");
        for shown in configurations {
            let text = format!("{AGENT}repository: {{ url: '{repository}' }}\n{shown}");
            let config = Config::parse(&text, Path::new("/etc/gitfabric"));
            let config = config.unwrap_or_else(|error| panic!("{file}: {error}\n{shown}"));
            assert!(config.forge.is_some(), "{file}: {shown}");
        }
    }
}

#[test]
fn every_configuration_of_the_page_on_alerts_is_accepted_by_the_agent() {
    let page = packaging("alerts/README.md");
    let configurations = blocks(&page, "yaml");
    assert_eq!(configurations.len(), 2);
    for shown in configurations {
        let text = format!("{AGENT}repository: {{ url: 'https://git.example.net/net.git' }}\n{shown}");
        let config = Config::parse(&text, Path::new("/etc/gitfabric"));
        let config = config.unwrap_or_else(|error| panic!("{error}\n{shown}"));
        assert!(config.alerts.is_some(), "{shown}");
    }
}

#[test]
fn the_examples_of_who_is_told_are_yaml_and_name_alerts_and_fields_that_exist() {
    let page = packaging("alerts/README.md");
    let mut matchers = Vec::new();
    under(&yaml("alerts/alertmanager.yaml"), "target_matchers", &mut matchers);
    under(&yaml("alerts/alertmanager.yaml"), "source_matchers", &mut matchers);
    let named: Vec<&str> = matchers
        .iter()
        .flat_map(|matcher| matcher.split(['"', '|']))
        .filter(|word| word.starts_with("Gitfabric"))
        .collect();
    assert_eq!(named.len(), 3, "{matchers:?}");
    for name in named {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
    let flow = yaml("alerts/kestra.yaml").to_string();
    for field in ["device", "path", "current_value", "timestamp"] {
        assert!(flow.contains(field) && page.contains(&format!("`{field}`")), "{field}");
    }
}

#[test]
fn every_file_that_the_pages_and_the_readme_link_to_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in [
        "README.md",
        "packaging/alerts/README.md",
        "packaging/forge/gitea.md",
        "packaging/forge/github.md",
        "packaging/forge/gitlab.md",
        "packaging/netbox/README.md",
    ] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        let links: Vec<&str> = links.filter(|link| !link.contains("://") && !link.starts_with('#')).collect();
        assert!(!links.is_empty(), "{page}");
        let folder = root.join(page).parent().unwrap().to_owned();
        for link in links {
            assert!(folder.join(link).exists(), "{page}: {link}");
        }
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=ada", "-c", "user.email=ada@example.net", "-c", "commit.gpgsign=false"];
    let done = Command::new("git").arg("-C").arg(folder).args(identity).args(arguments).output().unwrap();
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// The example with a pull request: VLAN 60 on two pairs.
fn pull_request(folder: &Path) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
    let copied = Command::new("/bin/cp").arg("-R").arg(example.join(".")).arg(folder).status().unwrap();
    assert!(copied.success());
    git(folder, &["init", "-q", "-b", "main"]);
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "the lab"]);
    git(folder, &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    git(folder, &["checkout", "-q", "-b", "vlan-60"]);
    let vlan = "name: db\nvni: 110060\nat: [leaf1-2, leaf5-6]\n";
    std::fs::write(folder.join("vlans/60.yaml"), vlan).unwrap();
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "vlans: add 60"]);
}

/// A section of the README.
fn section(heading: &str) -> &'static str {
    let readme = include_str!("../README.md");
    let section = readme.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    section.split("\n## ").next().unwrap()
}

#[test]
fn the_readmes_policy_of_drift_is_one_that_check_takes() {
    let policies = blocks(section("Drift"), "yaml");
    assert_eq!(policies.len(), 1, "{policies:?}");
    let folder = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
    let copied =
        Command::new("/bin/cp").arg("-R").arg(example.join(".")).arg(folder.path()).status().unwrap();
    assert!(copied.success());
    let file = folder.path().join("fabric.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    // it is the last section of the example's
    let (rest, _) = text.split_once("\ndrift:").unwrap();
    std::fs::write(&file, format!("{rest}\n{}", policies[0])).unwrap();
    let checked =
        Command::new(env!("CARGO_BIN_EXE_gitfabric")).arg("check").arg(folder.path()).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn the_readmes_review_is_what_its_commands_print() {
    let section = section("Review a pull request");
    let commands: Vec<&str> =
        blocks(section, "sh").iter().flat_map(|block| block.lines()).map(str::trim).collect();
    let commands: Vec<&str> = commands.into_iter().filter(|line| !line.is_empty()).collect();
    assert_eq!(commands.len(), 3, "{commands:?}");
    let folder = tempfile::tempdir().unwrap();
    pull_request(folder.path());
    let mut printed = BTreeMap::new();
    for line in commands {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gitfabric"));
        command.args(line.split_whitespace().skip(1)).current_dir(folder.path());
        for name in OF_CI {
            command.env_remove(name);
        }
        let done = command.output().unwrap();
        assert!(done.status.success(), "{line}\n{}", String::from_utf8_lossy(&done.stderr));
        printed.insert(line.split_whitespace().nth(1).unwrap(), String::from_utf8(done.stdout).unwrap());
    }
    let excerpt = section.split("````markdown\n").nth(1).unwrap().split("````").next().unwrap();
    let mut rest = printed["comment"].lines();
    for line in excerpt.lines().filter(|line| !line.is_empty()) {
        assert!(rest.any(|printed| printed == line), "not printed, or not in this order: {line}");
    }
    assert!(printed["plan"].contains("vxlan vlan 60 vni 110060"), "{}", printed["plan"]);
    let leaf = std::fs::read_to_string(folder.path().join("configs/leaf1.cfg")).unwrap();
    assert!(leaf.contains("\nvlan 60\n   name db\n"), "{leaf}");
}
