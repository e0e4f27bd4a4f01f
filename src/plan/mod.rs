//! What changes on each device, and in which order.
//!
//! `device` (desired × actual × recorded → the changes of one device), `compare` (one
//! leaf), `foreign` (what is not ours), `removal` (which list entries go as a whole), `set`
//! (changes → the operations of one gNMI Set), `entries` (list entries on a path), `rules`
//! (what a platform asks), `fabric` (all devices, the brakes, the seal), `between`
//! (from commit to commit), `correction` (what of a plan may be put back now), `guarded` (what never goes without a person's word), `step`
//! (what holds a commit), `revert` (whether it can be taken back), `waves` (who changes at the
//! same time), `render` (text, Markdown, JSON), `commands` (what an engineer would type for
//! it). Pure: values in, values out.
//! A [`DevicePlan`] is complete: applying it makes no further choice, printing it tells all.
//! Elsewhere: reading devices and sending (`gnmi`), when (`rollout`), remembering what was
//! done (`record`).

pub mod between;
pub mod commands;
mod compare;
pub mod correction;
pub mod device;
mod entries;
pub mod fabric;
mod foreign;
pub mod guarded;
pub mod operations;
pub mod recorded;
mod removal;
pub mod render;
pub mod revert;
pub mod rules;
pub mod secret;
pub mod set;
pub mod step;
pub mod waves;

pub use between::plan_of_builds;
pub use commands::{Commands, commands};
pub(crate) use compare::is_default;
pub use correction::{Correction, Left, Word, correction};
pub use device::{Action, Change, Counts, DevicePlan, Inputs, Note, Prints, device_plan};
pub use fabric::{Plan, Revision};
pub use operations::{Operations, Payload, Write};
pub use recorded::{InFlight, Recorded, SecretMark};
pub use removal::Stays;
pub(crate) use removal::is_incidental;
pub use rules::Rules;
pub use secret::{Fingerprint, FingerprintKey};
pub use set::{MissingSecrets, Resolver, operations_of};
pub use waves::{Wave, waves};

#[cfg(test)]
pub(crate) mod fixture;
