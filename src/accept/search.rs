//! The edit of the intent that asks for what a device holds, found by trying.
//!
//! Each leaf's candidates are compiled as the agent compiles a commit; the one counts that asks
//! for the leaf as the device has it and changes least beside it. What the model does not set
//! goes into a raw fragment. Elsewhere: the candidates, whether somebody agrees to what is
//! changed beside (`cli`).

use super::candidates::{Candidate, Wish, candidates};
use super::effects::{Beside, agrees, beside};
use super::fragment::fragment;
use super::wanted::Wanted;
use crate::compile::{Build, Engine};
use crate::diagnostic::{Finding, Place, Severity};
use crate::git::write::Edits;
use crate::git::{FileChange, GitError, Snapshot};
use crate::intent::check_succession;
use crate::names::{DeviceName, RepoPath};
use crate::yang::{Path, Tree};

/// An edit that does it.
#[derive(Debug)]
pub struct Found {
    /// The files to write, from the root of the repository.
    pub edits: Edits,
    /// The same with what stands there now.
    pub changes: Vec<FileChange>,
    /// What the intent is then.
    pub build: Build,
    /// Its files.
    pub snapshot: Snapshot,
    /// What changes beside what was to be accepted.
    pub beside: Vec<Beside>,
    /// Where each leaf is asked for then.
    pub homes: Vec<Home>,
    /// The leaves that the intent asks for as the device has them already.
    pub already: Vec<Path>,
}

impl Found {
    /// The files among the edits that an export writes: the next one proposes its own form of
    /// them, unless its source says the same by then.
    pub fn exported(&self) -> Vec<&RepoPath> {
        let edited = self.build.findings.iter().filter(|finding| finding.code == "export-file-edited");
        let files = edited.filter_map(|finding| finding.place.as_ref()).map(|place| &place.file);
        let is_ours = |file: &&RepoPath| {
            self.changes.iter().any(|change| change.path.as_str().ends_with(file.as_str()))
        };
        files.filter(is_ours).collect()
    }
}

/// Where a leaf is asked for after the edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The leaf.
    pub path: Path,
    /// The line; none for a leaf that is asked for no more.
    pub place: Option<Place>,
}

/// A leaf for which there is no edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Homeless {
    /// The leaf.
    pub path: Path,
    /// The line that asks for it now.
    pub place: Option<Place>,
    /// What the likeliest edit was refused for.
    pub because: Option<String>,
}

/// Finds the edit of `head`'s files that asks for `wanted` on a device.
pub fn search(
    engine: &mut Engine,
    snapshot: &Snapshot,
    head: &Build,
    device: &DeviceName,
    wanted: &Wanted,
) -> Result<Result<Found, Vec<Homeless>>, GitError> {
    let now = State { snapshot: snapshot.clone(), build: head.clone(), edits: Edits::new() };
    let mut search = Search { engine, head, device, wanted, now };
    let (mut already, mut homeless, mut without) = (Vec::new(), Vec::new(), Tree::new());
    for (path, live) in wanted {
        let asked = |build: &Build| {
            let tree = &build.devices.get(device)?.tree;
            Some(agrees(tree, path, live.as_ref().map(|leaf| &leaf.value)))
        };
        if asked(head) == Some(true) {
            already.push(path.clone());
        } else if asked(&search.now.build) != Some(true) {
            let is_set = search.asked_by(path).is_some();
            match (search.leaf(path)?, live) {
                (Ok(()), _) => {}
                // the model has nothing to say of it, so that a fragment may
                (Err(_), Some(leaf)) if !is_set => drop(without.insert(path.clone(), leaf.clone())),
                (Err(because), _) => {
                    let place = search.asked_by(path).and_then(|leaf| leaf.1);
                    homeless.push(Homeless { path: path.clone(), place, because });
                }
            }
        }
    }
    if !without.is_empty()
        && let Err(because) = search.fragment(&without)?
    {
        let all = without.iter().map(|(path, _)| path);
        homeless.extend(all.map(|path| Homeless {
            path: path.clone(),
            place: None,
            because: because.clone(),
        }));
    }
    if !homeless.is_empty() {
        return Ok(Err(homeless));
    }
    Ok(Ok(search.found(snapshot, already)))
}

/// The files as edited so far, compiled.
struct State {
    snapshot: Snapshot,
    build: Build,
    edits: Edits,
}

struct Search<'s> {
    engine: &'s mut Engine,
    head: &'s Build,
    device: &'s DeviceName,
    wanted: &'s Wanted,
    now: State,
}

/// Why no candidate was taken, as far as one was refused with a reason.
type Because = Option<String>;

