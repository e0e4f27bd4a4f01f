//! Drift over the wire: whole stories of the real agent beside people who change its devices,
//! and of devices with the ways and faults that must not be taken for drift, nor hide it.
//!
//! Simulated devices on TLS sockets, a real Git repository, a real record. `world` (labs,
//! changes by hand, what the record and the news say), `watching` (a watcher alone, where a
//! story needs settings of its own and every single verdict), `receiver` (somebody who is told);
//! the other modules hold stories.
//! The record is read back whole every hour, so that whatever is found in these tests was found
//! by a watcher. Nothing waits for a time: tests wait for rows of the record, for news, for
//! verdicts or for calls at a device. Elsewhere: corrections without watchers and holds
//! (`tests/promises`), people told (`tests/alerts`), each part alone (beside the code).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[allow(dead_code, reason = "shared with tests/promises, which uses the rest")]
#[path = "../promises/intent.rs"]
mod intent;
#[allow(dead_code, reason = "shared with tests/promises, which uses the rest")]
#[path = "../promises/lab.rs"]
mod lab;
#[allow(dead_code, reason = "shared with tests/alerts, which uses the rest")]
#[path = "../alerts/world.rs"]
mod receiver;
#[allow(dead_code, reason = "shared with tests/promises, which uses the rest")]
#[path = "../promises/running.rs"]
mod running;
#[allow(dead_code, reason = "shared with tests/forge, which uses the rest")]
#[path = "../forge/fake/server.rs"]
mod server;
mod watching;
mod world;

mod connections;
mod flapping;
mod passes;
mod policy;
mod record;
mod streams;
mod values;
