//! Edits as tables, and what every edit keeps.

use proptest::prelude::*;

use super::*;
use crate::intent::yaml::{Node, Value, parse};

fn way(text: &str) -> Vec<Step> {
    let step = |part: &str| part.parse().map_or_else(|_| Step::Key(part.to_owned()), Step::Item);
    text.split('/').filter(|part| !part.is_empty()).map(step).collect()
}

fn yaml(text: &str) -> Document {
    Document::read(&"vlans/40.yaml".parse().unwrap(), text.as_bytes()).unwrap()
}

fn bare(text: &str) -> New {
    New::Bare(text.to_owned())
}

fn text(text: &str) -> New {
    New::Text(text.to_owned())
}

#[test]
fn a_scalar_is_replaced_in_the_quotes_that_it_has() {
    for (case, before, at, new, after) in [
        ("plain", "# why\nname: a # old\nvni: 1\n", "name", text("b"), "# why\nname: b # old\nvni: 1\n"),
        ("double", "name: \"a\"   # x\n", "name", text("b \"c\""), "name: \"b \\\"c\\\"\"   # x\n"),
        ("single", "name: 'a'\n", "name", text("it's"), "name: 'it''s'\n"),
        ("single, and no text for it", "name: 'a'\n", "name", text("a\tb"), "name: \"a\\tb\"\n"),
        ("plain, and no text for it", "name: a\n", "name", text("on: #1"), "name: \"on: #1\"\n"),
        ("a text that looks like a number", "name: a\n", "name", text("40"), "name: \"40\"\n"),
        ("a number", "vni: 1  # one\n", "vni", bare("20"), "vni: 20  # one\n"),
        ("in a flow map", "a: { b: [x, y], c: z }\n", "a/b/1", text("q"), "a: { b: [x, q], c: z }\n"),
        ("CRLF", "name: a\r\nvni: 1\r\n", "name", text("b"), "name: b\r\nvni: 1\r\n"),
        ("beyond ASCII", "ä: ö # ü\nname: é # ß\n", "name", text("web"), "ä: ö # ü\nname: web # ß\n"),
        ("at the end of the file", "name: a", "name", text("b"), "name: b"),
        ("of several lines", "d: a\n  b\nc: 1\n", "d", text("x"), "d: x\nc: 1\n"),
        (
            "an item of a block list",
            "at:\n  # one\n  - a\n  - b\n",
            "at/0",
            text("c"),
            "at:\n  # one\n  - c\n  - b\n",
        ),
        ("in an item's map", "r:\n  - a: 1\n    b: 2\n", "r/0/b", bare("3"), "r:\n  - a: 1\n    b: 3\n"),
        ("behind a long key", "? name\n: a\n", "name", text("b"), "? name\n: b\n"),
    ] {
        assert_eq!(yaml(before).replaced(&way(at), &new).as_deref(), Some(after), "{case}");
    }
}

#[test]
fn what_cannot_be_changed_alone_is_not_changed() {
    for (case, before, at) in [
        ("a block scalar", "d: |\n  a\n  b\n", "d"),
        ("a block scalar of nothing", "d: |\nb: 1\n", "d"),
        ("a map", "a: { b: 1 }\n", "a"),
        ("a list", "a: [b]\n", "a"),
        ("nothing there", "a: 1\n", "b"),
        ("an item too many", "a: [b]\n", "a/1"),
    ] {
        assert_eq!(yaml(before).replaced(&way(at), &text("x")), None, "{case}");
    }
    for (case, before) in [
        ("anchors", "a: &x 1\nb: *x\n"),
        ("tags", "a: !x 1\n"),
        ("a key set twice", "a: 1\na: 2\n"),
        ("two documents", "a: 1\n---\nb: 2\n"),
        ("no YAML", "a: [\n"),
        ("nothing", ""),
        ("a byte-order mark", "\u{feff}a: 1\n"),
    ] {
        let file = "vlans/40.yaml".parse().unwrap();
        assert!(Document::read(&file, before.as_bytes()).is_none(), "{case}");
    }
}

