//! The record: what each device was last seen to hold, and what every pass did.
//!
//! Here: one SQLite file that the agent writes and `status` reads at the same time.
//! `store` (opening, migrating), `fabrics` (the commit that counts, and why not the head),
//! `devices` (the owned tree last read back equal), `flight` (the Set that is under way), `passes`
//! (history), `drift` (leaves that somebody changed), `corrections` (what was put back, and
//! given up), `holds` (what is not to be touched for a while), `reviews` (what a forge was told),
//! `watches` (how each device is watched), `news` (what people may want to be told), `deliveries`
//! (to whom it was told), `tries` (what was tried already, as it was said), `noted` (what was news already), `firing` (what is wrong now), `lock`
//! (one agent at a time). Blocking. Elsewhere: deciding what to write (`rollout`, `agent`).

mod columns;
mod corrections;
mod deliveries;
mod devices;
mod drift;
mod fabrics;
mod firing;
mod flight;
mod holds;
mod lock;
mod news;
mod noted;
mod passes;
mod reviews;
mod store;
#[cfg(test)]
mod tests;
mod tries;
mod watches;

pub use corrections::{Corrected, GivenUp};
pub use deliveries::{DeliveryEntry, Queued};
pub use devices::{DeviceEntry, Held, Settled, Stance, Standing};
pub use drift::{DriftKind, DriftNews, DriftedLeaf};
pub use fabrics::{FabricEntry, Verdict};
pub use flight::InFlight;
pub use holds::{Hold, Holds};
pub use lock::{Lock, LockError};
pub use news::{News, NewsKind, NewsLeaf};
pub(crate) use news::{read_time, write_time};
pub use noted::OutOfReach;
pub use passes::{DeviceEvent, EventKind, FOUND_EQUAL, PassEntry};
pub use reviews::{DONE, ReviewEntry};
pub use store::{RecordError, Store};
pub use tries::{Rest, Tried};
pub use watches::{WatchEntry, WatchState};
