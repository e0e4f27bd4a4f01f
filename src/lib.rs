//! gitfabric: a Git repository of YAML intent is the only way to change the network.
//!
//! The modules stand in the order in which data flows. A stage imports the stages above
//! it and what stands above them all (`names`, `diagnostic` …); the edges below the line
//! import stages and never each other; `agent`, `accept`, `export` and `cli` join them.
//! `tests/architecture.rs` keeps this true.
//!
//! ```text
//!   git ──► intent ──► compile ──► plan ──► rollout ──► record
//!                         ▲          ▲         ▲
//!                   yang, platform ──┘       gnmi
//! ```
//!
//! Where does a line of the intent become configuration? A file of the intent is read by
//! the file of its kind in [`intent`]; the device's part of it is cut out by
//! [`compile::slice`]; the feature's file beside it writes the YANG leaves: a BGP
//! neighbour in `compile/bgp/`, a VLAN in `compile/vlans.rs`, a VNI in `compile/vxlan.rs`.

// The fake forge, which tests in and outside the crate share, calls it by its name.
#[cfg(test)]
extern crate self as gitfabric;

pub mod diagnostic;
pub mod names;
pub(crate) mod nearest;
pub(crate) mod phrase;
pub mod secret;
pub mod stop;

// Commits to files: mirror, snapshot, history, brakes.
pub mod git;
// Files to a checked fabric, every finding with its place.
pub mod intent;
// YANG data and schemas: paths, trees, RFC 7951, diff, validation.
pub mod yang;

// What is known of a network OS: schema, quirks, commands, what is never sent.
pub mod platform;

// A device's slice of the fabric to its YANG tree, one file a feature.
pub mod compile;

// Desired × actual × recorded to changes, operations, waves and words.
pub mod plan;

// What a plan means for the people who decide: pull requests, pages, proofs.
pub mod review;

// The wire: messages, connection, Get, Set, Subscribe.
pub mod gnmi;
// What each device holds and what every pass did, in SQLite.
pub mod record;

// One Set a device, read back on a new connection, wave after wave.
pub mod rollout;

// ---- the edges ----

// The intent made to ask for what a device holds.
pub mod accept;
// The loop that follows the branch.
pub mod agent;
// People and their programs told: Slack, Discord, Teams, Alertmanager, webhooks.
pub mod alerts;
// What somebody changed on devices, seen on a stream and judged by a look.
pub mod drift;
// What NetBox says, as commits and pull requests.
pub mod export;
// One file a subcommand.
pub mod cli;
// Pull requests on GitHub, GitLab and Gitea.
pub mod forge;
// NetBox read whole, and said again as intent files.
pub mod netbox;
// gNMI devices in memory, over the real wire, with faults.
pub mod simulator;
// What is served over HTTP: webhooks that wake, pages of plans, how devices stand.
pub mod web;
