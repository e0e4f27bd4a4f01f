//! The intent: YAML files of one commit to a checked fabric, with every finding placed.
//!
//! A file's way, in the order of the flow:
//!
//! - `layout`: from its path to the object it is; `yaml`: from its text to a tree with places
//! - `decode`: the fields of an object, with `scalar`, `route` and `at` to read their values
//! - one file a kind: `design` (with `routing`, `services`, `drift`), `device`, `pair`, `port`, `vlan`,
//!   `vrf`, `policy`, `lists`, `raw`
//! - [`model`]: what comes out; `load`: all files to one fabric, cached by blob
//! - [`topology`]: who is connected to whom, who carries what
//! - `check`: rules across files, and across two commits
//! - [`edit`]: a value of a file changed, and every other byte left as it was
//! - [`manifest`]: what an export wrote, held against what is there
//!
//! Pure. Elsewhere: reading files and Git (`git`), YANG of a device (`compile`).

mod at;
mod check;
pub(crate) mod decode;
mod design;
mod device;
mod drift;
pub mod edit;
#[cfg(test)]
pub(crate) mod fixture;
mod layout;
mod lists;
mod load;
pub mod manifest;
pub mod model;
mod pair;
mod policy;
pub(crate) mod port;
pub(crate) mod raw;
pub(crate) mod route;
mod routing;
pub(crate) mod scalar;
mod services;
#[cfg(test)]
mod tests;
pub mod topology;
mod vlan;
mod vrf;
pub(crate) mod yaml;

pub use check::{check_succession, deleted_devices};
pub use load::{Cache, Loaded};
pub use model::Fabric;
pub use model::drift::{DriftPolicies, DriftPolicy};
pub use topology::Topology;
