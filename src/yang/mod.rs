//! YANG data and YANG schemas, in the order in which they build on each other.
//!
//! `path` (where), `natural` (the order for people), `value` (what), `schema` (what is
//! allowed), `tree` (the data of one device), `json` (RFC 7951, both ways), `diff` (two
//! trees), `validate` (a tree against its schema), `write` (how `compile` makes a tree).
//! Pure: no files, no clock, no tokio. Elsewhere: which schema a device has (`platform`),
//! what a difference means (`plan`).

pub mod diff;
pub mod json;
pub mod natural;
pub mod path;
pub mod schema;
#[cfg(test)]
pub(crate) mod testing;
pub mod tree;
pub mod validate;
pub mod value;
pub mod write;

pub use path::{Elem, Path};
pub use schema::{NodeId, Schema};
pub use tree::{Leaf, Tree};
pub use value::{Form, Scalar, Value};
