//! Tests of the view: by example, against the lab's own files, and by a model of EOS.

mod accounted;
mod by_example;
mod fixture;
mod lab;
mod model;
mod properties;
