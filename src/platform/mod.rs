//! A network OS: its schema, the paths to read and watch, its quirks.
//!
//! Here: [`profile`] (what is known of one OS in one version), [`quirks`] (what a Set to
//! it must mind), [`effects`] (what a change does to traffic), [`cli`] (the form of a tree
//! as commands). `arista_eos`: EOS's own profile, the spelling of its interfaces, its
//! commands, and the paths that must never be sent. Elsewhere: the form of schemas
//! (`yang::schema`), which tree a device gets (`compile`).

pub mod arista_eos;
pub mod cli;
pub mod effects;
pub mod profile;
pub mod quirks;

pub use profile::Profile;
