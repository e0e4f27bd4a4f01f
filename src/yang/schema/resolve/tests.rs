//! What statements become, written as packs: one line a node.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::pack;
use super::{Resolution, Selection, resolve};

/// Resolves modules given as text. A text's module is named after the word behind
/// `module`; namespace and prefix (the module's name) are put in.
fn resolution(modules: &[&str], import_only: &[&str]) -> Resolution {
    let mut files = BTreeMap::new();
    let mut implemented = Vec::new();
    for text in modules {
        let mut words = text.split_whitespace();
        let (keyword, name) = (words.next().unwrap(), words.next().unwrap());
        let head = format!("{keyword} {name} {{");
        let own =
            if keyword == "module" { format!("namespace urn:{name}; prefix {name};") } else { String::new() };
        let text = text.replacen(&head, &format!("{head} {own}"), 1);
        files.insert(format!("{name}.yang").parse().unwrap(), Arc::from(text));
        if keyword == "module" && !import_only.contains(&name) {
            implemented.push(name);
        }
    }
    resolve(&files, &Selection { implemented: &implemented, import_only })
}

/// The lines of the pack behind `nodes`, and `code: message` of each finding.
fn seen(modules: &[&str], import_only: &[&str]) -> (Vec<String>, Vec<String>) {
    let resolution = resolution(modules, import_only);
    let text = pack::write(&resolution.schema);
    let nodes = text.lines().skip_while(|line| *line != "nodes").skip(1).map(str::to_owned);
    let findings = resolution.findings.iter().map(|finding| format!("{}: {}", finding.code, finding.message));
    (nodes.collect(), findings.collect())
}

/// Each: what it shows, the modules, the nodes they make without a finding.
type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

fn hold(cases: &[Case]) {
    for (case, modules, nodes) in cases {
        let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
        assert_eq!(seen(modules, &[]), (nodes, vec![]), "{case}");
    }
}

#[test]
fn statements_become_nodes() {
    hold(&[
        (
            "config false is left out, with all below it",
            &["module m { container a { config false; leaf b { type string; } } leaf c { type string; } }"],
            &["m:c leaf string access=unlisted"],
        ),
        (
            "a list and its keys",
            &["module m { list l { key 'b a'; unique 'c/x d'; ordered-by user; min-elements 1; max-elements 9;
               leaf a { type uint8; } leaf b { type int64; } leaf d { type string; }
               container c { presence x; leaf x { type string; } } } }"],
            &[
                "m:l list key=b,a user-ordered min=1 max=9 unique=c/x,d",
                "  a leaf uint8 access=unlisted",
                "  b leaf int64 access=unlisted",
                "  c container presence",
                "    x leaf string access=unlisted",
                "  d leaf string access=unlisted",
            ],
        ),
        (
            "choices, cases and their shorthand",
            &["module m { choice c { mandatory true; leaf a { type empty; }
               case b { leaf x { type empty; } choice d { container y; } } } }"],
            &[
                "m:a leaf empty case=c!/a access=unlisted",
                "m:x leaf empty case=c!/b access=unlisted",
                "m:y container case=c!/b,d/y",
            ],
        ),
        (
            "uses with refine and augment, in the namespace of its user",
            &[
                "module g { grouping g { container a { leaf b { type string; } } leaf c { type string; } } }",
                "module m { import g { prefix p; } container top { uses p:g {
                   refine a/b { default x; mandatory false; } refine a { config false; }
                   augment a { leaf d { type string; } } } }
                 container other { uses p:g { refine c { mandatory true; } } } }",
            ],
            &[
                "m:other container",
                "  a container",
                "    b leaf string access=unlisted",
                "  c leaf string mandatory access=unlisted",
                "m:top container",
                "  c leaf string access=unlisted",
            ],
        ),
        (
            "the nearest grouping around counts",
            &["module m { grouping g { leaf far { type string; } }
               container a { grouping g { leaf near { type string; } } container b { uses g; } }
               container c { uses g; } }"],
            &[
                "m:a container",
                "  b container",
                "    near leaf string access=unlisted",
                "m:c container",
                "  far leaf string access=unlisted",
            ],
        ),
        (
            "an augment may name what another adds, and two modules may use one name",
            &[
                "module b { import a { prefix a; } augment /a:c/d { leaf x { type string; } } augment /a:c { container d; } }",
                "module a { container c { leaf d { type string; } } }",
            ],
            &[
                "a:c container",
                "  d leaf string access=unlisted",
                "  b:d container",
                "    x leaf string access=unlisted",
            ],
        ),
        (
            "a submodule is part of its module, and inclusion in a circle does no harm",
            &[
                "module m { include s; container a { uses g; } }",
                "submodule s { belongs-to m { prefix q; } include s; grouping g { leaf b { type q:t; } } typedef t { type int8; } }",
            ],
            &["m:a container", "  b leaf int8 access=unlisted"],
        ),
        (
            "operations are no configuration",
            &["module m { rpc r { input { leaf a { type string; } } } notification n { leaf b { type string; } } }"],
            &[],
        ),
    ]);
}

