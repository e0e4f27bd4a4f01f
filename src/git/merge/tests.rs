//! Merges held against the `git` program's: chosen cases, and random histories.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::git::fixture::TestRepo;

/// What `git` makes of it: the tree, or that there are conflicts.
fn by_git(repo: &TestRepo, base: &str, head: &str) -> Result<String, String> {
    by_git_that_guesses(repo, base, head, "false")
}

/// The same by a `git` that guesses from renamed files that their folder moved. Without being
/// told it does, and asks a person about files that are new there: `conflict`.
fn by_git_that_guesses(repo: &TestRepo, base: &str, head: &str, guess: &str) -> Result<String, String> {
    let guess = ["-c", &format!("merge.directoryRenames={guess}")];
    let merge = ["merge-tree", "--write-tree", base, head];
    let output = repo.git_output(&[&guess[..], &merge[..]].concat(), "");
    let text = String::from_utf8(output.stdout).unwrap();
    match output.status.code() {
        Some(0) => Ok(text.trim_end().to_owned()),
        Some(1) => Err(text),
        _ => panic!("{}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// The same by us: the tree, or the paths.
fn by_us(repo: &TestRepo, base: &str, head: &str) -> Result<String, Vec<String>> {
    let repository = Repository::discover(repo.path()).unwrap();
    let commit = |name: &str| repository.resolve(name).unwrap();
    match repository.merge(&commit(base), &commit(head), None).unwrap() {
        Merge::Clean(snapshot) => {
            assert_eq!(snapshot.commit(), None);
            Ok(snapshot.tree.unwrap().to_string())
        }
        Merge::Conflict(paths) => Err(paths),
        Merge::Nothing => Ok(repo.git(&["rev-parse", &format!("{base}^{{tree}}")])),
    }
}

/// A file of 24 lines, some of them others.
fn lines(changed: &[usize]) -> String {
    let line = |number: usize| {
        let text = if changed.contains(&number) { "another line" } else { "a line of the file" };
        format!("{text}, {number}\n")
    };
    (0..24).map(line).collect()
}

/// `main` and `head`, from a commit with `a.yaml`, `b.yaml` and `dir/c.yaml`.
fn forked(main: impl Fn(&TestRepo), head: impl Fn(&TestRepo)) -> TestRepo {
    let repo = TestRepo::new();
    repo.write("a.yaml", &lines(&[])).write("b.yaml", "b\n").write("dir/c.yaml", &lines(&[5])).commit("one");
    repo.git(&["checkout", "-q", "-b", "head"]);
    head(&repo);
    repo.commit("head");
    repo.git(&["checkout", "-q", "main"]);
    main(&repo);
    repo.commit("main");
    repo
}

fn remove(repo: &TestRepo, path: &str) {
    std::fs::remove_file(repo.path().join(path)).unwrap();
}

#[expect(clippy::too_many_lines, reason = "one table")]
#[test]
fn what_git_merges_is_merged_and_what_it_does_not_is_named() {
    type Side = fn(&TestRepo);
    type Case = (&'static str, Side, Side, Result<(), &'static [&'static str]>);
    let cases: [Case; 15] = [
        (
            "two places of a file",
            |main| {
                main.write("a.yaml", &lines(&[1]));
            },
            |head| {
                head.write("a.yaml", &lines(&[20]));
            },
            Ok(()),
        ),
        (
            "one place of a file",
            |main| {
                main.write("a.yaml", "main\n");
            },
            |head| {
                head.write("a.yaml", "head\n");
            },
            Err(&["a.yaml"]),
        ),
        (
            "two files at once, in a folder too",
            |main| {
                main.write("a.yaml", "main\n").write("dir/c.yaml", "main\n");
            },
            |head| {
                head.write("a.yaml", "head\n").write("dir/c.yaml", "head\n");
            },
            Err(&["a.yaml", "dir/c.yaml"]),
        ),
        (
            "the same on both sides",
            |main| {
                main.write("a.yaml", "same\n");
            },
            |head| {
                head.write("a.yaml", "same\n");
            },
            Ok(()),
        ),
        (
            "renamed here, edited there",
            |main| main.git(&["mv", "a.yaml", "z.yaml"]).clear(),
            |head| {
                head.write("a.yaml", &lines(&[3]));
            },
            Ok(()),
        ),
        (
            "edited here, renamed and edited there",
            |main| {
                main.write("a.yaml", &lines(&[3]));
            },
            |head| {
                head.git(&["mv", "a.yaml", "z.yaml"]);
                head.write("z.yaml", &lines(&[20]));
            },
            Ok(()),
        ),
        (
            "the same edit on both sides, renamed here too",
            |main| {
                main.git(&["mv", "a.yaml", "z.yaml"]);
                main.write("z.yaml", &lines(&[3]));
            },
            |head| {
                head.write("a.yaml", &lines(&[3]));
            },
            Ok(()),
        ),
        (
            "gone here, edited there",
            |main| remove(main, "a.yaml"),
            |head| {
                head.write("a.yaml", &lines(&[3]));
            },
            Err(&["a.yaml"]),
        ),
        (
            "new on both sides",
            |main| {
                main.write("n.yaml", "main\n");
            },
            |head| {
                head.write("n.yaml", "head\n");
            },
            Err(&["n.yaml"]),
        ),
        (
            "a file here, a folder there",
            |main| {
                main.write("n", "main\n");
            },
            |head| {
                head.write("n/x.yaml", "head\n");
            },
            Err(&["n", "n/x.yaml"]),
        ),
        (
            "a folder here, a file there that was renamed",
            |main| {
                main.write("n/x.yaml", "main\n");
            },
            |head| head.git(&["mv", "b.yaml", "n"]).clear(),
            Err(&["n", "n/x.yaml"]),
        ),
        (
            "a file here that was renamed, in place of a folder that is larger there",
            |main| {
                main.git(&["rm", "-q", "dir/c.yaml"]);
                main.git(&["mv", "b.yaml", "dir"]);
            },
            |head| {
                head.write("dir/x/y.yaml", "head\n");
            },
            Err(&["dir", "dir/x/y.yaml"]),
        ),
        (
            "a folder that moved here as a whole, a new file in it there",
            |main| main.git(&["mv", "dir", "moved"]).clear(),
            |head| {
                head.write("dir/d.yaml", "head\n");
            },
            Err(&["dir/d.yaml"]),
        ),
        (
            "a folder that moved here as a whole, a file of it edited there",
            |main| main.git(&["mv", "dir", "moved"]).clear(),
            |head| {
                head.write("dir/c.yaml", &lines(&[3]));
            },
            Ok(()),
        ),
        (
            "an attribute that would hide the conflict",
            |main| {
                main.write(".gitattributes", "*.yaml merge=union\n").write("a.yaml", "main\n");
            },
            |head| {
                head.write("a.yaml", "head\n");
            },
            Err(&["a.yaml"]),
        ),
    ];
    for (case, main, head, expected) in cases {
        let repo = forked(main, head);
        let ours = by_us(&repo, "main", "head");
        match expected {
            Ok(()) => assert_eq!(ours.unwrap(), by_git(&repo, "main", "head").unwrap(), "{case}"),
            Err(paths) => assert_eq!(ours.unwrap_err(), paths, "{case}"),
        }
    }
}

#[test]
fn a_head_that_is_in_the_base_changes_nothing_and_one_that_only_adds_is_the_result() {
    let repo = TestRepo::new();
    let one = repo.write("a.yaml", "1").commit("one");
    let two = repo.write("a.yaml", "2").commit("two");
    let repository = Repository::discover(repo.path()).unwrap();
    for (base, head) in [(&two, &two), (&two, &one)] {
        assert_eq!(repository.merge(base, head, None).unwrap(), Merge::Nothing);
    }
    let Merge::Clean(ahead) = repository.merge(&one, &two, None).unwrap() else { panic!("it adds") };
    assert_eq!(ahead, Snapshot::of_commit(&repository, &two, None).unwrap());
    assert_eq!(ahead.commit(), None, "it is no commit of the branch yet");
}

#[test]
fn a_merge_reads_what_differs_and_shares_the_rest() {
    let repo = forked(
        |main| {
            main.write("a.yaml", &lines(&[1]));
        },
        |head| {
            head.write("a.yaml", &lines(&[20]));
        },
    );
    let repository = Repository::discover(repo.path()).unwrap();
    let base = Snapshot::of_commit(&repository, &repository.resolve("main").unwrap(), None).unwrap();
    let head = repository.resolve("head").unwrap();
    let Merge::Clean(merged) = base.merge(&repository, &head).unwrap() else { panic!("no conflict") };
    let file = |snapshot: &Snapshot, path: &str| snapshot.get(&path.parse().unwrap()).unwrap().clone();
    assert_eq!(&*file(&merged, "a.yaml").bytes, lines(&[1, 20]).as_bytes());
    let shared = |path: &str| std::sync::Arc::ptr_eq(&file(&merged, path).bytes, &file(&base, path).bytes);
    assert!(shared("b.yaml") && shared("dir/c.yaml") && !shared("a.yaml"));
    // the next step begins at a tree that no repository has
    let next = merged.advance(&repository, &head).unwrap();
    assert_eq!(next, Snapshot::of_commit(&repository, &head, None).unwrap());
}

#[test]
fn a_conflict_anywhere_counts_and_the_files_are_those_of_the_folder() {
    let repo = forked(
        |main| {
            main.write("dir/main.yaml", "m\n");
        },
        |head| {
            head.write("dir/head.yaml", "h\n").write("elsewhere.yaml", "e\n");
        },
    );
    let repository = Repository::discover(repo.path()).unwrap();
    let commit = |name: &str| repository.resolve(name).unwrap();
    let folder = "dir".parse().unwrap();
    let merge = |head: &str| repository.merge(&commit("main"), &commit(head), Some(&folder));
    let Merge::Clean(merged) = merge("head").unwrap() else { panic!("no conflict") };
    let paths: Vec<String> = merged.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(paths, ["c.yaml", "head.yaml", "main.yaml"]);

    repo.git(&["checkout", "-q", "head"]);
    repo.write("a.yaml", "head\n").commit("head again");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("a.yaml", "main\n").commit("main again");
    assert_eq!(merge("head").unwrap(), Merge::Conflict(vec!["a.yaml".to_owned()]));

    repo.git(&["checkout", "-q", "-b", "gone", "main"]);
    repo.git(&["rm", "-q", "-r", "dir"]);
    repo.commit("without the folder");
    assert!(matches!(merge("gone").unwrap_err(), GitError::PathMissing { .. }));
}

#[test]
fn histories_that_crossed_are_merged_from_what_both_hold() {
    let repo = forked(
        |main| {
            main.write("a.yaml", &lines(&[1]));
        },
        |head| {
            head.write("a.yaml", &lines(&[20]));
        },
    );
    // each takes the other in at once: two commits that both sides started from
    repo.git(&["branch", "old-main", "main"]);
    repo.git(&["merge", "-q", "--no-edit", "head"]);
    repo.git(&["checkout", "-q", "head"]);
    repo.git(&["merge", "-q", "--no-edit", "old-main"]);
    repo.write("a.yaml", &lines(&[1, 10, 20])).commit("head goes on");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("b.yaml", "another\n").commit("main goes on");
    assert_eq!(repo.git(&["merge-base", "--all", "main", "head"]).lines().count(), 2);
    assert_eq!(by_us(&repo, "main", "head").unwrap(), by_git(&repo, "main", "head").unwrap());
}

#[test]
fn histories_without_a_common_commit_are_not_merged() {
    let repo = forked(|_| (), |_| ());
    repo.git(&["checkout", "-q", "--orphan", "other"]);
    let other = repo.commit("from nowhere");
    let repository = Repository::discover(repo.path()).unwrap();
    let main = repository.resolve("main").unwrap();
    let error = repository.merge(&main, &other, None).unwrap_err();
    assert!(error.to_string().ends_with("the two have no commit in common"), "{error}");

    let shallow = TestRepo::empty_folder();
    let url = format!("file://{}", repo.url());
    shallow.git(&["clone", "-q", "--depth", "1", "--no-single-branch", &url, "."]);
    let repository = Repository::discover(shallow.path()).unwrap();
    let head = repository.resolve("origin/head").unwrap();
    let error = repository.merge(&main, &head, None).unwrap_err();
    assert!(matches!(error, GitError::Shallow { .. }), "{error}");

    let absent = "1".repeat(40).parse().unwrap();
    assert!(matches!(repository.merge(&main, &absent, None), Err(GitError::Local { .. })));
}

/// A commit on `main` with a tree of 1,000 to the power of 5 names.
fn bomb(repo: &TestRepo) -> CommitId {
    let blob = repo.git(&["rev-parse", "main:b.yaml"]);
    let thousand = |kind: &str, id: &str, name: &str| {
        let line = |number| format!("{kind} {id}\t{name}{number:03}\n");
        repo.git_with_input(&["mktree"], &(0..1000).map(line).collect::<String>())
    };
    let files = thousand("100644 blob", &blob, "f");
    let tree = (0..4).fold(files, |tree, _| thousand("040000 tree", &tree, "d"));
    let root = repo.git(&["ls-tree", "main"]) + &format!("\n040000 tree {tree}\tbomb\n");
    let root = repo.git_with_input(&["mktree"], &root);
    repo.git(&["commit-tree", "-m", "bomb", "-p", "main~1", &root]).parse().unwrap()
}

#[test]
fn a_strangers_tree_of_trees_is_not_walked_to_its_end() {
    let repo = forked(
        |main| {
            main.write("a.yaml", "main\n");
        },
        |_| (),
    );
    let bomb = bomb(&repo);
    let repository = Repository::discover(repo.path()).unwrap();
    let base = Snapshot::of_commit(&repository, &repository.resolve("main").unwrap(), None).unwrap();
    for error in [base.merge(&repository, &bomb).unwrap_err(), base.advance(&repository, &bomb).unwrap_err()]
    {
        assert!(error.is_too_large(), "{error}");
        assert!(error.to_string().ends_with("more than 400000 files and folders"), "{error}");
    }
}

#[test]
fn histories_that_start_from_too_many_commits_are_refused() {
    let repo = TestRepo::new();
    let mut stream = String::from("blob\nmark :1\ndata 2\nx\n\n");
    let mut commit = |mark: usize, branch: &str, parents: &[usize]| {
        let parents: Vec<String> = parents
            .iter()
            .enumerate()
            .map(|(index, mark)| format!("{} :{mark}\n", if index == 0 { "from" } else { "merge" }))
            .collect();
        stream.push_str(&format!(
            "commit refs/heads/{branch}\nmark :{mark}\ncommitter A <a@b.net> 1 +0000\ndata 0\n{}M 100644 :1 f{mark}\n\n",
            parents.concat()
        ));
    };
    commit(10, "main", &[]);
    let sides: Vec<usize> = (0..=BASES_LIMIT).map(|side| 20 + side).collect();
    for side in &sides {
        commit(*side, &format!("side{side}"), &[10]);
    }
    commit(100, "main", &sides);
    commit(101, "head", &sides);
    repo.git_with_input(&["fast-import", "--quiet", "--force"], &stream);
    let repository = Repository::discover(repo.path()).unwrap();
    let commit = |name: &str| repository.resolve(name).unwrap();
    let error = repository.merge(&commit("main"), &commit("head"), None).unwrap_err();
    assert!(error.is_too_large(), "{error}");
    assert!(error.to_string().ends_with("more than 8 commits that both sides started from"), "{error}");
}

#[test]
fn renamed_files_beyond_what_may_be_compared_must_be_the_same() {
    let repo = forked(|_| (), |_| ());
    let repository = Repository::discover(repo.path()).unwrap();
    let (main, head) = (repository.resolve("main").unwrap(), repository.resolve("head").unwrap());
    let merging = Merging::new(&repository, &main, &head).unwrap();
    let blob = |number: usize| {
        let text = format!("{number}").repeat(100_000);
        merging.gix.write_blob(text.as_bytes()).unwrap().detach()
    };
    let file = gix::objs::tree::EntryKind::Blob.into();
    let gone = |id| Differing { path: "x".into(), old: Some((file, id)), new: None };
    let fresh = |id| Differing { path: "x".into(), old: None, new: Some((file, id)) };
    for (case, count, same, expected) in
        [("few", 5, false, true), ("many", 60, false, false), ("many, moved as they are", 60, true, true)]
    {
        let moved = |number| if same { number } else { number + 1000 };
        let changes: Vec<Differing> =
            (0..count).flat_map(|number| [gone(blob(number)), fresh(blob(moved(number)))]).collect();
        assert_eq!(merging.renames_are_cheap(&changes).unwrap(), expected, "{case}");
    }
}

/// A commit of a random history: which branch, and what it does there.
#[derive(Clone, Debug)]
enum Step {
    Edit { side: bool, file: usize, line: usize, word: u8 },
    Grow { side: bool, file: usize, line: usize, word: u8 },
    Delete { side: bool, file: usize },
    Rename { side: bool, file: usize, to: usize },
    Add { side: bool, to: usize, word: u8 },
    Merge { side: bool, theirs: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let (side, file, line, word) = (any::<bool>(), 0..6_usize, 0..24_usize, 0..3_u8);
    prop_oneof![
        6 => (side, file.clone(), line.clone(), word.clone())
            .prop_map(|(side, file, line, word)| Step::Edit { side, file, line, word }),
        2 => (side, file.clone(), line, word.clone())
            .prop_map(|(side, file, line, word)| Step::Grow { side, file, line, word }),
        1 => (side, file.clone()).prop_map(|(side, file)| Step::Delete { side, file }),
        2 => (side, file.clone(), 0..12_usize).prop_map(|(side, file, to)| Step::Rename { side, file, to }),
        1 => (side, 0..12_usize, word).prop_map(|(side, to, word)| Step::Add { side, to, word }),
        1 => (side, any::<bool>()).prop_map(|(side, theirs)| Step::Merge { side, theirs }),
    ]
}

type Files = BTreeMap<String, Vec<String>>;

/// Paths that files get; some in each other's way.
const NAMES: [&str; 12] = [
    "fabric.yaml",
    "vlans/10.yaml",
    "vlans/20.yaml",
    "vlans/30.yaml",
    "devices/leaf1.yaml",
    "devices/leaf2.yaml",
    "devices/leaf3.yaml",
    "docs/one.md",
    "docs/two.md",
    "vrfs/red.yaml",
    "site/a/b.yaml",
    "site/a",
];

/// A history under way, written for `git fast-import`.
struct History {
    stream: String,
    commits: usize,
    files: [Files; 2],
    tips: [usize; 2],
}

impl History {
    fn new() -> Self {
        let line = |name: &str, number: usize| format!("{name}: line {number} of its own text");
        let files: Files = NAMES[..6]
            .iter()
            .map(|name| ((*name).to_owned(), (0..24).map(|number| line(name, number)).collect()))
            .collect();
        let mut history =
            Self { stream: String::new(), commits: 0, files: [files.clone(), files], tips: [1, 1] };
        history.commit(0, &[]);
        history.tips = [1, 1];
        history
    }

    fn commit(&mut self, side: usize, parents: &[usize]) {
        use std::fmt::Write as _;
        self.commits += 1;
        let (commit, branch) = (self.commits, ["main", "head"][side]);
        let out = &mut self.stream;
        write!(out, "commit refs/heads/{branch}\nmark :{commit}\n").unwrap();
        write!(out, "committer Ada <ada@example.net> {} +0000\ndata 1\nx\n", 1_700_000_000 + commit).unwrap();
        for (index, parent) in parents.iter().enumerate() {
            writeln!(out, "{} :{parent}", if index == 0 { "from" } else { "merge" }).unwrap();
        }
        out.push_str("deleteall\n");
        for (path, lines) in &self.files[side] {
            let text = lines.join("\n") + "\n";
            write!(out, "M 100644 inline {path}\ndata {}\n{text}\n", text.len()).unwrap();
        }
        out.push('\n');
        self.tips[side] = commit;
    }

    /// Does one step, if it can be done.
    fn play(&mut self, step: &Step) {
        let nth = |files: &Files, file: usize| files.keys().nth(file % files.len().max(1)).cloned();
        let side = usize::from(match step {
            Step::Edit { side, .. }
            | Step::Grow { side, .. }
            | Step::Delete { side, .. }
            | Step::Rename { side, .. }
            | Step::Add { side, .. }
            | Step::Merge { side, .. } => *side,
        });
        let before = self.files[side].clone();
        let mut parents = vec![self.tips[side]];
        let files = &mut self.files[side];
        match step {
            Step::Edit { file, line, word, .. } | Step::Grow { file, line, word, .. } => {
                let Some(lines) = nth(files, *file).and_then(|name| files.get_mut(&name)) else { return };
                let at = line % lines.len();
                let text = format!("a word {word}");
                match step {
                    Step::Grow { .. } => lines.insert(at, text),
                    _ => lines[at] = text,
                }
            }
            Step::Delete { file, .. } => {
                if let Some(name) = nth(files, *file) {
                    files.remove(&name);
                }
            }
            Step::Rename { file, to, .. } => {
                if let Some(name) = nth(files, *file)
                    && fits(files, NAMES[*to])
                    && let Some(lines) = files.remove(&name)
                {
                    files.insert(NAMES[*to].to_owned(), lines);
                }
            }
            Step::Add { to, word, .. } => {
                if fits(files, NAMES[*to]) {
                    files.insert(NAMES[*to].to_owned(), vec![format!("new {word}"), "b".to_owned()]);
                }
            }
            Step::Merge { theirs, .. } => {
                // resolved in favour of one side: what a merge holds is the person's matter
                parents.push(self.tips[1 - side]);
                if *theirs {
                    self.files[side] = self.files[1 - side].clone();
                }
            }
        }
        if self.files[side] != before || parents.len() == 2 {
            self.commit(side, &parents);
        }
    }
}

/// Whether a path can be added beside these.
fn fits(files: &Files, path: &str) -> bool {
    files.keys().all(|other| {
        other != path && !other.starts_with(&format!("{path}/")) && !path.starts_with(&format!("{other}/"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn random_histories_merge_as_git_merges_them(steps in proptest::collection::vec(step(), 1..16)) {
        let mut history = History::new();
        for step in &steps {
            history.play(step);
        }
        let repo = TestRepo::new();
        let tips = format!("reset refs/heads/main\nfrom :{}\n\nreset refs/heads/head\nfrom :{}\n\n", history.tips[0], history.tips[1]);
        repo.git_with_input(&["fast-import", "--quiet", "--force"], &(history.stream + &tips));
        let objects = repo.git(&["count-objects", "-v"]);
        let ours = by_us(&repo, "main", "head");
        prop_assert_eq!(&objects, &repo.git(&["count-objects", "-v"]), "nothing is written");
        let theirs = by_git(&repo, "main", "head");
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
            (Err(_), Err(_)) => {}
            (Err(_), Ok(_)) if by_git_that_guesses(&repo, "main", "head", "conflict").is_err() => {}
            _ => prop_assert!(false, "ours {:?}, git's {:?}", ours, theirs),
        }
    }
}
