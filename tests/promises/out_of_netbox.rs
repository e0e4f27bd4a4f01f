//! Promises 2 and 4 for the recorded NetBox: what its export commits is applied, and reverted.
//!
//! The files are the golden repositories of the translation (`tests/netbox/golden`). Elsewhere:
//! that NetBox's answers become these files (`src/netbox/translate`).

use gitfabric::names::DeviceName;
use gitfabric::yang::diff::diff;
use gitfabric::yang::{Path, Tree};

use crate::intent::Intent;
use crate::lab::Lab;
use crate::running::Running;

/// All ten devices are brought to state 1 and then to state 2, by one Set each; a revert brings
/// back what they owned. The record is true after each.
#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_fabric_is_applied_changed_and_reverted() {
    let lab = Lab::new(Intent::folder("tests/netbox/golden/state-1"));
    let mut agent = Running::start(&lab);
    agent.settled(&lab.head()).await;
    let (owned, held) = (lab.owned(), lab.trees());
    let names: Vec<&str> = owned.keys().map(DeviceName::as_str).collect();
    assert_eq!(names.len(), 10);
    lab.assert_true(&lab.head(), &names);

    let changed = lab.commit("What NetBox says in state 2", |files| {
        *files = Intent::folder("tests/netbox/golden/state-2");
    });
    agent.settled(&changed).await;
    lab.assert_true(&changed, &names);
    // the third time server concerns everyone
    for (name, before) in &owned {
        assert_ne!(&lab.owned()[name], before, "{name}");
        assert_eq!(lab.device(name.as_str()).sets_received(), 2, "{name}");
    }

    let reverted = lab.revert();
    agent.settled(&reverted).await;
    lab.assert_true(&reverted, &names);
    assert_eq!(lab.owned(), owned);
    // byte for byte but for the two ports that were shut, which say their default since
    let differs = |(name, tree): (&DeviceName, &Tree)| {
        let says = |path: &Path| tree.get(path).map_or_else(String::new, |leaf| leaf.value.to_string());
        let shown = |path: &Path| format!("{name} {path} {}", says(path));
        diff(&held[name], tree).iter().map(|it| shown(it.path())).collect::<Vec<_>>()
    };
    let differences: Vec<String> = lab.trees().iter().flat_map(differs).collect();
    let enabled = [("leaf8", "Ethernet1"), ("spine2", "Ethernet8")]
        .map(|(device, port)| format!("{device} /interfaces/interface[name={port}]/config/enabled true"));
    assert_eq!(differences, enabled);
    agent.end().await;
}
