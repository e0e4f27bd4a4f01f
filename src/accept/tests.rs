//! What is accepted where, on the example's files: the edit, and what else it would change.

use std::collections::BTreeSet;
use std::path::Path as Folder;

use super::*;
use crate::compile::{Build, Engine};
use crate::git::Snapshot;
use crate::git::difference::unified;
use crate::git::write::Edits;
use crate::names::DeviceName;
use crate::plan::{DevicePlan, Inputs, Prints, Recorded, Rules, device_plan};
use crate::yang::schema::Kind;
use crate::yang::{Form, Leaf, Path, Scalar, Tree, Value};

/// The example, a device of it, and what somebody made of that one.
struct Desk {
    engine: Engine,
    snapshot: Snapshot,
    head: Build,
    device: DeviceName,
    actual: Tree,
}

impl Desk {
    fn new(device: &str) -> Self {
        Self::with(device, &[])
    }

    /// With other files in the intent.
    fn with(device: &str, files: &[(&str, &str)]) -> Self {
        let folder = Folder::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
        let file = |(path, text): &(&str, &str)| (path.parse().unwrap(), Some(text.as_bytes().to_vec()));
        let edits: Edits = files.iter().map(file).collect();
        let snapshot = Snapshot::of_folder(&folder).unwrap().with(&edits).unwrap();
        let mut engine = Engine::new();
        let head = engine.build(&snapshot);
        assert!(!head.findings.has_errors(), "{:?}", head.findings);
        let device: DeviceName = device.parse().unwrap();
        let mut actual = (*head.devices[&device].tree).clone();
        for (path, leaf) in head.devices[&device].bootstrap.iter() {
            if !matches!(leaf.value, Value::Secret(_)) {
                actual.insert(path.clone(), leaf.clone());
            }
        }
        Self { engine, snapshot, head, device, actual }
    }

    /// Somebody sets a leaf of the device; `values` of a leaf-list are parted by blanks.
    fn sets(&mut self, path: &str, value: &str) -> &mut Self {
        let schema = &self.head.devices[&self.device].schema;
        let path: Path = path.parse().unwrap();
        let node = schema.find(&path).unwrap();
        let scalar = |ty, text| schema.scalar_from_text(ty, text).unwrap();
        let value = match &schema.node(node).kind {
            Kind::Leaf { ty, .. } => Value::Scalar(scalar(*ty, value)),
            Kind::LeafList { ty, .. } => Value::set(value.split(' ').map(|text| scalar(*ty, text)).collect()),
            _ => Value::Presence,
        };
        self.actual.insert(path, Leaf { node, value, origin: None });
        self
    }

    /// Somebody takes something off the device.
    fn takes(&mut self, path: &str) -> &mut Self {
        assert!(self.actual.remove_below(&path.parse().unwrap()) > 0, "{path}");
        self
    }

    fn plan(&self, desired: &Tree, recorded: &Recorded) -> DevicePlan {
        let build = &self.head.devices[&self.device];
        let inputs = Inputs {
            schema: &build.schema,
            rules: &Rules::of(build.profile, &build.protected),
            desired,
            actual: &self.actual,
            unknown: &BTreeSet::new(),
            recorded,
            bootstrap: &build.bootstrap,
            prints: Prints::none(),
        };
        device_plan(&inputs).0
    }

    fn wanted(&self, paths: &[&str]) -> (Wanted, Vec<Refusal>) {
        let build = &self.head.devices[&self.device];
        let plan = self.plan(&build.tree, &Recorded::holding(&build.tree));
        let unknown = BTreeSet::new();
        let drift =
            Drift { plan: &plan, actual: &self.actual, unknown: &unknown, protected: &build.protected };
        let paths: Vec<Path> = paths.iter().map(|path| path.parse().unwrap()).collect();
        wanted(&drift, &paths, paths.is_empty())
    }

    /// Accepts what is at or below these paths; the plan must be empty then, unless more than
    /// that would change.
    fn accepts(&mut self, paths: &[&str]) -> Result<Found, Vec<Homeless>> {
        let (wanted, refused) = self.wanted(paths);
        assert_eq!(refused, [], "{paths:?}");
        let found = search(&mut self.engine, &self.snapshot, &self.head, &self.device, &wanted).unwrap()?;
        assert!(!found.build.findings.has_errors(), "{:?}", found.build.findings);
        if !found.beside.iter().any(|beside| beside.device == self.device) {
            let recorded = Recorded::holding(&self.head.devices[&self.device].tree);
            let after = self.plan(&found.build.devices[&self.device].tree, &recorded);
            assert!(after.is_empty(), "{paths:?}: {:#?}", after.changes);
        }
        Ok(found)
    }
}

