//! Bringing devices to a commit: who may change when, one Set each, read back, written down.
//!
//! `device` (a device as something that can be read and set), `apply` (one device: journal,
//! Set, settle a lost answer, verify on a new connection), `correction` (the same of what is only put back), `waves` (many devices: order,
//! holds, health of partners), `progress` (how far it has come), `journal` (writing to the record from async code).
//! Elsewhere: what changes (`plan`), when a pass begins and what it reads (`agent`).

mod apply;
mod correction;
mod device;
mod journal;
mod progress;
mod waves;

pub use apply::{Context, Job, Outcome, PuttingBack, SecretLookup};
pub use device::{Device, NotIdentified, Reading, Session};
pub use journal::{Holding, Journal};
pub use progress::{Progress, Stage};
pub use waves::{Partner, run};
