//! Paths on the wire (gNMI specification §2.2.2, §2.7).
//!
//! Here: [`to_wire`], [`from_wire`] and [`Texts`] for many of them, and [`covers`] for paths with wildcards. Elsewhere:
//! paths as we hold them (`yang::path`), the names that a device may use (`yang::schema`).

use std::sync::Arc;

use crate::yang::path::PathError;
use crate::yang::{Elem, Path};

use super::proto;

/// Whose names we use. Set in every path, because devices disagree on what an unset
/// origin means (§2.7.1).
pub(crate) const ORIGIN: &str = "openconfig";

/// Why a path from a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WirePathError {
    /// It is about another schema than the one we asked for.
    #[error("a path of origin {0:?}, which was not asked for")]
    ForeignOrigin(String),
    /// It has keys of a node without name.
    #[error("a path with keys but no name at step {0}")]
    Nameless(usize),
    /// It is in the deprecated form, and broken.
    #[error(transparent)]
    Element(#[from] PathError),
}

/// The path as it is sent: with origin, without prefix.
pub(crate) fn to_wire(path: &Path) -> proto::Path {
    let elem = path
        .elems()
        .iter()
        .map(|elem| proto::PathElem {
            name: elem.name().to_owned(),
            key: elem.keys().iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        })
        .collect();
    proto::Path { origin: ORIGIN.to_owned(), elem, ..proto::Path::default() }
}

/// A device's path, behind its prefix. Names stay as the device wrote them, `module:name`
/// included; wildcards stay too, as the name or value `*`.
pub(crate) fn from_wire(
    prefix: Option<&proto::Path>,
    path: Option<&proto::Path>,
) -> Result<Path, WirePathError> {
    Texts::default().path(prefix, path)
}

/// The texts of the paths read last. One update after the other is about the same nodes: each has
/// their names anew, and thousands of them may be waiting.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    kept: [Option<Arc<str>>; Self::MOST],
}

impl Texts {
    const MOST: usize = 32;

    /// Longer ones are rare, and must not stay.
    const LONGEST: usize = 64;

    /// The same as [`from_wire`].
    pub(crate) fn path(
        &mut self,
        prefix: Option<&proto::Path>,
        path: Option<&proto::Path>,
    ) -> Result<Path, WirePathError> {
        let steps = |part: Option<&proto::Path>| part.map_or(0, |part| part.elem.len());
        let mut joined = Vec::with_capacity(steps(prefix) + steps(path));
        for part in [prefix, path].into_iter().flatten() {
            if !matches!(part.origin.as_str(), "" | ORIGIN) {
                return Err(WirePathError::ForeignOrigin(part.origin.clone()));
            }
            self.append(&mut joined, part)?;
        }
        Ok(Path::from(joined))
    }

    /// Adds the steps of one message. A step without name and keys is a root written the
    /// wrong way, and is passed over.
    fn append(&mut self, joined: &mut Vec<Elem>, part: &proto::Path) -> Result<(), WirePathError> {
        for elem in &part.elem {
            if !elem.name.is_empty() {
                let name = self.text(&elem.name);
                joined.push(Elem::entry(
                    name,
                    elem.key.iter().map(|(key, value)| (self.text(key), self.text(value))),
                ));
            } else if !elem.key.is_empty() {
                return Err(WirePathError::Nameless(joined.len() + 1));
            }
        }
        #[expect(deprecated, reason = "old devices still fill it in place of `elem`")]
        let old = if part.elem.is_empty() { part.element.as_slice() } else { &[] };
        for element in old.iter().filter(|element| !element.is_empty()) {
            joined.extend_from_slice(element.parse::<Path>()?.elems());
        }
        Ok(())
    }

    /// The text, as it was kept if it was.
    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        let (Some(first), Some(last)) = (text.bytes().next(), text.bytes().next_back()) else {
            return Arc::from(text);
        };
        // where it stands is no more than a guess: names differ in these more often than not
        let at = text.len() + usize::from(first) * 3 + usize::from(last) * 5;
        let kept = &mut self.kept[at % Self::MOST];
        match kept {
            Some(kept) if **kept == *text => Arc::clone(kept),
            _ if text.len() > Self::LONGEST => Arc::from(text),
            _ => Arc::clone(kept.insert(Arc::from(text))),
        }
    }
}

/// Whether a path that may hold wildcards is `path` or an ancestor of it: the name `*`
/// is any one step, `...` any number of steps, a key left out or `*` any value
/// (gnmi-path-conventions). Devices may delete in this form.
pub fn covers(pattern: &Path, path: &Path) -> bool {
    let (pattern, steps) = (pattern.elems(), path.elems());
    let (mut at, mut step) = (0, 0);
    // Behind the last `...`: where the pattern goes on, and up to which step it has eaten.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match pattern.get(at) {
            None => return true,
            Some(elem) if elem.name() == "..." => {
                at += 1;
                retry = Some((at, step));
                continue;
            }
            Some(elem) if steps.get(step).is_some_and(|seen| elem_covers(elem, seen)) => {
                at += 1;
                step += 1;
                continue;
            }
            Some(_) => {}
        }
        match retry.as_mut() {
            Some((behind, eaten)) if *eaten < steps.len() => {
                *eaten += 1;
                (at, step) = (*behind, *eaten);
            }
            _ => return false,
        }
    }
}