#[test]
fn a_key_is_set_where_the_map_says_such_things() {
    let port = || New::Map(vec![("enabled".to_owned(), bare("false"))]);
    for (case, before, at, name, new, after) in [
        (
            "a flow map",
            "ports:\n  E1: { lag: 1 }  # x\n  E2: {}\n",
            "ports/E1",
            "enabled",
            bare("false"),
            "ports:\n  E1: { lag: 1, enabled: false }  # x\n  E2: {}\n",
        ),
        ("an empty map", "E2: {}\n", "E2", "enabled", bare("false"), "E2: { enabled: false }\n"),
        (
            "a block map",
            "a:\n  b: 1 # one\n  # below\nc: 2\n",
            "a",
            "mtu",
            bare("9000"),
            "a:\n  b: 1 # one\n  mtu: 9000\n  # below\nc: 2\n",
        ),
        ("the file's own map", "a: 1\n\n# end\n", "", "name", text("x"), "a: 1\nname: x\n\n# end\n"),
        ("without a last line end", "a: 1", "", "name", text("x"), "a: 1\nname: x"),
        ("CRLF", "a: 1\r\nb: 2\r\n", "", "c", bare("3"), "a: 1\r\nb: 2\r\nc: 3\r\n"),
        (
            "a map that is not there",
            "a: 1\n",
            "ports/E1",
            "enabled",
            bare("false"),
            "a: 1\nports:\n  E1: { enabled: false }\n",
        ),
        (
            "a map in a block map",
            "ports:\n  E1: { lag: 1 }\n",
            "ports",
            "E2",
            port(),
            "ports:\n  E1: { lag: 1 }\n  E2: { enabled: false }\n",
        ),
        (
            "a key without a value",
            "a: 1\nports:\nb: 2\n",
            "ports",
            "E1",
            port(),
            "a: 1\nports: { E1: { enabled: false } }\nb: 2\n",
        ),
        ("a key that is there", "a: 1 # x\n", "", "a", bare("2"), "a: 2 # x\n"),
        (
            "a key that is there and says nothing",
            "a:   # x\nb: 1\n",
            "",
            "a",
            bare("2"),
            "a: 2   # x\nb: 1\n",
        ),
        ("behind a comma", "a: { b: 1, }\n", "a", "c", bare("2"), "a: { b: 1, c: 2 }\n"),
        (
            "on several lines",
            "a: {\n  b: 1,\n  c: 2 # two\n}\n",
            "a",
            "d",
            bare("3"),
            "a: {\n  b: 1,\n  c: 2,\n  d: 3 # two\n}\n",
        ),
        (
            "an item's map",
            "r:\n  - a: 1\n  - b: 2\n",
            "r/0",
            "c",
            bare("3"),
            "r:\n  - a: 1\n    c: 3\n  - b: 2\n",
        ),
        (
            "a block scalar before it",
            "a:\n  d: |\n    x\n\nb: 1\n",
            "a",
            "c",
            bare("3"),
            "a:\n  d: |\n    x\n  c: 3\n\nb: 1\n",
        ),
    ] {
        assert_eq!(yaml(before).set(&way(at), name, &new).as_deref(), Some(after), "{case}");
    }
}

#[test]
fn an_entry_goes_with_its_line_or_its_comma() {
    for (case, before, at, after) in [
        ("a line", "a: 1\n# of b\nb: 2 # x\nc: 3\n", "b", "a: 1\n# of b\nc: 3\n"),
        ("the last line", "a: 1\nb: 2", "b", "a: 1\n"),
        ("a block", "a: 1\nb:\n  c: 2\n  d: 3\ne: 4\n", "b", "a: 1\ne: 4\n"),
        ("the first of a flow map", "p: { a: 1, b: 2 }\n", "p/a", "p: { b: 2 }\n"),
        ("the last of a flow map", "p: { a: 1, b: 2 }\n", "p/b", "p: { a: 1 }\n"),
        ("the only one of a map", "a: 1\np: { b: 2 }\n", "p/b", "a: 1\n"),
        ("an item of a flow list", "at: [a, b, c]\n", "at/1", "at: [a, c]\n"),
        ("an item of a block list", "at:\n  - a\n  - b # x\n", "at/1", "at:\n  - a\n"),
        ("the first key of an item", "r:\n  - a: 1\n    b: 2\n", "r/0/a", "r:\n  - b: 2\n"),
        ("a comment between", "p: {\n  a: 1, # one\n  b: 2\n}\n", "p/a", "p: {\n   # one\n  b: 2\n}\n"),
        ("CRLF", "a: 1\r\nb: 2\r\nc: 3\r\n", "b", "a: 1\r\nc: 3\r\n"),
        ("a block scalar", "d: >-\n  x\n  y\n# of a\na: 1\n", "d", "# of a\na: 1\n"),
        ("a block scalar before a key", "d: |\n  x\n\n  y\na: 1\n", "d", "a: 1\n"),
        ("a block scalar in CRLF", "d: |\r\n  x\r\n\r\na: 1\r\n", "d", "\r\na: 1\r\n"),
        (
            "a block that ends in a block scalar",
            "p:\n  d: |+\n    x\n\n# of a\na: 1\n",
            "p",
            "\n# of a\na: 1\n",
        ),
        ("a block scalar of nothing", "d: |\na: 1\n", "d", "a: 1\n"),
        ("a block scalar at the end", "a: 1\nd: |\n  x", "d", "a: 1\n"),
    ] {
        assert_eq!(yaml(before).removed(&way(at)).as_deref(), Some(after), "{case}");
    }
    assert_eq!(yaml("a: 1\n").removed(&way("a")), None, "a file that says nothing");
    assert_eq!(yaml("a: 1\n").removed(&way("b")), None);
}

