//! Augments between modules (RFC 7950 section 7.17).
//!
//! Here: [`apply`]. Elsewhere: augments within uses (`expand`).

use super::expand::Expander;
use super::library::{At, ModuleIndex};
use crate::diagnostic::Finding;

/// Puts the nodes of every augment of the implemented modules below its target. An augment
/// may add what another one names, so they are tried until none fits any more.
pub(super) fn apply(expander: &mut Expander<'_>, implemented: &[ModuleIndex]) {
    let library = expander.library;
    let mut waiting: Vec<(At, ModuleIndex)> = Vec::new();
    for module in implemented {
        for root in library.roots(*module) {
            waiting.extend(library.substatements(root, "augment").map(|at| (at, *module)));
        }
    }
    let mut exact = true;
    loop {
        let before = waiting.len();
        waiting.retain(|(at, module)| !try_one(expander, *at, *module, exact));
        // only when nothing more fits as written may a missing prefix be guessed: what it
        // should name may come from another augment
        if waiting.len() == before && !std::mem::take(&mut exact) {
            break;
        }
    }
    for (at, _) in waiting {
        let path = library.argument(at);
        let step = expander.draft.find(library, at, path).err().unwrap_or_default();
        let message = format!("augment of `{path}`: there is no `{step}`");
        expander.findings.push(
            Finding::warning("yang-unknown-target", &library.place(at), message)
                .hint("it is left out; is its module in the load order?"),
        );
    }
}

/// Whether the augment is done with.
fn try_one(expander: &mut Expander<'_>, at: At, module: ModuleIndex, exact: bool) -> bool {
    let library = expander.library;
    let path = library.argument(at);
    let draft = &expander.draft;
    let found = if exact { draft.find_exactly(library, at, path) } else { draft.find(library, at, path) };
    let Ok(target) = found else { return false };
    if expander.draft.node(target).kind.is_inner() {
        expander.expand(at, Some(target), module);
    } else if library.children(at).any(|child| adds_nodes(library.keyword(child))) {
        let message = format!("augment of `{path}`: nothing can stand below a leaf");
        expander.findings.push(Finding::warning("yang-augmented-leaf", &library.place(at), message));
    }
    // an augment without nodes only documents: vendors write it for leaves too
    true
}

fn adds_nodes(keyword: &str) -> bool {
    keyword == "uses" || super::draft::DraftKind::of(keyword).is_some()
}
