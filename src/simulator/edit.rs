//! Deletes, replaces and updates on a copy of a device's configuration.
//!
//! Here: [`Candidate`] (the copy), [`Refusal`] (why a device says no). Elsewhere: from a
//! message to operations (`set`), what EOS adds to them (`eos`), whether the result is
//! valid and becomes the configuration (`device`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value as Json;
use tonic::{Code, Status};

use super::device::{Contents, DeviceConfig, Snapshot};
use super::eos;
use super::paths::{Resolved, Standing, is_literal, reach};
use super::personality::LeafListUpdate;
use crate::yang::schema::{Access, Kind};
use crate::yang::{Leaf, NodeId, Path, Schema, Tree, Value, json as rfc7951};

/// The member of the root that carries annotations (RFC 7952), and the one that is known.
const ANNOTATIONS: &str = "@";
const ANNOTATION: &str = "openconfig-metadata:protobuf-metadata";

/// Why a device refuses a Set, in its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    pub(super) code: Code,
    message: String,
}

impl Refusal {
    pub(super) fn new(code: Code, message: impl std::fmt::Display) -> Self {
        Self { code, message: format!("failed to apply: {message}") }
    }

    fn invalid(message: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// The status code of the answer.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, refusal.message)
    }
}

/// A copy of a configuration, on which operations are tried.
pub(super) struct Candidate<'d> {
    device: &'d DeviceConfig,
    before: &'d Snapshot,
    config: Tree,
    foreign: BTreeMap<Path, Json>,
    annotation: Option<String>,
    /// The leaves that the operations named.
    written: BTreeSet<Path>,
}

impl<'d> Candidate<'d> {
    pub(super) fn new(device: &'d DeviceConfig, before: &'d Snapshot) -> Self {
        Self {
            device,
            before,
            config: Tree::clone(&before.config),
            foreign: BTreeMap::clone(&before.foreign),
            annotation: before.annotation.clone(),
            written: BTreeSet::new(),
        }
    }

    /// Takes away all at or below a path. Nothing there is fine.
    pub(super) fn delete(&mut self, target: &Resolved) -> Result<(), Refusal> {
        match target.standing {
            Standing::State => return Err(Refusal::invalid(format!("{} is read-only", target.path))),
            Standing::Unknown if !self.has_foreign(&target.path) => {
                return Err(Refusal::new(Code::NotFound, format!("path {} not found", target.path)));
            }
            _ => self.clear(&target.path),
        }
        Ok(())
    }

    /// Puts a value in the place of all that is at or below a path (§3.4.4): what it leaves
    /// out goes, and with it falls back to its default.
    pub(super) fn replace(&mut self, target: &Resolved, value: &Json) -> Result<(), Refusal> {
        let node = self.writable(target)?;
        let keyed = target.path.last().is_some_and(|elem| !elem.keys().is_empty());
        let nothing = value.as_object().is_some_and(serde_json::Map::is_empty);
        if nothing && (keyed || node.is_some_and(|id| is_leaf(self.schema(), id))) {
            return Err(Refusal::invalid(format!("{}: an empty value; use delete", target.path)));
        }
        let leaves = self.read(target, value)?;
        self.clear(&target.path);
        self.write(leaves, LeafListUpdate::Overwrites);
        Ok(())
    }

    /// Merges a value into what is at or below a path.
    pub(super) fn update(&mut self, target: &Resolved, value: &Json) -> Result<(), Refusal> {
        self.writable(target)?;
        let leaves = self.read(target, value)?;
        self.write(leaves, self.device.personality.leaf_list_update);
        Ok(())
    }

    /// The changed configuration, with what the device itself makes of it.
    pub(super) fn finish(mut self) -> Contents {
        eos::after(self.device, &self.before.config, &mut self.config, &self.written);
        let (config, foreign) = (Arc::new(self.config), Arc::new(self.foreign));
        Contents { config, foreign, annotation: self.annotation }
    }

