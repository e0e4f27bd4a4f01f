//! The text of a pack to a schema. Nothing in the text is trusted: whatever comes out is
//! whole, every index in it is valid.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::{
    Access, Case, Identity, Kind, Module, ModuleId, Node, NodeId, Pattern, Schema, Type, TypeId,
};
use super::notation::{self, take_type};
use super::text::Scanner;
use super::write::usual_access;
use super::{ACCESS, MAGIC, PackError};

/// How deep nodes may nest; real ones stay below 25.
const DEPTH: usize = 100;

/// How deep types may hold each other.
const TYPE_DEPTH: usize = 16;

/// Reads a pack. Types are numbered by first use, members before the types that hold them;
/// nodes in the order of the text, which is sorted.
pub fn read(text: &str) -> Result<Schema, PackError> {
    let mut reader = Reader::default();
    let mut lines = (1..).zip(text.lines());
    if lines.next().map(|(_, first)| first) != Some(MAGIC) {
        return Err(PackError { line: 1, what: format!("a pack begins with `{MAGIC}`") });
    }
    let mut in_nodes = false;
    for (line, text) in lines {
        reader.line = line;
        let done = if in_nodes {
            reader.node(text)
        } else if text == "nodes" {
            in_nodes = true;
            reader.link_identities()
        } else {
            reader.head(text)
        };
        done.map_err(|what| PackError { line, what })?;
    }
    if !in_nodes {
        return Err(PackError { line: reader.line.max(1), what: "the line `nodes` is missing".to_owned() });
    }
    reader.finish()
}

#[derive(Default)]
struct Reader<'a> {
    schema: Schema,
    shared: HashMap<Box<str>, Arc<str>>,
    modules: HashMap<&'a str, ModuleId>,
    bases: Vec<Vec<&'a str>>,
    /// The types that have names, not read yet: they are numbered by their first use.
    named: HashMap<&'a str, &'a str>,
    types: Types<'a>,
    /// The ids of the ancestors of the next line, by depth.
    above: Vec<NodeId>,
    /// Lists: their id, line number and key names, resolved at the end.
    keys: Vec<(NodeId, usize, &'a str)>,
    line: usize,
}

