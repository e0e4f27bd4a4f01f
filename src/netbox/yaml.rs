//! Values to YAML text, in the one style of the intent's files.
//!
//! Here: [`Node`], [`Map`] and [`Map::to_yaml`]. The file's own map is a block; a map below it
//! stands on one line in braces when it holds no further map and fits, else it is a block too.
//! A text stands without quotes only where no reader, of YAML 1.1 or 1.2, could take it for
//! anything else. Same values, same bytes. Elsewhere: reading (`intent`), single texts
//! (`intent::edit::text`), which keys there are
//! and in which order (`translate`).

use crate::intent::edit::text::{key, quoted, scalar};

/// The columns that a map or list in brackets may fill.
const WIDTH: usize = 100;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    /// A number, `true` or `false`: never in quotes.
    Plain(String),
    /// A text: in quotes where a reader could take it for something else.
    Text(String),
    /// A text that is always in quotes: route distinguishers, route targets, MAC addresses.
    Quoted(String),
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Map),
}

/// Keys and values, in the order in which they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Map(pub(crate) Vec<(String, Node)>);

impl Node {
    /// A text, or what has one.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers have texts, names and addresses, owned or not"
    )]
    pub(crate) fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    /// A text that is always in quotes.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers have texts, names and addresses, owned or not"
    )]
    pub(crate) fn quoted(text: impl ToString) -> Self {
        Self::Quoted(text.to_string())
    }

    /// A number.
    pub(crate) fn number(number: impl Into<u64>) -> Self {
        Self::Plain(number.into().to_string())
    }

    /// `true` or `false`.
    pub(crate) fn switch(on: bool) -> Self {
        Self::Plain(on.to_string())
    }

    /// A list of nodes.
    pub(crate) fn list(items: impl IntoIterator<Item = Node>) -> Self {
        Self::List(items.into_iter().collect())
    }

    /// What was read of a file, to be written again. What a reader could take for a number or
    /// a switch and stood without quotes stays one.
    pub(crate) fn from_read(node: &crate::intent::yaml::Node) -> Self {
        use crate::intent::yaml::Value;
        match &node.value {
            Value::Scalar(scalar) if scalar.plain => Self::Plain(scalar.text.clone()),
            Value::Scalar(scalar) => Self::Text(scalar.text.clone()),
            Value::List(items) => Self::List(items.iter().map(Self::from_read).collect()),
            Value::Map(entries) => Self::Map(Map(entries
                .iter()
                .map(|(key, node)| (key.value.clone(), Self::from_read(node)))
                .collect())),
        }
    }

    /// On one line, for messages.
    pub(crate) fn line(&self) -> String {
        self.flow()
    }

    /// Whether it may stand in brackets: a scalar, or a list of scalars and flat maps.
    fn is_flat(&self) -> bool {
        match self {
            Self::Plain(_) | Self::Text(_) | Self::Quoted(_) => true,
            Self::List(items) => items.iter().all(|item| match item {
                Self::Map(map) => map.is_flat(),
                item => item.is_flat(),
            }),
            Self::Map(map) => map.0.is_empty(),
        }
    }

    /// On one line, with brackets.
    fn flow(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Text(text) => scalar(text),
            Self::Quoted(text) => quoted(text),
            Self::List(items) => {
                format!("[{}]", items.iter().map(Self::flow).collect::<Vec<_>>().join(", "))
            }
            Self::Map(Map(entries)) if entries.is_empty() => "{}".to_owned(),
            Self::Map(Map(entries)) => {
                let entry = |(key, node): &(String, Self)| format!("{}: {}", self::key(key), node.flow());
                format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

impl From<Map> for Node {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl Map {
    /// An empty map.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Puts a key at the end, or sets its value where it stands.
    pub(crate) fn set(&mut self, key: impl Into<String>, node: impl Into<Node>) {
        let (key, node) = (key.into(), node.into());
        match self.0.iter_mut().find(|(present, _)| *present == key) {
            Some((_, value)) => *value = node,
            None => self.0.push((key, node)),
        }
    }

    /// [`Map::set`], if there is a value.
    pub(crate) fn set_some(&mut self, key: impl Into<String>, node: Option<impl Into<Node>>) {
        if let Some(node) = node {
            self.set(key, node);
        }
    }

    /// [`Map::set`], unless the map is empty.
    pub(crate) fn set_filled(&mut self, key: impl Into<String>, map: Map) {
        if !map.is_empty() {
            self.set(key, map);
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.0.iter().find(|(present, _)| present == key).map(|(_, node)| node)
    }

    /// Whether it has no key.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lays `over` upon this map, key by key; what is no map on both sides is replaced whole.
    pub(crate) fn merge(&mut self, over: Map) {
        for (key, node) in over.0 {
            match (self.0.iter_mut().find(|(present, _)| *present == key), node) {
                (Some((_, Node::Map(under))), Node::Map(over)) => under.merge(over),
                (Some((_, value)), node) => *value = node,
                (None, node) => self.0.push((key, node)),
            }
        }
    }

    /// Puts the keys into the order of `keys`; others come behind, as they stand.
    pub(crate) fn arrange(&mut self, keys: &[&str]) {
        let place = |key: &str| keys.iter().position(|known| *known == key).unwrap_or(keys.len());
        self.0.sort_by_key(|(key, _)| place(key));
    }

    fn is_flat(&self) -> bool {
        self.0.iter().all(|(_, node)| node.is_flat())
    }

    /// The file.
    pub(crate) fn to_yaml(&self) -> String {
        if self.0.is_empty() {
            return "{}\n".to_owned();
        }
        let mut out = String::new();
        self.block(0, &mut out);
        out
    }

    fn block(&self, indent: usize, out: &mut String) {
        for (name, node) in &self.0 {
            let head = format!("{:indent$}{}:", "", key(name));
            out.push_str(&head);
            below(node, &head, indent, out);
        }
    }
}

/// What follows `key:`.
fn below(node: &Node, head: &str, indent: usize, out: &mut String) {
    let fits = |flow: &str| head.chars().count() + 1 + flow.chars().count() <= WIDTH;
    match node {
        Node::Map(map) if !map.is_empty() => {
            let flow = map.is_flat().then(|| node.flow()).filter(|flow| fits(flow));
            if let Some(flow) = flow {
                *out += &format!(" {flow}\n");
            } else {
                out.push('\n');
                map.block(indent + 2, out);
            }
        }
        Node::List(items) if !(items.is_empty() || node.is_flat() && fits(&node.flow())) => {
            out.push('\n');
            for item in items {
                *out += &format!("{:1$}- {2}\n", "", indent + 2, item.flow());
            }
        }
        node => *out += &format!(" {}\n", node.flow()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::intent::yaml::{Node as Read, Value, parse};
    use crate::names::RepoPath;

    fn map(entries: Vec<(&str, Node)>) -> Map {
        Map(entries.into_iter().map(|(key, node)| (key.to_owned(), node)).collect())
    }

    #[test]
    fn a_file_is_a_block_and_what_fits_stands_on_one_line() {
        let link = |to: &str| map(vec![("to", Node::text(to)), ("address", Node::text("10.0.1.5/31"))]);
        let long = |n: u32| Node::list((0..n).map(|i| Node::text(format!("10.0.0.{i}"))));
        let file = map(vec![
            ("role", Node::text("leaf")),
            ("version", Node::text("4.35.0F")),
            ("asn", Node::number(65002_u32)),
            ("mlag", map(vec![("peer", Node::text("10.0.199.252/31"))]).into()),
            ("uplinks", map(vec![("Ethernet11", link("spine1 Ethernet3").into())]).into()),
            ("at", Node::list([])),
            ("gateway", Node::list([Node::text("10.1.0.1/24"), Node::text("2001:db8::1/64")])),
            ("servers", long(12)),
            (
                "rules",
                map(vec![("10", map(vec![("set", map(vec![("med", Node::number(1_u8))]).into())]).into())])
                    .into(),
            ),
            ("hosts", Node::list([map(vec![("address", Node::text("10.0.0.51"))]).into()])),
            ("leaf", Map::new().into()),
        ]);
        let expected =
            "role: leaf\nversion: 4.35.0F\nasn: 65002\nmlag: { peer: 10.0.199.252/31 }\nuplinks:\n  \
             Ethernet11: { to: spine1 Ethernet3, address: 10.0.1.5/31 }\nat: []\n\
             gateway: [10.1.0.1/24, \"2001:db8::1/64\"]\nservers:\n"
                .to_owned()
                + &(0..12).map(|i| format!("  - 10.0.0.{i}\n")).collect::<Vec<_>>().concat()
                + "rules:\n  10:\n    set: { med: 1 }\nhosts: [{ address: 10.0.0.51 }]\nleaf: {}\n";
        assert_eq!(file.to_yaml(), expected);
    }

    #[test]
    fn what_a_reader_could_take_for_something_else_is_in_quotes() {
        for text in [
            "",
            " ",
            "on",
            "Off",
            "YES",
            "no",
            "y",
            "N",
            "true",
            "False",
            "null",
            "~",
            "NULL",
            "<<",
            "=",
            "0040",
            "40",
            "1_000",
            "1,000",
            "0x1f",
            "0o17",
            "0b1",
            "1e3",
            "1.5",
            ".5",
            ".inf",
            "-.INF",
            ".nan",
            "-1",
            "+1",
            "65000:10",
            "10.0.250.11:40",
            "12:30:45",
            "00:1c:73:00:dc:01",
            "2001:db8::1/64",
            "::",
            "2026-11-20",
            "2026-11-20 21:23:20",
            "- a",
            "? a",
            "a: b",
            "a #b",
            "#a",
            "&a",
            "*a",
            "!a",
            "@a",
            "`a",
            "%a",
            "|",
            ">",
            "'a'",
            "\"a\"",
            "[a]",
            "{asn}:{vni}",
            "a,b",
            " a",
            "a ",
            "a\nb",
            "é",
            "---",
            "25gbase",
            "c001.cafe.babe\t",
        ] {
            assert_eq!(scalar(text), quoted(text), "{text:?}");
        }
        for text in
            ["leaf3", "spine1 Ethernet3", "10.0.1.5/31", "10.0.250.13", "4.35.0F", "role:leaf", "RM-A"]
        {
            assert_eq!(scalar(text) == text, !text.contains(':'), "{text:?}");
        }
        assert_eq!((key("10"), key("010"), key("on")), ("10".into(), "\"010\"".into(), "\"on\"".into()));
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_it_was_written(name in ".*", text in ".*", item in any::<String>()) {
            let inner = map(vec![("k", Node::Text(item.clone()))]);
            let file = map(vec![(&name, Node::Text(text.clone())), ("\u{1}l", Node::list([Node::Text(item.clone())])), ("\u{1}m", inner.into())]);
            let path: RepoPath = "vlans/1.yaml".parse().unwrap();
            let (read, findings) = parse(&path, file.to_yaml().as_bytes());
            prop_assert!(findings.is_empty(), "{findings:?} in {}", file.to_yaml());
            let text_of = |node: &Read| match &node.value { Value::Scalar(scalar) => scalar.text.clone(), _ => String::new() };
            let Some(Read { value: Value::Map(entries), .. }) = read else { panic!("not a map") };
            prop_assert_eq!(&entries[0].0.value, &name);
            prop_assert_eq!(text_of(&entries[0].1), text);
            let Value::List(items) = &entries[1].1.value else { panic!("not a list") };
            prop_assert_eq!(text_of(&items[0]), item.clone());
            let Value::Map(items) = &entries[2].1.value else { panic!("not a map") };
            prop_assert_eq!(text_of(&items[0].1), item);
        }
    }
}
