//! What a Set to a network OS must mind beyond the gNMI specification.
//!
//! Here: the form, and the questions that `plan` asks. Elsewhere: each OS's values
//! (`arista_eos`), making a Set (`plan`).

use crate::yang::{Elem, Path};

/// The quirks of one network OS. Paths are schema paths: names without keys.
#[derive(Clone, Copy, Debug)]
pub struct Quirks {
    /// Lists whose entries are refused unless an update of the entry also carries these
    /// leaves of it: (the list, leaves below an entry).
    pub carried: &'static [(&'static str, &'static [&'static str])],
    /// Subtrees whose updates belong into one update at the subtree's root as soon as one
    /// of them is at or below one of the named places: (root, places).
    pub together: &'static [(&'static str, &'static [&'static str])],
    /// The order of updates in one Set, by the longest of these paths that a node is at or
    /// below; a node under none of them comes last. Deletions go in reverse.
    pub order: &'static [&'static str],
}

impl Quirks {
    /// The leaves that have to accompany a change at or below a list entry, as full paths.
    pub fn carried(&self, path: &Path) -> Vec<Path> {
        let mut carried = Vec::new();
        for (list, leaves) in self.carried {
            let depth = depth(list);
            if !is_below(path, list)
                || path.elems().get(depth - 1).is_none_or(|entry| entry.keys().is_empty())
            {
                continue;
            }
            let entry = path.prefix(depth);
            carried.extend(
                leaves
                    .iter()
                    .map(|leaf| leaf.split('/').fold(entry.clone(), |path, name| path.join(Elem::new(name)))),
            );
        }
        carried
    }

    /// Where the update of this path is joined with others into one: the root of the subtree.
    pub fn together(&self, path: &Path) -> Option<Path> {
        let (root, _) =
            self.together.iter().find(|(_, places)| places.iter().any(|place| is_below(path, place)))?;
        Some(path.prefix(depth(root)))
    }

    /// The rank of an update in one Set: lower ranks go first.
    pub fn rank(&self, path: &Path) -> u8 {
        let ranked = self.order.iter().enumerate().filter(|(_, place)| is_below(path, place));
        let rank = ranked.max_by_key(|(_, place)| depth(place)).map_or(self.order.len(), |(rank, _)| rank);
        u8::try_from(rank).unwrap_or(u8::MAX)
    }
}

/// How many steps a schema path has.
fn depth(schema_path: &str) -> usize {
    schema_path.split('/').skip(1).count()
}

/// Whether the path is at or below the schema path, keys left aside.
pub(super) fn is_below(path: &Path, schema_path: &str) -> bool {
    let mut elems = path.elems().iter();
    schema_path.split('/').skip(1).all(|name| elems.next().is_some_and(|elem| elem.name() == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIRKS: Quirks = Quirks {
        carried: &[("/interfaces/interface", &["config/name", "config/type"])],
        together: &[("/interfaces", &["/interfaces/interface/aggregation"])],
        order: &["/a/b", "/a", "/c"],
    };

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    #[test]
    fn a_change_of_an_entry_carries_what_its_os_demands() {
        for (changed, expected) in [
            (
                "/interfaces/interface[name=Ethernet1]/config/description",
                "/interfaces/interface[name=Ethernet1]/config/name /interfaces/interface[name=Ethernet1]/config/type",
            ),
            ("/interfaces/interface", ""),
            ("/lacp/interfaces/interface[name=Ethernet1]/config/interval", ""),
        ] {
            let seen: Vec<_> = QUIRKS.carried(&path(changed)).iter().map(ToString::to_string).collect();
            assert_eq!(seen.join(" "), expected, "{changed}");
        }
    }

    #[test]
    fn a_lag_and_what_changes_with_it_is_one_update() {
        for (changed, expected) in [
            ("/interfaces/interface[name=Port-Channel1]/aggregation/config/lag-type", Some("/interfaces")),
            ("/interfaces/interface[name=Ethernet1]/config/description", None),
        ] {
            assert_eq!(QUIRKS.together(&path(changed)).map(|root| root.to_string()).as_deref(), expected);
        }
    }

    #[test]
    fn the_longest_path_gives_the_rank() {
        for (at, rank) in [("/a/b[k=1]/c", 0), ("/a/x", 1), ("/c", 2), ("/d", 3), ("/ab", 3)] {
            assert_eq!(QUIRKS.rank(&path(at)), rank, "{at}");
        }
    }
}
