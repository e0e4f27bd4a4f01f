//! The list entries that a path runs through, and the lists whose order is the user's.
//!
//! Elsewhere: which entries go as wholes (`removal`), the order of people (`yang::natural`).

use crate::yang::schema::Kind;
use crate::yang::{Elem, Path, Schema};

/// Every list entry that a path stands in (or is), outermost first.
pub(super) fn entries_on(path: &Path) -> impl Iterator<Item = Path> {
    let depths = path.elems().iter().enumerate().filter(|(_, elem)| !elem.keys().is_empty());
    depths.map(|(depth, _)| path.prefix(depth + 1))
}

/// The outermost list ordered by the user that a path stands in, without keys.
pub(super) fn ordered_list(schema: &Schema, path: &Path) -> Option<Path> {
    let entry = entries_on(path).find(|entry| {
        let node = schema.find(entry).map(|id| &schema.node(id).kind);
        matches!(node, Some(Kind::List { ordered_by_user: true, .. }))
    })?;
    let name = entry.last()?.shared_name();
    Some(entry.parent()?.join(Elem::new(name)))
}

/// Whether a path stands in an entry of this list, which is named without keys.
pub(super) fn is_in_list(path: &Path, list: &Path) -> bool {
    let Some((name, above)) = list.elems().split_last() else { return false };
    let elems = path.elems();
    elems.starts_with(above) && elems.get(above.len()).is_some_and(|elem| elem.name() == name.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    #[test]
    fn the_entries_on_a_path_are_found_from_the_outside_in() {
        let entries: Vec<_> = entries_on(&path("/a/b[k=1]/c/d[k=2]/e")).collect();
        assert_eq!(entries, [path("/a/b[k=1]"), path("/a/b[k=1]/c/d[k=2]")]);
        assert_eq!(entries_on(&path("/a/b")).count(), 0);
    }

    #[test]
    fn what_is_in_a_list_is_told_by_its_name() {
        for (inside, expected) in
            [("/a/b[k=1]/c", true), ("/a/b[k=2]", true), ("/a/c", false), ("/a", false), ("/x/b[k=1]", false)]
        {
            assert_eq!(is_in_list(&path(inside), &path("/a/b")), expected, "{inside}");
        }
    }
}
