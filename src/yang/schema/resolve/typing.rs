//! `type` statements to types: typedefs are followed, restrictions are merged.
//!
//! Here: [`Typing`]. Elsewhere: ranges (`ranges`), leafref paths (`leafref`), identities
//! (`identities`), default values (`defaults`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::canonical::{decimal, integer};
use super::super::pattern::Pattern;
use super::super::types::{TextSyntax, Type, TypeId};
use super::draft::{Draft, DraftId};
use super::identities::{self, Identities};
use super::leafref;
use super::library::{At, Library, ModuleIndex, split_prefix};
use super::ranges::{self, Bounds};
use crate::diagnostic::{Finding, Findings};

/// How many typedefs, unions and leafrefs may lead to each other.
const MAX_DEPTH: usize = 100;

/// How many `type` statements are followed in all: unions of unions of the same typedef
/// could make any number. The EOS set needs 3,861.
const MAX_STEPS: u32 = 200_000;

/// Makes types, and keeps one of each.
pub(super) struct Typing<'a> {
    pub(super) library: &'a Library,
    pub(super) draft: &'a Draft,
    pub(super) identities: &'a Identities,
    pub(super) findings: &'a mut Findings,
    pub(super) types: Vec<Type>,
    known: BTreeMap<Type, TypeId>,
    /// Modules that are not implemented and that leafrefs of implemented ones lead into.
    pub(super) wanted: BTreeSet<ModuleIndex>,
    /// The typedefs that are being followed.
    open: Vec<At>,
    /// The targets of leafrefs that are being followed.
    open_targets: Vec<DraftId>,
    depth: usize,
    steps: u32,
}

/// A type and the `default` that comes with it.
pub(super) struct Typed {
    pub(super) ty: Type,
    pub(super) default: Option<At>,
}

/// What stands in for a type that cannot be resolved; a finding says so.
const ANYTHING: Type = Type::Text { lengths: Vec::new(), patterns: Vec::new(), syntax: TextSyntax::Plain };

impl<'a> Typing<'a> {
    pub(super) fn new(
        library: &'a Library,
        draft: &'a Draft,
        identities: &'a Identities,
        findings: &'a mut Findings,
    ) -> Self {
        Self {
            library,
            draft,
            identities,
            findings,
            types: Vec::new(),
            known: BTreeMap::new(),
            wanted: BTreeSet::new(),
            open: Vec::new(),
            open_targets: Vec::new(),
            depth: 0,
            steps: 0,
        }
    }

    /// The id of a type.
    pub(super) fn intern(&mut self, ty: Type) -> TypeId {
        if let Some(id) = self.known.get(&ty) {
            return *id;
        }
        let id = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        self.types.push(ty.clone());
        self.known.insert(ty, id);
        id
    }

    /// The type that the `type` statement `at` gives to a leaf.
    pub(super) fn resolve(&mut self, at: At, leaf: DraftId) -> Typed {
        self.steps = self.steps.saturating_add(1);
        if self.depth >= MAX_DEPTH || self.steps >= MAX_STEPS {
            if self.depth >= MAX_DEPTH || self.steps == MAX_STEPS {
                self.error("yang-too-deep", at, "types lead to each other without an end in sight".into());
            }
            return Typed { ty: ANYTHING, default: None };
        }
        self.depth += 1;
        let name = self.library.argument(at);
        let typed = match self.builtin(at, name, leaf) {
            Some(ty) => Typed { ty, default: None },
            None => self.derived(at, name, leaf),
        };
        self.depth -= 1;
        typed
    }

    fn derived(&mut self, at: At, name: &str, leaf: DraftId) -> Typed {
        let library = self.library;
        let definition = library.definition(at, "typedef", name);
        let base = definition.and_then(|typedef| Some((typedef, library.substatement(typedef, "type")?)));
        let Some((typedef, base)) = base else {
            self.warn("yang-unknown-type", at, format!("there is no type `{name}`"));
            return Typed { ty: ANYTHING, default: None };
        };
        if self.open.contains(&typedef) {
            self.error("yang-circle", at, format!("type `{name}` is made of itself"));
            return Typed { ty: ANYTHING, default: None };
        }
        self.open.push(typedef);
        let typed = self.resolve(base, leaf);
        self.open.pop();
        let default = library.substatement(typedef, "default").or(typed.default);
        let mut ty = self.restrict(typed.ty, at);
        if let Type::Text { syntax: syntax @ TextSyntax::Plain, .. } = &mut ty {
            *syntax = TextSyntax::of_typedef(split_prefix(name).1);
        }
        Typed { ty, default }
    }

