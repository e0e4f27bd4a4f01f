//! Where an export is written: a clone on this machine, or a repository reached by URL.
//!
//! Here: [`Target`] (as configured), and [`Place`]: the branch as it stands now, and the two
//! ways of moving it, by push and in the clone. Nothing moves before a push went through.
//! Elsewhere: what is committed (`once`), as a pull request (`proposal`).

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::git::{GitError, Lease, Mirror, Remote, Repository, Snapshot, Way};
use crate::names::{CommitId, RepoPath};

/// When a fetch is given up.
const DEADLINE: Duration = Duration::from_mins(2);

/// The repository, as configured.
#[derive(Clone, Debug)]
pub enum Target {
    /// A clone or a bare repository on this machine.
    Folder {
        /// Its folder.
        folder: PathBuf,
        /// The branch; by default the one that is checked out.
        branch: Option<String>,
        /// Whether its remote is fetched from and pushed to.
        push: bool,
    },
    /// A repository reached by URL: fetched into a cache, and always pushed to.
    Url {
        /// The repository and its branch.
        remote: Box<Remote>,
        /// The folder of the cache, a bare repository.
        cache: PathBuf,
    },
}

/// The other side that is pushed to.
#[derive(Clone, Debug)]
enum Other {
    Remote(Box<Remote>),
    Named { name: String, url: String },
}

/// Where the clone's own branch stands; at nothing before its first commit.
#[derive(Clone, Debug)]
struct Local(Option<CommitId>);

/// The branch as it stands when an export begins.
#[derive(Clone, Debug)]
pub(super) struct Place {
    repository: Repository,
    branch: String,
    /// The commit that the export stands on; none in an empty repository.
    base: Option<CommitId>,
    /// The branch of the clone, which follows after a push; none if there is no clone.
    local: Option<Local>,
    other: Option<Other>,
}

impl Target {
    /// Reads the branch, from the other side if there is one.
    pub(super) fn open(&self) -> anyhow::Result<Place> {
        match self {
            Self::Url { remote, cache } => {
                let mirror = Mirror::open(cache, (**remote).clone())?;
                let base = match mirror.fetch(DEADLINE) {
                    Ok(head) => Some(head.commit),
                    // nobody has pushed anything yet: the first export will
                    Err(GitError::BranchMissing { found, .. }) if found.is_empty() => None,
                    Err(error) => return Err(error.into()),
                };
                let (repository, branch) = (mirror.repository()?, remote.branch().to_owned());
                Ok(Place {
                    repository,
                    branch,
                    base,
                    local: None,
                    other: Some(Other::Remote(remote.clone())),
                })
            }
            Self::Folder { folder, branch, push } => {
                let repository = Repository::discover(folder)?;
                let Some(branch) = branch.clone().or_else(|| repository.head_branch()) else {
                    bail!("{}: no branch is checked out; name one with --branch", repository.name())
                };
                let local = repository.branch(&branch)?;
                if !push {
                    refuse_unknown(&repository, &branch, local.as_ref())?;
                    return Ok(Place {
                        repository,
                        branch,
                        base: local.clone(),
                        local: Some(Local(local)),
                        other: None,
                    });
                }
                let Some((name, url)) = repository.remote_of(&branch) else {
                    bail!(
                        "{} has no remote that could be pushed to; add one, or leave --push out",
                        repository.name()
                    )
                };
                let base = repository.fetch_branch(Way::Named(&name), &branch)?;
                refuse_unknown(&repository, &branch, local.as_ref().or(base.as_ref()))?;
                if let Some(local) = &local {
                    let is_in = |base: &CommitId| repository.is_ancestor(local, base);
                    if !base.as_ref().map(is_in).transpose()?.unwrap_or(false) {
                        bail!(
                            "{}: branch `{branch}` holds commits that {name} does not have; push them, or set \
                             the branch back",
                            repository.name()
                        );
                    }
                }
                let other = Some(Other::Named { name, url });
                Ok(Place { repository, branch, base, local: Some(Local(local)), other })
            }
        }
    }
}

/// A branch is made by the first export into an empty repository only: elsewhere its name is
/// mistyped, and a second history would begin beside the first.
fn refuse_unknown(repository: &Repository, branch: &str, tip: Option<&CommitId>) -> anyhow::Result<()> {
    match repository.head_branch() {
        Some(head) if tip.is_none() && repository.branch(&head)?.is_some() => bail!(
            "{} has no branch `{branch}` (it is at `{head}`); make it first: git branch {branch}",
            repository.name()
        ),
        _ => Ok(()),
    }
}

impl Place {
    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    pub(super) fn branch(&self) -> &str {
        &self.branch
    }

    pub(super) fn base(&self) -> Option<&CommitId> {
        self.base.as_ref()
    }

    /// The other side's URL without credentials, if there is one.
    pub(super) fn url(&self) -> Option<&str> {
        Some(match self.other.as_ref()? {
            Other::Remote(remote) => remote.url(),
            Other::Named { url, .. } => url,
        })
    }

    /// What messages call it: the URL, or the folder.
    pub(super) fn shown(&self) -> &str {
        self.url().unwrap_or_else(|| self.repository.name())
    }

