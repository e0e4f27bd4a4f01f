//! Watching devices: what somebody changed behind our back, within a moment, and nothing else.
//!
//! The stream says where to look, the look says what is there. `watcher` (one task and one
//! connection a device), `filter` (which of its events could be drift: cheap, pure),
//! `suspects` (the places to look at, and when: a state machine whose time is given), `look`
//! (a Get of just these places), `judge` (what was read against the record, by the one engine
//! of plans), `standard` (what a device is held against), `told` (what a watcher says),
//! `kept` (what is told while a pass has the device in hand), `salts` (secrets of which nothing can be
//! learnt), `settings` (how patient it is), `guard` (what panics is tried again). A stream that lies,
//! repeats or loses can at most cost a look; it never makes a report. Elsewhere: who watches which
//! device, what is written down and told to people (`agent::watches`), putting it back (`agent::assess`).

mod filter;
mod follow;
mod guard;
mod judge;
mod kept;
mod look;
mod open;
mod reported;
mod salts;
mod settings;
mod standard;
mod suspects;
mod told;
mod unexplained;
mod watcher;

pub use guard::{caught, caught_at_once};
pub use judge::differences;
pub use look::{resalted, shown_otherwise};
pub use settings::Settings;
pub use standard::{Holding, Standard};
pub use told::{Found, Looked, Said, Told, Verdict, What};
pub use watcher::Watcher;

#[cfg(test)]
mod tests;
