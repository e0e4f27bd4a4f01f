//! What is known of one network OS in one version.
//!
//! Elsewhere: the values (`arista_eos`), the form of quirks (`quirks`).

use std::sync::Arc;

use super::arista_eos;
use super::cli::Cli;
use super::effects::Effects;
use super::quirks::Quirks;
use crate::yang::{Path, Schema};

/// One network OS in one version.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Its name in `platform.os`: `arista-eos`.
    pub os: &'static str,
    /// Its version in `platform.version`: `4.35.0F`.
    pub version: &'static str,
    /// The subtrees that hold all configuration which the model can make or which promise
    /// 13 compares: a full read-back is one Get of type CONFIG with these paths.
    pub read: &'static [&'static str],
    /// What a subscription asks for, with wildcards: the configuration that the model can make,
    /// as narrowly as paths allow, so that no counter comes with it. One RPC has them all.
    pub watch: &'static [&'static str],
    /// The leaf that has another value after each change of the configuration, whatever
    /// changed; none if the network OS has none.
    pub changed: Option<&'static str>,
    /// The lists in which a plan reports every entry that is not ours (promise 7), as schema
    /// paths.
    pub strict: &'static [&'static str],
    /// What a Set to it must mind.
    pub quirks: Quirks,
    /// How its engineers would type a tree: a view, never sent.
    pub cli: Cli,
    /// What a change of each leaf does to its traffic.
    pub effects: Effects,
    /// What its YANG modules allow, from the pack in this binary; read at the first call.
    pub schema: fn() -> Arc<Schema>,
}

/// The profiles that this build has, in the order of their names.
pub const PROFILES: &[Profile] = &[arista_eos::PROFILE_4_35_0F];

impl Profile {
    /// The profile of an OS and version; none if this build does not know it.
    pub fn find(os: &str, version: &str) -> Option<&'static Profile> {
        PROFILES.iter().find(|profile| profile.os == os && profile.version == version)
    }

    /// Whether a full read-back would show this path. What it would not show must not be
    /// sent, as nothing could tell that it arrived.
    pub fn reads(&self, path: &Path) -> bool {
        self.read_paths().iter().any(|read| path.starts_with(read))
    }

    /// [`Profile::watch`] as paths.
    pub fn watch_paths(&self) -> Vec<Path> {
        self.watch.iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// [`Profile::changed`] as a path.
    pub fn changed_path(&self) -> Option<Path> {
        self.changed.and_then(|text| text.parse().ok())
    }

    /// [`Profile::read`] as paths.
    pub fn read_paths(&self) -> Vec<Path> {
        self.read.iter().filter_map(|text| text.parse().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_every_profile_is_a_path() {
        for profile in PROFILES {
            assert_eq!(profile.read_paths().len(), profile.read.len(), "{}", profile.os);
            assert_eq!(profile.watch_paths().len(), profile.watch.len(), "{}", profile.os);
            assert_eq!(profile.changed_path().is_some(), profile.changed.is_some(), "{}", profile.os);
        }
    }

    #[test]
    fn a_path_is_read_back_below_the_subtrees_that_are_read() {
        for (path, read) in [
            ("/interfaces/interface[name=Ethernet1]/config/mtu", true),
            ("/system", true),
            ("/qos/interfaces", false),
        ] {
            assert_eq!(arista_eos::PROFILE_4_35_0F.reads(&path.parse().unwrap()), read, "{path}");
        }
    }

    #[test]
    fn a_profile_is_found_by_os_and_version() {
        for (os, version, known) in [
            ("arista-eos", "4.35.0F", true),
            ("arista-eos", "4.30.1F", false),
            ("nokia-srlinux", "4.35.0F", false),
        ] {
            assert_eq!(Profile::find(os, version).is_some(), known, "{os} {version}");
        }
    }
}
