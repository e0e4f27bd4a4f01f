//! The YANG data of one device: leaves by path, each with its value and its origin.
//!
//! Here: [`Tree`], [`Leaf`], [`TreeHash`]. A list entry exists if something below it does; its key
//! leaves are not leaves of the tree, they are in the path. Elsewhere: making a tree from
//! the intent (`write`) or from JSON (`json`), comparing two (`diff`).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use ring::digest;

use super::path::{Elem, Path};
use super::schema::NodeId;
use super::value::Value;
use crate::diagnostic::Place;

/// A leaf or leaf-list (or presence container) with its value.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The schema node, which knows the type. Valid only beside the schema that made it.
    pub node: NodeId,
    /// The value in canonical form.
    pub value: Value,
    /// Where in the intent it comes from; none for what a device reported.
    pub origin: Option<Place>,
}

/// Equality looks at node and value: where a value was written does not make it another.
impl PartialEq for Leaf {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node && self.value == other.value
    }
}

impl Eq for Leaf {}

/// The SHA-256 of a tree's paths and values, shown as 64 hexadecimal digits. Origins and
/// node numbers are not part of it: the same configuration has the same hash whichever file
/// or schema version made it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeHash([u8; 32]);

impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The data of one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    leaves: BTreeMap<Path, Leaf>,
}

impl Tree {
    /// A tree without any leaf.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a leaf, and gives back what was there.
    pub fn insert(&mut self, path: Path, leaf: Leaf) -> Option<Leaf> {
        self.leaves.insert(path, leaf)
    }

    /// The leaf at exactly this path.
    pub fn get(&self, path: &Path) -> Option<&Leaf> {
        self.leaves.get(path)
    }

    /// Takes one leaf away.
    pub fn remove(&mut self, path: &Path) -> Option<Leaf> {
        self.leaves.remove(path)
    }

    /// All leaves in the order of their paths.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Path, &Leaf)> + ExactSizeIterator {
        self.leaves.iter()
    }

    /// The leaf at this path and every leaf below it, in order.
    pub fn below<'a>(&'a self, ancestor: &'a Path) -> impl Iterator<Item = (&'a Path, &'a Leaf)> {
        self.leaves.range(ancestor..).take_while(move |(path, _)| path.starts_with(ancestor))
    }

    /// Every leaf in the entries of a list, in order. The path ends in the list without keys.
    pub fn below_list<'a>(&'a self, list: &'a Path) -> impl Iterator<Item = (&'a Path, &'a Leaf)> {
        let depth = list.elems().len();
        let name = list.last().map(Elem::name);
        let above = list.elems().split_last().map_or(&[][..], |(_, above)| above);
        self.leaves.range(list..).take_while(move |(path, _)| {
            let step = path.elems().get(depth.saturating_sub(1)).map(Elem::name);
            step == name && path.elems().starts_with(above)
        })
    }

    /// Whether anything stands at this path or below it.
    pub fn contains_below(&self, ancestor: &Path) -> bool {
        self.below(ancestor).next().is_some()
    }

    /// Takes away the leaf at this path and all below it; says how many.
    pub fn remove_below(&mut self, ancestor: &Path) -> usize {
        let doomed: Vec<Path> = self.below(ancestor).map(|(path, _)| path.clone()).collect();
        for path in &doomed {
            self.leaves.remove(path);
        }
        doomed.len()
    }

    /// Takes over every leaf of another tree. Where both have one the other's stays, and the
    /// path is given back if the values differ.
    pub fn merge(&mut self, other: Tree) -> Vec<Path> {
        let mut replaced = Vec::new();
        for (path, leaf) in other {
            match self.leaves.entry(path) {
                Entry::Vacant(free) => drop(free.insert(leaf)),
                Entry::Occupied(mut there) => {
                    if there.get().value != leaf.value {
                        replaced.push(there.key().clone());
                    }
                    there.insert(leaf);
                }
            }
        }
        replaced
    }

    /// The hash of what the tree says. A secret counts by its name.
    pub fn digest(&self) -> TreeHash {
        let mut context = digest::Context::new(&digest::SHA256);
        let mut part = |mark: u8, text: &str| {
            // marks and lengths keep neighbouring texts apart
            context.update(&[mark]);
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        };
        for (path, leaf) in &self.leaves {
            part(b'/', &path.to_string());
            match &leaf.value {
                Value::Scalar(scalar) => part(b'=', scalar.as_str()),
                Value::LeafList(scalars) => scalars.iter().for_each(|scalar| part(b',', scalar.as_str())),
                Value::Secret(name) => part(b'*', name.as_str()),
                Value::Presence => part(b'!', ""),
            }
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        TreeHash(hash)
    }

    /// How many leaves.
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether there is no leaf.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }
}