#[test]
fn types_are_followed_and_narrowed() {
    hold(&[
        (
            "ranges intersect, min and max are those of the base",
            &["module m { typedef t { type uint8 { range '1..100 | 200..max'; } }
               leaf a { type t { range 'min..10 | 250'; } } leaf b { type t; } }"],
            &["m:a leaf uint8(1..10|250) access=unlisted", "m:b leaf uint8(1..100|200..255) access=unlisted"],
        ),
        (
            "patterns accumulate, lengths intersect",
            &["module m { typedef t { type string { length 1..10; pattern 'a+'; } }
               leaf a { type t { length 5..max; pattern 'b' { modifier invert-match; } } } }"],
            &["m:a leaf string(5..10)~a+!~b access=unlisted"],
        ),
        (
            "decimals are scaled",
            &[
                "module m { leaf a { type decimal64 { fraction-digits 2; range '-1..1.5'; } default '+0.50'; } }",
            ],
            &["m:a leaf decimal64/2(-1.0..1.5) default=0.5 access=unlisted"],
        ),
        (
            "bits stand in the order of their positions; a type narrows names",
            &["module m { typedef t { type bits { bit c { position 5; } bit a { position 0; } bit d; } }
               leaf a { type t { bit d; bit c; } default 'd c'; } leaf b { type t; } }"],
            &["m:a leaf bits(c,d) default=`c d` access=unlisted", "m:b leaf bits(a,c,d) access=unlisted"],
        ),
        (
            "the default of a type counts where the leaf has none and is not mandatory",
            &["module m { typedef t { type u; default 0x10; } typedef u { type int8; default 1; }
               leaf a { type t; } leaf b { type t; default 5; } leaf c { type t; mandatory true; }
               leaf-list d { type u; } }"],
            &[
                "m:a leaf int8 default=16 access=unlisted",
                "m:b leaf int8 default=5 access=unlisted",
                "m:c leaf int8 mandatory access=unlisted",
                "m:d leaf-list int8 default=1 access=unlisted",
            ],
        ),
        (
            "a default identity has the name of its module, whatever its prefix",
            &[
                "module i { identity base; identity one { base base; } }",
                "module m { import i { prefix p; }
                   leaf a { type union { type int8; type identityref { base p:base; } } default p:one; } }",
            ],
            &["m:a leaf union(int8,identityref(i:base)) default=i:one access=unlisted"],
        ),
        (
            "a union in a union is one, each member once",
            &["module m { typedef t { type union { type int8; type boolean; } }
               leaf a { type union { type string; type t; type int8; } } }"],
            &["m:a leaf union(string,int8,boolean) access=unlisted"],
        ),
    ]);
}

