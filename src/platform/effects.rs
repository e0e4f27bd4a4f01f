//! What a change of a leaf does to traffic on the device: the form of a platform's table.
//!
//! Here: [`Effect`], [`EffectRule`], and which rule holds for a change. Elsewhere: each OS's
//! table (`arista_eos::effects`), what a review makes of it (`review`).

use std::collections::BTreeSet;

use serde::Serialize;

use crate::yang::{Elem, Path, Value};

/// How much a change of a leaf costs, from nothing to everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Traffic that flows goes on flowing.
    Hitless,
    /// A routing session ends or begins anew, or its routes are withdrawn and sent again.
    ResetsSession,
    /// A port, a LAG, an SVI, or a VLAN or VRF on them, loses its traffic for a while.
    DropsPort,
    /// All traffic through the device is at stake.
    DeviceWide,
}

impl Effect {
    /// Each of them, from the mildest on.
    pub const ALL: [Self; 4] = [Self::Hitless, Self::ResetsSession, Self::DropsPort, Self::DeviceWide];

    /// The words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hitless => "hitless",
            Self::ResetsSession => "resets a session",
            Self::DropsPort => "drops a port",
            Self::DeviceWide => "device-wide",
        }
    }
}

impl std::fmt::Display for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which changes a rule is about. "The entry" is the list entry in which the rule's path
/// ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// All of them.
    Any,
    /// The entry comes into being with the change.
    New,
    /// The entry comes into being, and so does the interface that its key names.
    NewWithInterface,
    /// The entry is taken away as a whole.
    Gone,
    /// The leaf becomes `true`.
    True,
    /// The leaf becomes `false`.
    False,
    /// The leaf-list keeps all that it holds and gets more. One that was not there does not
    /// grow: what a device does without it may be all, as with the VLANs of a trunk.
    Grows,
    /// The leaf was not there.
    Added,
    /// The number, which was not zero, becomes larger: zero is often "no limit".
    Raised,
}

/// One line of a platform's table. The first line that fits a change holds.
#[derive(Clone, Copy, Debug)]
pub struct EffectRule {
    /// At or below this schema path. A step `interface[Vlan]` fits entries of which a key
    /// begins with `Vlan`, a step `interface[=Loopback0]` the one with this key.
    pub path: &'static str,
    /// Which changes.
    pub on: On,
    /// How much they cost.
    pub effect: Effect,
    /// Why, as the second half of a sentence.
    pub reason: &'static str,
}

/// A platform's table.
#[derive(Clone, Copy, Debug)]
pub struct Effects {
    /// The rules; the first that fits holds.
    pub rules: &'static [EffectRule],
    /// What parts of the configuration are called: (schema path, words). The first that
    /// fits holds.
    pub areas: &'static [(&'static str, &'static str)],
}

/// One leaf that changes, as far as its effect depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    /// The leaf.
    pub path: &'a Path,
    /// What it holds before; none if it is not there.
    pub from: Option<&'a Value>,
    /// What it holds after; none if it goes.
    pub to: Option<&'a Value>,
    /// The list entries that come into being on the device.
    pub created: &'a BTreeSet<Path>,
    /// The list entries that are taken away as wholes.
    pub removed: &'a BTreeSet<Path>,
}

/// What is said of a leaf that no rule knows: raw fragments may set any.
pub const UNKNOWN: (Effect, &str) = (Effect::DeviceWide, "not in the table of effects: taken for the worst");

impl Effects {
    /// The effect of a change, and why.
    pub fn of(&self, changed: &Changed<'_>) -> (Effect, &'static str) {
        let rule = self.rules.iter().find(|rule| rule.fits(changed));
        rule.map_or(UNKNOWN, |rule| (rule.effect, rule.reason))
    }

    /// What the part of the configuration is called that a leaf belongs to.
    pub fn area(&self, path: &Path) -> &'static str {
        let area = self.areas.iter().find(|(place, _)| depth_within(path, place).is_some());
        area.map_or("other configuration", |(_, words)| words)
    }

    /// What the parts of the configuration are called, each once, in the order of the table.
    pub fn area_names(&self) -> Vec<&'static str> {
        let mut names: Vec<&str> = Vec::new();
        for (_, name) in self.areas {
            if !names.contains(name) {
                names.push(name);
            }
        }
        names
    }
}

impl EffectRule {
    fn fits(&self, changed: &Changed<'_>) -> bool {
        let Some(depth) = depth_within(changed.path, self.path) else { return false };
        let entry = || changed.path.prefix(depth);
        let becomes =
            |word: &str| matches!(changed.to, Some(Value::Scalar(scalar)) if scalar.as_str() == word);
        match self.on {
            On::Any => true,
            On::New => changed.created.contains(&entry()),
            On::NewWithInterface => changed.created.contains(&entry()) && interface_is_new(changed, depth),
            On::Gone => (1..=depth).any(|depth| changed.removed.contains(&changed.path.prefix(depth))),
            On::True => becomes("true"),
            On::False => becomes("false"),
            On::Grows => match (changed.from, changed.to) {
                (Some(Value::LeafList(from)), Some(Value::LeafList(to))) => {
                    let to: BTreeSet<_> = to.iter().collect();
                    from.iter().all(|value| to.contains(value))
                }
                _ => false,
            },
            On::Added => changed.from.is_none(),
            On::Raised => matches!(
                (number(changed.from), number(changed.to)),
                (Some(from), Some(to)) if from > 0 && to > from
            ),
        }
    }
}

