//! `gitfabric status --json`: what the table says, and more of it, for machines (format 1).
//!
//! Elsewhere: where it is read from (`super`).

use serde::Serialize;

use super::{Between, Seen, Shown};
use crate::cli::alerts::{MessageJson, message_json};
use crate::cli::hold::{self, HoldJson};
use crate::names::{CommitId, DeviceName, FabricName};
use crate::record::{DeviceEntry, GivenUp, PassEntry, Standing, Verdict, WatchEntry, WatchState};

#[derive(Serialize)]
pub(super) struct Json<'a> {
    format: u32,
    /// Whether an agent works from the state folder; none if that cannot be known. If not, all else
    /// is as the last one saw it.
    agent_runs: Option<bool>,
    fabrics: Vec<FabricJson<'a>>,
    /// What nobody could be told.
    dead_letters: Vec<MessageJson<'a>>,
}

#[derive(Serialize)]
struct FabricJson<'a> {
    fabric: &'a FabricName,
    commit: Option<&'a CommitId>,
    head: Option<&'a CommitId>,
    verdict: Verdict,
    reason: Option<&'a str>,
    findings: Option<&'a str>,
    /// The newest pass; none if there was none yet.
    pass: Option<PassJson<'a>>,
    devices: Vec<DeviceJson<'a>>,
}

#[derive(Serialize)]
struct PassJson<'a> {
    number: u64,
    /// The commit that it brings. If that is not the fabric's, the pass of the fabric's is to come.
    commit: &'a CommitId,
    began: String,
    /// None: it is under way, or was cut off.
    ended: Option<String>,
}

#[derive(Serialize)]
struct DeviceJson<'a> {
    device: &'a DeviceName,
    commit: Option<&'a CommitId>,
    state: Standing,
    since: String,
    why: Option<&'a str>,
    tree: Option<&'a str>,
    applied_by_pass: Option<u64>,
    set_in_flight: bool,
    /// How many leaves, or entries, differ.
    drift: usize,
    /// Nothing is put back any more; none if it is.
    given_up: Option<GivenUpJson<'a>>,
    /// How it is watched; none if it is not.
    watch: Option<WatchJson<'a>>,
    holds: Vec<HoldJson<'a>>,
}

#[derive(Serialize)]
struct GivenUpJson<'a> {
    since: String,
    commit: &'a CommitId,
    why: &'a str,
}

#[derive(Serialize)]
struct WatchJson<'a> {
    state: WatchState,
    since: String,
    detail: Option<&'a str>,
}

/// All that is shown.
pub(super) fn of(shown: &Shown) -> Json<'_> {
    Json {
        format: 1,
        agent_runs: shown.is_running,
        fabrics: shown.fabrics.iter().map(fabric_json).collect(),
        dead_letters: shown.given_up.iter().map(message_json).collect(),
    }
}

fn fabric_json(seen: &Seen) -> FabricJson<'_> {
    let Seen { fabric, pass, devices, between } = seen;
    let device = |device| device_json(device, between);
    FabricJson {
        fabric: &fabric.fabric,
        commit: fabric.good.as_ref(),
        head: fabric.head.as_ref(),
        verdict: fabric.verdict,
        reason: fabric.reason.as_deref(),
        findings: fabric.findings.as_deref(),
        pass: pass.as_ref().map(pass_json),
        devices: devices.iter().map(device).collect(),
    }
}

fn pass_json(pass: &PassEntry) -> PassJson<'_> {
    PassJson {
        number: pass.pass.get(),
        commit: &pass.commit,
        began: pass.started_at.to_string(),
        ended: pass.finished_at.map(|at| at.to_string()),
    }
}

fn device_json<'a>(device: &'a DeviceEntry, between: &'a Between) -> DeviceJson<'a> {
    let given_up =
        |it: &'a GivenUp| GivenUpJson { since: it.at.to_string(), commit: &it.commit, why: &it.reason };
    let watch = |it: &'a WatchEntry| WatchJson {
        state: it.state,
        since: it.since.to_string(),
        detail: it.detail.as_deref(),
    };
    DeviceJson {
        device: &device.device,
        commit: device.commit.as_ref(),
        state: device.standing,
        since: device.since.to_string(),
        why: device.reason.as_deref(),
        tree: device.tree_hash.as_deref(),
        applied_by_pass: device.applied_by.map(crate::names::PassNumber::get),
        set_in_flight: device.in_flight,
        drift: between.drift.get(&device.device).copied().unwrap_or_default(),
        given_up: between.given_up.get(&device.device).map(given_up),
        watch: between.watches.get(&device.device).map(watch),
        holds: between.holds.of(&device.device).map(hold::json).collect(),
    }
}