impl FromIterator<(Path, Leaf)> for Tree {
    fn from_iter<I: IntoIterator<Item = (Path, Leaf)>>(leaves: I) -> Self {
        Self { leaves: leaves.into_iter().collect() }
    }
}

impl Extend<(Path, Leaf)> for Tree {
    fn extend<I: IntoIterator<Item = (Path, Leaf)>>(&mut self, leaves: I) {
        self.leaves.extend(leaves);
    }
}

impl IntoIterator for Tree {
    type Item = (Path, Leaf);
    type IntoIter = std::collections::btree_map::IntoIter<Path, Leaf>;

    fn into_iter(self) -> Self::IntoIter {
        self.leaves.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yang::testing::{lines, sample, tree, trees};

    #[test]
    fn a_hash_changes_with_path_and_value_and_with_nothing_else() {
        let with = |leaves: &[(&str, &str)]| tree(sample(), leaves).digest();
        let base = with(&[("/odds/many", "1 2"), ("/odds/signed", "1")]);
        for (case, other) in [
            ("a value", with(&[("/odds/many", "1 2"), ("/odds/signed", "2")])),
            ("a path", with(&[("/odds/many", "1 2"), ("/odds/example-odds:same", "1")])),
            ("a leaf less", with(&[("/odds/many", "1 2")])),
            ("values joined", with(&[("/odds/many", "12"), ("/odds/signed", "1")])),
            ("nothing", Tree::new().digest()),
        ] {
            assert_ne!(base, other, "{case}");
        }
        let mut moved = tree(sample(), &[("/odds/many", "1 2"), ("/odds/signed", "1")]);
        for leaf in moved.leaves.values_mut() {
            leaf.node = NodeId(7);
            leaf.origin = Some(Place::start_of("a.yaml".parse().unwrap()));
        }
        assert_eq!(base, moved.digest());
        assert_eq!(base.to_string().len(), 64);
    }

    #[test]
    fn merging_lets_the_newcomer_win_and_names_what_it_replaced() {
        let mut base = tree(sample(), &[("/odds/signed", "1"), ("/odds/many", "1")]);
        let replaced =
            base.merge(tree(sample(), &[("/odds/signed", "2"), ("/odds/many", "1"), ("/odds/text", "a")]));
        assert_eq!(replaced, ["/odds/signed".parse().unwrap()]);
        assert_eq!(lines(&base), ["/odds/many = [1]", "/odds/signed = 2", "/odds/text = a"]);
    }

    #[test]
    fn the_entries_of_a_list_are_found_without_its_neighbours() {
        let tree = tree(
            sample(),
            &[
                ("/odds/bare[k=x]", ""),
                ("/odds/pair[a=x][b=1]/value", "a"),
                ("/odds/pair[a=y][b=1]/value", "a"),
                ("/odds/signed", "1"),
            ],
        );
        for (list, expected) in
            [("/odds/pair", 2), ("/odds/bare", 1), ("/odds/pa", 0), ("/pair", 0), ("/", 0)]
        {
            assert_eq!(tree.below_list(&list.parse().unwrap()).count(), expected, "{list}");
        }
    }

    proptest! {
        #[test]
        fn what_is_below_is_what_starts_with_the_path(tree in trees(), pick in any::<prop::sample::Index>(), depth in 0usize..6) {
            prop_assume!(!tree.is_empty());
            let at = pick.get(&tree.iter().map(|(path, _)| path).collect::<Vec<_>>()).prefix(depth);
            let expected: Vec<_> = tree.iter().filter(|(path, _)| path.starts_with(&at)).collect();
            prop_assert_eq!(tree.below(&at).collect::<Vec<_>>(), expected);
        }
    }
}
