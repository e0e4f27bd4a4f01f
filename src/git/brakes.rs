//! The brakes: heads that the agent must not follow without a person's word (promise 6,
//! the part that Git can see).
//!
//! Here: [`judge`], from the last good commit and the new head to what froze. Elsewhere:
//! deletions above the limits (`plan`, with the same [`Allowance`]), how a trailer is read
//! (`message`).

use std::fmt;

use super::error::GitError;
use super::message::{Allowance, Allowances};
use super::repository::Repository;
use super::snapshot::{folder_of, is_yaml};
use super::trees::{DEPTH_LIMIT, ENTRY_LIMIT};
use crate::diagnostic::Finding;
use crate::names::{CommitId, RepoPath};

/// Why the agent stays on the last good commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frozen {
    /// The head does not descend from the last good commit. Left by a head that does, or by
    /// an allowance.
    Rewritten {
        /// The last good commit.
        from: CommitId,
        /// The head.
        to: CommitId,
    },
    /// The fabric's folder is not in the head. Left by a head that has it, or by an
    /// allowance.
    PathVanished {
        /// The folder.
        path: RepoPath,
        /// The head.
        at: CommitId,
    },
    /// There is no YAML file below the fabric's folder. Left by a head that has one, or by
    /// an allowance.
    Empty {
        /// The folder; none for the root.
        path: Option<RepoPath>,
        /// The head.
        at: CommitId,
    },
}

impl Frozen {
    /// What a commit must allow so that this one is followed.
    pub fn allowance(&self) -> Allowance {
        match self {
            Self::Rewritten { .. } => Allowance::RewrittenHistory,
            Self::PathVanished { .. } | Self::Empty { .. } => Allowance::Empty,
        }
    }

    /// A short stable name for machines and searches.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rewritten { .. } => "history-rewritten",
            Self::PathVanished { .. } => "path-vanished",
            Self::Empty { .. } => "intent-empty",
        }
    }

    /// As a finding with the way out as its hint.
    pub fn finding(&self) -> Finding {
        let mend = match self {
            Self::Rewritten { from, .. } => {
                format!("restore the branch so that it contains {}; ", from.short())
            }
            Self::PathVanished { .. } | Self::Empty { .. } => "bring the files back; ".to_owned(),
        };
        Finding::error_nowhere(self.code(), self.to_string()).hint(mend + &self.allowance().hint())
    }
}

impl fmt::Display for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rewritten { from, to } => write!(
                f,
                "the history was rewritten: commit {} does not descend from {}, the last good one",
                to.short(),
                from.short()
            ),
            Self::PathVanished { path, at } => {
                write!(f, "the fabric's folder `{path}` is not in commit {}", at.short())
            }
            Self::Empty { path: Some(path), at } => {
                write!(f, "commit {} holds no YAML file below `{path}`", at.short())
            }
            Self::Empty { path: None, at } => write!(f, "commit {} holds no YAML file", at.short()),
        }
    }
}

/// What the brakes found at one head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brakes {
    /// What stops the agent; empty when the head may be followed.
    pub frozen: Vec<Frozen>,
    /// What would have stopped it, had the head commit not allowed it.
    pub allowed: Vec<Frozen>,
    /// All that the head commit allows, for the stages after this one.
    pub allowances: Allowances,
}

/// Judges a head. `last_good` is the last commit that was compiled and planned without an
/// error, none on the first run; `path` is the fabric's folder.
///
/// Only the head commit's trailers count, so an allowance is used up by the next commit.
pub fn judge(
    repository: &Repository,
    last_good: Option<&CommitId>,
    head: &CommitId,
    path: Option<&RepoPath>,
) -> Result<Brakes, GitError> {
    let mut found = Vec::new();
    if let Some(from) = last_good
        // a last good commit that is not here at all was cut off before this copy was made
        && !(repository.holds(from) && repository.is_ancestor(from, head)?)
    {
        found.push(Frozen::Rewritten { from: from.clone(), to: head.clone() });
    }
    match folder_of(repository, &repository.gix(), head, path) {
        Ok(tree) if holds_yaml(&tree, 0, &mut 0) => {}
        Ok(_) => found.push(Frozen::Empty { path: path.cloned(), at: head.clone() }),
        Err(GitError::PathMissing { path, at, .. }) => found.push(Frozen::PathVanished { path, at }),
        Err(error) => return Err(error),
    }
    let allowances = repository.commit(head)?.message.allowances();
    let (allowed, frozen) = found.into_iter().partition(|reason| allowances.contains(reason.allowance()));
    Ok(Brakes { frozen, allowed, allowances })
}