#[test]
fn an_item_is_put_behind_the_last_one() {
    for (case, before, after) in [
        ("a flow list", "at: [a, b] # x\n", Some("at: [a, b, c] # x\n")),
        ("an empty one", "at: []\n", Some("at: [c]\n")),
        (
            "a block list",
            "at:\n  - a # x\n  # below\nb: 1\n",
            Some("at:\n  - a # x\n  - c\n  # below\nb: 1\n"),
        ),
        ("no list", "at: a\n", None),
    ] {
        assert_eq!(yaml(before).pushed(&way("at"), &text("c")).as_deref(), after, "{case}");
    }
}

#[test]
fn json_stays_json() {
    let file = "raw/x.json".parse().unwrap();
    let before = "{\n  \"at\": [\"leaf1\"],\n  \"config\": {\n    \"a:b\": { \"c\": 1 }\n  }\n}\n";
    let json = Document::read(&file, before.as_bytes()).unwrap();
    let entry = New::Map(vec![("name".to_owned(), text("on")), ("id".to_owned(), bare("7"))]);
    let set = json.set(&way("config"), "d:e", &New::List(vec![entry])).unwrap();
    let expected = before.replace("1 }\n", "1 },\n    \"d:e\": [{ \"name\": \"on\", \"id\": 7 }]\n");
    assert_eq!(set, expected);
    serde_json::from_str::<serde_json::Value>(&set).unwrap();
    let long = (0..9).map(|id| New::Map(vec![("id".to_owned(), text(&format!("number {id}")))])).collect();
    let spread = json.set(&way("config"), "d:e", &New::List(long)).unwrap();
    assert!(spread.contains("\n    \"d:e\": [\n      { \"id\": \"number 0\" },\n"), "{spread}");
    serde_json::from_str::<serde_json::Value>(&spread).unwrap();
    assert_eq!(json.replaced(&way("at/0"), &text("a\"b")).unwrap(), before.replace("leaf1", "a\\\"b"));
}

#[test]
fn a_place_leads_to_what_begins_there() {
    let document = yaml("# é\nä: 1\nports:\n  E1: { lag: 1 }\nat: [x, y]\n");
    let at = |line, column| {
        let place = Place { line, column, ..Place::start_of("vlans/40.yaml".parse().unwrap()) };
        document.ways(&place)
    };
    assert_eq!(at(2, 1), [way("ä"), way("")], "the first key, and the map");
    assert_eq!(at(2, 4), [way("ä")], "a value");
    assert_eq!(at(4, 3), [way("ports/E1"), way("ports")]);
    assert_eq!(at(4, 7), [way("ports/E1")]);
    assert_eq!(at(5, 9), [way("at/1")]);
    for (line, column) in [(0, 0), (1, 0), (1, 2), (9, 1), (5, 99)] {
        assert_eq!(at(line, column), Vec::<Vec<Step>>::new(), "{line}:{column}");
    }
}

fn texts(node: &Node, way: &mut Vec<Step>, found: &mut Vec<(Vec<Step>, String)>) {
    match &node.value {
        Value::Scalar(scalar) => found.push((way.clone(), scalar.text.clone())),
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                way.push(Step::Item(index));
                texts(item, way, found);
                way.pop();
            }
        }
        Value::Map(entries) => {
            for (key, node) in entries {
                way.push(Step::Key(key.value.clone()));
                texts(node, way, found);
                way.pop();
            }
        }
    }
}

fn scalars(text: &str) -> Vec<(Vec<Step>, String)> {
    let (node, findings) = parse(&"vlans/40.yaml".parse().unwrap(), text.as_bytes());
    assert!(findings.is_empty(), "{findings:?} in {text}");
    let mut found = Vec::new();
    texts(&node.unwrap(), &mut Vec::new(), &mut found);
    found
}

