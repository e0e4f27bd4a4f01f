//! Modules by name: which files make them up, what their prefixes mean, what they define.
//!
//! Here: [`Library`], loading and lexical lookup of typedefs and groupings. Elsewhere:
//! the statements themselves (`parse`), the data tree they make (`expand`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::parse::{self, Document, Statement, StatementId};
use crate::diagnostic::{Finding, Findings, Place};
use crate::names::RepoPath;

/// A module's index in its [`Library`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ModuleIndex(pub(super) u32);

/// A statement of a library: which file, which statement of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    unit: u32,
    statement: StatementId,
}

/// One file: a module or a submodule.
struct Unit {
    document: Document,
    root: StatementId,
    module: ModuleIndex,
    /// What a prefix means in this file, as the module's name.
    prefixes: BTreeMap<Box<str>, Box<str>>,
}

/// A module and its submodules.
pub(super) struct Module {
    pub(super) name: Arc<str>,
    /// The newest revision date; empty if it has none.
    pub(super) revision: Arc<str>,
    units: Vec<u32>,
    typedefs: BTreeMap<Box<str>, At>,
    groupings: BTreeMap<Box<str>, At>,
}

/// All modules that were asked for and all that these import.
pub(super) struct Library {
    units: Vec<Unit>,
    modules: Vec<Module>,
    by_name: BTreeMap<Box<str>, ModuleIndex>,
}

/// A name a file uses, and where it does.
struct Wanted {
    name: Box<str>,
    revision: Option<Box<str>>,
    by: Option<Place>,
}

struct Loader<'a> {
    library: Library,
    /// Module or submodule name to its newest file.
    files: BTreeMap<&'a str, (&'a RepoPath, &'a Arc<str>)>,
    findings: &'a mut Findings,
}

/// Reads the modules called `names` and everything they need.
pub(super) fn load(files: &BTreeMap<RepoPath, Arc<str>>, names: &[&str], findings: &mut Findings) -> Library {
    let mut newest: BTreeMap<&str, (&RepoPath, &Arc<str>)> = BTreeMap::new();
    for (file, text) in files {
        let stem = file.stem();
        // `name@2020-01-01.yang`; in the map's order the newest of a name comes last
        newest.insert(stem.split_once('@').map_or(stem, |(name, _)| name), (file, text));
    }
    let library = Library { units: Vec::new(), modules: Vec::new(), by_name: BTreeMap::new() };
    let mut loader = Loader { library, files: newest, findings };
    loader.run(names);
    loader.library
}

