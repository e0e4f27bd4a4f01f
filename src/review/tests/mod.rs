//! Reviews of the example repository: what people read, as snapshots, and what holds for
//! every review.

mod bounds;
mod desk;
mod parts;
mod snapshots;
