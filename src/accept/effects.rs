//! What an edit of the intent changes on all devices, beside what was to be accepted.
//!
//! Elsewhere: comparing two trees (`yang::diff`).

use std::sync::Arc;

use super::wanted::Wanted;
use crate::compile::Build;
use crate::names::DeviceName;
use crate::yang::diff::diff;
use crate::yang::{Path, Tree, Value};

/// A leaf that an edit changes and that nobody asked to be accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Beside {
    /// The device.
    pub device: DeviceName,
    /// The leaf.
    pub path: Path,
    /// What the intent asked for; none if nothing.
    pub from: Option<Value>,
    /// What it would ask for.
    pub to: Option<Value>,
    /// Whether a person would have to type it, as `gitfabric bootstrap` prints it.
    pub by_hand: bool,
}

/// Whether a tree asks for just what is wanted at a path.
pub(super) fn agrees(tree: &Tree, path: &Path, live: Option<&Value>) -> bool {
    tree.get(path).map(|leaf| &leaf.value) == live
}

/// All that differs between two builds but for what is wanted on a device.
pub(super) fn beside(before: &Build, after: &Build, device: &DeviceName, wanted: &Wanted) -> Vec<Beside> {
    let mut found = Vec::new();
    let nothing = Tree::new();
    let names =
        before.devices.keys().chain(after.devices.keys().filter(|name| !before.devices.contains_key(*name)));
    for name in names {
        let (old, new) = (before.devices.get(name), after.devices.get(name));
        if let (Some(old), Some(new)) = (old, new)
            && Arc::ptr_eq(old, new)
        {
            continue;
        }
        let trees = [
            (old.map(|build| &*build.tree), new.map(|build| &*build.tree), false),
            (old.map(|build| &*build.bootstrap), new.map(|build| &*build.bootstrap), true),
        ];
        for (old, new, by_hand) in trees {
            for difference in diff(old.unwrap_or(&nothing), new.unwrap_or(&nothing)) {
                let (path, to) = (difference.path(), difference.to().map(|leaf| &leaf.value));
                let meant = name == device
                    && !by_hand
                    && wanted.get(path).is_some_and(|live| live.as_ref().map(|leaf| &leaf.value) == to);
                if !meant {
                    found.push(Beside {
                        device: name.clone(),
                        path: path.clone(),
                        from: difference.from().map(|leaf| leaf.value.clone()),
                        to: to.cloned(),
                        by_hand,
                    });
                }
            }
        }
    }
    found.sort();
    found
}