impl Loader<'_> {
    fn run(&mut self, names: &[&str]) {
        let first = names.iter().map(|name| Wanted { name: (*name).into(), revision: None, by: None });
        let mut queue: Vec<Wanted> = first.rev().collect();
        let mut missing = BTreeSet::new();
        while let Some(wanted) = queue.pop() {
            if let Some(index) = self.library.by_name.get(&wanted.name) {
                self.check_revision(&wanted, *index);
            } else if let Some(index) = self.load(&wanted.name) {
                self.check_revision(&wanted, index);
                let imports: Vec<_> = self.library.imports_of(index).collect();
                queue.extend(imports.into_iter().rev());
            } else if missing.insert(wanted.name.clone()) {
                self.report_missing(&wanted);
            }
        }
    }

    fn report_missing(&mut self, wanted: &Wanted) {
        let name = &wanted.name;
        self.findings.push(match &wanted.by {
            Some(place) => {
                let message = format!("module `{name}` is imported and no file holds it");
                Finding::warning("yang-missing-module", place, message).hint("what refers to it is left out")
            }
            None => Finding::error_nowhere("yang-missing-module", format!("there is no file `{name}.yang`")),
        });
    }

    fn check_revision(&mut self, wanted: &Wanted, index: ModuleIndex) {
        let module = &self.library.modules[index.0 as usize];
        let (Some(place), Some(asked)) = (&wanted.by, &wanted.revision) else { return };
        if **asked != *module.revision {
            let message =
                format!("revision {asked} of `{}` is asked for, {} is used", module.name, module.revision);
            self.findings.push(Finding::warning("yang-other-revision", place, message));
        }
    }

    /// Reads a module's file and the files of its submodules.
    fn load(&mut self, name: &str) -> Option<ModuleIndex> {
        let index = ModuleIndex(u32::try_from(self.library.modules.len()).ok()?);
        let main = self.read_unit(name, "module", index)?;
        let mut units = vec![main];
        let mut seen = BTreeSet::new();
        let mut next = 0;
        while let Some(unit) = units.get(next).copied() {
            next += 1;
            for include in self.library.substatements(self.library.root(unit), "include").collect::<Vec<_>>()
            {
                let submodule = self.library.argument(include).to_owned();
                if !seen.insert(submodule.clone()) {
                    continue; // included twice, or in a circle: once is enough
                }
                match self.read_unit(&submodule, "submodule", index) {
                    Some(unit) => units.push(unit),
                    None => self.findings.push(Finding::error(
                        "yang-missing-module",
                        &self.library.place(include),
                        format!("submodule `{submodule}` is included and no file holds it"),
                    )),
                }
            }
        }
        let revisions = self.library.substatements(self.library.root(main), "revision");
        let revision = revisions.map(|at| self.library.argument(at)).max().unwrap_or_default().into();
        let typedefs = self.definitions(&units, "typedef");
        let groupings = self.definitions(&units, "grouping");
        self.library.by_name.insert(name.into(), index);
        self.library.modules.push(Module { name: name.into(), revision, units, typedefs, groupings });
        Some(index)
    }

    /// The typedefs or groupings at the top of a module's files; the first of a name counts.
    fn definitions(&mut self, units: &[u32], keyword: &str) -> BTreeMap<Box<str>, At> {
        let mut definitions: BTreeMap<Box<str>, At> = BTreeMap::new();
        for unit in units {
            for at in self.library.substatements(self.library.root(*unit), keyword) {
                let name = self.library.argument(at);
                if let Some(first) = definitions.get(name) {
                    let message = format!("{keyword} `{name}` is defined twice");
                    self.findings.push(
                        Finding::warning("yang-defined-twice", &self.library.place(at), message)
                            .related(&self.library.place(*first), "this one is used"),
                    );
                } else {
                    definitions.insert(name.into(), at);
                }
            }
        }
        definitions
    }

    fn read_unit(&mut self, name: &str, keyword: &str, module: ModuleIndex) -> Option<u32> {
        let (file, text) = *self.files.get(name)?;
        let document = parse::parse(file, text, self.findings);
        let root = document.root()?;
        let statement = document.statement(root);
        if &*statement.keyword != keyword || statement.argument.as_deref() != Some(name) {
            let message = format!("expected `{keyword} {name}` in this file");
            self.findings.push(Finding::error("yang-wrong-module", &document.place(root), message));
            return None;
        }
        let unit = u32::try_from(self.library.units.len()).ok()?;
        self.library.units.push(Unit { document, root, module, prefixes: BTreeMap::new() });
        self.library.units[unit as usize].prefixes = self.library.prefixes_of(unit);
        Some(unit)
    }
}

impl Library {
    /// The module called `name`.
    pub(super) fn module_named(&self, name: &str) -> Option<ModuleIndex> {
        self.by_name.get(name).copied()
    }

    pub(super) fn module(&self, index: ModuleIndex) -> &Module {
        &self.modules[index.0 as usize]
    }

    /// All modules with their indexes.
    pub(super) fn modules(&self) -> impl Iterator<Item = (ModuleIndex, &Module)> {
        (0..).map(ModuleIndex).zip(&self.modules)
    }

    /// The `module` and `submodule` statements of a module.
    pub(super) fn roots(&self, index: ModuleIndex) -> impl Iterator<Item = At> {
        self.module(index).units.iter().map(|unit| self.root(*unit))
    }

    /// The module whose file a statement stands in.
    pub(super) fn module_at(&self, at: At) -> ModuleIndex {
        self.units[at.unit as usize].module
    }

