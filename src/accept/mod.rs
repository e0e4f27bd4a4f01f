//! Accepting drift: the intent is made to ask for what a device holds.
//!
//! The order is the safety: `wanted` (what of a device's drift was named, and may be accepted),
//! `candidates` (edits of the YAML that may do it) and `fragment` (a raw fragment where the YAML
//! has no word for it), `search` (each edit compiled by the engine that the agent has: it counts
//! only if the device is then asked for just what it holds), `effects` (what else it would
//! change), `proposal` (a commit on a branch, and a pull request). Guesses are cheap, as nothing
//! is believed of them. Elsewhere: reading the device (`agent::live`), editing one value of a
//! file (`intent::edit`), forges (`forge`), showing it all (`cli`).

mod candidates;
mod effects;
mod fragment;
pub mod proposal;
mod search;
#[cfg(test)]
mod tests;
mod wanted;

pub use effects::Beside;
pub use search::{Found, Home, Homeless, search};
pub use wanted::{Drift, Refusal, Wanted, wanted};
