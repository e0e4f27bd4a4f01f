//! The NetBox export against a NetBox of its own: a real HTTP server on loopback (`fake`).
//!
//! `recording` holds the fake against what a real NetBox answered, `invented` its own fabric
//! against itself, `faulty` what goes wrong on purpose against what was asked for; the other
//! modules are tests of the exporter on it. Elsewhere: rules that need no server (beside the
//! code in `src/netbox`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod fake;

mod export;
mod faulty;
mod get;
mod invented;
mod reading;
mod readme;
mod recording;
mod refreshing;
mod tls;
mod translating;
mod written_back;
