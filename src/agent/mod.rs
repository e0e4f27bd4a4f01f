//! The agent: one loop that makes the network what the head of the branch says.
//!
//! `config` (its file). Elsewhere: each stage of a pass in its own module; commands for
//! people (`cli`).

pub mod config;
pub mod inventory;
