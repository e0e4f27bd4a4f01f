//! Tests of both ways, on a schema written by hand and on generated ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::{
    Access, Case, Identity, Kind, Module, ModuleId, Node, NodeId, Pattern, Schema, TextSyntax, Type, TypeId,
};
use super::{read, write};
use crate::yang::testing::SAMPLE;

#[test]
fn the_sample_is_written_as_it_was_read() {
    let schema = read(SAMPLE).unwrap();
    for (number, (written, read)) in (1..).zip(write(&schema).lines().zip(SAMPLE.lines())) {
        assert_eq!(written, read, "line {number}");
    }
    assert_eq!(read(&write(&schema)).unwrap(), schema);
}

#[test]
fn a_line_that_is_wrong_is_named_by_number() {
    let head = "gitfabric-pack 1\nmodule m\nidentity m:A\n";
    for (text, line, part) in [
        ("", 1, "begins with"),
        ("gitfabric-pack 2\n", 1, "begins with"),
        (head, 3, "`nodes` is missing"),
        (&format!("{head}tpye x string\nnodes\n"), 4, "`tpye`"),
        (&format!("{head}module m\nnodes\n"), 4, "twice"),
        (&format!("{head}identity m:B m:C\nnodes\n"), 5, "no identity `m:C`"),
        (&format!("{head}nodes\na container\n"), 5, "needs its module"),
        (&format!("{head}nodes\nx:a container\n"), 5, "no module `x`"),
        (&format!("{head}nodes\nm:a container\n    b leaf string\n"), 6, "two spaces"),
        (&format!("{head}nodes\nm:a container\n b leaf string\n"), 6, "two spaces"),
        (&format!("{head}nodes\nm:a leaf strnig\n"), 5, "`strnig` is not a type"),
        (&format!("{head}nodes\nm:a leaf @t\n"), 5, "no type `t`"),
        (&format!("{head}type t union(@t,string)\nnodes\nm:a leaf @t\n"), 6, "too deep"),
        (&format!("{head}nodes\nm:a leaf string(5..1)\n"), 5, "`5..1` is not a range"),
        (&format!("{head}nodes\nm:a leaf identityref(m:B)\n"), 5, "no identity `m:B`"),
        (&format!("{head}nodes\nm:a leaf string\n  b leaf string\n"), 6, "below the leaf"),
        (&format!("{head}nodes\nm:a leaf string presence\n"), 5, "`presence` cannot stand here"),
        (&format!("{head}nodes\nm:a list key=k\n  j leaf string\n"), 5, "`k` must be leaves"),
        (
            &format!("{head}nodes\nm:a leaf string\nm:b leaf string\nm:a leaf string\n"),
            7,
            "`/a` stands twice",
        ),
        (&format!("{head}nodes\nm:a leaf string default=`x\n"), 5, "backtick"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.line == line && error.what.contains(part), "{text:?}: {error}");
    }
}

#[test]
fn a_long_type_used_twice_is_named_after_its_first_leaf() {
    let long = format!("enum({})", ["ABCDEFGHIJKLMNOPQRSTUVWXYZ"; 3].join("A,"));
    let text = format!("gitfabric-pack 1\nmodule m\nnodes\nm:a leaf {long}\nm:b leaf union({long},string)\n");
    let written = write(&read(&text).unwrap());
    assert!(written.contains(&format!("type a {long}\n")), "{written}");
    assert!(written.ends_with("nodes\nm:a leaf @a\nm:b leaf union(@a,string)\n"), "{written}");
}

/// Builds schemas the way the reader numbers them.
#[derive(Default)]
struct Builder {
    schema: Schema,
}

/// A type by its parts, before types are numbered.
#[derive(Clone, Debug)]
enum Shape {
    Plain(Type),
    Leafref(String, bool, Box<Shape>),
    Union(Vec<Shape>),
}

