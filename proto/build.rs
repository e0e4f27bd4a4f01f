//! Compiles the gNMI messages, without protoc.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = protox::compile(["proto/gnmi.proto"], ["proto"])?;
    // Sorted keys: what is printed, hashed or recorded must not depend on chance.
    tonic_prost_build::configure().btree_map(".").compile_fds(files)?;
    Ok(())
}
