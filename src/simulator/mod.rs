//! Network devices in memory: real gNMI servers on real sockets, with the ways of EOS, and
//! with faults when a test or a demo asks for them.
//!
//! A request goes down this list: `fabric` (many devices), `server` (one device's port and
//! switches), `connection`, `certificates` and `pings` (bytes), `service` (the four RPCs, the
//! login), `set` → `edit` → `eos` (changes), `get` and `subscribe` → `view` → `render`
//! (answers; `defaults` and `spelling` make them odd), `device` (one snapshot after the
//! other), `change` (what subscribers hear of it). `paths` reads what clients write,
//! `personality` holds the switches, `faults` what goes wrong on purpose, `counters` what was
//! asked. Elsewhere: the client (`gnmi`), the command that runs devices alone
//! (`cli::simulate`).
//!
//! Nothing is written to disk: a device forgets everything when it ends.

mod certificates;
mod change;
mod connection;
mod counters;
mod defaults;
mod device;
mod edit;
mod eos;
mod fabric;
mod faults;
mod get;
mod paths;
mod personality;
mod pings;
mod render;
mod server;
mod service;
mod set;
mod spelling;
mod subscribe;
#[cfg(test)]
mod tests;
mod view;

pub use certificates::{Authority, CertificateError, Identity};
pub use connection::ByteStream;
pub use counters::GetRecord;
pub use device::{Chassis, Clock, DeviceConfig, Login};
pub use edit::Refusal;
pub use fabric::{FabricError, SimulatedFabric};
pub use faults::{Gate, SetFault, SetOperation, SetOutcome, SetRecord};
pub use personality::{
    Defaults, GetPaths, LeafListUpdate, MemberNames, OnChange, Packing, Personality, Timestamps,
};
pub use server::{Handle, SimulatedDevice, StartError};
