//! Runs the parts one after the other, and prints what they measured beside the bars.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::ChildStdout;

use crate::process::{Kind, Peer, Role, setting, start};

/// What one kind measured, by name.
type Figures = BTreeMap<String, f64>;

/// The columns: what a figure is called, what stands above it, and how it is shown.
const COLUMNS: [(&str, &str, f64); 7] = [
    ("memory", "KiB a device", 1024.0),
    ("idle_us_a_second", "idle ms/s", 1_000.0),
    ("connect_ms", "all in step s", 1_000.0),
    ("p50_us", "seen p50 ms", 1_000.0),
    ("p99_us", "seen p99 ms", 1_000.0),
    ("ns_an_update_equal", "equal us", 1_000.0),
    ("ns_an_update_foreign", "foreign us", 1_000.0),
];

/// The figures that may be so many times those of the bare loop.
const RATIOS: [(&str, &str, f64); 3] = [
    ("memory", "memory a device", 1.25),
    ("ns_an_update_equal", "one update, equal", 1.5),
    ("ns_an_update_foreign", "one update, foreign", 1.5),
];

/// From a change by hand to its verdict, of 99 in 100.
const SEEN_MS: f64 = 50.0;

/// Starts the server, then each kind of client alone, and prints.
pub(crate) fn run() {
    // the quick run of a gate, as benches of other kinds have it
    let quick = std::env::args().any(|argument| argument == "--test");
    let devices = setting("GITFABRIC_BENCH_DEVICES").unwrap_or(if quick { 20 } else { 1_000 });
    let mut peer = Peer { devices, ..Peer::new() };
    let mut server = start(Role::Server, &peer);
    let mut says = BufReader::new(server.stdout.take().expect("it is piped"));
    let mut port = String::new();
    says.read_line(&mut port).expect("the server says its port");
    peer.port = port.trim().parse().expect("a port");
    println!("{devices} devices, a first sync of 176 KB each");
    print!("{:<16}", "");
    COLUMNS.iter().for_each(|(_, title, _)| print!("{title:>15}"));
    println!();
    let only = std::env::var("GITFABRIC_BENCH_ONLY").ok();
    let asked = |kind: &Kind| only.as_deref().is_none_or(|only| only.split(',').any(|it| it == kind.name()));
    let mut all = BTreeMap::new();
    for kind in Kind::ALL.into_iter().filter(asked) {
        let mut child = start(Role::Watchers(kind), &peer);
        let figures = read(child.stdout.take().expect("it is piped"));
        let ended = child.wait().expect("it ends");
        row(kind, &figures);
        if !ended.success() {
            println!("{:<16}it ended early, {ended}", "");
        }
        all.insert(kind.name(), figures);
    }
    drop(server.stdin.take());
    let _ = server.wait();
    bars(&all);
}

fn read(mut said: ChildStdout) -> Figures {
    let mut text = String::new();
    said.read_to_string(&mut text).expect("text");
    let line = |line: &str| {
        let (name, value) = line.split_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

fn row(kind: Kind, figures: &Figures) {
    print!("{:<16}", kind.name());
    for (name, _, unit) in COLUMNS {
        match figures.get(name) {
            Some(value) => print!("{:>15.2}", value / unit),
            None => print!("{:>15}", "-"),
        }
    }
    println!();
}

/// The watcher beside the bare loop and our connection beside it, each with its bar.
fn bars(all: &BTreeMap<&str, Figures>) {
    let Some(bare) = all.get(Kind::Bare.name()) else { return };
    for kind in [Kind::Naive, Kind::Connection, Kind::Watcher] {
        let Some(figures) = all.get(kind.name()) else { continue };
        println!("\n{} beside the bare loop", kind.name());
        for (name, title, bar) in RATIOS {
            if let (Some(ours), Some(bare)) = (figures.get(name), bare.get(name)) {
                println!("  {title:<24}{:>6.2} times   bar {bar}", ours / bare);
            }
        }
        if let Some(seen) = figures.get("p99_us") {
            println!("  {:<24}{:>6.2} ms      bar {SEEN_MS}", "change seen, p99", seen / 1_000.0);
        }
    }
}