fn number(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::Scalar(scalar) => scalar.as_str().parse().ok(),
        _ => None,
    }
}

fn interface_is_new(changed: &Changed<'_>, depth: usize) -> bool {
    let name = changed.path.elems().get(depth - 1).and_then(|elem| elem.keys().first());
    let interface = |name: &std::sync::Arc<str>| {
        let entry = Elem::entry("interface", [("name", std::sync::Arc::clone(name))]);
        Path::root().join(Elem::new("interfaces")).join(entry)
    };
    name.is_some_and(|(_, name)| changed.created.contains(&interface(name)))
}

/// How many steps a rule's path has, if the path is at or below it.
fn depth_within(path: &Path, rule: &str) -> Option<usize> {
    let mut elems = path.elems().iter();
    let mut depth = 0;
    for step in rule.split('/').skip(1) {
        let elem = elems.next()?;
        let (name, key) = match step.split_once('[') {
            Some((name, key)) => (name, Some(key.trim_end_matches(']'))),
            None => (step, None),
        };
        let fits = |key: &str| {
            elem.keys().iter().any(|(_, value)| match key.strip_prefix('=') {
                Some(whole) => &**value == whole,
                None => value.starts_with(key),
            })
        };
        if elem.name() != name || key.is_some_and(|key| !fits(key)) {
            return None;
        }
        depth += 1;
    }
    Some(depth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yang::{Form, Scalar};

    const EFFECTS: Effects = Effects {
        rules: &[
            rule("/list/entry", On::New, Effect::Hitless),
            rule("/list/entry[Vlan]/on", On::False, Effect::DropsPort),
            rule("/list/entry/on", On::True, Effect::Hitless),
            rule("/list/entry/many", On::Grows, Effect::Hitless),
            rule("/list/entry", On::Gone, Effect::DropsPort),
            rule("/members/member", On::NewWithInterface, Effect::Hitless),
            rule("/members", On::Any, Effect::DropsPort),
            rule("/list", On::Any, Effect::ResetsSession),
        ],
        areas: &[("/list/entry[Vlan]", "VLANs"), ("/list", "lists")],
    };

    const fn rule(path: &'static str, on: On, effect: Effect) -> EffectRule {
        EffectRule { path, on, effect, reason: "" }
    }

    #[test]
    fn the_first_rule_that_fits_a_change_holds() {
        use Effect::*;
        let text = |text: &str| Value::Scalar(Scalar::new(text, Form::Text));
        let list = |values: &str| {
            Value::set(values.split(' ').map(|value| Scalar::new(value, Form::Text)).collect())
        };
        for (case, path, from, to, created, removed, expected) in [
            ("a new entry", "/list/entry[n=a]/x", None, Some(text("1")), "/list/entry[n=a]", "", Hitless),
            (
                "a new leaf of an old entry",
                "/list/entry[n=a]/x",
                None,
                Some(text("1")),
                "/list/entry[n=b]",
                "",
                ResetsSession,
            ),
            (
                "a leaf inside an entry that goes",
                "/list/entry[n=a]/b/c",
                Some(text("1")),
                None,
                "",
                "/list/entry[n=a]",
                DropsPort,
            ),
            (
                "off, of the kind",
                "/list/entry[n=Vlan4]/on",
                Some(text("true")),
                Some(text("false")),
                "",
                "",
                DropsPort,
            ),
            (
                "off, of another kind",
                "/list/entry[n=Eth4]/on",
                Some(text("true")),
                Some(text("false")),
                "",
                "",
                ResetsSession,
            ),
            ("on", "/list/entry[n=Eth4]/on", Some(text("false")), Some(text("true")), "", "", Hitless),
            (
                "a list that grows",
                "/list/entry[n=a]/many",
                Some(list("1 2")),
                Some(list("1 2 3")),
                "",
                "",
                Hitless,
            ),
            (
                "a list that loses one",
                "/list/entry[n=a]/many",
                Some(list("1 2")),
                Some(list("1 3")),
                "",
                "",
                ResetsSession,
            ),
            (
                "a member that is new",
                "/members/member[id=V]/x",
                None,
                Some(text("V")),
                "/members/member[id=V] /interfaces/interface[name=V]",
                "",
                Hitless,
            ),
            (
                "a member that was elsewhere",
                "/members/member[id=V]/x",
                None,
                Some(text("V")),
                "/members/member[id=V]",
                "",
                DropsPort,
            ),
            ("what no rule knows", "/other", None, Some(text("1")), "", "", DeviceWide),
        ] {
            let paths = |text: &str| text.split_whitespace().map(|path| path.parse().unwrap()).collect();
            let (path, created, removed) = (path.parse().unwrap(), paths(created), paths(removed));
            let (from, to) = (from.as_ref(), to.as_ref());
            let changed = Changed { path: &path, from, to, created: &created, removed: &removed };
            assert_eq!(EFFECTS.of(&changed).0, expected, "{case}");
        }
        for (path, area) in [
            ("/list/entry[n=Vlan4]/x", "VLANs"),
            ("/list/entry[n=a]", "lists"),
            ("/x", "other configuration"),
        ] {
            assert_eq!(EFFECTS.area(&path.parse().unwrap()), area);
        }
    }
}