impl Search<'_> {
    fn asked_by(&self, path: &Path) -> Option<(crate::yang::Value, Option<Place>)> {
        let leaf = self.now.build.devices.get(self.device)?.tree.get(path)?;
        Some((leaf.value.clone(), leaf.origin.clone()))
    }

    /// Takes the best candidate for one leaf.
    fn leaf(&mut self, path: &Path) -> Result<Result<(), Because>, GitError> {
        let asked = self.asked_by(path);
        let live = self.wanted.get(path).and_then(Option::as_ref).map(|leaf| &leaf.value);
        let asked = asked.as_ref().and_then(|(value, place)| Some((value, place.as_ref()?)));
        let wish = Wish { device: self.device, path, live, asked };
        self.best(candidates(&self.now.snapshot, &wish), &[path])
    }

    /// Puts leaves into the device's fragment.
    fn fragment(&mut self, leaves: &Tree) -> Result<Result<(), Because>, GitError> {
        let Some(build) = self.now.build.devices.get(self.device) else { return Ok(Err(None)) };
        let candidate = fragment(&self.now.snapshot, build, self.device, leaves);
        let paths: Vec<&Path> = leaves.iter().map(|(path, _)| path).collect();
        self.best(candidate.into_iter().collect(), &paths)
    }

    fn best(&mut self, candidates: Vec<Candidate>, paths: &[&Path]) -> Result<Result<(), Because>, GitError> {
        let (mut best, mut because): (Option<(usize, State)>, Because) = (None, None);
        for candidate in candidates {
            let state = self.with(&candidate)?;
            let tree = state.build.devices.get(self.device).map(|build| &build.tree);
            if let Some(fault) = self.fault(&state) {
                because.get_or_insert(fault);
                continue;
            }
            let says = |path: &&Path| {
                let live = self.wanted.get(*path).and_then(Option::as_ref).map(|leaf| &leaf.value);
                tree.is_some_and(|tree| agrees(tree, path, live))
            };
            if !paths.iter().all(says) {
                continue;
            }
            let beside = beside(self.head, &state.build, self.device, self.wanted).len();
            if best.as_ref().is_none_or(|(least, _)| beside < *least) {
                best = Some((beside, state));
            }
            if beside == 0 {
                break;
            }
        }
        let Some((_, state)) = best else { return Ok(Err(because)) };
        self.now = state;
        Ok(Ok(()))
    }

    fn with(&mut self, candidate: &Candidate) -> Result<State, GitError> {
        let mut edits = self.now.edits.clone();
        let bytes = candidate.text.as_ref().map(|text| text.clone().into_bytes());
        edits.insert(from_root(self.now.snapshot.base(), &candidate.file), bytes);
        let snapshot = self.now.snapshot.with(&edits)?;
        let build = self.engine.build(&snapshot);
        Ok(State { snapshot, build, edits })
    }

    /// Why the agent would not follow a state.
    fn fault(&self, state: &State) -> Option<String> {
        let error = |finding: &&Finding| finding.severity == Severity::Error;
        let shown = |finding: &Finding| finding.message.clone();
        if let Some(finding) = state.build.findings.iter().find(error) {
            return Some(shown(finding));
        }
        let (before, after) = (self.head.fabric.as_ref()?, state.build.fabric.as_ref()?);
        check_succession(before, after).iter().find(error).map(shown)
    }

    fn found(self, base: &Snapshot, already: Vec<Path>) -> Found {
        let State { snapshot, build, edits } = self.now;
        let beside = beside(self.head, &build, self.device, self.wanted);
        let tree = build.devices.get(self.device).map(|build| &build.tree);
        let place = |path: &Path| tree.and_then(|tree| tree.get(path)?.origin.clone());
        let homes = self.wanted.keys().map(|path| Home { path: path.clone(), place: place(path) }).collect();
        let standing = |path: &RepoPath| {
            base.iter()
                .find(|(inner, _)| from_root(base.base(), inner) == *path)
                .map(|(_, file)| file.bytes.to_vec())
        };
        let changes = edits.iter().map(|(path, new)| FileChange {
            path: path.clone(),
            old: standing(path),
            new: new.clone(),
        });
        let changes = changes.collect();
        Found { edits, changes, build, snapshot, beside, homes, already }
    }
}

/// A file of a snapshot as the repository names it.
fn from_root(base: Option<&RepoPath>, file: &RepoPath) -> RepoPath {
    let path = base.map(|base| format!("{base}/{file}").parse());
    path.and_then(Result::ok).unwrap_or_else(|| file.clone())
}
