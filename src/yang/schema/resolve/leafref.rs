//! The paths of leafrefs (RFC 7950 section 9.9.2): to which node they lead, and the same
//! path in the words of the schema.
//!
//! Here: [`follow`]. Elsewhere: the types at both ends (`typing`).

use super::draft::{Draft, DraftId, DraftKind};
use super::library::{At, Library, ModuleIndex, split_prefix};

/// Where a path leads, and its text: a node of another module than the leaf's is
/// `module:name`, one of the leaf's module is a bare name.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) target: DraftId,
    pub(super) path: String,
}

/// Follows the `path` statement `at` from a leaf. The error is the step that fails.
pub(super) fn follow(library: &Library, draft: &Draft, at: At, leaf: DraftId) -> Result<Followed, String> {
    let text = library.argument(at).trim();
    let home = draft.node(leaf).module;
    let (absolute, mut here) = (text.starts_with('/'), Some(leaf));
    let mut path = String::new();
    if absolute {
        here = None;
    }
    for (index, step) in steps(text.trim_start_matches('/')).into_iter().enumerate() {
        let (name, predicates) = step.find('[').map_or((step, ""), |bracket| step.split_at(bracket));
        let name = name.trim();
        if matches!(name, "." | "current()") {
            continue;
        }
        if absolute || index > 0 && !path.is_empty() {
            path.push('/');
        }
        if name == ".." {
            here = draft.data_parent(here.ok_or("..")?);
            path.push_str("..");
            continue;
        }
        let (prefix, local) = split_prefix(name);
        // without a prefix a name is of the leaf's module; in a typedef, of the typedef's
        let module = match prefix {
            Some(_) => library.prefixed(at, prefix).ok_or(step)?,
            None => home,
        };
        let found = draft.data_child(here, module, local).or_else(|| {
            let of_text = prefix.is_none().then(|| library.module_at(at))?;
            draft.data_child(here, of_text, local)
        });
        let found = found.ok_or(step)?;
        here = Some(found);
        let found = draft.node(found);
        if found.module != home {
            path.push_str(&library.module(found.module).name);
            path.push(':');
        }
        path.push_str(local);
        path.push_str(&rewrite_predicates(library, at, home, predicates));
    }
    let target = here.ok_or(text)?;
    let kind = draft.node(target).kind;
    if target == leaf || !matches!(kind, DraftKind::Leaf | DraftKind::LeafList) {
        return Err(text.to_owned());
    }
    Ok(Followed { target, path })
}

/// The steps between `/`, which inside brackets separates nothing.
fn steps(text: &str) -> Vec<&str> {
    let mut steps = Vec::new();
    let (mut start, mut depth) = (0, 0_u32);
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => {
                steps.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    steps.push(text[start..].trim());
    steps
}

/// Predicates with each prefix replaced by its module's name, or left out if that is `home`.
fn rewrite_predicates(library: &Library, at: At, home: ModuleIndex, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    while let Some(c) = rest.chars().next() {
        if c == '\'' || c == '"' {
            let end = rest[1..].find(c).map_or(rest.len(), |end| end + 2);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if c.is_alphabetic() || c == '_' {
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            let name_follows = behind.strip_prefix(':').filter(|behind| !behind.starts_with(':'));
            rest = behind;
            match (name_follows, library.prefixed(at, Some(word))) {
                (Some(behind), Some(module)) if module == home => rest = behind,
                (Some(_), Some(module)) => out.push_str(&library.module(module).name),
                _ => out.push_str(word),
            }
        } else if c.is_whitespace() {
            rest = &rest[c.len_utf8()..]; // a line's end in a path is for the reader's eye
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}
