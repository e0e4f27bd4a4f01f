//! The intent: YAML files of one commit to a checked fabric, with every finding placed.
//!
//! `yaml` (text → positioned tree), `decode` (positioned tree → typed values, collecting
//! findings), one file a kind (`design`, `device`, `pair`, `vlan`, `vrf`, `raw`), `load`
//! (snapshot → fabric, cached by blob), `check` (rules across files), `model` (what comes
//! out), `topology` (who is connected to whom, who carries what). Pure. Elsewhere: reading
//! files and Git (`git`), YANG of a device (`compile`).

pub mod model;
mod nearest;
pub mod topology;
mod yaml;

pub use model::Fabric;
pub use topology::Topology;
