//! Compiles a fabric, and of the next one only the devices that it changed.
//!
//! A tree is taken again if the device's slice is the same (its hash, which knows no
//! positions) and the files that the slice draws on are byte for byte those of before. The
//! second half is there because a tree's origins are positions: a comment above a line
//! moves it, and a finding or plan would point beside it. So an edit costs the devices that
//! its file concerns, and the result is equal to a full compilation in every part.
//! Elsewhere: parsed files by blob (`intent::load`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Compiled, Slice, compile};
use crate::diagnostic::{Finding, Findings};
use crate::git::BlobId;
use crate::intent::Fabric;
use crate::intent::model::Platform;
use crate::intent::topology::Topology;
use crate::names::{DeviceName, RepoPath};
use crate::platform::arista_eos::protected::Protected;
use crate::stop::{GaveUp, Stop, unstopped};
use crate::yang::Schema;

/// The schema of a platform; none if it is not known.
pub type Schemas<'f> = &'f dyn Fn(&Platform) -> Option<Arc<Schema>>;

/// The id of a file's bytes; none for a file that the snapshot does not have.
pub type Blobs<'f, B = BlobId> = &'f dyn Fn(&RepoPath) -> Option<B>;

/// What a tree was made of. Equal keys, equal trees with equal origins.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key<B> {
    slice: String,
    files: Vec<(RepoPath, Option<B>)>,
}

#[derive(Debug)]
struct Cached<B> {
    key: Key<B>,
    schema: Arc<Schema>,
    compiled: Arc<Compiled>,
}

/// Remembers the trees of the last fabric it compiled. `B` names a file's bytes: equal
/// names, equal bytes.
#[derive(Debug)]
pub struct Compiler<B = BlobId> {
    cached: BTreeMap<DeviceName, Cached<B>>,
    compiled: usize,
}

impl<B> Default for Compiler<B> {
    fn default() -> Self {
        Self { cached: BTreeMap::new(), compiled: 0 }
    }
}

impl<B: PartialEq> Compiler<B> {
    /// Every device's compilation, in the order of their names.
    pub fn compile(
        &mut self,
        fabric: &Fabric,
        topology: &Topology<'_>,
        schemas: Schemas<'_>,
        blobs: Blobs<'_, B>,
    ) -> BTreeMap<DeviceName, Arc<Compiled>> {
        unstopped(|stop| self.compile_within(fabric, topology, schemas, blobs, stop))
    }

    /// The same, until `stop` says that it is enough. What was remembered stays remembered.
    pub fn compile_within(
        &mut self,
        fabric: &Fabric,
        topology: &Topology<'_>,
        schemas: Schemas<'_>,
        blobs: Blobs<'_, B>,
        stop: Stop<'_>,
    ) -> Result<BTreeMap<DeviceName, Arc<Compiled>>, GaveUp> {
        self.compiled = 0;
        let mut known = std::mem::take(&mut self.cached);
        let mut result = BTreeMap::new();
        for name in fabric.devices.keys() {
            if stop() {
                known.append(&mut self.cached);
                self.cached = known;
                return Err(GaveUp);
            }
            let Some(slice) = Slice::of(fabric, topology, name) else { continue };
            let Some(schema) = schemas(slice.platform) else {
                result.insert(name.clone(), Arc::new(unknown_platform(&slice)));
                continue;
            };
            let cached = self.entry(known.remove(name), &slice, schema, blobs);
            result.insert(name.clone(), Arc::clone(&cached.compiled));
            self.cached.insert(name.clone(), cached);
        }
        Ok(result)
    }

    /// How many devices the last call really compiled.
    pub fn compiled(&self) -> usize {
        self.compiled
    }

    fn entry(
        &mut self,
        known: Option<Cached<B>>,
        slice: &Slice<'_>,
        schema: Arc<Schema>,
        blobs: Blobs<'_, B>,
    ) -> Cached<B> {
        let files = slice.files.iter().map(|file| ((*file).clone(), blobs(file))).collect();
        let key = Key { slice: slice.hash(), files };
        // node ids are of one schema: another copy of the same is not the same
        match known {
            Some(cached) if cached.key == key && Arc::ptr_eq(&cached.schema, &schema) => cached,
            _ => {
                self.compiled += 1;
                let compiled = Arc::new(compile(slice, &schema));
                Cached { key, schema, compiled }
            }
        }
    }
}

fn unknown_platform(slice: &Slice<'_>) -> Compiled {
    let Platform { os, version } = slice.platform;
    let message = format!("no schema is known for {} {}", os.value, version.value);
    let finding = Finding::error("platform-unknown", &version.place, message)
        .hint("`gitfabric schema` lists those that are, and makes one from a folder of .yang files");
    let findings = Findings::from_iter([finding.on(slice.device)]);
    let protected: Protected = slice.protected();
    Compiled { tree: Arc::default(), findings, protected }
}