/// The lines that an edit takes and gives, with their file.
fn lines(found: &Found) -> Vec<String> {
    let diff = unified(&found.changes, false);
    let is_line = |line: &&str| (line.starts_with(['+', '-'])) && !line.starts_with("---");
    diff.lines().filter(is_line).map(|line| line.replace("+++ b/", "=> ")).collect()
}

fn others(found: &Found) -> BTreeSet<String> {
    found.beside.iter().map(|beside| beside.device.to_string()).collect()
}

const NAME: &str = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name";

fn interface(name: &str, leaf: &str) -> String {
    format!("/interfaces/interface[name={name}]/{leaf}")
}

#[test]
fn a_value_that_one_line_says_is_changed_there() {
    for (case, device, path, live, expected) in [
        (
            "a port that is shut on one member of a pair",
            "leaf1",
            interface("Ethernet12", "config/enabled"),
            "false",
            vec!["=> devices/leaf1.yaml", "+ports:", "+  Ethernet12: { enabled: false }"],
        ),
        (
            "the description of a link",
            "leaf1",
            interface("Ethernet11", "config/description"),
            "to be moved: rack 7",
            vec![
                "=> devices/leaf1.yaml",
                "+ports:",
                "+  Ethernet11: { description: \"to be moved: rack 7\" }",
            ],
        ),
        (
            "a VLAN's name on the one pair that has it",
            "leaf7",
            NAME.replace("=40", "=78"),
            "renamed",
            vec!["=> vlans/78.yaml"],
        ),
    ] {
        let mut desk = Desk::new(device);
        let found = desk.sets(&path, live).accepts(&[&path]).unwrap();
        let lines = lines(&found);
        assert!(expected.iter().all(|line| lines.iter().any(|seen| seen == line)), "{case}: {lines:#?}");
        let alone = case != "a VLAN's name on the one pair that has it";
        assert_eq!(found.beside.is_empty(), alone, "{case}: {:#?}", found.beside);
    }
}

#[test]
fn what_a_line_decides_elsewhere_is_named() {
    let mut desk = Desk::new("leaf5");
    let found = desk.sets(NAME, "web").accepts(&[NAME]).unwrap();
    assert_eq!(lines(&found), ["=> vlans/40.yaml", "-name: test-l2-vxlan", "+name: web"]);
    let expected: BTreeSet<String> = ["leaf1", "leaf2", "leaf6"].map(ToOwned::to_owned).into();
    assert_eq!(others(&found), expected);
    assert!(found.beside.iter().all(|beside| beside.path.to_string() == NAME), "{:#?}", found.beside);
    let place = found.homes[0].place.as_ref().unwrap();
    assert_eq!(place.to_string(), "vlans/40.yaml:2:7");
}

#[test]
fn a_neighbour_that_the_model_cannot_say_becomes_a_fragment_and_the_next_one_joins_it() {
    const NEIGHBOR: &str = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=openconfig-policy-types:BGP][name=BGP]/bgp/neighbors/neighbor[neighbor-address=192.0.2.7]";
    let mut desk = Desk::new("leaf5");
    desk.sets(&format!("{NEIGHBOR}/config/neighbor-address"), "192.0.2.7");
    desk.sets(&format!("{NEIGHBOR}/config/peer-as"), "64512");
    let found = desk.accepts(&[NEIGHBOR]).unwrap();
    assert_eq!(found.beside, []);
    let text = found.snapshot.text(&"raw/accepted-leaf5.json".parse().unwrap()).unwrap();
    assert!(text.starts_with("{\n  \"at\": [\n    \"leaf5\"\n  ],\n  \"config\": {\n"), "{text}");
    // as a person may have laid it out since
    let written = text.replace("[\n    \"leaf5\"\n  ]", "[ \"leaf5\" ]");

    let mut desk = Desk::with("leaf5", &[("raw/accepted-leaf5.json", &written)]);
    let second = NEIGHBOR.replace("192.0.2.7", "192.0.2.9");
    desk.sets(&format!("{second}/config/neighbor-address"), "192.0.2.9");
    desk.sets(&format!("{second}/config/peer-as"), "64513");
    desk.sets(&format!("{NEIGHBOR}/config/peer-as"), "64999");
    let found = desk.accepts(&[]).unwrap();
    assert_eq!(found.beside, []);
    let lines = lines(&found);
    let taken: Vec<&String> = lines.iter().filter(|line| line.starts_with('-')).collect();
    assert_eq!(taken.len(), 1, "the old AS: {lines:#?}");
    let text = found.snapshot.text(&"raw/accepted-leaf5.json".parse().unwrap()).unwrap();
    assert!(text.contains("[ \"leaf5\" ]") && text.contains("64999") && text.contains("192.0.2.9"), "{text}");

    // and when somebody takes it off the device again, the fragment goes
    let mut desk = Desk::with("leaf5", &[("raw/accepted-leaf5.json", &written)]);
    let found = desk.takes(NEIGHBOR).accepts(&[NEIGHBOR]).unwrap();
    assert_eq!(found.edits.values().cloned().collect::<Vec<_>>(), [None]);
}

