//! `.yang` files to a [`Schema`], as vendors publish them.
//!
//! Here: [`resolve`]. The steps stand in their own files: `library` (modules, prefixes,
//! names), `expand` (data definitions, uses, refine), `augment`, `deviate`, `identities`,
//! `typing` with `ranges`, `leafref` and `defaults`, and `finish` (configuration only,
//! choices flattened). Elsewhere: the statements (`parse`), keeping the result (`pack`).
//!
//! What it leaves out, knowingly: `when` and `must` (no expression is evaluated),
//! `if-feature` (every feature counts as supported), `units`, `status`, descriptions,
//! operations, notifications, the default case of a choice, and all `config false` data.
//! A module is loaded in one revision, the newest that the files hold. What it does not
//! understand is a finding, and the rest is resolved all the same: published sets hold
//! faults that no device minds.

mod augment;
mod defaults;
mod deviate;
mod draft;
mod expand;
mod finish;
mod identities;
mod leafref;
mod library;
mod ranges;
mod typing;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Schema;
use crate::diagnostic::Findings;
use crate::names::RepoPath;
use draft::Draft;
use expand::Expander;
use identities::Identities;
use library::{Library, ModuleIndex, split_prefix};

/// A schema and all that was wrong on the way to it.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// What could be resolved; its platform and version are empty.
    pub schema: Schema,
    /// Errors: text that is no YANG, modules that are missing, definitions in a circle.
    /// Warnings: what was left out or taken otherwise than written.
    pub findings: Findings,
}

/// Which modules become a schema.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// The modules that contribute nodes, augments and deviations, in this order. So do
    /// modules whose nodes they augment, deviate or refer to.
    pub implemented: &'a [&'a str],
    /// Modules that contribute no nodes, whatever else says they should: a device does not
    /// serve every module that its vendor publishes.
    pub import_only: &'a [&'a str],
}

/// Resolves the selected modules. `files` holds their text and that of all they import;
/// from modules that are only imported come typedefs, groupings and identities.
pub fn resolve(files: &BTreeMap<RepoPath, Arc<str>>, selection: &Selection<'_>) -> Resolution {
    let mut findings = Findings::new();
    let library = library::load(files, selection.implemented, &mut findings);
    let identities = Identities::collect(&library, &mut findings);
    let mut modules = Implemented::new(&library, selection);
    loop {
        let (schema, of_nodes, wanted) = build(&library, &identities, &modules.list);
        // each round adds a module at least, so this ends
        if !modules.add(&library, wanted) {
            findings.append(of_nodes);
            findings.sort();
            return Resolution { schema, findings };
        }
    }
}

/// The schema of these modules, what was wrong, and the modules that leafrefs lead into.
fn build(
    library: &Library,
    identities: &Identities,
    modules: &[ModuleIndex],
) -> (Schema, Findings, BTreeSet<ModuleIndex>) {
    let mut expander = Expander::new(library);
    for module in modules {
        for root in library.roots(*module) {
            expander.expand(root, None, *module);
        }
    }
    augment::apply(&mut expander, modules);
    deviate::apply(&mut expander, modules);
    if expander.full {
        expander.draft = Draft::default(); // an error says so; a part would be of no use
    }
    let Expander { draft, mut findings, .. } = expander;
    let (schema, wanted) = finish::finish(library, &draft, identities, &mut findings);
    (schema, findings, wanted)
}

/// The modules that contribute nodes: those selected, and those whose nodes an augment, a
/// deviation or a leafref of theirs names (RFC 7950 section 5.6.5).
struct Implemented {
    list: Vec<ModuleIndex>,
    import_only: Vec<ModuleIndex>,
}

impl Implemented {
    fn new(library: &Library, selection: &Selection<'_>) -> Self {
        let named = |names: &[&str]| names.iter().filter_map(|name| library.module_named(name)).collect();
        let selected: Vec<ModuleIndex> = named(selection.implemented);
        let mut implemented = Self { list: Vec::new(), import_only: named(selection.import_only) };
        implemented.add(library, selected);
        implemented
    }

    /// Adds modules and those that they augment or deviate. Says whether there was any new.
    fn add(&mut self, library: &Library, modules: impl IntoIterator<Item = ModuleIndex>) -> bool {
        let mut next = self.list.len();
        let before = next;
        modules.into_iter().for_each(|index| self.push(index));
        while let Some(module) = self.list.get(next).copied() {
            next += 1;
            for root in library.roots(module) {
                let changes = library.children(root);
                for change in changes.filter(|at| matches!(library.keyword(*at), "augment" | "deviation")) {
                    let steps = library.argument(change).split('/');
                    let prefixes = steps.filter_map(|step| split_prefix(step.trim()).0);
                    let targets = prefixes.filter_map(|prefix| library.prefixed(change, Some(prefix)));
                    targets.for_each(|index| self.push(index));
                }
            }
        }
        self.list.len() > before
    }

    fn push(&mut self, index: ModuleIndex) {
        if !self.list.contains(&index) && !self.import_only.contains(&index) {
            self.list.push(index);
        }
    }
}
