//! Compiles the gNMI messages, without protoc.

fn main() {}
