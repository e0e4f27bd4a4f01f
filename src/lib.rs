//! gitfabric: a Git repository of YAML intent is the only way to change the network.
//!
//! The modules stand in the order in which data flows. A stage imports the stages above
//! it, `names`, `nearest` and `diagnostic`; the edges below the line import stages and
//! never each other; `agent` and `cli` join them. `tests/architecture.rs` keeps this true.
//!
//! ```text
//!   git ─► intent ─► compile ─► plan ─► rollout ─► record
//!                       ▲         ▲        ▲
//!                 yang, platform ─┘      gnmi
//! ```

pub mod diagnostic;
pub mod names;
pub(crate) mod nearest;

pub mod git;
pub mod intent;
pub mod yang;

pub mod platform;

pub mod compile;

pub mod plan;

pub mod gnmi;
pub mod record;

pub mod rollout;

// the edges
pub mod agent;
pub mod cli;
pub mod simulator;