    pub(super) fn way(&self) -> Option<Way<'_>> {
        Some(match self.other.as_ref()? {
            Other::Remote(remote) => Way::Remote(remote),
            Other::Named { name, .. } => Way::Named(name),
        })
    }

    /// The files of the base below a folder; none of a folder that is not there yet.
    pub(super) fn files(&self, folder: Option<&RepoPath>) -> anyhow::Result<Snapshot> {
        let Some(base) = &self.base else { return Ok(Snapshot::nothing(folder)) };
        match Snapshot::of_commit(&self.repository, base, folder) {
            Ok(snapshot) => Ok(snapshot),
            Err(GitError::PathMissing { .. }) => Ok(Snapshot::nothing(folder)),
            Err(error) => Err(error.into()),
        }
    }

    /// A note on a file of the work tree that is not as the branch has it: what is not committed
    /// does not count.
    pub(super) fn uncommitted(
        &self,
        root: Option<&RepoPath>,
        file: &RepoPath,
        head: &Snapshot,
    ) -> Option<String> {
        let worktree = self.repository.worktree()?;
        self.local.as_ref()?;
        if self.repository.head_branch().as_deref() != Some(self.branch.as_str()) {
            return None;
        }
        let folder = root.map_or_else(|| worktree.clone(), |root| worktree.join(root.as_str()));
        let written = std::fs::read(folder.join(file.as_str())).ok();
        // a checkout may write other line ends than the commit has
        let same = |written: &[u8], committed: &[u8]| {
            let lines =
                |bytes: &[u8]| bytes.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<_>>();
            lines(written) == lines(committed)
        };
        let what = match (written, head.get(file)) {
            (Some(written), Some(committed)) if same(&written, &committed.bytes) => return None,
            (None, None) => return None,
            (Some(_), Some(_)) => "has changes that are not committed, and the commit's counts",
            (Some(_), None) => "is not committed, and does not count",
            (None, Some(_)) => "was taken away without a commit, and still counts",
        };
        Some(format!("{} {what} (--mapping tries a file)", folder.join(file.as_str()).display()))
    }

    /// Moves the branch to a commit that stands on the base: on the other side first, then
    /// in the clone. [`GitError::Outrun`] or [`GitError::NotAFastForward`] if somebody else
    /// was faster: then nothing has moved.
    pub(super) fn advance(&self, commit: &CommitId) -> anyhow::Result<Advanced> {
        let mut advanced = Advanced { pushed: false, stayed: None };
        if let Some(way) = self.way() {
            self.repository.push(way, commit, &self.branch, Lease::Exactly(self.base.as_ref()))?;
            advanced.pushed = true;
        }
        if let Some(Local(local)) = &self.local {
            let moved = self
                .repository
                .move_branch(&self.branch, local.as_ref(), commit)
                .with_context(|| format!("cannot move branch {} of {}", self.branch, self.repository.name()));
            match moved {
                Ok(()) => {}
                Err(error) if advanced.pushed => advanced.stayed = Some(format!("{error:#}")),
                Err(error) => return Err(error),
            }
        }
        Ok(advanced)
    }
}

/// How far a branch was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Advanced {
    /// Whether the other side has the commit.
    pub(super) pushed: bool,
    /// Why the clone's own branch did not follow a push; it can be pulled later.
    pub(super) stayed: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Draft;
    use crate::git::write::{Author, Edits, commit_files, init_with};

    fn author() -> Author {
        let when = jiff::Timestamp::from_second(1_700_000_000).unwrap();
        Author { name: "Export".into(), email: "export@example.net".into(), when }
    }

    fn edits(text: &str) -> Edits {
        Edits::from([("a.yaml".parse().unwrap(), Some(text.as_bytes().to_vec()))])
    }

    fn next(place: &Place, text: &str) -> CommitId {
        let (files, author) = (edits(text), author());
        let (author, committer) = (&author, &author);
        let draft = Draft { parent: place.base(), files: &files, message: "x\n", author, committer };
        place.repository().draft(&draft).unwrap().unwrap()
    }

    fn url(served: &std::path::Path, cache: &std::path::Path) -> Target {
        let remote = Remote::new(served.to_str().unwrap(), "main").unwrap();
        Target::Url { remote: Box::new(remote), cache: cache.to_owned() }
    }

    #[test]
    fn a_repository_by_url_is_fetched_and_pushed_to_from_its_first_commit_on() {
        let root = tempfile::tempdir().unwrap();
        let (served, cache) = (root.path().join("served"), root.path().join("cache"));
        crate::git::write::init(&served, "main").unwrap();
        let target = url(&served, &cache);
        let place = target.open().unwrap();
        assert_eq!(place.base(), None);
        assert!(place.files(None).unwrap().is_empty());
        let first = next(&place, "1");
        assert!(place.advance(&first).unwrap().pushed);
        let place = target.open().unwrap();
        assert_eq!(place.base(), Some(&first));
        assert!(place.files(Some(&"not/there".parse().unwrap())).unwrap().is_empty());
        let theirs = commit_files(&served, "main", &edits("theirs"), "y", &author(), None).unwrap().unwrap();
        let error = place.advance(&next(&place, "2")).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(GitError::Outrun { .. })), "{error:#}");
        assert_eq!(target.open().unwrap().base(), Some(&theirs));
    }

    #[test]
    fn a_folder_is_committed_to_and_pushed_only_on_demand() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("bare");
        let first = init_with(&folder, "main", &edits("1"), "one", &author()).unwrap();
        let target = |push| Target::Folder { folder: folder.clone(), branch: Some("main".into()), push };
        let place = target(false).open().unwrap();
        assert_eq!((place.base(), place.url()), (Some(&first), None));
        let second = next(&place, "2");
        assert_eq!(place.advance(&second).unwrap(), Advanced { pushed: false, stayed: None });
        assert_eq!(target(false).open().unwrap().base(), Some(&second));
        let mistyped = Target::Folder { folder: folder.clone(), branch: Some("mian".into()), push: false };
        let error = mistyped.open().unwrap_err().to_string();
        assert!(error.contains("has no branch `mian` (it is at `main`)"), "{error}");
        let error = target(true).open().unwrap_err().to_string();
        assert!(error.contains("no remote that could be pushed to"), "{error}");
    }
}
