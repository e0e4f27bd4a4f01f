//! What a device's platform, and the way the agent reaches it, ask of its plan.
//!
//! Here: [`Rules`], which binds them together. Elsewhere: each platform's own (`platform`).

use crate::platform::Profile;
use crate::platform::arista_eos::protected::Protected;
use crate::platform::quirks::Quirks;
use crate::yang::{Path, Value};

/// The rules for one device. The default has none: nothing is protected, nothing strict,
/// operations in the order of their paths.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// What a Set must mind.
    pub quirks: &'a Quirks,
    /// The lists in which every entry that is not ours has to be reported, as schema paths.
    pub strict: &'a [&'a str],
    /// The agent's own way to the device (promise 13).
    pub protected: Option<&'a Protected>,
}

const NO_QUIRKS: Quirks = Quirks { carried: &[], together: &[], order: &[] };

impl Default for Rules<'_> {
    fn default() -> Self {
        Self { quirks: &NO_QUIRKS, strict: &[], protected: None }
    }
}

impl<'a> Rules<'a> {
    /// The rules of a platform, for a device reached as `protected` says.
    pub fn of(profile: &'a Profile, protected: &'a Protected) -> Self {
        Self { quirks: &profile.quirks, strict: profile.strict, protected: Some(protected) }
    }

    /// Why a leaf is never sent; none if it may be.
    pub(super) fn why_protected(&self, path: &Path, value: &Value) -> Option<&'static str> {
        self.protected.and_then(|protected| protected.why_leaf(path, value))
    }

    /// The entry of a strict list that a leaf belongs to.
    pub(crate) fn strict_entry(&self, path: &Path) -> Option<Path> {
        let list = self.strict_list(path)?;
        Some(path.prefix(list.split('/').skip(1).count()))
    }

    /// Whether a path is in a strict list.
    pub(crate) fn is_strict(&self, path: &Path) -> bool {
        self.strict_list(path).is_some()
    }

    fn strict_list(&self, path: &Path) -> Option<&'a str> {
        let within = |list: &&&str| {
            let mut elems = path.elems().iter();
            list.split('/').skip(1).all(|name| elems.next().is_some_and(|elem| elem.name() == name))
        };
        self.strict.iter().find(within).copied()
    }
}
