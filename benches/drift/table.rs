//! Runs the parts one after the other, and prints what they measured beside the aims.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::ChildStdout;

use crate::process::{Kind, Peer, Role, setting, start};

/// What one kind measured, by name.
type Figures = BTreeMap<String, f64>;

/// What the watcher shall keep to.
#[derive(Clone, Copy)]
enum Aim {
    /// So many times what the bare loop costs.
    Times(f64),
    /// No more than this, in the unit of the row.
    Most(f64),
    /// Nothing: it is for comparison.
    None,
}

/// A line of the table.
struct Row {
    /// What the figure is called by who measures it.
    name: &'static str,
    title: &'static str,
    /// How many of the measured unit are one of the shown.
    unit: f64,
    aim: Aim,
}

/// With fewer devices it is seen that all of it runs; memory is that of the first look then.
const ENOUGH: usize = 100;

/// Aims are those of the issue; idle is near zero with a hundredth of a processor.
const ROWS: [Row; 7] = [
    row("memory", "memory a device, KiB", 1024.0, Aim::Times(1.25)),
    row("idle_us_a_second", "idle, ms of CPU a second", 1_000.0, Aim::Most(10.0)),
    row("ns_an_update_equal", "an update, equal, us of CPU", 1_000.0, Aim::Times(1.5)),
    row("ns_an_update_foreign", "an update, foreign, us of CPU", 1_000.0, Aim::Times(1.5)),
    row("p50_us", "change to verdict, p50, ms", 1_000.0, Aim::None),
    row("p99_us", "change to verdict, p99, ms", 1_000.0, Aim::Most(50.0)),
    row("connect_ms", "all connected and in step, s", 1_000.0, Aim::None),
];

const fn row(name: &'static str, title: &'static str, unit: f64, aim: Aim) -> Row {
    Row { name, title, unit, aim }
}

/// Starts the server, then each kind of client alone, and prints.
pub(crate) fn run() {
    // `cargo bench` says that it is one; `cargo test --benches` wants to see that it runs
    let said = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    let quick = said("--test") || !said("--bench");
    let devices = setting("GITFABRIC_BENCH_DEVICES").unwrap_or(if quick { 20 } else { 1_000 });
    let mut peer = Peer { devices, ..Peer::new() };
    let mut server = start(Role::Server, &peer);
    let mut says = BufReader::new(server.stdout.take().expect("it is piped"));
    let mut port = String::new();
    says.read_line(&mut port).expect("the server says its port");
    peer.port = port.trim().parse().expect("a port");
    println!("{devices} devices, a first sync of 176 KB each; each kind of client in a process of its own");
    let only = std::env::var("GITFABRIC_BENCH_ONLY").ok();
    let asked = |kind: &Kind| only.as_deref().is_none_or(|only| only.split(',').any(|it| it == kind.name()));
    let mut measured = Vec::new();
    for kind in Kind::ALL.into_iter().filter(asked) {
        let mut child = start(Role::Watchers(kind), &peer);
        let figures = read(child.stdout.take().expect("it is piped"));
        let ended = child.wait().expect("it ends");
        assert!(ended.success(), "{}: {ended} after {figures:?}", kind.name());
        measured.push((kind, figures));
    }
    drop(server.stdin.take());
    let _ = server.wait();
    print(&measured, devices >= ENOUGH);
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

fn print(measured: &[(Kind, Figures)], judged: bool) {
    print!("{:<32}", "");
    for (kind, _) in measured {
        print!("{:>16}", kind.name());
    }
    println!("{:>10}  aim", "ratio");
    for row in ROWS {
        let value = |figures: &Figures| figures.get(row.name).map(|value| value / row.unit);
        print!("{:<32}", row.title);
        for (_, figures) in measured {
            print!("{:>16}", shown(value(figures)));
        }
        let of = |kind| measured.iter().find(|(it, _)| *it == kind).and_then(|(_, figures)| value(figures));
        let (bare, ours) = (of(Kind::Bare), of(Kind::Watcher));
        let ratio = ours.zip(bare).map(|(ours, bare)| ours / bare);
        let aim = if judged { verdict(row.aim, ours, ratio) } else { String::new() };
        println!("{:>10}  {aim}", shown(ratio));
    }
}

fn verdict(aim: Aim, ours: Option<f64>, ratio: Option<f64>) -> String {
    let (what, most, value) = match aim {
        Aim::Times(most) => ("ratio", most, ratio),
        Aim::Most(most) => ("watcher", most, ours),
        Aim::None => return String::new(),
    };
    let met = match value {
        Some(value) if value <= most => "met",
        Some(_) => "missed",
        None => "not measured",
    };
    format!("{what} <= {most}: {met}")
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}
