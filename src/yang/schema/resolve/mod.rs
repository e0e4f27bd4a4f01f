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

use std::collections::BTreeMap;
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
    /// modules whose nodes they augment or deviate.
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
    let modules = implemented_modules(&library, selection);
    let mut expander = Expander::new(&library);
    for module in &modules {
        for root in library.roots(*module) {
            expander.expand(root, None, *module);
        }
    }
    augment::apply(&mut expander, &modules);
    deviate::apply(&mut expander, &modules);
    if expander.full {
        expander.draft = Draft::default(); // an error says so; a part would be of no use
    }
    let Expander { draft, findings: of_nodes, .. } = expander;
    findings.append(of_nodes);
    let identities = Identities::collect(&library, &mut findings);
    let schema = finish::finish(&library, &draft, &identities, &mut findings);
    findings.sort();
    Resolution { schema, findings }
}

/// The selected modules, and those whose nodes they augment or deviate: to change a
/// module's nodes is to implement it (RFC 7950 section 5.6.5).
fn implemented_modules(library: &Library, selection: &Selection<'_>) -> Vec<ModuleIndex> {
    let import_only: Vec<_> =
        selection.import_only.iter().filter_map(|name| library.module_named(name)).collect();
    let mut modules: Vec<ModuleIndex> = Vec::new();
    for index in selection.implemented.iter().filter_map(|name| library.module_named(name)) {
        if !modules.contains(&index) && !import_only.contains(&index) {
            modules.push(index);
        }
    }
    let mut next = 0;
    while let Some(module) = modules.get(next).copied() {
        next += 1;
        for root in library.roots(module) {
            let changes = library.children(root);
            for change in changes.filter(|at| matches!(library.keyword(*at), "augment" | "deviation")) {
                let steps = library.argument(change).split('/');
                let prefixes = steps.filter_map(|step| split_prefix(step.trim()).0);
                let targets = prefixes.filter_map(|prefix| library.prefixed(change, Some(prefix)));
                targets.for_each(|index| {
                    if !modules.contains(&index) && !import_only.contains(&index) {
                        modules.push(index);
                    }
                });
            }
        }
    }
    modules
}