    /// A built-in type (RFC 7950 section 4.2.4); none for any other name.
    fn builtin(&mut self, at: At, name: &str, leaf: DraftId) -> Option<Type> {
        let library = self.library;
        let integer = |bits, signed| Type::Integer { bits, signed, ranges: Vec::new() };
        let ty = match name {
            "int8" => integer(8, true),
            "int16" => integer(16, true),
            "int32" => integer(32, true),
            "int64" => integer(64, true),
            "uint8" => integer(8, false),
            "uint16" => integer(16, false),
            "uint32" => integer(32, false),
            "uint64" => integer(64, false),
            "string" => ANYTHING,
            "binary" => Type::Binary { lengths: Vec::new() },
            "decimal64" => {
                let fraction = library.value(at, "fraction-digits").and_then(|digits| digits.parse().ok());
                if let Some(fraction) = fraction.filter(|fraction| (1..=18).contains(fraction)) {
                    Type::Decimal { fraction, ranges: Vec::new() }
                } else {
                    self.warn("yang-bad-type", at, "decimal64 needs fraction-digits, 1 to 18".into());
                    ANYTHING
                }
            }
            "boolean" => return Some(Type::Boolean),
            "empty" => return Some(Type::Empty),
            "instance-identifier" => return Some(Type::InstanceIdentifier),
            "leafref" => return Some(self.leafref(at, leaf)),
            _ => return self.enumerated(at, name, leaf),
        };
        Some(self.restrict(ty, at))
    }

    /// The built-in types that are made of what their substatements list.
    fn enumerated(&mut self, at: At, name: &str, leaf: DraftId) -> Option<Type> {
        let library = self.library;
        let ty = match name {
            "enumeration" => {
                let names = library.substatements(at, "enum").map(|name| library.argument(name).into());
                Type::Enumeration(names.collect())
            }
            "bits" => Type::Bits(bits(library, at)),
            "identityref" => Type::Identity { bases: self.bases(at) },
            "union" => Type::Union(self.members(at, leaf)),
            _ => return None,
        };
        let is_empty = match &ty {
            Type::Enumeration(names) | Type::Bits(names) => names.is_empty(),
            Type::Identity { bases } => bases.is_empty(),
            Type::Union(members) => members.is_empty(),
            _ => false,
        };
        if is_empty {
            self.warn("yang-bad-type", at, format!("this {name} names nothing that it could be"));
            return Some(ANYTHING);
        }
        Some(ty)
    }

    /// The bases of an identityref.
    fn bases(&mut self, at: At) -> Vec<u32> {
        let library = self.library;
        let mut bases = Vec::new();
        for base in library.substatements(at, "base") {
            match self.identities.named(library, base, library.argument(base)) {
                Some(id) => bases.push(id),
                None => self.findings.push(identities::unknown(library, base)),
            }
        }
        bases.sort_unstable();
        bases.dedup();
        bases
    }

    /// The members of a union.
    fn members(&mut self, at: At, leaf: DraftId) -> Vec<TypeId> {
        let library = self.library;
        let mut members = Vec::new();
        for member in library.substatements(at, "type") {
            let ty = match self.resolve(member, leaf).ty {
                // a union in a union takes the same values as its members in its place
                Type::Union(inner) => inner,
                ty => vec![self.intern(ty)],
            };
            members.extend(ty.into_iter().filter(|id| !members.contains(id)).collect::<Vec<_>>());
        }
        members
    }

    /// A leafref takes the type of its target even where the device lacks the target. Then
    /// no instance can be required: there is nothing it could be in.
    fn leafref(&mut self, at: At, leaf: DraftId) -> Type {
        let library = self.library;
        let Some(path) = library.substatement(at, "path") else {
            self.warn("yang-bad-type", at, "a leafref needs a path".into());
            return ANYTHING;
        };
        let followed = match leafref::follow(library, self.draft, path, leaf) {
            Ok(followed) => followed,
            Err(step) => {
                let text = library.argument(path);
                if let Some(first) = text.trim().strip_prefix('/').and_then(|text| text.split('/').next()) {
                    self.wanted.extend(library.prefixed(path, split_prefix(first).0));
                }
                let message = format!("leafref `{text}`: `{step}` leads nowhere");
                self.findings.push(
                    Finding::warning("yang-unknown-target", &library.place(path), message)
                        .hint("any text is taken"),
                );
                return ANYTHING;
            }
        };
        if self.open_targets.contains(&followed.target) {
            self.error("yang-circle", at, "a leafref leads back to itself".into());
            return ANYTHING;
        }
        let Some(target_type) = self.draft.node(followed.target).ty else { return ANYTHING };
        self.open_targets.push(followed.target);
        let target = self.resolve(target_type, followed.target).ty;
        self.open_targets.pop();
        let required = library.value(at, "require-instance") != Some("false");
        Type::Leafref {
            path: followed.path.into(),
            require_instance: required && self.draft.is_config(followed.target),
            target: self.intern(target),
        }
    }

