//! Telling people, and their programs: Slack, Discord, Microsoft Teams, Alertmanager, webhooks.
//!
//! Pure but for the sending: `event` (news as they are told), `merge` (what waits becomes
//! messages), `fold` (many devices in one message), `render` (a message as each receiver takes it), `template` (what a person wants
//! it to say), `signature` (whose word it is), `pace` (when it is tried again), `send` (one
//! POST, and what came of it). Elsewhere: what is news (`record::News`), the threads that
//! bring them and their rows in the record (`agent::alerts`, `record`), configuration
//! (`agent::config`).

pub mod event;
pub mod fold;
pub mod kind;
pub mod merge;
pub mod pace;
pub mod render;
pub mod send;
pub mod signature;
pub mod template;

pub use event::{Event, What};
pub use fold::fold;
pub use kind::Kind;
pub use merge::{Item, Message, messages};
pub use pace::{Next, next};
pub use render::{Rendered, alertmanager, render};
pub use send::{Outcome, Post, Sender};
pub use template::Template;
