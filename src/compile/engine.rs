//! From the files of a commit to what every device should hold: the same on a laptop, in a
//! CI job and in the agent (promise 11).
//!
//! Here: [`Engine`], which loads, checks and compiles, and keeps what the next commit can
//! use again. Elsewhere: reading files (`git`), each step (`intent`, the files beside this
//! one).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bootstrap;
use super::cache::Compiler;
use super::{Compiled, Slice, drift};
use crate::diagnostic::Findings;
use crate::git::Snapshot;
use crate::intent::model::Platform;
use crate::intent::{Cache, Fabric, Loaded, Topology};
use crate::names::DeviceName;
use crate::platform::Profile;
use crate::platform::arista_eos::protected::Protected;
use crate::stop::{GaveUp, Stop, unstopped};
use crate::yang::{Schema, Tree};

/// Loads, checks and compiles; remembers what has not changed since.
#[derive(Debug, Default)]
pub struct Engine {
    files: Cache,
    compiler: Compiler,
    built: BTreeMap<DeviceName, (Arc<Compiled>, Arc<DeviceBuild>)>,
}

/// What became of a snapshot.
#[derive(Clone, Debug)]
pub struct Build {
    /// The intent; none if `fabric.yaml` cannot be read.
    pub fabric: Option<Arc<Fabric>>,
    /// What each device should hold. With errors among the findings it must not be sent.
    pub devices: BTreeMap<DeviceName, Arc<DeviceBuild>>,
    /// Everything that is wrong, sorted.
    pub findings: Findings,
    /// How many devices were compiled anew.
    pub compiled: usize,
}

/// What one device should hold, and all that planning it needs.
#[derive(Clone, Debug)]
pub struct DeviceBuild {
    /// The owned tree.
    pub tree: Arc<Tree>,
    /// Its hash: what "at commit C" means.
    pub hash: String,
    /// What bootstrap configures: compared, never sent.
    pub bootstrap: Arc<Tree>,
    /// What must never be sent.
    pub protected: Protected,
    /// What is known of its network OS.
    pub profile: &'static Profile,
    /// What its YANG allows.
    pub schema: Arc<Schema>,
}

impl Engine {
    /// Remembers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Loads and checks a snapshot without compiling it.
    pub fn load(&mut self, snapshot: &Snapshot) -> Loaded {
        self.files.load(snapshot)
    }

    /// Builds a snapshot. Cross-device errors keep devices from being compiled; everything
    /// that can be found out is.
    pub fn build(&mut self, snapshot: &Snapshot) -> Build {
        unstopped(|stop| self.build_within(snapshot, stop))
    }

    /// The same for what a stranger wrote: ends without a result soon after `stop` says so, which
    /// is asked at each file, rule and device. A build that is not stopped is that of
    /// [`Engine::build`], and one that is stopped forgets nothing of the builds before.
    pub fn build_within(&mut self, snapshot: &Snapshot, stop: Stop<'_>) -> Result<Build, GaveUp> {
        let loaded = self.files.load_within(snapshot, stop)?;
        let mut findings = loaded.findings;
        let Some(mut fabric) = loaded.fabric else {
            findings.settle();
            return Ok(Build { fabric: None, devices: BTreeMap::new(), findings, compiled: 0 });
        };
        findings.append(drift::respell(&mut fabric));
        let fabric = Arc::new(fabric);
        let topology = Topology::new(&fabric);
        let schemas = |platform: &Platform| schema_of(platform);
        let blobs = |path: &_| snapshot.get(path).map(|file| file.blob);
        let compiled = self.compiler.compile_within(&fabric, &topology, &schemas, &blobs, stop)?;
        for device in compiled.values() {
            findings.append(device.findings.clone());
        }
        let devices = self.finish(&fabric, &topology, compiled, stop)?;
        if !findings.has_errors() {
            findings.append(drift::check(&fabric, &devices, stop)?);
        }
        findings.settle();
        let compiled = self.compiler.compiled();
        drop(topology);
        Ok(Build { fabric: Some(fabric), devices, findings, compiled })
    }

    /// The EOS configuration that a device needs before the agent can reach it; none for a
    /// device that the intent does not have.
    pub fn bootstrap(build: &Build, device: &DeviceName) -> Option<String> {
        let fabric = build.fabric.as_ref()?;
        let topology = Topology::new(fabric);
        Slice::of(fabric, &topology, device).map(|slice| bootstrap::text(&slice))
    }

    fn finish(
        &mut self,
        fabric: &Fabric,
        topology: &Topology<'_>,
        compiled: BTreeMap<DeviceName, Arc<Compiled>>,
        stop: Stop<'_>,
    ) -> Result<BTreeMap<DeviceName, Arc<DeviceBuild>>, GaveUp> {
        let mut known = std::mem::take(&mut self.built);
        let mut devices = BTreeMap::new();
        for (name, compiled) in compiled {
            if stop() {
                known.append(&mut self.built);
                self.built = known;
                return Err(GaveUp);
            }
            let platform = topology.platform_of(&name);
            let (Some(profile), Some(schema)) = (profile_of(platform), schema_of(platform)) else { continue };
            let build = match known.remove(&name) {
                Some((same, build)) if Arc::ptr_eq(&same, &compiled) => build,
                _ => {
                    let Some(slice) = Slice::of(fabric, topology, &name) else { continue };
                    Arc::new(DeviceBuild {
                        tree: Arc::clone(&compiled.tree),
                        hash: compiled.tree.digest().to_string(),
                        // what the schema lacks of it is not there to be compared
                        bootstrap: Arc::new(bootstrap::tree(&slice, &schema).0),
                        protected: compiled.protected.clone(),
                        profile,
                        schema,
                    })
                }
            };
            devices.insert(name.clone(), Arc::clone(&build));
            self.built.insert(name, (compiled, build));
        }
        Ok(devices)
    }
}

fn profile_of(platform: &Platform) -> Option<&'static Profile> {
    Profile::find(&platform.os, &platform.version)
}

fn schema_of(platform: &Platform) -> Option<Arc<Schema>> {
    profile_of(platform).map(|profile| (profile.schema)())
}
