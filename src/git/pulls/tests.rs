//! Heads of pull requests from real repositories, over files and https.

use super::*;
use crate::git::Merge;
use crate::git::fixture::TestRepo;
use crate::git::fixture::https::HttpsServer;
use crate::git::remote::{Credential, Remote, TokenSource};

const LONG: Duration = Duration::from_mins(1);

/// A forge's repository with `main`, and a clone of somebody's.
struct Forge {
    person: TestRepo,
    bare: TestRepo,
    _folder: tempfile::TempDir,
    mirror: Mirror,
}

impl Forge {
    fn new() -> Self {
        let person = TestRepo::new();
        person.write("fabric.yaml", "name: lab\n").commit("one");
        let bare = person.bare_clone();
        let folder = tempfile::tempdir().unwrap();
        let remote = Remote::new(&format!("file://{}", bare.url()), "main").unwrap();
        let mirror = Mirror::open(&folder.path().join("mirror.git"), remote).unwrap();
        mirror.fetch(LONG).unwrap();
        Self { person, bare, _folder: folder, mirror }
    }

    /// Pushes a head as the forge keeps those of pull requests.
    fn open(&self, pull: &PullRef, file: &str, text: &str) -> CommitId {
        self.person.git(&["checkout", "-q", "--detach", "main"]);
        let head = self.person.write(file, text).commit(&format!("{} {text:.20}", pull.number));
        self.push(&head, pull);
        head
    }

    fn push(&self, head: &CommitId, pull: &PullRef) {
        self.person.git(&["push", "-q", "--force", "origin", &format!("{head}:{}", pull.reference)]);
    }

    fn fetch(&self, open: &[PullRef]) -> Pulls {
        self.mirror.fetch_pulls(open, LONG).unwrap()
    }

    /// The refs that the mirror keeps of pull requests.
    fn kept(&self) -> String {
        let folder = self.mirror.pulls_folder();
        let folder = folder.to_str().unwrap();
        self.person.git(&["--git-dir", folder, "for-each-ref", "--format=%(refname)", "refs/gitfabric/"])
    }
}

fn heads(heads: &[(u64, &CommitId)]) -> BTreeMap<u64, CommitId> {
    heads.iter().map(|(number, head)| (*number, (*head).clone())).collect()
}

#[test]
fn heads_of_open_pull_requests_come_and_go() {
    let forge = Forge::new();
    let (seven, nine) = (PullRef::pull(7), PullRef::merge_request(9));
    let all = [seven.clone(), nine.clone(), PullRef::pull(8)];
    let first = forge.open(&seven, "vlans/7.yaml", "name: seven\n");
    let second = forge.open(&nine, "vlans/9.yaml", "name: nine\n");
    let pulls = forge.fetch(&all);
    assert_eq!((pulls.heads, pulls.missing), (heads(&[(7, &first), (9, &second)]), vec![8]));

    // forced back, as people do
    let again = forge.open(&seven, "vlans/7.yaml", "name: again\n");
    let pulls = forge.fetch(&all);
    assert_eq!(pulls.heads, heads(&[(7, &again), (9, &second)]));
    assert!(pulls.refused.is_empty(), "{:?}", pulls.refused);

    // closed: the agent asks no more, and GitLab takes the ref away
    forge.person.git(&["push", "-q", "origin", &format!(":{}", nine.reference)]);
    let pulls = forge.fetch(&all);
    assert_eq!((pulls.heads, pulls.missing), (heads(&[(7, &again)]), vec![8, 9]));
    assert_eq!(forge.kept(), "refs/gitfabric/pulls/7");
    let pulls = forge.fetch(&[]);
    assert!(pulls.heads.is_empty());
    assert_eq!(forge.kept(), "");
}

#[test]
fn what_strangers_sent_is_no_part_of_the_mirror_and_merges_with_it() {
    let forge = Forge::new();
    let seven = PullRef::pull(7);
    let head = forge.open(&seven, "vlans/7.yaml", "name: seven\n");
    forge.person.git(&["checkout", "-q", "main"]);
    let base = forge.person.write("vlans/1.yaml", "name: one\n").commit("main goes on");
    forge.person.git(&["push", "-q", "origin", "main"]);
    forge.fetch(&[seven]);
    forge.mirror.fetch(LONG).unwrap();

    assert!(!forge.mirror.repository().unwrap().holds(&head));
    let Merge::Clean(merged) = forge.mirror.pulls().unwrap().merge(&base, &head, None).unwrap() else {
        panic!("no conflict")
    };
    let paths: Vec<String> = merged.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(paths, ["fabric.yaml", "vlans/1.yaml", "vlans/7.yaml"]);

    // what the mirror has was not sent again: a commit, a blob and two trees came
    let folder = forge.mirror.pulls_folder();
    let counted = forge.person.git(&["--git-dir", folder.to_str().unwrap(), "count-objects", "-v"]);
    assert!(counted.contains("in-pack: 4\n"), "{counted}");
}

