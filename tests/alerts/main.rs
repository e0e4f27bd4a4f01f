//! People told by the real agent: receivers on sockets, in clear and over TLS, simulated
//! devices, a real Git repository, a real record.
//!
//! `world` (the agent's lab with receivers beside it); the other modules hold stories. Nothing
//! waits for a time: tests wait for what a receiver was told. Elsewhere: the words and their
//! limits (`src/alerts`), what is news (`src/agent/alerts`), drift over the wire (`tests/drift`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[allow(dead_code, reason = "shared with tests/promises, which uses the rest")]
#[path = "../promises/intent.rs"]
mod intent;
#[allow(dead_code, reason = "shared with tests/promises, which uses the rest")]
#[path = "../promises/lab.rs"]
mod lab;
#[allow(dead_code, reason = "shared with tests/promises, which uses the rest")]
#[path = "../promises/running.rs"]
mod running;
#[allow(dead_code, reason = "shared with tests/forge, which uses the rest")]
#[path = "../forge/fake/server.rs"]
mod server;
mod world;

mod commands;
mod states;
mod stories;
mod told;
mod trouble;
