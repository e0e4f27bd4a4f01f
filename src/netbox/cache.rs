//! A reading kept in a file, so that the next run need only read what changed.
//!
//! Never needed: a file that is missing, damaged, of another NetBox or of another version of
//! gitfabric is as good as none. It holds what NetBox holds, so only its owner may read it.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::inventory::ENDPOINTS;
use super::reading::Reading;

#[derive(Serialize)]
struct Kept<'a> {
    made_by: String,
    netbox: &'a str,
    reading: &'a Reading,
}

#[derive(Deserialize)]
struct Head {
    made_by: String,
    netbox: String,
}

#[derive(Deserialize)]
struct Found {
    reading: Reading,
}

/// What was kept of the NetBox at `url`, and a note for a person where a file cannot be used.
pub fn load(file: &Path, url: &str) -> (Option<Reading>, Option<String>) {
    let note = |why: &str| Some(format!("{}: {why}; NetBox is read anew", file.display()));
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (None, None),
        Err(error) => return (None, note(&error.to_string())),
    };
    match serde_json::from_slice::<Head>(&text) {
        Err(_) => (None, note("it is damaged")),
        Ok(head) if head.netbox != url => (None, note(&format!("it was kept of {}", head.netbox))),
        Ok(head) if head.made_by != made_by() => (None, note("it was kept by another gitfabric")),
        Ok(_) => match serde_json::from_slice::<Found>(&text) {
            Err(_) => (None, note("it is damaged")),
            Ok(found) => (Some(found.reading), None),
        },
    }
}

/// Keeps a reading of the NetBox at `url`; the file is there whole or as it was before.
pub fn save(file: &Path, url: &str, reading: &Reading) -> std::io::Result<()> {
    let text = serde_json::to_vec(&Kept { made_by: made_by(), netbox: url, reading })?;
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = file.with_file_name(name);
    let written = write(&beside, &text).and_then(|()| std::fs::rename(&beside, file));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn write(file: &Path, text: &[u8]) -> std::io::Result<()> {
    // what a killed run left behind may be of another mode
    let _ = std::fs::remove_file(file);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text)
}

/// What decides the form of the file: this version, and which fields are read.
fn made_by() -> String {
    let fields = ring::digest::digest(&ring::digest::SHA256, format!("{ENDPOINTS:?}").as_bytes());
    let short = fields.as_ref().iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    format!("gitfabric {} {short:016x}", env!("CARGO_PKG_VERSION"))
}
