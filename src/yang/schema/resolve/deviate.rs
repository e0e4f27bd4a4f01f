//! Deviations: how a device differs from its models (RFC 7950 section 7.20.3).
//!
//! Here: [`apply`]. It is lenient where vendors are sloppy: to `add` what is there is to
//! replace it, to `replace` what is not there is to add it. What cannot be understood is a
//! warning, and the next deviation is taken.

use super::draft::{DraftId, DraftKind};
use super::expand::Expander;
use super::library::{At, ModuleIndex};
use crate::diagnostic::Finding;

/// Applies the deviations of the implemented modules in their order.
pub(super) fn apply(expander: &mut Expander<'_>, implemented: &[ModuleIndex]) {
    let library = expander.library;
    for module in implemented {
        for root in library.roots(*module) {
            for deviation in library.substatements(root, "deviation") {
                let path = library.argument(deviation);
                match expander.draft.find(library, deviation, path) {
                    Ok(target) => deviate(expander, deviation, target),
                    Err(step) => {
                        let message = format!("deviation of `{path}`: there is no `{step}`");
                        let finding =
                            Finding::warning("yang-unknown-target", &library.place(deviation), message);
                        expander.findings.push(finding.hint("it is left out"));
                    }
                }
            }
        }
    }
}

fn deviate(expander: &mut Expander<'_>, deviation: At, target: DraftId) {
    let library = expander.library;
    for deviate in library.substatements(deviation, "deviate") {
        let how = library.argument(deviate);
        match how {
            "not-supported" => expander.draft.node_mut(target).removed = true,
            "add" | "replace" => {
                let node = expander.draft.node_mut(target);
                // only a leaf-list has several defaults, and only to add one keeps the others
                let keeps = how == "add" && node.kind == DraftKind::LeafList;
                if !keeps && library.substatement(deviate, "default").is_some() {
                    node.defaults.clear();
                }
                for property in library.children(deviate) {
                    put(expander, target, property);
                }
            }
            "delete" => {
                for property in library.children(deviate) {
                    delete(expander, target, property);
                }
            }
            _ => warn(expander, deviate, &format!("there is no `deviate {how}`")),
        }
    }
}

/// `deviate add` and `deviate replace`.
fn put(expander: &mut Expander<'_>, target: DraftId, property: At) {
    let library = expander.library;
    let node = expander.draft.node_mut(target);
    match library.keyword(property) {
        "type" => node.ty = Some(property),
        "default" => node.defaults.push(property),
        "unique" => node.unique.push(property),
        "config" | "mandatory" | "min-elements" | "max-elements" => node.set(library, property),
        "units" | "must" => {} // no part of a schema yet
        keyword if keyword.contains(':') => {}
        keyword => warn(expander, property, &format!("a deviation cannot set `{keyword}`")),
    }
}

/// `deviate delete`: what is deleted must be spelled as it was defined.
fn delete(expander: &mut Expander<'_>, target: DraftId, property: At) {
    let library = expander.library;
    let spelled = |at: &At| library.argument(*at) == library.argument(property);
    let node = expander.draft.node_mut(target);
    let list = match library.keyword(property) {
        "default" => &mut node.defaults,
        "unique" => &mut node.unique,
        "units" | "must" => return,
        keyword if keyword.contains(':') => return,
        keyword => return warn(expander, property, &format!("a deviation cannot delete `{keyword}`")),
    };
    let before = list.len();
    list.retain(|at| !spelled(at));
    if list.len() == before {
        let (keyword, value) = (library.keyword(property), library.argument(property));
        warn(expander, property, &format!("there is no `{keyword} {value}` to delete"));
    }
}

fn warn(expander: &mut Expander<'_>, at: At, message: &str) {
    let place = expander.library.place(at);
    expander.findings.push(Finding::warning("yang-bad-deviation", &place, message));
}