/// A node by its parts.
#[derive(Clone, Debug)]
struct Sketch {
    module: u16,
    kind: u8,
    flag: bool,
    shape: Shape,
    words: Vec<String>,
    bounds: (u32, Option<u32>),
    access: usize,
    case: Vec<(String, String, bool)>,
    children: BTreeMap<String, Sketch>,
}

impl Builder {
    fn new() -> Self {
        let mut schema =
            Schema { platform: Arc::from("an os"), version: Arc::from("1.0F"), ..Schema::default() };
        for name in ["m-a", "m-b"] {
            schema.modules.push(Module { name: Arc::from(name), revision: Arc::from("2024-01-01") });
        }
        for (id, name, bases) in [(0, "BASE", vec![]), (1, "A", vec![0, 2]), (2, "B", vec![0])] {
            let module = ModuleId(1);
            schema.identity_index.insert((Arc::from("m-b"), Arc::from(name)), id);
            schema.identities.push(Identity { module, name: Arc::from(name), bases });
        }
        Self { schema }
    }

    fn ty(&mut self, shape: &Shape) -> TypeId {
        let ty = match shape {
            Shape::Plain(ty) => ty.clone(),
            Shape::Leafref(path, require_instance, target) => Type::Leafref {
                path: Arc::from(path.as_str()),
                require_instance: *require_instance,
                target: self.ty(target),
            },
            Shape::Union(members) => Type::Union(members.iter().map(|member| self.ty(member)).collect()),
        };
        let known = self.schema.types.iter().position(|known| *known == ty);
        let at = known.unwrap_or_else(|| {
            self.schema.types.push(ty);
            self.schema.types.len() - 1
        });
        TypeId(u32::try_from(at).unwrap())
    }

    fn node(&mut self, name: &str, sketch: &Sketch, parent: Option<NodeId>) -> NodeId {
        let id = NodeId(u32::try_from(self.schema.nodes.len()).unwrap());
        let words: Vec<Arc<str>> = sketch.words.iter().map(|word| Arc::from(word.as_str())).collect();
        let kind = match sketch.kind {
            0 => Kind::Container { presence: sketch.flag },
            1 => Kind::List {
                keys: Vec::new(),
                ordered_by_user: sketch.flag,
                entries: sketch.bounds,
                unique: vec![vec![Arc::from("a/b"), Arc::from("c")]],
            },
            2 => Kind::LeafList {
                ty: self.ty(&sketch.shape),
                ordered_by_user: sketch.flag,
                entries: sketch.bounds,
                defaults: words,
            },
            _ => Kind::Leaf {
                ty: self.ty(&sketch.shape),
                default: words.first().cloned(),
                mandatory: sketch.flag,
            },
        };
        let access =
            [Access::ReadWrite, Access::ReadOnly, Access::Unsupported, Access::Unlisted][sketch.access];
        let case = |(choice, case, mandatory): &(String, String, bool)| Case {
            choice: Arc::from(choice.as_str()),
            case: Arc::from(case.as_str()),
            mandatory: *mandatory,
        };
        self.schema.nodes.push(Node {
            name: Arc::from(name),
            module: ModuleId(sketch.module),
            parent,
            kind,
            case: sketch.case.iter().map(case).collect(),
            access,
            children: Vec::new(),
        });
        if sketch.kind < 2 {
            let mut children: Vec<NodeId> =
                sketch.children.iter().map(|(name, child)| self.node(name, child, Some(id))).collect();
            if sketch.kind == 1 {
                let key = Sketch { module: sketch.module, kind: 3, ..sketch.clone() };
                children.push(self.node("zz-key", &key, Some(id)));
                if let Kind::List { keys, .. } = &mut self.schema.nodes[id.0 as usize].kind {
                    keys.extend(children.last());
                }
            }
            self.schema.nodes[id.0 as usize].children = children;
        }
        id
    }
}

