//! What an export costs: CPU time, memory and requests of the real binary against a NetBox
//! on loopback that another process (this one) serves.
//!
//! `cargo bench --bench export`. Prints a line a case; the incremental case stands beside the
//! full one, so that their ratio can be read off one run. Reads `/proc`, so Linux only.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics")]

#[path = "../tests/netbox/fake/mod.rs"]
mod fake;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use fake::{Fake, tokens};

/// Runs of each case; the clock of `/proc` ticks a hundred times a second only.
const RUNS: u32 = 10;

struct Cost {
    cpu_ms: u64,
    peak_kib: u64,
    requests: usize,
    wall_ms: u128,
}

/// User and system time of all children that ended, in milliseconds.
fn children_cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks = |index: usize| fields[index].parse::<u64>().unwrap();
    // fields 16 and 17 of proc(5), counted from the third
    (ticks(13) + ticks(14)) * 10
}

fn export(netbox: &Fake, folder: &Path, more: &[&str]) -> Cost {
    netbox.forget_requests();
    let (before, started) = (children_cpu(), Instant::now());
    let url = netbox.url();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gitfabric"));
    command.args(["export", "--netbox", &url, "--repo", "intent.git", "--branch", "main"]).args(more);
    command.current_dir(folder).env("NETBOX_TOKEN", tokens::EXPORTER);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    let ended = loop {
        if let Some(line) = std::fs::read_to_string(&status)
            .ok()
            .as_deref()
            .and_then(|text| text.lines().find(|line| line.starts_with("VmHWM:")).map(str::to_owned))
        {
            peak_kib = peak_kib.max(line.split_whitespace().nth(1).unwrap().parse().unwrap());
        }
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        std::thread::yield_now();
    };
    assert!(ended.success(), "{ended}");
    let requests = netbox.requests().len();
    Cost { cpu_ms: children_cpu() - before, peak_kib, requests, wall_ms: started.elapsed().as_millis() }
}

fn empty(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder.join("intent.git"));
    let arguments = ["init", "-q", "--bare", "-b", "main", "intent.git"];
    assert!(Command::new("git").current_dir(folder).args(arguments).status().unwrap().success());
}

fn show(case: &str, costs: &[Cost]) {
    let count = u64::try_from(costs.len()).unwrap();
    let cpu = costs.iter().map(|cost| cost.cpu_ms).sum::<u64>() / count;
    let peak = costs.iter().map(|cost| cost.peak_kib).max().unwrap() / 1024;
    let wall = costs.iter().map(|cost| cost.wall_ms).min().unwrap();
    println!("{case:<44} {cpu:>6} ms CPU {peak:>5} MiB {:>4} requests {wall:>6} ms", costs[0].requests);
}

fn full(case: &str, netbox: &Fake, folder: &Path, runs: u32) {
    export_once_to_warm(netbox, folder);
    let run = |_| {
        empty(folder);
        export(netbox, folder, &["--full"])
    };
    show(case, &(0..runs).map(run).collect::<Vec<_>>());
}

/// The fake renders its pages when they are first asked for.
fn export_once_to_warm(netbox: &Fake, folder: &Path) {
    empty(folder);
    export(netbox, folder, &[]);
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    if let Some(netbox) = Fake::recorded(1) {
        full("full, the recorded fabric", &netbox, folder, RUNS);
    }
    let netbox = Fake::fabric(8);
    full("full, 8 leafs", &netbox, folder, RUNS);
    let netbox = Fake::fabric(200);
    full("full, 200 leafs", &netbox, folder, 3);
    empty(folder);
    export(&netbox, folder, &["--cache", "cache"]);
    let costs: Vec<Cost> = (0..3)
        .map(|round| {
            netbox.edit(|netbox| netbox.rename_vlan(10, &format!("name-{round}")));
            export(&netbox, folder, &["--cache", "cache"])
        })
        .collect();
    show("one VLAN renamed, 200 leafs, cached", &costs);
    let costs = [export(&netbox, folder, &["--cache", "cache"])];
    show("nothing changed, 200 leafs, cached", &costs);
}