fn elem_covers(pattern: &Elem, elem: &Elem) -> bool {
    (pattern.name() == "*" || pattern.name() == elem.name())
        && pattern.keys().iter().all(|(key, value)| &**value == "*" || elem.key(key) == Some(&**value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    #[expect(deprecated, reason = "what old devices send is tested")]
    fn old(elements: &[&str]) -> proto::Path {
        proto::Path { element: elements.iter().map(ToString::to_string).collect(), ..proto::Path::default() }
    }

    fn nameless(keys: &[(&str, &str)]) -> proto::Path {
        let key = keys.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        proto::Path { elem: vec![proto::PathElem { name: String::new(), key }], ..proto::Path::default() }
    }

    #[test]
    fn every_path_is_sent_with_its_origin() {
        let sent = to_wire(&path("/interfaces/interface[name=Ethernet1/1]"));
        assert_eq!(sent.origin, "openconfig");
        assert_eq!(sent.elem[1].key["name"], "Ethernet1/1");
        assert_eq!(to_wire(&Path::root()).elem, [], "the root has no steps");
    }

    #[test]
    fn a_path_is_its_prefix_and_its_own_steps() {
        let wire = |text: &str| to_wire(&path(text));
        for (case, prefix, own, expected) in [
            ("no prefix", None, Some(wire("/a/b[k=v]")), "/a/b[k=v]"),
            ("an empty prefix", Some(proto::Path::default()), Some(wire("/a")), "/a"),
            ("prefix and path", Some(wire("/a/b[k=v]")), Some(wire("/c")), "/a/b[k=v]/c"),
            ("a prefix alone", Some(wire("/a")), None, "/a"),
            ("nothing is the root", None, None, "/"),
            ("a module's name stays", None, Some(wire("/m:a/b")), "/m:a/b"),
            ("deprecated elements", None, Some(old(&["a", "b[k=x/y][l=1]", "c"])), "/a/b[k=x/y][l=1]/c"),
            ("a deprecated root", None, Some(old(&[""])), "/"),
            ("a root with one empty step", None, Some(nameless(&[])), "/"),
        ] {
            assert_eq!(from_wire(prefix.as_ref(), own.as_ref()).unwrap(), path(expected), "{case}");
        }
    }

    #[test]
    fn a_path_that_cannot_be_meant_is_refused() {
        let foreign = proto::Path { origin: "eos_native".to_owned(), ..proto::Path::default() };
        for (case, wire, expected) in [
            ("another origin", foreign, "a path of origin \"eos_native\", which was not asked for"),
            ("keys without name", nameless(&[("k", "v")]), "a path with keys but no name at step 1"),
            (
                "a broken deprecated element",
                old(&["a[k"]),
                "path \"a[k\", character 4: expected `=` after the key's name",
            ),
        ] {
            assert_eq!(from_wire(None, Some(&wire)).unwrap_err().to_string(), expected, "{case}");
        }
    }

    #[test]
    fn a_wildcard_covers_what_it_stands_for() {
        for (pattern, seen, expected) in [
            ("/", "/a/b", true),
            ("/a", "/a", true),
            ("/a", "/a/b[k=1]/c", true),
            ("/a/b", "/a", false),
            ("/a/b[k=1]", "/a/b[k=1]/c", true),
            ("/a/b[k=1]", "/a/b[k=2]", false),
            ("/a/b", "/a/b[k=2]", true),
            ("/a/b[k=*]", "/a/b[k=2]/c", true),
            ("/a/b[k=*][l=1]", "/a/b[k=2][l=1]", true),
            ("/a/b[k=*][l=1]", "/a/b[k=2][l=2]", false),
            ("/a/*/c", "/a/b[k=2]/c", true),
            ("/*", "/", false),
            ("/.../c", "/a/b/c/d", true),
            ("/.../c", "/c", true),
            ("/a/.../b/.../c", "/a/x/b/b/y/c", true),
            ("/a/.../b/c", "/a/b/x/b/c", true),
            ("/.../z", "/a/b/c", false),
            ("/a/...", "/a", true),
        ] {
            assert_eq!(covers(&path(pattern), &path(seen)), expected, "{pattern} covers {seen}");
        }
    }

    proptest! {
        #[test]
        fn a_path_sent_and_received_is_itself(
            steps in prop::collection::vec(
                ("[a-z]{1,6}", prop::collection::btree_map("[a-z]{1,3}", any::<String>(), 0..3)), 0..6),
            split in 0_usize..6,
        ) {
            let whole: Path = steps.into_iter().map(|(name, keys)| Elem::entry(name, keys)).collect();
            let prefix = whole.prefix(split);
            let rest: Path = whole.elems()[prefix.elems().len()..].iter().cloned().collect();
            prop_assert_eq!(&from_wire(Some(&to_wire(&prefix)), Some(&to_wire(&rest))).unwrap(), &whole);
            prop_assert!(covers(&prefix, &whole));
        }

        #[test]
        fn texts_that_are_kept_change_no_path(
            steps in prop::collection::vec(("[a-z]{1,2}", "[a-z]{0,2}|[a-z]{60,70}"), 0..100),
        ) {
            let mut texts = Texts::default();
            for steps in steps.chunks(3) {
                let path: Path =
                    steps.iter().map(|(name, key)| Elem::entry(name.as_str(), [("k", key.as_str())])).collect();
                prop_assert_eq!(&texts.path(None, Some(&to_wire(&path))).unwrap(), &path);
            }
            prop_assert!(texts.kept.iter().flatten().all(|text| text.len() <= Texts::LONGEST));
        }

        #[test]
        fn no_path_from_the_wire_panics(
            names in prop::collection::vec((any::<String>(), any::<String>()), 0..4),
            elements in prop::collection::vec(any::<String>(), 0..4),
        ) {
            let mut wire = nameless(&[]);
            wire.elem.extend(names.into_iter().map(|(name, key)| proto::PathElem {
                name,
                key: [(key.clone(), key)].into(),
            }));
            let _ = from_wire(Some(&wire), None);
            let elements: Vec<&str> = elements.iter().map(String::as_str).collect();
            let _ = from_wire(None, Some(&old(&elements)));
        }
    }
}
