//! The promises of the design, each kept by whole passes of the real agent: against
//! simulated devices over TLS sockets, from a real Git repository, into a real record.
//!
//! `intent` (the files that a test commits), `lab` (repository, devices, configuration),
//! `fake` (a NetBox that is written to), `running` (the agent in this process, or as a process of its own that can be killed);
//! the other modules hold a promise or two each, and every test's doc comment says which.
//! Nothing sleeps: tests wait for reports of the agent, or for Sets at a device.
//! Elsewhere: rollout alone (`tests/rollout.rs`), rules as tables (beside the code).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../netbox/fake/mod.rs"]
mod fake;
mod intent;
mod lab;
mod running;

mod accept;
mod back_to_netbox;
mod bad_commits;
mod bad_devices;
mod commands;
mod corrections;
mod eos_view;
mod foreign;
mod git_decides;
mod holds;
mod killed;
mod missing_input;
mod out_of_netbox;
mod own_branch;
mod same_engine;
mod secrets;
mod transactions;