/// Scalars in every dress, between comments, in block and flow.
fn files() -> impl Strategy<Value = String> {
    let dressed = prop_oneof![
        "[a-z]{1,6}".prop_map(|text| text),
        "[a-zé ]{0,6}".prop_map(|text| format!("'{text}'")),
        "[a-zß#: ]{0,6}".prop_map(|text| format!("\"{text}\"")),
        "[1-9][0-9]{0,3}".prop_map(|text| text),
    ];
    let value = prop_oneof![
        dressed.clone(),
        prop::collection::vec(dressed.clone(), 1..4).prop_map(|items| format!("[{}]", items.join(", "))),
        prop::collection::vec(dressed.clone(), 1..4).prop_map(|items| {
            let entries = items.iter().enumerate().map(|(at, item)| format!("k{at}: {item}"));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }),
        prop::collection::vec(dressed, 1..4).prop_map(|items| {
            let items = items.iter().map(|item| format!("\n  # é\n  - {item} # of an item"));
            items.collect::<Vec<_>>().concat()
        }),
        ("[|>][-+]?", prop::collection::vec("[a-zé#][a-zé#: ]{0,6}", 1..3)).prop_map(|(dress, lines)| {
            let lines = lines.iter().map(|line| format!("\n    {line}"));
            dress + &lines.collect::<Vec<_>>().concat()
        }),
    ];
    let lines = prop::collection::vec((value, prop::bool::ANY), 1..6);
    (lines, prop::bool::ANY).prop_map(|(values, crlf)| {
        let line = |(at, (value, comment)): (usize, &(String, bool))| {
            format!("key{at}: {value}{}\n", if *comment { "\n# why ü" } else { "" })
        };
        let text: String = values.iter().enumerate().map(line).collect();
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

proptest! {
    #[test]
    fn a_replaced_scalar_is_read_as_meant_and_every_other_byte_stays(
        file in files(),
        pick in any::<prop::sample::Index>(),
        new in "[ -~éß\t]{0,12}",
    ) {
        let before = scalars(&file);
        let (way, _) = pick.get(&before).clone();
        let document = yaml(&file);
        let spot = document.spot(&way).unwrap();
        let bytes = spot.bytes.clone();
        let after = document.replaced(&way, &New::Text(new.clone()));
        if matches!(spot.kind, Kind::Scalar { quotes: spans::Quotes::Block, .. }) {
            prop_assert_eq!(after, None);
            return Ok(());
        }
        let after = after.unwrap();
        prop_assert_eq!(&after[..bytes.start], &file[..bytes.start]);
        prop_assert!(after.ends_with(&file[bytes.end..]));
        let mut expected = before;
        pick.get(&expected.clone());
        expected.iter_mut().filter(|(at, _)| *at == way).for_each(|(_, text)| text.clone_from(&new));
        prop_assert_eq!(scalars(&after), expected);
    }

    #[test]
    fn what_is_set_is_read_and_what_was_there_stays(file in files(), new in "[ -~é]{0,12}") {
        let before = scalars(&file);
        let after = yaml(&file).set(&[], "added", &New::Text(new.clone())).unwrap();
        let mut expected = before;
        expected.push((way("added"), new));
        prop_assert_eq!(scalars(&after), expected);
    }

    #[test]
    fn a_removed_scalar_is_gone_and_the_others_stay(file in files(), pick in any::<prop::sample::Index>()) {
        let before = scalars(&file);
        let (way, _) = pick.get(&before).clone();
        if let Some(after) = yaml(&file).removed(&way) {
            let texts = |found: &[(Vec<Step>, String)]| found.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>();
            let mut expected = before;
            expected.retain(|(at, _)| *at != way);
            prop_assert_eq!(texts(&scalars(&after)), texts(&expected));
            prop_assert_eq!(after.matches("# why").count(), file.matches("# why").count());
        }
    }

    #[test]
    fn no_text_makes_an_edit_panic(text in "[-a0:{}\\[\\],#|>'\" \\n\\r\u{e9}]{0,60}", pick in 0u32..9, column in 0u32..20) {
        let file: RepoPath = "vlans/40.yaml".parse().unwrap();
        if let Some(document) = Document::read(&file, text.as_bytes()) {
            let place = Place { line: pick, column, ..Place::start_of(file) };
            for way in document.ways(&place) {
                let new = New::Text("x".to_owned());
                let _ = document.replaced(&way, &new);
                let _ = document.set(&way, "a", &new);
                let _ = document.pushed(&way, &new);
                let _ = document.removed(&way);
            }
        }
    }
}
