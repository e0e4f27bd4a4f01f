//! The README's way from NetBox to switch, command by command, as it stands there.
//!
//! Addresses and folders are this test's own; everything else is run as it is written.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fake::Fake;

/// The `gitfabric` commands of the section, one string each, continuation lines joined.
fn commands() -> Vec<String> {
    let readme = include_str!("../../README.md");
    let section = readme.split("\n## NetBox to switch in ten minutes\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let joined = blocks.collect::<String>().replace("\\\n", " ");
    joined.lines().filter(|line| line.starts_with("gitfabric ")).map(str::to_owned).collect()
}

fn command(line: &str, netbox: &Fake, folder: &Path) -> Command {
    let served = format!("file://{}", folder.join("served.git").display());
    let line = line
        .replace("https://netbox.example.net", &netbox.url())
        .replace("https://git.example.net/net/intent.git", &served)
        .replace("127.0.0.1:9911", "127.0.0.1:0");
    let mut command = Command::new(env!("CARGO_BIN_EXE_gitfabric"));
    command.args(line.split_whitespace().skip(1)).current_dir(folder);
    command.env("NETBOX_TOKEN", "0123456789abcdef0123456789abcdef01234567").env("HOME", folder);
    command.env_remove("FORGE_TOKEN").env_remove("GITFABRIC_GIT_TOKEN").env_remove("XDG_CACHE_HOME");
    command
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let done = Command::new("git").arg("-C").arg(folder).args(arguments).output().unwrap();
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

#[test]
fn the_readme_goes_from_netbox_to_a_checked_intent() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let netbox = Fake::fabric(4);
    std::fs::write(folder.join("git-token"), "not needed by a folder\n").unwrap();
    std::fs::write(folder.join("hook-secret"), "both sides know it\n").unwrap();
    for repository in ["intent", "served.git"] {
        git(
            folder,
            &[
                "init",
                "-q",
                "-b",
                "main",
                if repository == "served.git" { "--bare" } else { "-q" },
                repository,
            ],
        );
    }
    let commands = commands();
    let (once, watches): (Vec<_>, Vec<_>) = commands.iter().partition(|line| !line.contains("--watch"));
    assert_eq!((once.len(), watches.len()), (3, 1), "{commands:?}");
    for line in once {
        let done = command(line, &netbox, folder).output().unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "{line}\n{text}");
        if line.contains("--dry-run") {
            assert!(text.contains("dry run: ") && text.contains("+++ b/fabric.yaml"), "{text}");
        }
    }
    assert!(git(&folder.join("intent"), &["log", "-1", "--format=%s"]).starts_with("netbox: first export"));
    assert_eq!(git(&folder.join("intent"), &["status", "--porcelain"]), "");

    let mut watching =
        command(watches[0], &netbox, folder).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let told: Vec<String> = BufReader::new(watching.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .scan(false, |over, line| {
            let before = std::mem::replace(over, line.contains("committed "));
            (!before).then_some(line)
        })
        .collect();
    watching.kill().unwrap();
    watching.wait().unwrap();
    assert!(told.iter().any(|line| line.contains("listening for webhooks")), "{told:#?}");
    assert!(told.last().is_some_and(|line| line.contains("pushed")), "{told:#?}");
    assert!(
        git(&folder.join("served.git"), &["log", "-1", "--format=%s", "main"]).starts_with("netbox: first")
    );
}
