//! What a device is held against. Trees are shared: a watcher has no copy of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::plan::{FingerprintKey, SecretMark};
use crate::platform::arista_eos::protected::Protected;
use crate::yang::schema::NodeId;
use crate::yang::{Path, Schema, Tree};

/// What a watcher holds its device against, as the agent says from time to time.
#[derive(Clone, Debug, Default)]
pub enum Standard {
    /// Nothing is on record. The stream stays open; nothing is judged.
    #[default]
    Unknown,
    /// A pass has the device in hand: what is told is kept, and judged when the pass is over.
    Busy,
    /// The record says this.
    Holds(Arc<Holding>),
}

/// What the record says of a device, and what else it takes to judge it.
#[derive(Debug)]
pub struct Holding {
    /// What is ours and should stand there.
    pub tree: Arc<Tree>,
    /// What the device showed in the place of each secret, when it was last written.
    pub secrets: BTreeMap<Path, SecretMark>,
    /// What `bootstrap` prints for it: compared, never put back.
    pub bootstrap: Arc<Tree>,
    /// The agent's own way to it.
    pub protected: Protected,
    /// The key of fingerprints.
    pub key: FingerprintKey,
    nodes: NodeSet,
}

impl Holding {
    /// Binds the parts. Both trees are of this schema.
    pub fn new(
        schema: &Schema,
        tree: Arc<Tree>,
        secrets: BTreeMap<Path, SecretMark>,
        bootstrap: Arc<Tree>,
        protected: Protected,
        key: FingerprintKey,
    ) -> Self {
        let mut nodes = NodeSet::new(schema);
        for (_, leaf) in tree.iter().chain(bootstrap.iter()) {
            nodes.insert(leaf.node);
        }
        Self { tree, secrets, bootstrap, protected, key, nodes }
    }

    /// Whether any leaf of this node is ours or bootstrap's: if none is, no path of it has to
    /// be looked up.
    pub(super) fn knows(&self, node: NodeId) -> bool {
        self.nodes.contains(node)
    }
}

impl Standard {
    /// What the device is held against now; none while nothing may be judged.
    pub fn holding(&self) -> Option<&Arc<Holding>> {
        match self {
            Self::Holds(holding) => Some(holding),
            Self::Unknown | Self::Busy => None,
        }
    }

    /// Whether a verdict of this holding still counts.
    pub fn is(&self, holding: &Arc<Holding>) -> bool {
        self.holding().is_some_and(|now| Arc::ptr_eq(now, holding))
    }
}

/// A set of schema nodes, one bit each: some 400 bytes for a whole EOS.
#[derive(Debug)]
struct NodeSet(Box<[u64]>);

impl NodeSet {
    fn new(schema: &Schema) -> Self {
        Self(vec![0; schema.nodes.len().div_ceil(64)].into())
    }

    fn insert(&mut self, node: NodeId) {
        if let Some(word) = self.0.get_mut(node.0 as usize / 64) {
            *word |= 1 << (node.0 % 64);
        }
    }

    fn contains(&self, node: NodeId) -> bool {
        self.0.get(node.0 as usize / 64).is_some_and(|word| word & (1 << (node.0 % 64)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yang::testing::{sample, tree};

    #[test]
    fn the_nodes_of_a_holding_are_those_of_its_trees() {
        let schema = sample();
        let ours = tree(schema, &[("/interfaces/interface[name=e1]/config/mtu", "1500")]);
        let bootstrap = tree(schema, &[("/odds/signed", "1")]);
        let holding = Holding::new(
            schema,
            Arc::new(ours),
            BTreeMap::new(),
            Arc::new(bootstrap),
            Protected::new("Management0", "default", "172.16.0.25/24".parse().unwrap()),
            FingerprintKey::new(&[1; 32]),
        );
        let known = |path: &str| holding.knows(schema.find(&path.parse().unwrap()).unwrap());
        for (path, expected) in [
            ("/interfaces/interface[name=e2]/config/mtu", true),
            ("/odds/signed", true),
            ("/odds/union", false),
            ("/interfaces/interface[name=e1]/config/enabled", false),
        ] {
            assert_eq!(known(path), expected, "{path}");
        }
        assert!(!holding.knows(NodeId(u32::MAX)), "no node of this schema");
    }
}