    /// `base` with what the `type` statement `at` narrows.
    fn restrict(&mut self, base: Type, at: At) -> Type {
        let library = self.library;
        match base {
            Type::Integer { bits, signed, ranges } => {
                let whole = if signed {
                    (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1)
                } else {
                    (0, (1_i128 << bits) - 1)
                };
                let ranges = self.narrow(at, "range", ranges, whole, integer);
                Type::Integer { bits, signed, ranges }
            }
            Type::Decimal { fraction, ranges } => {
                let whole = (i128::from(i64::MIN), i128::from(i64::MAX));
                let number = |text: &str| decimal(text, fraction).map(i128::from);
                Type::Decimal { fraction, ranges: self.narrow(at, "range", ranges, whole, number) }
            }
            Type::Text { lengths, mut patterns, syntax } => {
                patterns.extend(self.patterns(at));
                let lengths = self.narrow(at, "length", lengths, LENGTHS, integer);
                Type::Text { lengths, patterns, syntax }
            }
            Type::Binary { lengths } => {
                Type::Binary { lengths: self.narrow(at, "length", lengths, LENGTHS, integer) }
            }
            Type::Enumeration(names) => Type::Enumeration(retained(library, at, "enum", names)),
            Type::Bits(names) => Type::Bits(retained(library, at, "bit", names)),
            Type::Leafref { path, require_instance, target } => {
                let required = library.value(at, "require-instance") != Some("false");
                Type::Leafref { path, require_instance: require_instance && required, target }
            }
            other => other,
        }
    }

    /// The patterns of a `type` statement. One that cannot be run stays, and allows all.
    fn patterns(&mut self, at: At) -> Vec<Pattern> {
        let library = self.library;
        let mut patterns = Vec::new();
        for statement in library.substatements(at, "pattern") {
            let inverted = library.value(statement, "modifier") == Some("invert-match");
            let pattern = Pattern::new(library.argument(statement), inverted);
            if let Err(error) = pattern.check() {
                self.warn("yang-bad-pattern", statement, format!("{error}; it allows everything"));
            }
            patterns.push(pattern);
        }
        patterns
    }

    /// The bounds of a type narrowed by a `range` or `length` substatement of `at`.
    fn narrow<T: Copy + Into<i128> + TryFrom<i128>>(
        &mut self,
        at: At,
        keyword: &str,
        base: Vec<(T, T)>,
        whole: (i128, i128),
        number: impl Fn(&str) -> Option<i128>,
    ) -> Vec<(T, T)> {
        let Some(restriction) = self.library.substatement(at, keyword) else { return base };
        let wide: Bounds = match base.as_slice() {
            [] => vec![whole],
            parts => parts.iter().map(|(low, high)| ((*low).into(), (*high).into())).collect(),
        };
        let text = self.library.argument(restriction);
        let Some(asked) = ranges::parse(text, &wide, number) else {
            self.warn("yang-bad-range", restriction, format!("`{text}` is no {keyword}"));
            return base;
        };
        let both = ranges::intersect(&wide, &asked);
        let size = |bounds: &Bounds| bounds.iter().map(|(low, high)| high - low + 1).sum::<i128>();
        if size(&both) < size(&asked) {
            let message = format!("{keyword} `{text}` goes beyond what its base type allows");
            self.warn("yang-bad-range", restriction, message);
        }
        let narrowed =
            both.iter().map(|(low, high)| Some((T::try_from(*low).ok()?, T::try_from(*high).ok()?)));
        narrowed.collect::<Option<Vec<_>>>().filter(|bounds| !bounds.is_empty()).unwrap_or(base)
    }

    fn warn(&mut self, code: &'static str, at: At, message: String) {
        self.findings.push(Finding::warning(code, &self.library.place(at), message));
    }

    fn error(&mut self, code: &'static str, at: At, message: String) {
        self.findings.push(Finding::error(code, &self.library.place(at), message));
    }
}

/// What `min` and `max` mean for lengths.
const LENGTHS: (i128, i128) = (0, u64::MAX as i128);

/// The bits in the order of their positions; without one a bit follows the highest so far.
fn bits(library: &Library, at: At) -> Vec<Arc<str>> {
    let mut next = 0_u32;
    let mut bits: Vec<(u32, Arc<str>)> = Vec::new();
    for bit in library.substatements(at, "bit") {
        let position = library.value(bit, "position").and_then(|text| text.parse().ok()).unwrap_or(next);
        next = next.max(position.saturating_add(1));
        bits.push((position, library.argument(bit).into()));
    }
    bits.sort_by_key(|(position, _)| *position);
    bits.into_iter().map(|(_, name)| name).collect()
}

/// The names that `at` keeps: those it repeats, or all if it names none.
fn retained(library: &Library, at: At, keyword: &str, names: Vec<Arc<str>>) -> Vec<Arc<str>> {
    let kept: Vec<&str> = library.substatements(at, keyword).map(|name| library.argument(name)).collect();
    if kept.is_empty() {
        return names;
    }
    let retained: Vec<Arc<str>> = names.iter().filter(|name| kept.contains(&&***name)).cloned().collect();
    if retained.is_empty() { names } else { retained }
}
