//! EOS's schema, embedded: nothing is downloaded and no YANG is parsed when gitfabric runs.
//!
//! Here: the packs, and which modules they take no nodes from. A pack is made anew by
//! `gitfabric schema pack FOLDER --platform arista-eos --version VERSION`. Elsewhere: the
//! form of packs (`yang::schema::pack`), making one (`yang::schema::make`).

use std::sync::{Arc, OnceLock};

use crate::yang::Schema;
use crate::yang::schema::pack;

/// Modules of Arista's publication that a device does not serve at the top of its tree.
/// Each repeats a name that another module serves there: ietf-interfaces is loaded for an
/// identity, arista-cli describes an RPC, and the other two are generated copies of what
/// arista-system-session and openconfig-platform hold. With them `/interfaces`, `/system`
/// and `/components` would each mean two nodes.
pub const IMPORT_ONLY: &[&str] = &[
    "arista-ale-counters-open-config-pipeline",
    "arista-cli",
    "arista-open-config-lib-open-config-system-session-config",
    "ietf-interfaces",
];

/// The pack of EOS 4.35.0F.
const EOS_4_35_0F: &str = include_str!("eos-4.35.0F.pack");

/// The schema of EOS 4.35.0F, read once.
///
/// # Panics
///
/// If the pack in this binary cannot be read, which a test excludes.
pub fn eos_4_35_0f() -> Arc<Schema> {
    static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
    let read = || Arc::new(pack::read(EOS_4_35_0F).expect("the embedded pack is read by a test"));
    Arc::clone(SCHEMA.get_or_init(read))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::diagnostic::Findings;
    use crate::yang::schema::make::{Sources, make};

    /// Needs Arista's modules in `../shared/yang`; without them it says so and passes.
    #[test]
    fn packing_aristas_modules_gives_the_committed_pack() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/yang/arista-eos-4.35.0F");
        if !folder.is_dir() {
            println!("skipped: there is no {}", folder.display());
            return;
        }
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "yang") {
                let name = path.file_name().unwrap().to_string_lossy();
                files.insert(name.parse().unwrap(), Arc::from(std::fs::read_to_string(&path).unwrap()));
            }
        }
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let made = make(&Sources {
            platform: "arista-eos",
            version: "4.35.0F",
            files: &files,
            load_order: &read("load-order.txt"),
            import_only: IMPORT_ONLY,
            path_report: Some(&read("pathreport.csv")),
        })
        .unwrap();
        assert_eq!(made.findings, Findings::new());
        assert!(pack::write(&made.schema) == EOS_4_35_0F, "make it anew: see the head of this file");
        assert!(*eos_4_35_0f() == made.schema, "the pack holds all of the schema");
    }

    #[test]
    fn each_name_at_the_top_means_one_node() {
        let schema = eos_4_35_0f();
        for top in ["interfaces", "network-instances", "system", "components", "routing-policy", "arista"] {
            assert!(schema.child(None, top).is_some(), "{top}");
        }
    }
}
