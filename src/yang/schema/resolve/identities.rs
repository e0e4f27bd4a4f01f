//! The identities of all loaded modules and how they derive from each other.
//!
//! Here: [`Identities`]. Elsewhere: which of them a schema keeps (`finish`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::library::{At, Library, ModuleIndex, split_prefix};
use crate::diagnostic::{Finding, Findings};

/// An identity; its index is its place in [`Identities::all`].
pub(super) struct Draft {
    pub(super) module: ModuleIndex,
    pub(super) name: Arc<str>,
    /// Its direct bases, sorted. No identity is its own base, over however many steps.
    pub(super) bases: Vec<u32>,
    at: At,
}

/// Identities sorted by the name of their module and their own.
pub(super) struct Identities {
    pub(super) all: Vec<Draft>,
    index: BTreeMap<(ModuleIndex, Arc<str>), u32>,
}

impl Identities {
    pub(super) fn collect(library: &Library, findings: &mut Findings) -> Self {
        let mut all = Vec::new();
        for (module, _) in library.modules() {
            for root in library.roots(module) {
                all.extend(library.substatements(root, "identity").map(|at| Draft {
                    module,
                    name: library.argument(at).into(),
                    bases: Vec::new(),
                    at,
                }));
            }
        }
        let key =
            |identity: &Draft| (Arc::clone(&library.module(identity.module).name), identity.name.clone());
        all.sort_by_cached_key(key);
        all.dedup_by_key(|identity| key(identity));
        let index = all.iter().zip(0_u32..).map(|(one, id)| ((one.module, Arc::clone(&one.name)), id));
        let mut identities = Self { index: index.collect(), all };
        identities.link(library, findings);
        identities
    }

    fn link(&mut self, library: &Library, findings: &mut Findings) {
        for id in 0..self.all.len() {
            let at = self.all[id].at;
            let mut bases = BTreeSet::new();
            for base in library.substatements(at, "base") {
                match self.named(library, base, library.argument(base)) {
                    Some(base_id) if self.is_or_derives(base_id, u32::try_from(id).unwrap_or(u32::MAX)) => {
                        let message = format!("identity `{}` is its own base", self.all[id].name);
                        findings.push(Finding::error("yang-circle", &library.place(base), message));
                    }
                    Some(base_id) => drop(bases.insert(base_id)),
                    None => findings.push(unknown(library, base)),
                }
            }
            self.all[id].bases = bases.into_iter().collect();
        }
    }

    /// The identity that `name` means where `at` stands.
    pub(super) fn named(&self, library: &Library, at: At, name: &str) -> Option<u32> {
        let (prefix, local) = split_prefix(name);
        let module = library.prefixed(at, prefix)?;
        self.index.get(&(module, Arc::from(local))).copied()
    }

    /// Whether `id` is `ancestor` or derives from it.
    pub(super) fn is_or_derives(&self, id: u32, ancestor: u32) -> bool {
        let mut seen = BTreeSet::new();
        let mut queue = vec![id];
        while let Some(id) = queue.pop() {
            if id == ancestor {
                return true;
            }
            if seen.insert(id) {
                queue.extend(self.all.get(id as usize).into_iter().flat_map(|one| &one.bases));
            }
        }
        false
    }
}

pub(super) fn unknown(library: &Library, base: At) -> Finding {
    let message = format!("there is no identity `{}`", library.argument(base));
    Finding::warning("yang-unknown-identity", &library.place(base), message)
}