fn shape() -> impl Strategy<Value = Shape> {
    let word = || ".{0,6}".prop_map(|text| Arc::from(text.as_str()));
    let ends = || prop::collection::vec((0u32..50, 0u32..50).prop_map(|(a, b)| (a.min(b), a.max(b))), 0..3);
    let plain = prop_oneof![
        (0usize..4, any::<bool>(), ends()).prop_map(|(size, signed, ends)| Type::Integer {
            bits: [8, 16, 32, 64][size],
            signed,
            ranges: ends.into_iter().map(|(a, b)| (i128::from(a) - 20, i128::from(b) - 20)).collect(),
        }),
        (1u8..19, ends()).prop_map(|(fraction, ends)| Type::Decimal {
            fraction,
            ranges: ends.into_iter().map(|(a, b)| (i64::from(a) - 20, i64::from(b) - 20)).collect(),
        }),
        (ends(), prop::collection::vec((".{0,20}", any::<bool>()), 0..3), 0usize..6).prop_map(
            |(ends, patterns, syntax)| Type::Text {
                lengths: ends.into_iter().map(|(a, b)| (u64::from(a), u64::from(b))).collect(),
                patterns: patterns.iter().map(|(xsd, not)| Pattern::new(xsd.as_str(), *not)).collect(),
                syntax: TextSyntax::WORDS[syntax].0,
            }
        ),
        prop::collection::vec(word(), 0..4).prop_map(Type::Enumeration),
        prop::collection::vec(word(), 0..4).prop_map(Type::Bits),
        prop::collection::vec(0u32..3, 0..3).prop_map(|bases| Type::Identity { bases }),
        ends().prop_map(|ends| Type::Binary {
            lengths: ends.into_iter().map(|(a, b)| (u64::from(a), u64::from(b))).collect()
        }),
        Just(Type::Boolean),
        Just(Type::Empty),
        Just(Type::InstanceIdentifier),
    ];
    plain.prop_map(Shape::Plain).prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            (".{0,9}", any::<bool>(), inner.clone()).prop_map(|(path, require, target)| Shape::Leafref(
                path,
                require,
                Box::new(target)
            )),
            prop::collection::vec(inner, 1..4).prop_map(Shape::Union),
        ]
    })
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let own = || {
        (
            (0u16..2, 0u8..4, any::<bool>(), shape(), prop::collection::vec(".{0,6}", 0..3)),
            (0u32..3, prop::option::of(0u32..9), 0usize..4),
            prop::collection::vec(("[a-z]{1,4}", "[a-z]{1,4}", any::<bool>()), 0..3),
        )
    };
    let leaf = own().prop_map(|((module, kind, flag, shape, words), (min, max, access), case)| Sketch {
        module,
        kind,
        flag,
        shape,
        words,
        bounds: (min, max),
        access,
        case,
        children: BTreeMap::new(),
    });
    leaf.prop_recursive(3, 24, 4, |inner| {
        let children = prop::collection::btree_map("[a-y][a-z-]{0,5}", inner.clone(), 0..4);
        (inner, children).prop_map(|(sketch, children)| Sketch { children, ..sketch })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_schema_written_and_read_is_itself(top in prop::collection::btree_map("[a-z]{1,5}", sketch(), 0..4)) {
        let mut builder = Builder::new();
        builder.schema.top = top.iter().map(|(name, sketch)| builder.node(name, sketch, None)).collect();
        let text = write(&builder.schema);
        prop_assert_eq!(read(&text).unwrap(), builder.schema, "{}", text);
    }

    #[test]
    fn no_text_makes_the_reader_panic(
        noise in prop::collection::vec((any::<prop::sample::Index>(), "[ -~é]{0,3}", 0usize..9), 0..6)
    ) {
        let mut text = SAMPLE.to_owned();
        for (index, put, cut) in noise {
            let at = |wanted: usize| (wanted..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            let start = at(index.index(text.len().max(1)));
            let range = start..at(start + cut);
            text.replace_range(range, &put);
        }
        let _ = read(&text);
    }
}
