//! Speaks gNMI with devices.
//!
//! Elsewhere: what is sent (`plan`), when (`rollout`), devices that answer (`simulator`).

pub(crate) mod proto;
