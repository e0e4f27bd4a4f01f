//! `example-repo/`, embedded: the demo needs nothing beside the binary.
//!
//! Elsewhere: the repository that is made of it (`lab`).

use crate::git::write::Edits;
use crate::names::NameError;

/// Embeds files of `example-repo/`, each with its path there.
macro_rules! embed {
    ($($path:literal)*) => { &[$(($path, include_str!(concat!("../../../example-repo/", $path)))),*] };
}

/// Every file with its text; a test holds the list against the folder.
const FILES: &[(&str, &str)] = embed![
    "README.md"
    "devices/leaf1.yaml"
    "devices/leaf2.yaml"
    "devices/leaf3.yaml"
    "devices/leaf4.yaml"
    "devices/leaf5.yaml"
    "devices/leaf6.yaml"
    "devices/leaf7.yaml"
    "devices/leaf8.yaml"
    "devices/spine1.yaml"
    "devices/spine2.yaml"
    "fabric.yaml"
    "pairs/leaf1-2.yaml"
    "pairs/leaf3-4.yaml"
    "pairs/leaf5-6.yaml"
    "pairs/leaf7-8.yaml"
    "vlans/34.yaml"
    "vlans/40.yaml"
    "vlans/78.yaml"
    "vlans/900.yaml"
    "vrfs/gold.yaml"
];

/// The files as a first commit.
pub(super) fn edits() -> Result<Edits, NameError> {
    FILES.iter().map(|(path, text)| Ok((path.parse()?, Some(text.as_bytes().to_vec())))).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::git::Snapshot;

    #[test]
    fn every_file_of_the_example_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
        let snapshot = Snapshot::of_folder(&folder).unwrap();
        let expected: Vec<_> = snapshot
            .iter()
            .map(|(path, _)| (path.to_string(), snapshot.text(path).unwrap().to_string()))
            .collect();
        let embedded: Vec<_> =
            FILES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        assert_eq!(embedded, expected);
        assert_eq!(edits().unwrap().len(), FILES.len());
    }
}