    fn schema(&self) -> &'d Schema {
        &self.device.schema
    }

    fn writable(&self, target: &Resolved) -> Result<Option<NodeId>, Refusal> {
        match target.standing {
            Standing::Unknown => Err(Refusal::new(Code::NotFound, format!("path {} not found", target.path))),
            Standing::State => Err(Refusal::invalid(format!("{} is read-only", target.path))),
            Standing::Config(_) | Standing::Wildcard => target.exact(self.schema()).map_err(Refusal::invalid),
        }
    }

    fn has_foreign(&self, path: &Path) -> bool {
        self.foreign.keys().any(|foreign| reach(path, foreign).is_some())
    }

    /// Takes away all leaves that a path covers, wildcards and left-out keys included.
    fn clear(&mut self, path: &Path) {
        let whole_list = self.schema().find(path).is_some_and(|id| {
            matches!(self.schema().node(id).kind, Kind::List { .. })
                && path.last().is_some_and(|elem| elem.keys().is_empty())
        });
        if is_literal(path) && !whole_list && self.complete(path) {
            self.config.remove_below(path);
        } else {
            let doomed: Vec<Path> = self.config.iter().map(|(leaf, _)| leaf).cloned().collect();
            for leaf in doomed.iter().filter(|leaf| reach(path, leaf).is_some()) {
                self.config.remove(leaf);
            }
        }
        self.foreign.retain(|foreign, _| reach(path, foreign).is_none());
    }

    /// Whether every list step of a path has all its keys.
    fn complete(&self, path: &Path) -> bool {
        let schema = self.schema();
        (1..=path.elems().len()).all(|count| {
            let above = path.prefix(count);
            let wanted = schema.find(&above).map_or(0, |id| schema.key_names(id).len());
            above.last().is_some_and(|elem| elem.keys().len() == wanted)
        })
    }

    /// The leaves of a value, all of which the device takes.
    fn read(&mut self, target: &Resolved, value: &Json) -> Result<Tree, Refusal> {
        if value.is_null() {
            return Err(Refusal::invalid(format!("{}: a null value; use delete", target.path)));
        }
        let mut value = value.clone();
        if target.path.is_root() {
            self.take_annotations(&mut value)?;
        }
        let read = rfc7951::read(self.schema(), &target.path, &value);
        if let Some(fault) = read.faults.first() {
            return Err(Refusal::invalid(fault));
        }
        if let Some((path, _)) = read.foreign.first() {
            return Err(Refusal::invalid(format!("unknown node {path}")));
        }
        for (path, leaf) in read.tree.iter() {
            match self.schema().node(leaf.node).access {
                Access::ReadWrite | Access::Unlisted => {}
                Access::ReadOnly => return Err(Refusal::invalid(format!("{path} is read-only"))),
                Access::Unsupported => {
                    return Err(Refusal::new(Code::Unimplemented, format!("path {path} is not supported")));
                }
            }
        }
        Ok(read.tree)
    }

    /// Takes `@` out of a value for the root. It is the only place that has it.
    fn take_annotations(&mut self, value: &mut Json) -> Result<(), Refusal> {
        let Some(annotations) = value.as_object_mut().and_then(|root| root.remove(ANNOTATIONS)) else {
            return Ok(());
        };
        let Json::Object(members) = annotations else {
            return Err(Refusal::invalid("`@` must be an object"));
        };
        for (name, value) in members {
            match value.as_str() {
                Some(text) if name == ANNOTATION && BASE64.decode(text).is_ok() => {
                    if self.device.personality.keeps_annotation {
                        self.annotation = Some(text.to_owned());
                    }
                }
                _ if name == ANNOTATION => return Err(Refusal::invalid(format!("{name} must be base64"))),
                _ => return Err(Refusal::invalid(format!("unknown annotation {name}"))),
            }
        }
        Ok(())
    }

    fn write(&mut self, leaves: Tree, leaf_lists: LeafListUpdate) {
        for (path, mut leaf) in leaves {
            leaf.origin = None;
            leaf.value = eos::hashed(self.device, &path, leaf.value);
            if leaf_lists == LeafListUpdate::Adds {
                self.add_present_values(&path, &mut leaf);
            }
            self.written.insert(path.clone());
            self.config.insert(path, leaf);
        }
    }

    /// Adds to a leaf-list the values that are there already.
    fn add_present_values(&self, path: &Path, leaf: &mut Leaf) {
        let present = self.config.get(path).map(|leaf| &leaf.value);
        let (Value::LeafList(new), Some(Value::LeafList(old))) = (&mut leaf.value, present) else { return };
        let mut all = old.clone();
        all.extend(new.iter().filter(|value| !old.contains(value)).cloned());
        if !matches!(self.schema().node(leaf.node).kind, Kind::LeafList { ordered_by_user: true, .. }) {
            all.sort();
        }
        *new = all;
    }
}

fn is_leaf(schema: &Schema, id: NodeId) -> bool {
    matches!(schema.node(id).kind, Kind::Leaf { .. } | Kind::LeafList { .. })
}
