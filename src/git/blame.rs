//! Which commit brought a line.
//!
//! Here: [`Repository::blame`], for some lines of one file as a commit has it, renames
//! followed. The work is bounded by a deadline: a history may be long, and whoever asks shows
//! the lines without their commits then. Elsewhere: what a commit says (`history`), what a
//! line asks for (`intent`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use gix::bstr::BStr;

use super::error::GitError;
use super::repository::{Repository, commit_id, object_id};
use crate::names::{CommitId, RepoPath};

impl Repository {
    /// The commits that brought lines (from 1) of a file, as `commit` has it; `file` counts
    /// from the root of the repository. A line that the file does not have is left out, and so
    /// are all where the history was not gone through within `deadline`: the thread that looks
    /// is then left to its end, which it has no way to hurry.
    pub fn blame(
        &self,
        commit: &CommitId,
        file: &RepoPath,
        lines: &BTreeSet<u32>,
        deadline: Duration,
    ) -> Result<BTreeMap<u32, CommitId>, GitError> {
        let lines: BTreeSet<u32> = lines.iter().copied().filter(|line| *line > 0).collect();
        if lines.is_empty() || deadline.is_zero() {
            return Ok(BTreeMap::new());
        }
        let (answer, answers) = sync_channel(1);
        let (repository, commit, file) = (self.clone(), commit.clone(), file.clone());
        // the receiver may have given up
        std::thread::spawn(move || drop(answer.send(repository.blame_whole(&commit, &file, &lines))));
        match answers.recv_timeout(deadline) {
            Ok(found) => found,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Ok(BTreeMap::new()),
        }
    }

    fn blame_whole(
        &self,
        commit: &CommitId,
        file: &RepoPath,
        lines: &BTreeSet<u32>,
    ) -> Result<BTreeMap<u32, CommitId>, GitError> {
        let doing = || format!("find who wrote lines of {file}");
        self.in_gix(doing, |gix| {
            let ranges = lines.iter().map(|line| *line..=*line).collect();
            let options = gix::repository::blame_file::Options {
                ranges: gix::blame::BlameRanges::from_one_based_inclusive_ranges(ranges)?,
                rewrites: Some(gix::diff::Rewrites { limit: RENAMES, ..gix::diff::Rewrites::default() }),
                ..gix::repository::blame_file::Options::default()
            };
            let path: &BStr = file.as_str().into();
            let outcome = gix.blame_file(path, object_id(commit), options)?;
            let mut found = BTreeMap::new();
            for entry in outcome.entries {
                // tokens count from 0, lines from 1
                for token in entry.range_in_blamed_file() {
                    let line = u32::try_from(token + 1).unwrap_or(u32::MAX);
                    if lines.contains(&line) {
                        found.insert(line, commit_id(entry.commit_id));
                    }
                }
            }
            Ok(found)
        })
    }
}

/// Files of one commit that are compared with each other for having been renamed.
const RENAMES: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::TestRepo;

    const PATIENT: Duration = Duration::from_mins(1);

    fn blamed(repo: &TestRepo, file: &str, lines: &[u32]) -> Vec<(u32, String)> {
        let repository = Repository::open(repo.path()).unwrap();
        let lines = lines.iter().copied().collect();
        let found = repository.blame(&repo.head(), &file.parse().unwrap(), &lines, PATIENT).unwrap();
        let subject = |id: &CommitId| repository.commit(id).unwrap().message.subject;
        found.iter().map(|(line, id)| (*line, subject(id))).collect()
    }

    fn said(found: &[(u32, &str)]) -> Vec<(u32, String)> {
        found.iter().map(|(line, subject)| (*line, (*subject).to_owned())).collect()
    }

    #[test]
    fn a_line_belongs_to_the_commit_that_brought_it() {
        let repo = TestRepo::new();
        repo.write("vlans/40.yaml", "name: a\nvni: 1\nat: [x]\n").commit("first");
        repo.write("vlans/40.yaml", "name: b\nvni: 1\nat: [x]\n").commit("second");
        repo.write("other", "1").commit("elsewhere");
        repo.write("vlans/40.yaml", "# a comment\nname: b\nvni: 2\nat: [x]\n").commit("third");
        let all = blamed(&repo, "vlans/40.yaml", &[1, 2, 3, 4]);
        assert_eq!(all, said(&[(1, "third"), (2, "second"), (3, "third"), (4, "first")]));
        assert_eq!(blamed(&repo, "vlans/40.yaml", &[2]), said(&[(2, "second")]));
        assert_eq!(blamed(&repo, "vlans/40.yaml", &[0, 99]), []);
        assert_eq!(blamed(&repo, "vlans/40.yaml", &[]), []);
    }

    #[test]
    fn merges_and_renames_are_looked_through() {
        let repo = TestRepo::new();
        let text = |name: &str, mtu: u32| format!("name: {name}\nvni: 1\nmtu: {mtu}\nat: [x]\n# the end\n");
        repo.write("vlans/40.yaml", &text("a", 1500)).commit("first");
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.write("vlans/40.yaml", &text("a", 9000)).commit("on the side");
        repo.git(&["checkout", "-q", "main"]);
        repo.write("x", "1").commit("meanwhile");
        repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
        repo.git(&["mv", "vlans/40.yaml", "vlans/41.yaml"]);
        repo.commit("moved");
        assert_eq!(blamed(&repo, "vlans/41.yaml", &[1, 3]), said(&[(1, "first"), (3, "on the side")]));
    }

    #[test]
    fn a_bare_repository_and_a_folder_are_no_other_case_and_a_file_that_is_not_there_is_an_error() {
        let repo = TestRepo::new();
        let first = repo.write("sites/a/fabric.yaml", "a: 1\r\nb: 2\r\n").commit("first");
        let bare = repo.bare_clone();
        assert_eq!(blamed(&bare, "sites/a/fabric.yaml", &[2]), said(&[(2, "first")]));
        let repository = Repository::open(bare.path()).unwrap();
        let absent = "sites/b.yaml".parse().unwrap();
        let error = repository.blame(&first, &absent, &BTreeSet::from([1]), PATIENT).unwrap_err();
        assert!(error.to_string().contains("find who wrote lines of sites/b.yaml"), "{error}");
    }
}
