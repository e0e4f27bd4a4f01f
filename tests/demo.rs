//! `gitfabric demo` on the real binary: the tour's story, and the commands that it prints for
//! people, typed as printed.
//!
//! Needs the git program and a shell. Elsewhere: the pieces of the demo (`src/cli/demo`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// When a line of the demo counts as not coming.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program that sees neither the user's settings nor those of the system.
fn clean(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"), ("TZ", "UTC")])
        .stdin(Stdio::null());
    command
}

fn gitfabric(arguments: &[&str]) -> Command {
    let mut command = clean(env!("CARGO_BIN_EXE_gitfabric"));
    command.args(arguments);
    command
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_tour_comes_true() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    let tour = gitfabric(&["demo", "--tour", "--dir", path.to_str().unwrap()]).output().unwrap();
    assert!(
        tour.status.success(),
        "{}{}",
        text(&tour),
        std::fs::read_to_string(path.join("agent.log")).unwrap()
    );
    let story = String::from_utf8(tour.stdout).unwrap();
    insta::with_settings!({ filters => [
        (r"\b[0-9a-f]{7}\b", "[commit]"),
        (r"\(\d+\.\d+ s\)", "([time])"),
        (r"\d+[sm] ago", "[time] ago"),
        (r"\d+ bytes", "[count] bytes"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:[port]"),
        (r"os error \d+", "os error [number]"),
        (regex_of(&path).as_str(), "[folder]"),
    ] }, { insta::assert_snapshot!(story) });
}

fn regex_of(path: &Path) -> String {
    path.to_str().unwrap().replace('.', r"\.")
}

/// A demo under way. Killed if a test ends before it does.
struct Demo {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Drop for Demo {
    fn drop(&mut self) {
        // it may have ended already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Demo {
    fn start(folder: &str) -> Self {
        let mut child = gitfabric(&["demo", "--dir", folder]).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines, seen: Vec::new() }
    }

    /// Reads on to a line that holds this.
    fn wait_for(&mut self, part: &str) {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let Ok(line) = line else { panic!("{part:?} did not come after:\n{}", self.seen.join("\n")) };
            let is_it = line.contains(part);
            self.seen.push(line);
            if is_it {
                return;
            }
        }
    }

    /// The commands below a heading, as printed.
    fn commands(&self, heading: &str) -> String {
        let below = self.seen.iter().skip_while(|line| !line.starts_with(heading)).skip(1);
        let commands: Vec<&str> =
            below.take_while(|line| !line.is_empty()).map(|line| line.trim_start()).collect();
        assert!(!commands.is_empty(), "no commands below {heading:?} in:\n{}", self.seen.join("\n"));
        commands.join("\n") + "\n"
    }

    /// Ctrl-C.
    fn interrupt(&mut self) -> ExitStatus {
        let kill = format!("kill -INT {}", self.child.id());
        let interrupted = clean("/bin/sh").args(["-c", &kill]).status().unwrap();
        assert!(interrupted.success());
        self.wait_for("Agent and devices have ended");
        self.child.wait().unwrap()
    }
}

/// How the README's section on drift makes some.
fn command_of_the_readme() -> &'static str {
    let drift = include_str!("../README.md").split("\n## Drift\n").nth(1).unwrap();
    let command = drift.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(command.starts_with("gitfabric discover "), "{command}");
    command
}

#[test]
fn what_the_demo_tells_people_to_type_works_as_printed() {
    let folder = tempfile::tempdir().unwrap();
    // a name that has to be quoted
    let path = folder.path().canonicalize().unwrap().join("it's a demo");
    let mut demo = Demo::start(path.to_str().unwrap());
    demo.wait_for("10 of 10 devices current");
    let prepare = demo.commands("In another terminal:");
    let shell = |commands: &str| {
        let output = clean("/bin/sh")
            .args(["-ec", &format!("PATH=$PATH:/usr/bin:/bin\n{prepare}{commands}")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{commands}\n{}", text(&output));
        text(&output)
    };
    let head = || shell("git rev-parse --short=7 HEAD\n").trim().to_owned();

    let planned = shell(&demo.commands("1. "));
    assert!(planned.contains("blue"), "the plan says what the edit changes:\n{planned}");
    demo.wait_for(&format!("{}: 10 of 10 devices current", head()));

    shell(&demo.commands("2. "));
    let reverted = head();
    demo.wait_for(&format!("{reverted}: 10 of 10 devices current"));

    shell(&demo.commands("3. "));
    demo.wait_for("leaf1 was changed behind the agent's back");
    demo.wait_for("asked by pairs/leaf1-2.yaml:6");
    demo.wait_for("asked by vlans/40.yaml:2");
    demo.wait_for("2 leaves changed by hand on leaf1 put back");

    let accepted = shell(&demo.commands("4. "));
    assert!(
        accepted.contains("    - spine1\n    + patched anew\n"),
        "the list says what differs:\n{accepted}"
    );
    assert!(accepted.contains("+  Ethernet11: { description: patched anew }"), "{accepted}");
    demo.wait_for("leaf1: the intent asks now for");
    let merged = head();
    demo.wait_for(&format!("{merged}: 10 of 10 devices current"));

    let looked = shell(&demo.commands("5. "));
    assert!(looked.contains(&format!("at {merged}: 10 of 10 devices current")), "{looked}");
    assert!(
        looked.contains("spine1 -> \"patched anew\""),
        "the plan says what the last commit changed:\n{looked}"
    );
    assert!(looked.contains("corrected"), "the history says what was put back:\n{looked}");

    shell(command_of_the_readme());
    demo.wait_for("to be recabled");

    let second = gitfabric(&["demo", "--dir", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second).contains("--dir"), "a folder in use is refused with a way out:\n{}", text(&second));

    assert!(demo.interrupt().success());
    let record = shell(&demo.commands("5. "));
    assert!(record.contains(&reverted), "the record can be read after the end:\n{record}");
}
