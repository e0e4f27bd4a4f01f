//! All files of the intent to a fabric and every finding.
//!
//! Here: [`Cache`], which reads a file again only when its blob changed (promise 12), and
//! puts the objects together. Elsewhere: which file is which object (`layout`), what an
//! object's file means (one file a kind), rules across objects (`check`).

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet};

use super::check::{self, Broken};
use super::design::{DesignRead, design};
use super::layout::{FOLDERS, Filed, Identity, object_of};
use super::model::policy::{AsPathList, CommunityList, Policy, PrefixList};
use super::model::{Design, Device, Fabric, Pair, RawFragment, Vlan, Vrf};
use super::{device, lists, manifest, pair, policy, raw, vlan, vrf, yaml};
use crate::diagnostic::{Finding, Findings, Place};
use crate::git::snapshot::{BlobId, Snapshot};
use crate::names::{DeviceName, PairName, PolicyName, RepoPath, VlanId, VrfName};
use crate::nearest::nearest;
use crate::stop::{GaveUp, Stop, unless, unstopped};

/// What came out of one commit's files.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The fabric. It is there when `fabric.yaml` could be read, also when other objects
    /// are missing in it because theirs could not: with errors among the findings it must
    /// not be sent anywhere.
    pub fabric: Option<Fabric>,
    /// Everything that is wrong, sorted.
    pub findings: Findings,
}

/// Files as they were read last. `B` names a file's bytes: equal names, equal bytes.
#[derive(Debug)]
pub struct Cache<B = BlobId> {
    entries: BTreeMap<RepoPath, Entry<B>>,
    manifest: Option<(B, Option<manifest::Placed>, Findings)>,
    parsed: u64,
}

#[derive(Debug)]
struct Entry<B> {
    blob: B,
    object: Option<Object>,
    findings: Findings,
}

#[derive(Debug)]
enum Object {
    Design(Box<DesignRead>),
    Device(Box<Device>),
    Pair(Pair),
    Vlan(Box<Vlan>),
    Vrf(Box<Vrf>),
    Policy(Policy),
    PrefixList(PrefixList),
    CommunityList(CommunityList),
    AsPathList(AsPathList),
    Raw(RawFragment),
}

impl<B> Default for Cache<B> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), manifest: None, parsed: 0 }
    }
}

impl Cache {
    /// Loads a snapshot: a commit's files, or a folder's.
    pub fn load(&mut self, snapshot: &Snapshot) -> Loaded {
        unstopped(|stop| self.load_within(snapshot, stop))
    }

    /// The same, until `stop` says that it is enough.
    pub fn load_within(&mut self, snapshot: &Snapshot, stop: Stop<'_>) -> Result<Loaded, GaveUp> {
        let files = snapshot.iter().map(|(path, file)| (path, file.blob, &*file.bytes));
        let mut loaded = self.load_files_within(files, stop)?;
        loaded.findings.extend(snapshot.skipped().filter_map(|(path, why)| skipped(path, &why.to_string())));
        loaded.findings.append(self.manifest(snapshot));
        loaded.findings.sort();
        Ok(loaded)
    }

    /// What the manifest of an export finds wrong, where there is one.
    fn manifest(&mut self, snapshot: &Snapshot) -> Findings {
        let file = manifest::FILE.parse().ok().and_then(|path| Some((snapshot.get(&path)?, path)));
        let Some((file, path)) = file else {
            self.manifest = None;
            return Findings::new();
        };
        let known = self.manifest.take().filter(|(blob, ..)| *blob == file.blob);
        let (_, placed, findings) = self.manifest.insert(known.unwrap_or_else(|| {
            let (placed, findings) = manifest::parse(&path, &file.bytes);
            (file.blob, placed, findings)
        }));
        let mut findings = findings.clone();
        if let Some(placed) = placed {
            findings.append(manifest::check(placed, snapshot));
        }
        findings
    }
}

