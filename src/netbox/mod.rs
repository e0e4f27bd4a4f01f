//! NetBox: what it says, read whole, and said again as intent files.
//!
//! Here: the client, the lists and their counting (`read`), what came (`inventory`), the
//! change log, the mapping file, and the translation of an inventory into YAML files, which
//! is pure; and what is written back to devices (`back`). Elsewhere: commits, pushes and pull requests (`export`); what the YAML means
//! (`intent`); the receiver of webhooks (`web`).

mod absent;
mod address;
mod answer;
mod back;
mod cache;
mod changelog;
mod changes;
mod client;
mod config;
mod error;
mod gone;
mod inventory;
mod lists;
mod mapping;
mod objection;
pub mod objects;
mod queries;
mod read;
mod reading;
mod rights;
mod status;
pub mod translate;
mod wire;
mod yaml;

pub use back::{Back, Fields, Kind, Known, State};
pub use cache::{load, save};
pub use changelog::{Change, Changes, changes_since};
pub use changes::refresh;
pub use client::Client;
pub use config::{Config, Sleep};
pub use error::NetBoxError;
pub use inventory::{ENDPOINTS, Endpoint, Inventory, Object, Table};
pub use mapping::Mapping;
pub use objection::{About, Objection, Objections, Weight};
pub use read::read;
pub use reading::{Progress, Reading, Wanted};
pub use rights::hidden;
pub use status::Status;
pub use wire::{Choice, CustomFields, Id, Ref, Refs};