#[test]
fn leafrefs_take_the_type_they_lead_to() {
    hold(&[
        (
            "relative, through a choice, and back to a leafref",
            &["module m { container a { choice c { leaf x { type int8; } } leaf y { type leafref { path ../x; } } }
               leaf z { type leafref { path /m:a/m:y; require-instance false; } } }"],
            &[
                "m:a container",
                "  x leaf int8 case=c/x access=unlisted",
                "  y leaf leafref(../x,int8) access=unlisted",
                "m:z leaf leafref?(/a/y,leafref(../x,int8)) access=unlisted",
            ],
        ),
        (
            "of another module, with a predicate: prefixes become names where they are needed",
            &[
                "module a { list l { key k; leaf k { type int8; } leaf v { type string; } } }",
                "module m { import a { prefix p; } leaf k { type int8; }
                   leaf v { type leafref { path \"/p:l[p:k = current()/../m:k]/p:v\"; } } }",
            ],
            &[
                "m:k leaf int8 access=unlisted",
                "a:l list key=k",
                "  k leaf int8 access=unlisted",
                "  v leaf string access=unlisted",
                "m:v leaf leafref(`/a:l[a:k=current()/../k]/a:v`,string) access=unlisted",
            ],
        ),
        (
            "to the leaf of the same statement, further up: no circle",
            &["module m { grouping g { leaf x { type leafref { path ../../x; } } }
               leaf x { type int8; } container a { uses g; container b { uses g; } } }"],
            &[
                "m:a container",
                "  b container",
                "    x leaf leafref(../../x,leafref(../../x,int8)) access=unlisted",
                "  x leaf leafref(../../x,int8) access=unlisted",
                "m:x leaf int8 access=unlisted",
            ],
        ),
        (
            "to what is no configuration, or is not supported: no instance can be required",
            &["module m { container s { config false; leaf x { type int8; } }
               leaf a { type leafref { path ../s/x; } } leaf gone { type int16; }
               leaf b { type leafref { path ../gone; } } deviation /m:gone { deviate not-supported; } }"],
            &["m:a leaf leafref?(../s/x,int8) access=unlisted", "m:b leaf leafref?(../gone,int16) access=unlisted"],
        ),
    ]);
}

#[test]
fn deviations_change_what_a_device_has() {
    hold(&[(
        "each property, also where a vendor replaces what was not there",
        &[
            "module a { container c { leaf t { type string; } leaf d { type int8; default 1; } leaf m { type string; }
               leaf-list l { type int8; } leaf s { type string; } leaf x { type string; } } }",
            "module dev { import a { prefix p; }
               deviation /p:c/p:t { deviate replace { type uint8 { range 1..9; } } }
               deviation /p:c/p:d { deviate delete { default 1; } }
               deviation /p:c/p:m { deviate add { mandatory true; } }
               deviation /p:c/p:l { deviate add { max-elements 3; default 2; must 'x'; } }
               deviation /p:c/p:s { deviate replace { config false; } }
               deviation /p:c/p:x { deviate not-supported; }
               deviation /p:c/p:x { deviate add { default never; } } }",
        ],
        &[
            "a:c container",
            "  d leaf int8 access=unlisted",
            "  l leaf-list int8 max=3 default=2 access=unlisted",
            "  m leaf string mandatory access=unlisted",
            "  t leaf uint8(1..9) access=unlisted",
        ],
    )]);
}

#[test]
fn modules_that_are_only_imported_give_no_nodes() {
    let modules = [
        "module a { container c; identity i; }",
        "module b { import a { prefix a; } augment /a:c { leaf x { type identityref { base a:i; } } } leaf y { type int8; } }",
    ];
    let named = resolution(&modules[1..], &[]);
    assert!(named.findings.iter().any(|finding| finding.code == "yang-missing-module"));
    let (nodes, findings) = seen(&modules, &["a"]);
    assert_eq!(nodes, ["b:y leaf int8 access=unlisted"]);
    assert_eq!(findings, ["yang-unknown-target: augment of `/a:c`: there is no `a:c`"]);
}

