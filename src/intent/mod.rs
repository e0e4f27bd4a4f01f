//! The intent: YAML files of one commit to a checked fabric, with every finding placed.
//!
//! `yaml` (text → positioned tree), `decode` (positioned tree → typed values, collecting
//! findings), one file a kind (`design`, `device`, `pair`, `vlan`, `vrf`, `raw`), `load`
//! (snapshot → fabric, cached by blob), `check` (rules across files), `model` (what comes
//! out), `topology` (who is connected to whom, who carries what). Pure. Elsewhere: reading
//! files and Git (`git`), YANG of a device (`compile`).

mod at;
mod check;
mod decode;
mod design;
mod device;
#[cfg(test)]
pub(crate) mod fixture;
mod layout;
mod load;
pub mod model;
mod pair;
mod port;
mod raw;
mod route;
mod scalar;
#[cfg(test)]
mod tests;
pub mod topology;
mod vlan;
mod vrf;
mod yaml;

pub use check::{check_succession, deleted_devices};
pub use load::{Cache, Loaded};
pub use model::Fabric;
pub use topology::Topology;
