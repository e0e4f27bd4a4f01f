//! Statements to schema nodes: data definitions, uses, refine, augment within uses.
//!
//! Here: [`Expander`]. Elsewhere: augments between modules (`augment`), deviations
//! (`deviate`), types (`typing`).

use std::sync::Arc;

use super::draft::{Draft, DraftId, DraftKind, DraftNode};
use super::library::{At, Library, ModuleIndex, split_prefix};
use crate::diagnostic::{Finding, Findings};

/// How deep statements and groupings together may lead. Published models stay below 60.
const MAX_DEPTH: usize = 200;

/// How many nodes a set of modules may have: a few groupings that use each other twice
/// could make any number. The EOS set has 13,602, state data and choices included.
const MAX_NODES: usize = 200_000;

/// Makes schema nodes of statements.
pub(super) struct Expander<'l> {
    pub(super) library: &'l Library,
    pub(super) draft: Draft,
    pub(super) findings: Findings,
    /// The groupings that are being expanded, outermost first.
    open: Vec<At>,
    depth: usize,
    /// Whether [`MAX_NODES`] was reached, and so reported.
    pub(super) full: bool,
}

impl<'l> Expander<'l> {
    pub(super) fn new(library: &'l Library) -> Self {
        let (draft, findings) = (Draft::default(), Findings::new());
        Self { library, draft, findings, open: Vec::new(), depth: 0, full: false }
    }

    /// All nodes that the substatements of `at` define, put below `parent` and into the
    /// namespace of `module`.
    pub(super) fn expand(&mut self, at: At, parent: Option<DraftId>, module: ModuleIndex) {
        if self.depth >= MAX_DEPTH {
            self.error("yang-too-deep", at, "nodes and groupings stand too deep in each other (limit: 200)");
            return;
        }
        self.depth += 1;
        let library = self.library;
        for child in library.children(at) {
            let keyword = library.keyword(child);
            if keyword == "uses" {
                self.expand_uses(child, parent, module);
            } else if let Some(kind) = DraftKind::of(keyword) {
                self.add(child, kind, parent, module);
            }
        }
        self.depth -= 1;
    }

    /// One node and all below it.
    fn add(&mut self, at: At, kind: DraftKind, parent: Option<DraftId>, module: ModuleIndex) {
        if self.draft.len() >= MAX_NODES {
            if !std::mem::replace(&mut self.full, true) {
                self.error("yang-too-large", at, "the modules define more than 200,000 nodes");
            }
            return;
        }
        let name: Arc<str> = match self.library.keyword(at) {
            keyword @ ("input" | "output") => keyword.into(),
            _ => self.library.argument(at).into(),
        };
        if !is_identifier(&name) {
            let message = format!("`{name}` is no name for a node; it is left out");
            self.findings.push(Finding::warning("yang-bad-name", &self.library.place(at), message));
            return;
        }
        // a choice's shorthand: a node that stands where a case should is a case of its own
        let in_choice = parent.is_some_and(|id| self.draft.node(id).kind == DraftKind::Choice);
        let parent = if in_choice && kind != DraftKind::Case {
            let case = DraftNode::new(Arc::clone(&name), module, parent, DraftKind::Case, at);
            Some(self.draft.add(case))
        } else {
            parent
        };
        let mut node = DraftNode::new(name, module, parent, kind, at);
        node.read_properties(self.library, at);
        let id = self.draft.add(node);
        if kind.is_inner() {
            self.expand(at, Some(id), module);
        }
    }

    fn expand_uses(&mut self, uses: At, parent: Option<DraftId>, module: ModuleIndex) {
        let library = self.library;
        let name = library.argument(uses);
        let Some(grouping) = library.definition(uses, "grouping", name) else {
            let message = format!("there is no grouping `{name}`");
            self.findings.push(Finding::warning("yang-unknown-grouping", &library.place(uses), message));
            return;
        };
        if self.open.contains(&grouping) {
            let message = format!("grouping `{name}` uses itself");
            self.findings.push(
                Finding::error("yang-circle", &library.place(uses), message)
                    .related(&library.place(grouping), "the grouping"),
            );
            return;
        }
        let before = self.draft.children(parent).len();
        self.open.push(grouping);
        self.expand(grouping, parent, module);
        self.open.pop();
        for change in library.children(uses) {
            match library.keyword(change) {
                "refine" => {
                    if let Some(target) = self.descendant(change, parent, before, module) {
                        self.draft.node_mut(target).read_properties(library, change);
                    }
                }
                "augment" => {
                    if let Some(target) = self.descendant(change, parent, before, module) {
                        self.expand(change, Some(target), module);
                    }
                }
                _ => {}
            }
        }
    }

    /// The node that a refine or augment of a uses names, among what the uses made: the
    /// children of `parent` from number `before` on.
    fn descendant(
        &mut self,
        at: At,
        parent: Option<DraftId>,
        before: usize,
        module: ModuleIndex,
    ) -> Option<DraftId> {
        let path = self.library.argument(at);
        let mut candidates = self.draft.children(parent).get(before..).unwrap_or_default();
        let mut found = None;
        for step in path.split('/') {
            // whatever its prefix, the nodes of a uses are in the namespace of its module
            let (_, name) = split_prefix(step.trim());
            found = candidates.iter().copied().find(|id| {
                let node = self.draft.node(*id);
                *node.name == *name && node.module == module
            });
            candidates = found.map_or(&[], |id| self.draft.children(Some(id)));
        }
        if found.is_none() {
            let message = format!("{}: the grouping has no `{path}`", self.library.keyword(at));
            self.findings.push(Finding::warning("yang-unknown-target", &self.library.place(at), message));
        }
        found
    }

    fn error(&mut self, code: &'static str, at: At, message: &str) {
        self.findings.push(Finding::error(code, &self.library.place(at), message));
    }
}

/// Whether a text is an identifier (RFC 7950 section 6.2).
fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

impl DraftNode {
    fn new(name: Arc<str>, module: ModuleIndex, parent: Option<DraftId>, kind: DraftKind, at: At) -> Self {
        Self {
            name,
            module,
            parent,
            children: Vec::new(),
            kind,
            at,
            removed: false,
            config: None,
            mandatory: false,
            presence: false,
            ordered_by_user: false,
            ty: None,
            defaults: Vec::new(),
            key: None,
            unique: Vec::new(),
            min: 0,
            max: None,
        }
    }

    /// Takes over what the substatements of `at` say: those of the node's own statement, or
    /// those of a refine.
    fn read_properties(&mut self, library: &Library, at: At) {
        let mut own_defaults = Vec::new();
        for property in library.children(at) {
            match library.keyword(property) {
                "default" => own_defaults.push(property),
                "key" => self.key = Some(property),
                "unique" => self.unique.push(property),
                "type" => self.ty = Some(property),
                _ => self.set(library, property),
            }
        }
        if !own_defaults.is_empty() {
            self.defaults = own_defaults;
        }
    }

    /// Takes over one property that a node has at most once. Others are left alone.
    pub(super) fn set(&mut self, library: &Library, property: At) {
        let value = library.argument(property);
        match library.keyword(property) {
            "config" => self.config = Some(value != "false"),
            "mandatory" => self.mandatory = value == "true",
            "presence" => self.presence = true,
            "ordered-by" => self.ordered_by_user = value == "user",
            "min-elements" => self.min = value.parse().unwrap_or(0),
            "max-elements" => self.max = value.parse().ok(), // `unbounded` is none
            _ => {}
        }
    }
}