#[test]
fn a_module_is_implemented_without_being_named_if_its_nodes_are() {
    let base = "module a { prefix a; container c { leaf d { type int8; } } }";
    for (how, body) in [
        ("augmented", "augment /p:c { leaf x { type int8; } }"),
        ("deviated", "deviation /p:c { deviate add { must x; } }"),
        ("referred to", "leaf x { type leafref { path /p:c/p:d; } }"),
    ] {
        let named = format!("module b {{ prefix b; import a {{ prefix p; }} {body} }}");
        let files = [("a.yang", base), ("b.yang", &named)];
        let files = files.map(|(name, text)| (name.parse().unwrap(), Arc::from(text))).into();
        let made = resolve(&files, &Selection { implemented: &["b"], import_only: &[] });
        assert!(made.schema.find(&"/c/d".parse().unwrap()).is_some(), "{how}: {:?}", made.findings);
        assert!(made.findings.is_empty(), "{how}: {:?}", made.findings);
    }
}

#[test]
fn what_cannot_be_understood_is_a_finding_and_the_rest_is_resolved() {
    for (fault, expected) in [
        ("import gone { prefix g; }", "yang-missing-module: module `gone` is imported and no file holds it"),
        ("include gone;", "yang-missing-module: submodule `gone` is included and no file holds it"),
        ("uses gone;", "yang-unknown-grouping: there is no grouping `gone`"),
        ("grouping g { uses g; } uses g;", "yang-circle: grouping `g` uses itself"),
        (
            "grouping g { container x { uses h; } } grouping h { uses g; } uses g;",
            "yang-circle: grouping `g` uses itself",
        ),
        ("typedef t { type t; } leaf a { type t; }", "yang-circle: type `t` is made of itself"),
        (
            "typedef t { type union { type u; } } typedef u { type t; } leaf a { type t; }",
            "yang-circle: type `t` is made of itself",
        ),
        (
            "leaf a { type leafref { path ../b; } } leaf b { type leafref { path ../a; } }",
            "yang-circle: a leafref leads back to itself",
        ),
        ("identity i { base j; } identity j { base i; }", "yang-circle: identity `j` is its own base"),
        ("leaf a { type gone; }", "yang-unknown-type: there is no type `gone`"),
        ("leaf a { type q:gone; }", "yang-unknown-type: there is no type `q:gone`"),
        ("leaf a:b { type int8; }", "yang-bad-name: `a:b` is no name for a node; it is left out"),
        ("leaf a { type union; }", "yang-bad-type: this union names nothing that it could be"),
        ("leaf a;", "yang-bad-type: `a` has no type; it is left out"),
        ("leaf a { type int8 { range 5..1; } }", "yang-bad-range: `5..1` is no range"),
        (
            "leaf a { type int8 { range 0..200; } }",
            "yang-bad-range: range `0..200` goes beyond what its base type allows",
        ),
        (
            "leaf a { type leafref { path ../../x; } }",
            "yang-unknown-target: leafref `../../x`: `..` leads nowhere",
        ),
        ("leaf a { type identityref { base gone; } }", "yang-unknown-identity: there is no identity `gone`"),
        ("list l { leaf a { type int8; } }", "yang-no-key: list `l` has no key; it is left out"),
        (
            "list l { key b; leaf a { type int8; } }",
            "yang-no-key: list `l` has no key leaf `b`; it is left out",
        ),
        ("anydata a;", "yang-any-data: `a` holds any data, which cannot be described"),
        ("leaf ok { type int8; }", "yang-defined-twice: `ok` is defined twice in one place"),
        (
            "augment /m:gone { leaf a { type int8; } }",
            "yang-unknown-target: augment of `/m:gone`: there is no `m:gone`",
        ),
        (
            "augment /m:ok { leaf a { type int8; } }",
            "yang-augmented-leaf: augment of `/m:ok`: nothing can stand below a leaf",
        ),
        (
            "deviation /m:gone { deviate not-supported; }",
            "yang-unknown-target: deviation of `/m:gone`: there is no `m:gone`",
        ),
        ("deviation /m:ok { deviate sideways; }", "yang-bad-deviation: there is no `deviate sideways`"),
        (
            "deviation /m:ok { deviate delete { default 1; } }",
            "yang-bad-deviation: there is no `default 1` to delete",
        ),
        (
            "container c { uses g { refine gone { mandatory true; } } } grouping g { leaf a { type int8; } }",
            "yang-unknown-target: refine: the grouping has no `gone`",
        ),
    ] {
        let module = format!("module m {{ leaf ok {{ type boolean; }} {fault} }}");
        let (nodes, findings) = seen(&[&module], &[]);
        assert!(findings.iter().any(|finding| finding == expected), "{fault}: {findings:?}");
        assert!(nodes.contains(&"m:ok leaf boolean access=unlisted".to_owned()), "{fault}: {nodes:?}");
    }
}

