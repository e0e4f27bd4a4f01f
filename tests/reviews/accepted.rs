//! Drift that a person accepts, as a pull request: opened once, reviewed by the agent like any
//! other.

use serde_json::{Value, json};

use crate::world::{KINDS, World};

const VLAN: &str = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_becomes_one_pull_request() {
    for kind in KINDS {
        let world = World::new(kind);
        let agent = world.agent().await;
        agent.end().await;
        world.lab.device("leaf1").edit(&[], &[(VLAN.parse().unwrap(), json!("web"))]).unwrap();
        let accept = || {
            let author = "Ada <ada@example.net>";
            let arguments = ["drift", "accept", "leaf1", VLAN, "--everywhere", "--json", "--author", author];
            serde_json::from_str::<Value>(&world.lab.printed(&arguments)).unwrap()
        };
        let first = accept();
        let pull = &first["pull_request"];
        assert_eq!(pull["done"], "opened", "{kind}: {first:#}");
        assert!(pull["url"].as_str().unwrap().starts_with("http"), "{kind}: {first:#}");
        let again = accept();
        assert_eq!(again["pull_request"], json!({ "url": pull["url"], "done": "unchanged" }), "{kind}");
        assert_eq!(again["commit"], first["commit"], "{kind}");
        let entries = world.forge.entries();
        assert_eq!(entries.len(), 1, "{kind}: {entries:#?}");
        let (entry, branch) = (&entries[0], first["branch"].as_str().unwrap());
        assert_eq!((entry.head.as_str(), entry.base.as_str()), (branch, "main"), "{kind}");
        assert_eq!(entry.title, "leaf1: accept 40 name as it is", "{kind}");
        for part in ["What the same lines change elsewhere", "- leaf2: ", "+name: web"] {
            assert!(entry.body.contains(part), "{kind}: {}", entry.body);
        }
    }
}