    /// The module that a prefix means in the file of a statement. Without a prefix, or with
    /// its own, that is the statement's module.
    pub(super) fn prefixed(&self, at: At, prefix: Option<&str>) -> Option<ModuleIndex> {
        match prefix {
            None => Some(self.module_at(at)),
            Some(prefix) => self.module_named(self.units[at.unit as usize].prefixes.get(prefix)?),
        }
    }

    pub(super) fn statement(&self, at: At) -> &Statement {
        self.units[at.unit as usize].document.statement(at.statement)
    }

    pub(super) fn place(&self, at: At) -> Place {
        self.units[at.unit as usize].document.place(at.statement)
    }

    /// A statement's keyword.
    pub(super) fn keyword(&self, at: At) -> &str {
        &self.statement(at).keyword
    }

    /// A statement's argument; empty if it has none.
    pub(super) fn argument(&self, at: At) -> &str {
        self.statement(at).argument.as_deref().unwrap_or_default()
    }

    /// All substatements, in order.
    pub(super) fn children(&self, at: At) -> impl DoubleEndedIterator<Item = At> {
        self.statement(at).children.iter().map(move |statement| At { unit: at.unit, statement: *statement })
    }

    /// The substatements of one keyword, in order.
    pub(super) fn substatements<'a>(&'a self, at: At, keyword: &'a str) -> impl Iterator<Item = At> + 'a {
        self.children(at).filter(move |child| self.keyword(*child) == keyword)
    }

    /// The first substatement of one keyword.
    pub(super) fn substatement(&self, at: At, keyword: &str) -> Option<At> {
        self.children(at).find(|child| self.keyword(*child) == keyword)
    }

    /// The argument of the first substatement of one keyword.
    pub(super) fn value(&self, at: At, keyword: &str) -> Option<&str> {
        self.substatement(at, keyword).map(|child| self.argument(child))
    }

    /// The `typedef` or `grouping` that `name` means where `at` stands: the nearest one
    /// around it, else the module's, else with a prefix the other module's.
    pub(super) fn definition(&self, at: At, keyword: &str, name: &str) -> Option<At> {
        let (prefix, local) = split_prefix(name);
        let module = self.prefixed(at, prefix)?;
        if module == self.module_at(at) {
            let mut around = self.statement(at).parent;
            while let Some(statement) = around {
                let scope = At { unit: at.unit, statement };
                let found = self.substatements(scope, keyword).find(|found| self.argument(*found) == local);
                if found.is_some() {
                    return found;
                }
                around = self.statement(scope).parent;
            }
        }
        let module = self.module(module);
        let table = if keyword == "typedef" { &module.typedefs } else { &module.groupings };
        table.get(local).copied()
    }

    fn root(&self, unit: u32) -> At {
        At { unit, statement: self.units[unit as usize].root }
    }

    fn imports_of(&self, index: ModuleIndex) -> impl Iterator<Item = Wanted> {
        let roots = self.roots(index);
        roots.flat_map(|root| self.substatements(root, "import")).map(|import| Wanted {
            name: self.argument(import).into(),
            revision: self.value(import, "revision-date").map(Into::into),
            by: Some(self.place(import)),
        })
    }

    fn prefixes_of(&self, unit: u32) -> BTreeMap<Box<str>, Box<str>> {
        let root = self.root(unit);
        let own = self.value(root, "prefix").map(|prefix| (prefix, self.argument(root)));
        let of_module = self.substatement(root, "belongs-to");
        let of_module = of_module.and_then(|at| Some((self.value(at, "prefix")?, self.argument(at))));
        let imports = self.substatements(root, "import");
        let imports = imports.filter_map(|at| Some((self.value(at, "prefix")?, self.argument(at))));
        imports.chain(own).chain(of_module).map(|(prefix, name)| (prefix.into(), name.into())).collect()
    }
}

/// `prefix:name` taken apart.
pub(super) fn split_prefix(name: &str) -> (Option<&str>, &str) {
    name.split_once(':').map_or((None, name), |(prefix, local)| (Some(prefix), local))
}