#[derive(Default)]
struct Types<'a> {
    ids: HashMap<Type, TypeId>,
    read: HashMap<&'a str, TypeId>,
    patterns: HashMap<(Box<str>, bool), Pattern>,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn head(&mut self, text: &'a str) -> Result<(), String> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut scanner = Scanner::new(rest);
        match word {
            "platform" => self.schema.platform = self.last_word(scanner)?,
            "version" => self.schema.version = self.last_word(scanner)?,
            "module" => {
                let name = scanner.plain()?;
                let id = u16::try_from(self.schema.modules.len()).map_err(|_| "too many modules")?;
                let revision = if scanner.eat(" ") { self.last_word(scanner)? } else { Arc::from("") };
                if self.modules.insert(name, ModuleId(id)).is_some() {
                    return Err(format!("module `{name}` stands twice"));
                }
                let name = self.share(name);
                self.schema.modules.push(Module { name, revision });
            }
            "identity" => self.identity_line(rest)?,
            "type" => {
                let name = scanner.plain()?;
                scanner.expect(" ")?;
                if self.named.insert(name, scanner.rest()).is_some() {
                    return Err(format!("type `{name}` stands twice"));
                }
            }
            word => return Err(format!("`{word}` begins no line of a pack")),
        }
        Ok(())
    }

    fn last_word(&mut self, mut scanner: Scanner<'a>) -> Result<Arc<str>, String> {
        let word = scanner.word()?;
        if scanner.is_at_end() {
            Ok(self.share(&word))
        } else {
            Err(format!("`{}` is too much", scanner.rest()))
        }
    }

    fn identity_line(&mut self, rest: &'a str) -> Result<(), String> {
        let mut words = rest.split(' ');
        let full = words.next().unwrap_or("");
        let (module, name) = full.split_once(':').ok_or_else(|| format!("`{full}` is not `module:NAME`"))?;
        let module = *self.modules.get(module).ok_or_else(|| format!("there is no module `{module}`"))?;
        let name = self.share(identifier(name)?);
        let id = u32::try_from(self.schema.identities.len()).map_err(|_| "too many identities")?;
        let key = (Arc::clone(&self.schema.module(module).name), Arc::clone(&name));
        if self.schema.identity_index.insert(key, id).is_some() {
            return Err(format!("identity `{full}` stands twice"));
        }
        self.schema.identities.push(Identity { module, name, bases: Vec::new() });
        self.bases.push(words.collect());
        Ok(())
    }

    /// Bases may stand below what derives from them, so they are looked up at the end.
    fn link_identities(&mut self) -> Result<(), String> {
        for (index, bases) in std::mem::take(&mut self.bases).into_iter().enumerate() {
            let ids: Result<Vec<u32>, String> = bases.iter().map(|base| self.identity(base)).collect();
            self.schema.identities[index].bases = ids?;
        }
        Ok(())
    }

    fn identity(&self, full: &str) -> Result<u32, String> {
        let parts = full.split_once(':').and_then(|(module, name)| Some((self.modules.get(module)?, name)));
        let key = parts.map(|(id, name)| (Arc::clone(&self.schema.module(*id).name), Arc::from(name)));
        let id = key.and_then(|key| self.schema.identity_index.get(&key));
        id.copied().ok_or_else(|| format!("there is no identity `{full}`"))
    }

    fn share(&mut self, text: &str) -> Arc<str> {
        share(&mut self.shared, text)
    }

    fn node(&mut self, text: &'a str) -> Result<(), String> {
        let line = text.trim_start_matches(' ');
        let spaces = text.len() - line.len();
        let depth = spaces / 2;
        if spaces % 2 == 1 || depth > self.above.len() || depth > DEPTH {
            return Err("a node stands two spaces behind its parent".to_owned());
        }
        self.above.truncate(depth);
        let parent = self.above.last().copied();
        let (name, rest) = line.split_once(' ').ok_or("a node has a name and a kind")?;
        let (module, name) = match name.split_once(':') {
            Some((module, name)) => {
                (*self.modules.get(module).ok_or_else(|| format!("there is no module `{module}`"))?, name)
            }
            None => match parent {
                Some(parent) => (self.schema.node(parent).module, name),
                None => return Err("a node at the top needs its module".to_owned()),
            },
        };
        let name = self.share(identifier(name)?);
        let id = NodeId(u32::try_from(self.schema.nodes.len()).map_err(|_| "too many nodes")?);
        let (kind, options) = self.kind(id, Scanner::new(rest))?;
        let access = usual_access(&kind);
        let mut node = Node { name, module, parent, kind, case: Vec::new(), access, children: Vec::new() };
        self.options(&mut node, options)?;
        self.schema.nodes.push(node);
        match parent {
            None => self.schema.top.push(id),
            Some(parent) => {
                let parent = &mut self.schema.nodes[parent.0 as usize];
                if matches!(parent.kind, Kind::Leaf { .. } | Kind::LeafList { .. }) {
                    return Err(format!("nothing can stand below the leaf `{}`", parent.name));
                }
                parent.children.push(id);
            }
        }
        self.above.push(id);
        Ok(())
    }

    /// The kind's own words, up to the options.
    fn kind(&mut self, id: NodeId, mut scanner: Scanner<'a>) -> Result<(Kind, Scanner<'a>), String> {
        let kind = match scanner.plain()? {
            "container" => Kind::Container { presence: false },
            "list" => {
                scanner.expect(" key=")?;
                self.keys.push((id, self.line, scanner.until_space()));
                Kind::List {
                    keys: Vec::new(),
                    ordered_by_user: false,
                    entries: (0, None),
                    unique: Vec::new(),
                }
            }
            "leaf" => Kind::Leaf { ty: self.leaf_type(&mut scanner)?, default: None, mandatory: false },
            "leaf-list" => Kind::LeafList {
                ty: self.leaf_type(&mut scanner)?,
                ordered_by_user: false,
                entries: (0, None),
                defaults: Vec::new(),
            },
            word => return Err(format!("`{word}` is not container, list, leaf or leaf-list")),
        };
        Ok((kind, scanner))
    }

    fn options(&mut self, node: &mut Node, mut scanner: Scanner<'a>) -> Result<(), String> {
        while !scanner.is_at_end() {
            scanner.expect(" ")?;
            let option = scanner.plain()?;
            let has_value = scanner.eat("=");
            match (option, has_value, &mut node.kind) {
                ("access", true, _) => node.access = take_access(&mut scanner)?,
                ("case", true, _) => node.case = self.cases(scanner.until_space())?,
                ("presence", false, Kind::Container { presence }) => *presence = true,
                ("mandatory", false, Kind::Leaf { mandatory, .. }) => *mandatory = true,
                ("default", true, Kind::Leaf { default, .. }) => {
                    *default = Some(self.share(&scanner.word()?));
                }
                ("default", true, Kind::LeafList { defaults, .. }) => {
                    defaults.push(self.share(&scanner.word()?));
                }
                (
                    "user-ordered",
                    false,
                    Kind::List { ordered_by_user, .. } | Kind::LeafList { ordered_by_user, .. },
                ) => *ordered_by_user = true,
                ("min", true, Kind::List { entries, .. } | Kind::LeafList { entries, .. }) => {
                    entries.0 = take_number(&mut scanner)?;
                }
                ("max", true, Kind::List { entries, .. } | Kind::LeafList { entries, .. }) => {
                    entries.1 = Some(take_number(&mut scanner)?);
                }
                ("unique", true, Kind::List { unique, .. }) => {
                    unique.push(scanner.until_space().split(',').map(|leaf| self.share(leaf)).collect());
                }
                (option, ..) => return Err(format!("`{option}` cannot stand here")),
            }
        }
        Ok(())
    }

    fn cases(&mut self, text: &str) -> Result<Vec<Case>, String> {
        let case = |part: &str| {
            let (choice, case) = part.split_once('/').ok_or("a case is `choice/case`")?;
            let (choice, mandatory) =
                choice.strip_suffix('!').map_or((choice, false), |choice| (choice, true));
            let (choice, case) = (identifier(choice)?, identifier(case)?);
            Ok(Case { choice: self.share(choice), case: self.share(case), mandatory })
        };
        text.split(',').map(case).collect()
    }

    fn leaf_type(&mut self, scanner: &mut Scanner<'a>) -> Result<TypeId, String> {
        scanner.expect(" ")?;
        let text = scanner.until_space();
        if let Some(id) = self.types.read.get(text) {
            return Ok(*id);
        }
        let mut own = Scanner::new(text);
        let id = notation::Context::member(self, &mut own)?;
        if !own.is_at_end() {
            return Err(format!("`{}` is too much in the type", own.rest()));
        }
        self.types.read.insert(text, id);
        Ok(id)
    }

    fn named_type(&mut self, name: &str) -> Result<TypeId, String> {
        let (name, text) =
            self.named.get_key_value(name).ok_or_else(|| format!("there is no type `{name}`"))?;
        let (name, text) = (*name, *text);
        if let Some(id) = self.types.read.get(text) {
            return Ok(*id);
        }
        let mut scanner = Scanner::new(text);
        let id =
            notation::Context::member(self, &mut scanner).map_err(|what| format!("type `{name}`: {what}"))?;
        if !scanner.is_at_end() {
            return Err(format!("type `{name}`: `{}` is too much", scanner.rest()));
        }
        self.types.read.insert(text, id);
        Ok(id)
    }

    /// Sorts siblings and finds the keys of lists.
    fn finish(mut self) -> Result<Schema, PackError> {
        for index in 0..self.schema.nodes.len() {
            let children = std::mem::take(&mut self.schema.nodes[index].children);
            self.schema.nodes[index].children = self.sorted(children)?;
        }
        let top = std::mem::take(&mut self.schema.top);
        self.schema.top = self.sorted(top)?;
        for (id, line, names) in std::mem::take(&mut self.keys) {
            let found: Option<Vec<NodeId>> = names.split(',').map(|name| self.key_leaf(id, name)).collect();
            let what = || format!("`{names}` must be leaves of the list");
            let found = found.ok_or_else(|| PackError { line, what: what() })?;
            if let Kind::List { keys, .. } = &mut self.schema.nodes[id.0 as usize].kind {
                *keys = found;
            }
        }
        Ok(self.schema)
    }

    fn sorted(&self, mut siblings: Vec<NodeId>) -> Result<Vec<NodeId>, PackError> {
        let rank = |id: &NodeId| {
            let node = self.schema.node(*id);
            (&node.name, &self.schema.module(node.module).name)
        };
        siblings.sort_by(|a, b| rank(a).cmp(&rank(b)));
        match siblings.windows(2).find(|pair| rank(&pair[0]) == rank(&pair[1])) {
            // a node's line is as far behind the last line as its number is behind the last node
            Some(pair) => {
                let behind = self.schema.nodes.len() - pair[1].0 as usize - 1;
                let what = format!("`{}` stands twice", self.schema.path_of(pair[1]));
                Err(PackError { line: self.line.saturating_sub(behind), what })
            }
            None => Ok(siblings),
        }
    }

    /// A key is a leaf of the list's own module.
    fn key_leaf(&self, list: NodeId, name: &str) -> Option<NodeId> {
        let list = self.schema.node(list);
        let mut leaves = list.children.iter().filter(|child| {
            let child = self.schema.node(**child);
            *child.name == *name && child.module == list.module && matches!(child.kind, Kind::Leaf { .. })
        });
        leaves.next().copied()
    }
}

