//! `--watch`: woken by webhooks and by the change log, quiet while NetBox is away, ended by a
//! signal.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use ring::hmac;
use serde_json::json;

use super::desk::Desk;
use crate::fake::{Fault, Gate, On, tokens};

const SECRET: &str = "hook-secret";
/// How long a test waits for something that must happen: long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// `gitfabric export --watch` as a process. Killed when it is dropped.
struct Watch {
    child: Child,
    log: Arc<(Mutex<String>, Condvar)>,
}

impl Watch {
    fn start(desk: &Desk, arguments: &[&str]) -> Self {
        Self::start_in(desk, "intent.git", arguments)
    }

    fn start_in(desk: &Desk, repo: &str, arguments: &[&str]) -> Self {
        let mut command = desk.command(repo);
        let mut child = command
            .arg("--watch")
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let (sink, lines) = (Arc::clone(&log), BufReader::new(child.stderr.take().unwrap()).lines());
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                sink.0.lock().unwrap().extend([line.as_str(), "\n"]);
                sink.1.notify_all();
            }
        });
        Self { child, log }
    }

    /// Waits until it has logged a text so many times; gives the whole log.
    fn logs(&self, text: &str, times: usize) -> String {
        let lacks = |log: &mut String| log.matches(text).count() < times;
        let held = self.log.0.lock().unwrap();
        let (log, timeout) = self.log.1.wait_timeout_while(held, PATIENCE, lacks).unwrap();
        assert!(!timeout.timed_out(), "{text:?} was not logged {times} times:\n{log}");
        log.clone()
    }

    /// Where it listens.
    fn address(&self) -> String {
        let log = self.logs("listening for webhooks", 1);
        let at = log.split("address=").nth(1).unwrap();
        at.split_whitespace().next().unwrap().to_owned()
    }

    /// SIGTERM.
    fn terminate(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// SIGTERM, and how it ended.
    fn end(mut self) -> ExitStatus {
        self.terminate();
        self.child.wait().unwrap()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // it may have ended already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Delivers a webhook as NetBox does; gives the status.
fn deliver(address: &str, secret: &str, request: usize) -> String {
    let body = json!({
        "event": "updated", "timestamp": jiff::Timestamp::now().to_string(), "object_type": "ipam.vlan",
        "data": {"id": 1}, "request": {"id": format!("00000000-0000-0000-0000-{request:012}"), "user": "ada"},
    });
    let body = body.to_string();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes()), body.as_bytes());
    let signature = tag.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /hooks/netbox HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         X-Hook-Signature: {signature}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn a_webhook_makes_a_commit_long_before_the_next_look_and_a_signal_ends_it() {
    let desk = Desk::exported();
    desk.write("secret", SECRET);
    let arguments = ["--every", "10h", "--listen", "127.0.0.1:0", "--hook-secret-file", "secret"];
    let watch = Watch::start(&desk, &arguments);
    let address = watch.address();
    watch.logs("nothing to commit", 1);
    let head = desk.bare().head();
    assert_eq!(deliver(&address, "wrong-secret", 0), "401");
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    // one change makes several deliveries, and they are one export
    for request in 1..4 {
        let status = deliver(&address, SECRET, request);
        assert!(status.starts_with('2'), "{status}");
    }
    watch.logs("committed ", 1);
    assert_eq!(desk.bare().run(&["rev-parse", "main~1"]), head);
    assert!(desk.bare().file("vlans/10.yaml").contains("name: shop\n"));
    assert_eq!(watch.end().code(), Some(0));
}

#[test]
fn the_change_log_alone_makes_a_commit_and_a_netbox_that_is_away_is_told_once() {
    let desk = Desk::exported();
    let watch = Watch::start(&desk, &["--every", "100ms", "--timeout", "5s"]);
    watch.logs("nothing to commit", 1);
    desk.netbox.fault(On::every("*"), Fault::Html(500));
    watch.logs("the export failed", 1);
    let asked = desk.netbox.requests().len();
    desk.netbox.wait_for("*", asked + 4);
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    desk.netbox.heal();
    let log = watch.logs("committed ", 1);
    assert_eq!(log.matches("the export failed").count(), 1, "{log}");
    assert!(log.contains("answered 500") && log.contains("NetBox's own log says more"), "{log}");
    assert!(desk.bare().file("vlans/10.yaml").contains("name: shop\n"));
    assert_eq!(watch.end().code(), Some(0));
}

#[test]
fn a_mapping_outside_the_repository_counts_as_soon_as_it_changes() {
    let desk = Desk::exported();
    desk.write("mapping.yaml", "lacp: active\n");
    let watch = Watch::start(&desk, &["--every", "100ms", "--mapping", "mapping.yaml"]);
    watch.logs("nothing to commit", 1);
    desk.write("mapping.yaml", "lacp: passive\n");
    watch.logs("committed ", 1);
    assert!(desk.bare().run(&["show", "HEAD"]).contains("passive"));
    desk.write("mapping.yaml", "fabric: [\n");
    let log = watch.logs("nothing was committed", 1);
    assert!(log.contains("mapping.yaml:1:"), "{log}");
    assert_eq!(watch.end().code(), Some(0));
}

#[test]
fn a_signal_while_netbox_is_read_ends_it_at_once_and_leaves_nothing() {
    let desk = Desk::exported();
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let before = desk.bare().everything();
    let gate = Gate::new();
    desk.netbox.fault(On::every("dcim/interfaces"), Fault::Held(gate.clone()));
    let watch = Watch::start(&desk, &["--every", "10h"]);
    gate.wait_for(1);
    // the answer never comes
    assert_eq!(watch.end().code(), Some(0));
    assert_eq!(desk.bare().everything(), before);
    gate.open();
}

#[test]
fn a_signal_while_a_branch_moves_waits_for_that_and_tells_it() {
    let desk = Desk::exported();
    desk.clone("clone");
    let (reached, go) = (desk.path("reached"), desk.path("go"));
    for pipe in [&reached, &go] {
        assert!(Command::new("/usr/bin/mkfifo").arg(pipe).status().unwrap().success());
    }
    let script =
        format!("#!/bin/sh\necho $$ > '{}'\nread x < '{}'\nexit 0\n", reached.display(), go.display());
    desk.bare().hook("pre-receive", &script);
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let mut watch = Watch::start_in(&desk, "clone", &["--push", "--every", "10h"]);
    std::fs::read_to_string(&reached).unwrap();
    watch.terminate();
    watch.logs("stopping when what is under way is done", 1);
    std::fs::write(&go, "\n").unwrap();
    assert_eq!(watch.child.wait().unwrap().code(), Some(0));
    watch.logs("committed ", 1);
    assert!(desk.bare().file("vlans/10.yaml").contains("name: shop\n"));
    assert_eq!(super::desk::Git(desk.path("clone")).head(), desk.bare().head());
}

#[test]
fn a_token_that_was_rotated_is_read_again() {
    let desk = Desk::exported();
    desk.write("token", tokens::EXPORTER);
    let watch = Watch::start(&desk, &["--every", "100ms", "--token-file", "token"]);
    watch.logs("nothing to commit", 1);
    desk.write("token", tokens::EXPIRED);
    watch.logs("the export failed", 1);
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    desk.write("token", tokens::EXPORTER_V2);
    watch.logs("committed ", 1);
    assert_eq!(watch.end().code(), Some(0));
}