impl<B: PartialEq> Cache<B> {
    /// Loads files: path, name of the bytes, bytes. Entries of files that are not among
    /// them are forgotten.
    pub fn load_files<'f>(&mut self, files: impl IntoIterator<Item = (&'f RepoPath, B, &'f [u8])>) -> Loaded {
        unstopped(|stop| self.load_files_within(files, stop))
    }

    fn load_files_within<'f>(
        &mut self,
        files: impl IntoIterator<Item = (&'f RepoPath, B, &'f [u8])>,
        stop: Stop<'_>,
    ) -> Result<Loaded, GaveUp> {
        let files: Vec<_> = files.into_iter().collect();
        let paths: BTreeSet<&RepoPath> = files.iter().map(|(path, ..)| *path).collect();
        self.entries.retain(|path, _| paths.contains(path));
        let mut gathered = Gathered::default();
        for (path, blob, bytes) in files {
            unless(stop)?;
            if gathered.findings.count().0 > TOO_MANY {
                gathered.ended = Some(path.clone());
                break;
            }
            match object_of(path, &paths) {
                Filed::Other => {}
                Filed::Unknown(what) => {
                    gathered.unknown.entry(what).or_insert_with(|| path.clone());
                }
                Filed::Refused(finding, meant) => {
                    gathered.findings.push(*finding);
                    if let Some((kind, name)) = meant {
                        gathered.broken.add(kind, name);
                    }
                }
                Filed::Object(identity) => {
                    let entry = self.entry(path, blob, bytes, &identity);
                    gathered.take(&identity, entry);
                }
            }
        }
        gathered.finish(paths.is_empty(), stop)
    }

    /// How many files were parsed since the cache was made.
    pub fn parsed(&self) -> u64 {
        self.parsed
    }

    fn entry(&mut self, path: &RepoPath, blob: B, bytes: &[u8], identity: &Identity) -> &Entry<B> {
        match self.entries.entry(path.clone()) {
            Slot::Occupied(known) if known.get().blob == blob => known.into_mut(),
            slot => {
                self.parsed += 1;
                let (object, findings) = read(path, bytes, identity);
                slot.insert_entry(Entry { blob, object, findings }).into_mut()
            }
        }
    }
}

/// More findings of one file are counted and not kept.
const OF_A_FILE: usize = 1000;

/// With more errors than this the files that follow are not read: it is no intent any more.
const TOO_MANY: usize = 10_000;

/// Reads one file as the object that its name says.
fn read(path: &RepoPath, bytes: &[u8], identity: &Identity) -> (Option<Object>, Findings) {
    let (node, mut out) = yaml::parse(path, bytes);
    let Some(node) = node else { return (None, out) };
    let place = Place::start_of(path.clone());
    let object = match identity {
        Identity::Design => Some(Object::Design(Box::new(design(place, &node, &mut out)))),
        Identity::Device(name) => device::device(name.clone(), place, &node, &mut out)
            .map(|device| Object::Device(Box::new(device))),
        Identity::Pair(name) => pair::pair(name.clone(), place, &node, &mut out).map(Object::Pair),
        Identity::Vlan(id) => {
            vlan::vlan(*id, place, &node, &mut out).map(|vlan| Object::Vlan(Box::new(vlan)))
        }
        Identity::Vrf(name) => {
            vrf::vrf(name.clone(), place, &node, &mut out).map(|vrf| Object::Vrf(Box::new(vrf)))
        }
        Identity::Policy(name) => policy::policy(name.clone(), place, &node, &mut out).map(Object::Policy),
        Identity::PrefixList(name) => {
            lists::prefix_list(name.clone(), place, &node, &mut out).map(Object::PrefixList)
        }
        Identity::CommunityList(name) => {
            lists::community_list(name.clone(), place, &node, &mut out).map(Object::CommunityList)
        }
        Identity::AsPathList(name) => {
            lists::as_path_list(name.clone(), place, &node, &mut out).map(Object::AsPathList)
        }
        Identity::Raw => raw::raw(path.clone(), &node, &mut out).map(Object::Raw),
    };
    out.hold(OF_A_FILE);
    (object, out)
}

/// A name that Git or the folder has and that could not be read as a file: where objects
/// are expected it may be an object, and a missing one must not be taken for a deleted one.
fn skipped(path: &str, why: &str) -> Option<Finding> {
    let expected =
        FOLDERS.iter().any(|(folder, ..)| path.split('/').next() == Some(*folder) && path.contains('/'));
    if !expected && path != "fabric.yaml" && path != manifest::FILE {
        return None;
    }
    let message = format!("{path} is not read: {why}");
    Some(match path.parse() {
        Ok(file) => Finding::error("file-skipped", &Place::start_of(file), message),
        Err(_) => Finding::error_nowhere("file-skipped", message),
    })
}

