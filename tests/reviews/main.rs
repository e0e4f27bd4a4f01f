//! Pull requests reviewed by the real agent: a fake forge on a socket, a real Git repository,
//! simulated devices over TLS, a real record. And the same by the CI step.
//!
//! `world` (the agent's lab with a forge before it, and what people do there); the other modules
//! hold stories. Nothing waits for a time: tests wait for what the forge was told. Elsewhere:
//! what a review says (`src/review`), each call (`src/forge`), passes alone (`tests/promises`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../forge/fake/mod.rs"]
mod forge;
#[allow(dead_code, reason = "shared with tests/promises, which uses the rest")]
#[path = "../promises/intent.rs"]
mod intent;
#[allow(dead_code, reason = "shared with tests/promises, which uses the rest")]
#[path = "../promises/lab.rs"]
mod lab;
#[allow(dead_code, reason = "shared with tests/promises, which uses the rest")]
#[path = "../promises/running.rs"]
mod running;
mod world;

mod accepted;
mod asked;
mod ci;
mod held;
mod merged;
mod opened;
mod together;
mod trouble;
