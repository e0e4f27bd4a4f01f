//! NetBox: what it says, read whole, and said again as intent files.
//!
//! Here: the client, the lists and their counting (`read`), what came (`inventory`), the
//! change log, the mapping file, and the translation of an inventory into YAML files, which
//! is pure. Elsewhere: commits, pushes and pull requests (`export`); what the YAML means
//! (`intent`); the receiver of webhooks (`web`).

mod inventory;
mod mapping;
mod objection;
pub mod objects;
pub mod translate;
mod wire;
mod yaml;

pub use inventory::{ENDPOINTS, Endpoint, Inventory, Object, Table};
pub use mapping::Mapping;
pub use objection::{About, Objection, Objections, Weight};
pub use wire::{Choice, CustomFields, Id, Ref};
