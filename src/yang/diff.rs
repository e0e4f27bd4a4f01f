//! Two trees of one schema, leaf by leaf.
//!
//! Here: [`diff`]. Elsewhere: what a difference means for a device (`plan`).

use std::cmp::Ordering;

use super::path::Path;
use super::tree::{Leaf, Tree};

/// One leaf that is not the same in both trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference<'a> {
    /// Only the second tree has it.
    Added {
        /// Where.
        path: &'a Path,
        /// The new leaf.
        to: &'a Leaf,
    },
    /// Only the first tree has it.
    Removed {
        /// Where.
        path: &'a Path,
        /// The old leaf.
        from: &'a Leaf,
    },
    /// Both have it, with different values.
    Changed {
        /// Where.
        path: &'a Path,
        /// The old leaf.
        from: &'a Leaf,
        /// The new leaf.
        to: &'a Leaf,
    },
}

impl<'a> Difference<'a> {
    /// Where.
    pub fn path(&self) -> &'a Path {
        match self {
            Self::Added { path, .. } | Self::Removed { path, .. } | Self::Changed { path, .. } => path,
        }
    }

    /// The leaf of the first tree.
    pub fn from(&self) -> Option<&'a Leaf> {
        match self {
            Self::Added { .. } => None,
            Self::Removed { from, .. } | Self::Changed { from, .. } => Some(from),
        }
    }

    /// The leaf of the second tree.
    pub fn to(&self) -> Option<&'a Leaf> {
        match self {
            Self::Removed { .. } => None,
            Self::Added { to, .. } | Self::Changed { to, .. } => Some(to),
        }
    }
}

/// Every leaf that differs, in the order of paths. Values decide, not origins. Linear in
/// the size of both trees.
pub fn diff<'a>(from: &'a Tree, to: &'a Tree) -> Vec<Difference<'a>> {
    let (mut old, mut new) = (from.iter().peekable(), to.iter().peekable());
    let mut differences = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return differences,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        match order {
            Ordering::Less => {
                differences.extend(old.next().map(|(path, from)| Difference::Removed { path, from }));
            }
            Ordering::Greater => {
                differences.extend(new.next().map(|(path, to)| Difference::Added { path, to }));
            }
            Ordering::Equal => {
                if let (Some((path, from)), Some((_, to))) = (old.next(), new.next())
                    && from.value != to.value
                {
                    differences.push(Difference::Changed { path, from, to });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yang::testing::{lines, sample, tree, trees};

    #[test]
    fn each_leaf_that_differs_is_named_once() {
        let base = [("/odds/many", "1 2"), ("/odds/signed", "1")];
        for (case, to, expected) in [
            ("equal", &base[..], ""),
            ("added", &[base[0], base[1], ("/odds/text", "a")], "+/odds/text=a"),
            ("removed", &base[..1], "-/odds/signed=1"),
            ("changed", &[base[0], ("/odds/signed", "2")], "~/odds/signed=2"),
            ("all", &[("/odds/text", "a")], "-/odds/many=[1, 2] -/odds/signed=1 +/odds/text=a"),
        ] {
            let (from, to) = (tree(sample(), &base), tree(sample(), to));
            let show = |difference: &Difference<'_>| {
                let mark = match difference {
                    Difference::Added { .. } => '+',
                    Difference::Removed { .. } => '-',
                    Difference::Changed { .. } => '~',
                };
                let leaf = difference.to().or(difference.from()).unwrap();
                format!("{mark}{}={}", difference.path(), leaf.value)
            };
            assert_eq!(diff(&from, &to).iter().map(show).collect::<Vec<_>>().join(" "), expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn the_differences_applied_give_the_other_tree(from in trees(), to in trees()) {
            let mut applied = from.clone();
            for difference in diff(&from, &to) {
                match difference.to() {
                    Some(leaf) => drop(applied.insert(difference.path().clone(), leaf.clone())),
                    None => drop(applied.remove(difference.path())),
                }
            }
            prop_assert_eq!(lines(&applied), lines(&to));
            prop_assert!(diff(&applied, &to).is_empty());
        }
    }
}