impl notation::Context for Reader<'_> {
    fn member(&mut self, scanner: &mut Scanner<'_>) -> Result<TypeId, String> {
        if self.types.depth >= TYPE_DEPTH {
            return Err("types hold each other too deep".to_owned());
        }
        self.types.depth += 1;
        let id = if scanner.eat("@") {
            let name = scanner.plain()?;
            self.named_type(name)
        } else {
            let ty = take_type(scanner, self)?;
            let next = TypeId(u32::try_from(self.schema.types.len()).map_err(|_| "too many types")?);
            let id = *self.types.ids.entry(ty.clone()).or_insert(next);
            if id == next {
                self.schema.types.push(ty);
            }
            Ok(id)
        };
        self.types.depth -= 1;
        id
    }

    fn identity(&self, name: &str) -> Result<u32, String> {
        Reader::identity(self, name)
    }

    fn share(&mut self, text: &str) -> Arc<str> {
        Reader::share(self, text)
    }

    fn pattern(&mut self, xsd: &str, invert: bool) -> Pattern {
        if let Some(known) = self.types.patterns.get(&(Box::from(xsd), invert)) {
            return known.clone();
        }
        let pattern = Pattern::new(self.share(xsd), invert);
        self.types.patterns.insert((Box::from(xsd), invert), pattern.clone());
        pattern
    }
}

fn share(shared: &mut HashMap<Box<str>, Arc<str>>, text: &str) -> Arc<str> {
    if let Some(known) = shared.get(text) {
        return Arc::clone(known);
    }
    let made: Arc<str> = Arc::from(text);
    shared.insert(Box::from(text), Arc::clone(&made));
    made
}

fn identifier(text: &str) -> Result<&str, String> {
    let first = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let rest = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if first && rest { Ok(text) } else { Err(format!("`{text}` is not a name")) }
}

fn take_access(scanner: &mut Scanner<'_>) -> Result<Access, String> {
    let word = scanner.plain()?;
    let known = ACCESS.iter().find(|(_, known)| *known == word);
    known.map(|(access, _)| *access).ok_or_else(|| format!("`{word}` is not rw, ro, no or unlisted"))
}

fn take_number(scanner: &mut Scanner<'_>) -> Result<u32, String> {
    let word = scanner.plain()?;
    word.parse().map_err(|_| format!("`{word}` is not a number"))
}
