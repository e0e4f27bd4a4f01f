//! Wakes when somebody pushes to a repository on this machine.
//!
//! Here: [`Watch`]. A wake carries nothing: who is woken looks at the branch, and a wake too
//! many costs one look. Elsewhere: repositories elsewhere are polled (`poll`); webhooks.

use std::path::{Path, PathBuf};

use notify::{EventKind, RecursiveMode, Watcher};

use super::error::{Cause, GitError};
use super::repository::Repository;

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watch {
    _watcher: notify::RecommendedWatcher,
}

impl Watch {
    /// Calls `wake` (on a thread of the watcher) after each change of a branch of the
    /// repository in this folder, bare or not, with loose, packed or reftable references.
    pub fn start(folder: &Path, wake: impl Fn() + Send + 'static) -> Result<Self, GitError> {
        let common = Repository::open(folder)?.common_dir();
        let failed = |path: &Path, cause: notify::Error| GitError::Watch {
            path: path.to_owned(),
            cause: Cause::new(cause),
        };
        let handler = move |event: notify::Result<notify::Event>| match event {
            // an error may have swallowed events: look
            Err(_) => wake(),
            Ok(event) if concerns_a_branch(&event) => wake(),
            Ok(_) => {}
        };
        let mut watcher = notify::recommended_watcher(handler).map_err(|cause| failed(&common, cause))?;
        for (path, mode) in watched(&common) {
            watcher.watch(&path, mode).map_err(|cause| failed(&path, cause))?;
        }
        Ok(Self { _watcher: watcher })
    }
}

/// The folder itself holds `packed-refs`; objects below it, which change most, are left out.
fn watched(common: &Path) -> Vec<(PathBuf, RecursiveMode)> {
    let mut paths = vec![(common.to_owned(), RecursiveMode::NonRecursive)];
    for folder in ["refs", "reftable"].map(|name| common.join(name)) {
        if folder.is_dir() {
            paths.push((folder, RecursiveMode::Recursive));
        }
    }
    paths
}

/// Reading is not a change, and of each lock file the renaming tells.
fn concerns_a_branch(event: &notify::Event) -> bool {
    let is_reference = |path: &PathBuf| {
        let in_references =
            path.components().any(|part| part.as_os_str() == "refs" || part.as_os_str() == "reftable");
        let is_reference = in_references || path.ends_with("packed-refs") || path.ends_with("HEAD");
        is_reference && path.extension().is_none_or(|extension| extension != "lock")
    };
    event.need_rescan() || !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(is_reference)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::git::fixture::TestRepo;

    const LONG: Duration = Duration::from_secs(90);

    /// Watches a repository; the channel gets one message a wake.
    fn watch(repo: &TestRepo) -> (Watch, mpsc::Receiver<()>) {
        let (send, woken) = mpsc::channel();
        let watch = Watch::start(repo.path(), move || send.send(()).unwrap_or_default()).unwrap();
        (watch, woken)
    }

    #[test]
    fn a_push_into_a_bare_repository_wakes() {
        let repo = TestRepo::new();
        repo.write("a", "1").commit("one");
        let bare = repo.bare_clone();
        let (_watch, woken) = watch(&bare);
        repo.write("a", "2").commit("two");
        repo.git(&["push", "-q", "origin", "main"]);
        woken.recv_timeout(LONG).expect("a push wakes");
    }

    #[test]
    fn a_push_over_packed_references_and_into_a_nested_branch_wakes() {
        let repo = TestRepo::new();
        repo.write("a", "1").commit("one");
        let bare = repo.bare_clone();
        bare.git(&["pack-refs", "--all"]);
        let (_watch, woken) = watch(&bare);
        repo.git(&["push", "-q", "origin", "main:team/new"]);
        woken.recv_timeout(LONG).expect("a new branch wakes");
    }

    #[test]
    fn a_commit_in_a_repository_with_files_wakes() {
        let repo = TestRepo::new();
        repo.write("a", "1").commit("one");
        let (_watch, woken) = watch(&repo);
        repo.write("a", "2").commit("two");
        woken.recv_timeout(LONG).expect("a commit wakes");
    }

    #[test]
    fn a_push_into_a_reftable_wakes() {
        let repo = TestRepo::new();
        repo.write("a", "1").commit("one");
        let bare = TestRepo::empty_folder();
        bare.git(&["init", "-q", "--bare", "-b", "main", "--ref-format=reftable"]);
        let (_watch, woken) = watch(&bare);
        repo.git(&["push", "-q", &bare.url(), "main"]);
        woken.recv_timeout(LONG).expect("a push wakes");
    }

    #[test]
    fn reading_and_unpacking_objects_do_not_wake() {
        use notify::event::{AccessKind, CreateKind, ModifyKind, RenameMode};
        let create = EventKind::Create(CreateKind::File);
        let rename = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        for (case, kind, path, expected) in [
            ("a renamed lock", rename, "/r/refs/heads/main", true),
            ("a lock", create, "/r/refs/heads/main.lock", false),
            ("packed", rename, "/r/packed-refs", true),
            ("another branch checked out", rename, "/r/HEAD", true),
            ("a table", create, "/r/reftable/0x1.ref", true),
            ("a read", EventKind::Access(AccessKind::Read), "/r/refs/heads/main", false),
            ("an object", create, "/r/objects/ab", false),
            ("a quarantine", create, "/r/objects/tmp_objdir-incoming-x", false),
        ] {
            let event = notify::Event::new(kind).add_path(path.into());
            assert_eq!(concerns_a_branch(&event), expected, "{case}");
        }
    }
}
