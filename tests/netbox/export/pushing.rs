//! Other sides, files that are checked out, races, rules, and what happens to the killed.

use std::process::Stdio;

use super::desk::{Desk, Git, executable};
use crate::fake::{Fault, Gate, On, tokens};

#[test]
fn the_files_of_a_clone_follow_and_a_local_change_in_the_way_stops_it_all() {
    let desk = Desk::exported();
    let clone = desk.clone("clone");
    let begun = clone.0.join("begun.yaml");
    std::fs::write(&begun, "mine: true\n").unwrap();
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    desk.export_into("clone", &[]).says("committed");
    let name = || std::fs::read_to_string(clone.0.join("vlans/10.yaml")).unwrap();
    assert!(name().contains("name: shop\n"));
    assert_eq!(clone.run(&["status", "--porcelain"]), "?? begun.yaml", "what a person was at stays");
    assert_eq!(desk.bare().run(&["rev-list", "--count", "main"]), "1", "nobody asked for a push");

    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "market"));
    std::fs::write(clone.0.join("vlans/10.yaml"), "mine: true\n").unwrap();
    let head = clone.head();
    let ran = desk.export_into("clone", &[]);
    ran.fails("the files of branch `main` cannot follow; nothing was moved");
    ran.fails("hint: commit or stash what was changed there");
    assert_eq!((clone.head(), name()), (head, "mine: true\n".to_owned()));
}

#[test]
fn with_push_the_other_side_is_first_and_the_clone_follows() {
    let desk = Desk::new();
    let clone = desk.clone("clone");
    desk.export_into("clone", &["--push"]).says("pushed");
    assert_eq!(clone.head(), desk.bare().head());
    assert_eq!(clone.run(&["status", "--porcelain"]), "");
    // somebody pushed meanwhile: the export stands on that
    let theirs = desk.person("Theirs", &[("README.md", Some("ours\n"))]);
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    desk.export_into("clone", &["--push"]).says("pushed");
    assert_eq!(desk.bare().run(&["rev-parse", "main~1"]), theirs);
    assert_eq!(clone.head(), desk.bare().head());
    // the clone has work of its own, which an export must not carry along
    std::fs::write(clone.0.join("README.md"), "more\n").unwrap();
    clone.run(&["commit", "-q", "-am", "Mine"]);
    let ran = desk.export_into("clone", &["--push"]);
    ran.fails("branch `main` holds commits that origin does not have");
    // where its files cannot follow a push, that is no failure of the export
    clone.run(&["push", "-q"]);
    std::fs::write(clone.0.join("vlans/10.yaml"), "mine: true\n").unwrap();
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "market"));
    let ran = desk.export_into("clone", &["--push"]);
    ran.says("pushed");
    assert!(ran.err.contains("it was pushed, and the files here did not follow"), "{}", ran.err);
}

/// Somebody else's commit arrives after the branch was read and before the push.
#[test]
fn a_push_that_comes_second_is_made_anew_on_what_came_first() {
    let desk = Desk::exported();
    let rival = desk.clone("rival");
    std::fs::write(rival.0.join("README.md"), "theirs\n").unwrap();
    rival.run(&["add", "-A"]);
    rival.run(&["commit", "-q", "-m", "Theirs"]);
    let theirs = rival.head();
    // the objects are there already; the branch moves in the middle of our push
    rival.run(&["push", "-q", "origin", "HEAD:refs/heads/theirs"]);
    let once = desk.path("once");
    let script = format!(
        "#!/bin/sh\nif [ ! -e '{0}' ]; then : > '{0}'; git update-ref refs/heads/main {theirs}; fi\n",
        once.display()
    );
    let script = script.replace("git update-ref", "unset GIT_QUARANTINE_PATH; git update-ref");
    desk.bare().hook("pre-receive", &script);
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let url = format!("file://{}", desk.bare().0.display());
    desk.export_into(&url, &[]).says("pushed");
    assert!(once.exists(), "the hook was asked");
    let bare = desk.bare();
    assert_eq!(bare.run(&["rev-parse", "main~1"]), theirs);
    assert_eq!(bare.changed(), ["M netbox-export.json", "M vlans/10.yaml"]);
}

#[test]
fn a_rule_of_the_other_side_is_told_in_its_words_and_nothing_moves() {
    let desk = Desk::exported();
    let clone = desk.clone("clone");
    let before = (clone.head(), desk.bare().head());
    desk.bare().hook("pre-receive", "#!/bin/sh\necho 'main takes pull requests only' >&2\nexit 1\n");
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let ran = desk.export_into("clone", &["--push"]);
    ran.fails("refuses the push to branch `main`").fails("main takes pull requests only");
    ran.fails("hint: a protected branch wants a pull request (--pull-request)");
    assert_eq!((clone.head(), desk.bare().head()), before);
    assert_eq!(clone.run(&["status", "--porcelain"]), "");
}