#[test]
fn a_pull_request_that_is_too_large_keeps_nobody_else_out() {
    let forge = Forge::new();
    let all = [PullRef::pull(1), PullRef::pull(2), PullRef::pull(3)];
    let one = forge.open(&all[0], "a.yaml", "name: a\n");
    // random digits do not compress, zeros do
    let mut state = 1_u64;
    let noise = (0..40_000).fold(String::new(), |noise, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        noise + &format!("{:x}", state >> 40)
    });
    forge.open(&all[1], "b.yaml", &noise);
    forge.open(&all[2], "c.yaml", &"0".repeat(3_000_000));
    let most = Most { bytes: 50_000, objects: 100, object: 1_000_000 };
    for time in ["fetched", "known again"] {
        let pulls = forge.mirror.fetch_pulls_within(most, &all, LONG).unwrap();
        assert_eq!(pulls.heads, heads(&[(1, &one)]), "{time}");
        let refused: Vec<String> = pulls.refused.values().map(ToString::to_string).collect();
        let url = forge.mirror.remote().url();
        let two = format!("pull request 2 of {url}: more than 50000 bytes to be fetched");
        let three = format!("pull request 3 of {url}: more than 1000000 bytes in one object");
        assert_eq!(refused, [two, three], "{time}");
        assert!(pulls.refused.values().all(GitError::is_too_large), "{time}");
    }
    // mended by a push: fetched again
    let mended = forge.open(&all[1], "b.yaml", "name: b\n");
    let pulls = forge.mirror.fetch_pulls_within(most, &all, LONG).unwrap();
    assert_eq!(pulls.heads, heads(&[(1, &one), (2, &mended)]));
    assert_eq!(pulls.refused.keys().collect::<Vec<_>>(), [&3]);
}

#[test]
fn too_many_objects_are_refused() {
    let forge = Forge::new();
    let pull = PullRef::pull(1);
    forge.person.git(&["checkout", "-q", "--detach", "main"]);
    for number in 0..60 {
        forge.person.write(&format!("f{number}"), &number.to_string());
    }
    let head = forge.person.commit("many");
    forge.push(&head, &pull);
    let most = Most { bytes: 1 << 20, objects: 50, object: 1 << 20 };
    let pulls = forge.mirror.fetch_pulls_within(most, &[pull], LONG).unwrap();
    assert!(pulls.refused[&1].to_string().ends_with("more than 50 objects to be fetched"), "{pulls:?}");
}

#[test]
fn a_ref_that_is_no_commit_is_refused() {
    let forge = Forge::new();
    let (blob, good) = (PullRef::pull(1), PullRef::pull(2));
    let id = forge.person.git(&["rev-parse", "main:fabric.yaml"]);
    forge.bare.git(&["update-ref", &blob.reference, &id]);
    let head = forge.open(&good, "a.yaml", "name: a\n");
    let pulls = forge.fetch(&[blob, good]);
    assert_eq!(pulls.heads, heads(&[(2, &head)]));
    assert_eq!(pulls.refused.keys().collect::<Vec<_>>(), [&1]);
}

#[test]
fn a_repository_that_has_grown_or_was_made_by_half_is_made_anew() {
    let forge = Forge::new();
    let pull = PullRef::pull(1);
    let head = forge.open(&pull, "a.yaml", "name: a\n");
    let folder = forge.mirror.pulls_folder();
    forge.fetch(std::slice::from_ref(&pull));
    let grown = std::fs::File::create(folder.join("objects/pack/pack-of-old.pack")).unwrap();
    grown.set_len(GROWN + 1).unwrap();
    assert_eq!(forge.fetch(std::slice::from_ref(&pull)).heads, heads(&[(1, &head)]));
    assert!(!folder.join("objects/pack/pack-of-old.pack").exists());

    std::fs::remove_file(folder.join("objects/info/alternates")).unwrap();
    assert_eq!(forge.fetch(&[pull]).heads, heads(&[(1, &head)]));
}

#[test]
fn pull_requests_are_fetched_over_https_and_a_lost_server_is_an_error() {
    let person = TestRepo::new();
    person.write("fabric.yaml", "name: lab\n").commit("one");
    person.git(&["checkout", "-q", "-b", "change"]);
    let head = person.write("a.yaml", "name: a\n").commit("change");
    person.git(&["update-ref", "refs/pull/1/head", head.as_str()]);
    // `ada:hunter2`
    let server = HttpsServer::start(person.path(), "Basic YWRhOmh1bnRlcjI=");
    let folder = tempfile::tempdir().unwrap();
    let (token, authority) = (folder.path().join("token"), folder.path().join("ca.pem"));
    std::fs::write(&token, "hunter2\n").unwrap();
    std::fs::write(&authority, &server.authority).unwrap();
    let credential = Credential { username: "ada".to_owned(), token: TokenSource::File(token.clone()) };
    let remote = Remote::new(&server.url(".git"), "main").unwrap();
    let remote = remote.with_credential(credential).with_ca(authority);
    let mirror = Mirror::open(&folder.path().join("mirror.git"), remote).unwrap();
    mirror.fetch(LONG).unwrap();
    let open = [PullRef::pull(1), PullRef::pull(2)];
    let pulls = mirror.fetch_pulls(&open, LONG).unwrap();
    assert_eq!((pulls.heads, pulls.missing), (heads(&[(1, &head)]), vec![2]));

    std::fs::write(&token, "wrong").unwrap();
    let error = mirror.fetch_pulls(&open, LONG).unwrap_err();
    assert!(matches!(error, GitError::Unauthorized { .. }), "{error:?}");
    let error = mirror.fetch_pulls(&open, Duration::ZERO).unwrap_err();
    assert!(matches!(error, GitError::Deadline { .. }), "{error:?}");
}