#[test]
fn what_has_no_home_is_named_with_the_line_that_asks_for_it() {
    for (case, device, path, live) in [
        ("a VLAN taken off one device", "leaf5", NAME.replace("/config/name", ""), None),
        ("a VLAN's status", "leaf5", NAME.replace("config/name", "config/status"), Some("SUSPENDED")),
    ] {
        let mut desk = Desk::new(device);
        match live {
            Some(live) => desk.sets(&path, live),
            None => desk.takes(&path),
        };
        let homeless = desk.accepts(&[&path]).unwrap_err();
        assert!(homeless.iter().all(|leaf| leaf.place.is_some()), "{case}: {homeless:#?}");
    }
}

#[test]
fn what_may_not_be_accepted_says_what_to_do_instead() {
    const USER: &str = "/system/aaa/authentication/users/user[username=eve]";
    const MANAGEMENT: &str = "/interfaces/interface[name=Management0]/config/enabled";
    let mut desk = Desk::new("leaf7");
    desk.sets(&format!("{USER}/config/username"), "eve")
        .sets(&format!("{USER}/config/role"), "admin")
        .sets(NAME.replace("=40", "=78").as_str(), "x");
    desk.sets(MANAGEMENT, "false");
    for (case, path, expected) in [
        ("a rogue user", USER, "is part of users and AAA, which is never sent"),
        ("how it is reached", MANAGEMENT, "`policy: observe`"),
        ("what has not drifted", "/lacp", "/lacp has not drifted; what has:\n    /network-instances"),
    ] {
        let (wanted, refused) = desk.wanted(&[path]);
        assert!(wanted.is_empty(), "{case}");
        assert_eq!(refused.len(), 1, "{case}: {refused:#?}");
        assert!(refused[0].to_string().contains(expected), "{case}: {}", refused[0]);
    }
    let (wanted, refused) = desk.wanted(&[]);
    assert_eq!((wanted.len(), refused.len()), (1, 2), "all that may be: {wanted:?} {refused:?}");
}

#[test]
fn a_secret_is_never_accepted() {
    let scalar = Value::Scalar(Scalar::new("$6$hash", Form::Text));
    let secret = Value::Secret("bgp/fw".parse().unwrap());
    let path: Path = interface("Ethernet1", "config/description").parse().unwrap();
    let desk = Desk::new("leaf7");
    let node = desk.head.devices[&desk.device].schema.find(&path).unwrap();
    let to = Leaf { node, value: secret.clone(), origin: None };
    let change = crate::plan::Change {
        path: path.clone(),
        action: crate::plan::Action::Modify { from: secret, to },
        drift: true,
        origin: None,
    };
    let plan = DevicePlan { changes: vec![change], ..DevicePlan::default() };
    let actual: Tree = [(path.clone(), Leaf { node, value: scalar, origin: None })].into_iter().collect();
    let (unknown, build) = (BTreeSet::new(), &desk.head.devices[&desk.device]);
    let drift = Drift { plan: &plan, actual: &actual, unknown: &unknown, protected: &build.protected };
    let (wanted, refused) = wanted(&drift, std::slice::from_ref(&path), false);
    assert!(wanted.is_empty());
    assert_eq!(refused, [Refusal::Secret(path)]);
    assert!(!refused[0].to_string().contains("hash"));
}