/// CI clones without the history, in which people's edits would be looked for.
#[test]
fn a_shallow_clone_is_explained_and_nothing_is_judged_from_half_a_history() {
    let desk = Desk::exported();
    desk.edits("vlans/10.yaml", |text| text.replace("shop-web", "mine"));
    let url = format!("file://{}", desk.bare().0.display());
    Git(desk.path("")).run(&["clone", "-q", "--depth", "1", &url, "shallow"]);
    let before = desk.bare().everything();
    for arguments in [&[][..], &["--push"], &["--dry-run"]] {
        let ran = desk.export_into("shallow", arguments);
        ran.fails("the clone is shallow").fails("`fetch-depth: 0` (actions/checkout)");
    }
    assert_eq!(desk.bare().everything(), before);
    let shallow = Git(desk.path("shallow"));
    shallow.run(&["fetch", "-q", "--unshallow"]);
    desk.export_into("shallow", &["--push"]).fails("people changed 1 exported file");
}

#[test]
fn a_branch_that_is_checked_out_in_another_worktree_is_not_left_behind() {
    let desk = Desk::exported();
    let clone = desk.clone("clone");
    let linked = desk.path("linked");
    clone.run(&["worktree", "add", "-q", "-b", "site", linked.to_str().unwrap()]);
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let ran = desk.export_into("clone", &["--branch", "site"]);
    ran.fails("linked").fails("branch `site` is checked out there; nothing was committed");
    assert_eq!(clone.run(&["rev-parse", "site"]), clone.head());
    // from there its files follow
    desk.export_into("linked", &[]).says("committed");
    assert_eq!(Git(linked).run(&["status", "--porcelain"]), "");
}

/// Killed while NetBox is read, and killed while the push is under way.
#[test]
fn a_kill_leaves_nothing_half_done() {
    let desk = Desk::exported();
    let clone = desk.clone("clone");
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let before = (clone.head(), desk.bare().head());
    let unmoved = || {
        assert_eq!((clone.head(), desk.bare().head()), before);
        assert_eq!(clone.run(&["status", "--porcelain"]), "");
        for repository in [&clone, &desk.bare()] {
            repository.run(&["fsck", "--strict", "--no-dangling"]);
        }
    };
    let start = || {
        let mut command = desk.command("clone");
        command.args(["--push", "--cache", "cache"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let gate = Gate::new();
    desk.netbox.fault(On::every("dcim/interfaces"), Fault::Held(gate.clone()));
    let mut child = start();
    gate.wait_for(1);
    child.kill().unwrap();
    child.wait().unwrap();
    gate.open();
    desk.netbox.heal();
    unmoved();

    // the hook says that it was reached, and waits for a reader that never comes
    let (reached, never) = (desk.path("reached"), desk.path("never"));
    for pipe in [&reached, &never] {
        assert!(std::process::Command::new("/usr/bin/mkfifo").arg(pipe).status().unwrap().success());
    }
    let script =
        format!("#!/bin/sh\necho $$ > '{}'\nread x < '{}'\nexit 1\n", reached.display(), never.display());
    desk.bare().hook("pre-receive", &script);
    let mut child = start();
    let hook = std::fs::read_to_string(&reached).unwrap();
    assert!(hook.trim().parse::<u32>().is_ok(), "{hook}");
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::write(&never, "\n").unwrap();
    unmoved();
    std::fs::remove_file(desk.bare().0.join("hooks/pre-receive")).unwrap();
    desk.export_into("clone", &["--push", "--cache", "cache"]).says("pushed");
    assert_eq!(clone.head(), desk.bare().head());
}

/// Every `git` that is started notes its arguments and its environment.
#[test]
fn no_token_is_printed_or_handed_to_another_program() {
    const SECRETS: [(&str, &str); 3] = [
        ("NETBOX_TOKEN", tokens::EXPORTER),
        ("GITFABRIC_GIT_TOKEN", "hunter2-of-git"),
        ("FORGE_TOKEN", "hunter2-of-forge"),
    ];
    let desk = Desk::exported();
    desk.clone("clone");
    let (bin, log) = (desk.path("bin"), desk.path("log"));
    std::fs::create_dir(&bin).unwrap();
    let path = std::env::var("PATH").unwrap();
    let git =
        path.split(':').map(|folder| format!("{folder}/git")).find(|git| std::path::Path::new(git).exists());
    let script = format!(
        "#!/bin/sh\n{{ /usr/bin/tr '\\0' ' ' < /proc/$$/cmdline; /usr/bin/tr '\\0' ' ' < /proc/$PPID/cmdline; echo; /usr/bin/env; }} >> '{}'\nexec {} \"$@\"\n",
        log.display(),
        git.unwrap()
    );
    executable(&bin.join("git"), &script);
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let run = |arguments: &[&str]| {
        let mut command = desk.command("clone");
        command.envs(SECRETS).env("PATH", format!("{}:{path}", bin.display())).env("RUST_LOG", "trace");
        let output = command.args(arguments).output().unwrap();
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    };
    let mut said = run(&["--push", "--overwrite-edits"]);
    assert!(said.contains("pushed"), "{said}");
    // and when NetBox repeats what it was sent
    desk.netbox.fault(
        On::every("*"),
        Fault::Json(500, serde_json::json!({"error": format!("Token {}", tokens::EXPORTER)})),
    );
    said += &run(&["--push"]);
    assert!(said.contains("answered 500"), "{said}");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("push --porcelain") && log.contains("HOME="), "{log}");
    for (name, secret) in SECRETS {
        for text in [&said, &log] {
            assert!(!text.contains(secret), "{name} in {text}");
        }
        assert!(!log.contains(name), "{name} in {log}");
    }
}
