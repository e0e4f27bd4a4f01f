//! One device's slice of the fabric to its YANG tree.

pub mod slice;