#[test]
fn what_grows_without_end_is_stopped() {
    let mut groupings = String::from("grouping g0 { leaf a { type int8; } }");
    let mut types = String::from("typedef t0 { type int8; }");
    for next in 1..60 {
        let last = next - 1;
        groupings += &format!(
            "grouping g{next} {{ container x {{ uses g{last}; }} container y {{ uses g{last}; }} }}"
        );
        types += &format!("typedef t{next} {{ type union {{ type t{last}; type t{last}; }} }}");
    }
    let nest = |inside: &str| format!("{}{inside}{}", "container a {".repeat(90), "}".repeat(90));
    let mut deep = format!("grouping d0 {{ {} }}", nest(""));
    for next in 1..5 {
        deep += &format!("grouping d{next} {{ {} }}", nest(&format!("uses d{};", next - 1)));
    }
    for (case, text, code) in [
        ("groupings that double", format!("module m {{ {groupings} uses g59; }}"), "yang-too-large"),
        ("unions that double", format!("module m {{ {types} leaf a {{ type t59; }} }}"), "yang-too-deep"),
        ("depth behind depth", format!("module m {{ {deep} container z {{ uses d4; }} }}"), "yang-too-deep"),
    ] {
        let found = resolution(&[&text], &[]).findings;
        assert!(found.iter().any(|finding| finding.code == code), "{case}: {found:?}");
    }
}

/// Statements that fit together often enough to reach every step.
fn statements() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "a", "b", "m:a", "../a", "/m:a/b", "g", "true", "1..5", "int8", "leafref", "union", "string", "t",
    ]);
    let keyword = prop::sample::select(vec![
        "container",
        "list",
        "leaf",
        "leaf-list",
        "choice",
        "case",
        "grouping",
        "uses",
        "augment",
        "typedef",
        "type",
        "path",
        "key",
        "default",
        "range",
        "length",
        "pattern",
        "identity",
        "base",
        "deviation",
        "deviate",
        "refine",
        "config",
        "mandatory",
        "enum",
        "bit",
        "unique",
        "rpc",
        "input",
    ]);
    let leaf = (keyword.clone(), name.clone()).prop_map(|(keyword, name)| format!("{keyword} {name};"));
    leaf.prop_recursive(5, 60, 6, move |inner| {
        (keyword.clone(), name.clone(), prop::collection::vec(inner, 0..6))
            .prop_map(|(keyword, name, inner)| format!("{keyword} {name} {{ {} }}", inner.concat()))
    })
}

proptest! {
    #[test]
    fn no_module_makes_the_resolver_panic(body in prop::collection::vec(statements(), 0..12)) {
        let module = format!("module m {{ {} }}", body.concat());
        let made = resolution(&[&module], &[]);
        // what was made can be kept
        let text = pack::write(&made.schema);
        prop_assert!(pack::read(&text).is_ok(), "{}", text);
    }
}

#[test]
fn a_list_whose_key_has_no_type_is_left_out() {
    let made = resolution(&["module m { list g { key a; leaf a { } } leaf b { type string; } }"], &[]);
    assert!(!made.findings.is_empty());
    let names: Vec<&str> = made.schema.nodes.iter().map(|node| &*node.name).collect();
    assert_eq!(names, ["b"]);
    assert!(pack::read(&pack::write(&made.schema)).is_ok());
}