/// Whether there is a YAML file in the folder or below it; stops at the first. Folders that
/// cannot be read, and more entries than a snapshot takes (`met` counts them), are left for
/// the snapshot to complain about.
fn holds_yaml(tree: &gix::Tree<'_>, depth: usize, met: &mut usize) -> bool {
    let entries = || tree.iter().flatten().filter(|entry| !entry.filename().starts_with(b"."));
    let is_yaml_file = |entry: &gix::object::tree::EntryRef<'_, '_>| {
        entry.mode().is_blob() && is_yaml(&entry.filename().to_string())
    };
    *met += tree.iter().count();
    entries().any(|entry| is_yaml_file(&entry))
        || *met > ENTRY_LIMIT
        || depth < DEPTH_LIMIT
            && entries().filter(|entry| entry.mode().is_tree()).any(|entry| {
                let folder = entry.object().map(gix::Object::into_tree);
                folder.is_ok_and(|folder| holds_yaml(&folder, depth + 1, met))
            })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::TestRepo;

    fn codes(reasons: &[Frozen]) -> Vec<&'static str> {
        reasons.iter().map(Frozen::code).collect()
    }

    #[test]
    fn each_brake_holds_until_the_head_commit_allows_it_and_only_once() {
        let repo = TestRepo::new();
        let intent = || repo.write("site/a.yaml", "1").write("notes/b.txt", "1");
        intent();
        let good = repo.commit("good");
        let next = repo.write("site/a.yaml", "2").commit("next");
        repo.git(&["checkout", "-q", "--orphan", "other"]);
        let rewritten = repo.commit("rewritten");
        let allowed = repo.commit("again\n\nGitfabric-Allow: rewritten-history\n");
        repo.git(&["checkout", "-q", "main"]);
        repo.git(&["mv", "site/a.yaml", "site/a.txt"]);
        let empty = repo.commit("empty");
        let empty_allowed = repo.commit("really\n\nGitfabric-Allow: empty, deletions\n");
        repo.git(&["rm", "-rq", "site"]);
        let vanished = repo.commit("gone");
        let vanished_allowed = repo.commit("really\n\nGitfabric-Allow: empty\n");
        let absent: CommitId = "1".repeat(40).parse().unwrap();

        let repository = Repository::discover(repo.path()).unwrap();
        let site: RepoPath = "site".parse().unwrap();
        for (case, last_good, head, frozen, allowed) in [
            ("the first run", None, &good, vec![], vec![]),
            ("the same head", Some(&good), &good, vec![], vec![]),
            ("a descendant", Some(&good), &next, vec![], vec![]),
            ("a reset branch", Some(&next), &good, vec!["history-rewritten"], vec![]),
            ("another history", Some(&next), &rewritten, vec!["history-rewritten"], vec![]),
            ("another history, allowed", Some(&next), &allowed, vec![], vec!["history-rewritten"]),
            ("after an allowed one", Some(&allowed), &allowed, vec![], vec![]),
            ("a last good one that is nowhere", Some(&absent), &good, vec!["history-rewritten"], vec![]),
            ("no YAML", Some(&next), &empty, vec!["intent-empty"], vec![]),
            ("no YAML, allowed", Some(&next), &empty_allowed, vec![], vec!["intent-empty"]),
            ("the folder is gone", Some(&next), &vanished, vec!["path-vanished"], vec![]),
            ("the folder is gone, allowed", Some(&next), &vanished_allowed, vec![], vec!["path-vanished"]),
            ("no YAML on the first run", None, &empty, vec!["intent-empty"], vec![]),
            ("two at once", Some(&rewritten), &vanished, vec!["history-rewritten", "path-vanished"], vec![]),
        ] {
            let brakes = judge(&repository, last_good, head, Some(&site)).unwrap();
            assert_eq!(codes(&brakes.frozen), frozen, "{case}");
            assert_eq!(codes(&brakes.allowed), allowed, "{case}");
        }
        let brakes = judge(&repository, Some(&next), &empty_allowed, Some(&site)).unwrap();
        assert!(brakes.allowances.contains(Allowance::Deletions));
    }

    #[test]
    fn hidden_files_and_deep_folders_are_judged_as_the_snapshot_reads_them() {
        let repo = TestRepo::new();
        let hidden = repo.write(".github/ci.yaml", "1").write("a/.b.yaml", "1").commit("hidden");
        let deep = repo.write("a/b/c/d.yml", "1").commit("deep");
        let repository = Repository::discover(repo.path()).unwrap();
        for (commit, expected) in [(hidden, vec!["intent-empty"]), (deep, vec![])] {
            let brakes = judge(&repository, None, &commit, None).unwrap();
            assert_eq!(codes(&brakes.frozen), expected);
        }
    }

    #[test]
    fn a_frozen_agent_says_how_to_go_on() {
        let from: CommitId = "a".repeat(40).parse().unwrap();
        let to: CommitId = "b".repeat(40).parse().unwrap();
        let finding = Frozen::Rewritten { from, to }.finding();
        assert_eq!(
            finding.message,
            "the history was rewritten: commit bbbbbbb does not descend from aaaaaaa, the last good one"
        );
        assert!(
            finding.hint.unwrap().ends_with("whose message ends in `Gitfabric-Allow: rewritten-history`")
        );
    }
}