/// The objects of one load, until they are a fabric.
#[derive(Default)]
struct Gathered {
    design: Option<Design>,
    design_seen: bool,
    devices: BTreeMap<DeviceName, Device>,
    pairs: BTreeMap<PairName, Pair>,
    vlans: BTreeMap<VlanId, Vlan>,
    vrfs: BTreeMap<VrfName, Vrf>,
    policies: BTreeMap<PolicyName, Policy>,
    prefix_lists: BTreeMap<PolicyName, PrefixList>,
    community_lists: BTreeMap<PolicyName, CommunityList>,
    as_path_lists: BTreeMap<PolicyName, AsPathList>,
    raw: Vec<RawFragment>,
    broken: Broken,
    unknown: BTreeMap<String, RepoPath>,
    findings: Findings,
    /// The first file that was not looked at.
    ended: Option<RepoPath>,
}

impl Gathered {
    /// Takes a file's object over, or notes that it is broken.
    fn take<B>(&mut self, identity: &Identity, entry: &Entry<B>) {
        self.findings.append(entry.findings.clone());
        self.design_seen |= *identity == Identity::Design;
        let whole = !entry.findings.has_errors();
        match &entry.object {
            Some(Object::Design(read)) => {
                self.design.clone_from(&read.design);
                self.broken.sections.extend(&read.broken);
            }
            Some(Object::Device(device)) if whole => {
                self.devices.insert(device.name.clone(), (**device).clone());
            }
            Some(Object::Pair(pair)) if whole => {
                self.pairs.insert(pair.name.clone(), pair.clone());
            }
            Some(Object::Vlan(vlan)) if whole => {
                self.vlans.insert(vlan.id, (**vlan).clone());
            }
            Some(Object::Vrf(vrf)) if whole => {
                self.vrfs.insert(vrf.name.clone(), (**vrf).clone());
            }
            Some(Object::Policy(policy)) if whole => {
                self.policies.insert(policy.name.clone(), policy.clone());
            }
            Some(Object::PrefixList(list)) if whole => {
                self.prefix_lists.insert(list.name.clone(), list.clone());
            }
            Some(Object::CommunityList(list)) if whole => {
                self.community_lists.insert(list.name.clone(), list.clone());
            }
            Some(Object::AsPathList(list)) if whole => {
                self.as_path_lists.insert(list.name.clone(), list.clone());
            }
            Some(Object::Raw(raw)) if whole => self.raw.push(raw.clone()),
            _ => self.broken.add(identity.kind(), identity.to_string()),
        }
    }

    /// Puts the fabric together and applies the rules across objects.
    fn finish(mut self, empty: bool, stop: Stop<'_>) -> Result<Loaded, GaveUp> {
        if let Some(path) = self.ended {
            let message = format!("more than {TOO_MANY} errors: {path} and what follows was not read");
            self.findings.push_surely(Finding::error_nowhere("findings-many", message));
            self.findings.sort();
            return Ok(Loaded { fabric: None, findings: self.findings });
        }
        for (what, path) in &self.unknown {
            let message = format!("{what} is not read: it is no part of the intent");
            let folders: Vec<String> = FOLDERS.iter().map(|(folder, ..)| format!("{folder}/")).collect();
            let known = folders.iter().map(String::as_str).chain(["fabric.yaml"]);
            let finding = Finding::warning("file-unknown", &Place::start_of(path.clone()), message);
            self.findings.push(match nearest(what, known) {
                Some(near) => finding.hint(format!("did you mean {near}?")),
                None => finding.hint("files for people go to docs/, or have a name that ends in .md"),
            });
        }
        if !self.design_seen {
            let (code, message) = if empty {
                ("intent-empty", "the intent has no files at all")
            } else {
                ("fabric-missing", "there is no fabric.yaml")
            };
            let hint = "is this the right branch, and the right folder in it?";
            self.findings.push(Finding::error_nowhere(code, message).hint(hint));
        }
        let (broken, mut findings) = (self.broken, self.findings);
        let fabric = self.design.map(|design| Fabric {
            design,
            devices: self.devices,
            pairs: self.pairs,
            vlans: self.vlans,
            vrfs: self.vrfs,
            policies: self.policies,
            prefix_lists: self.prefix_lists,
            community_lists: self.community_lists,
            as_path_lists: self.as_path_lists,
            raw: self.raw,
        });
        if let Some(fabric) = &fabric {
            findings.append(check::check(fabric, &broken, stop)?);
        }
        findings.sort();
        Ok(Loaded { fabric, findings })
    }
}
