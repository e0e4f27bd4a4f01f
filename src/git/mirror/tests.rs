//! Fetches from real repositories, over files, ssh and https. Elsewhere: making them (`fixture`).

use std::io::Read;
use std::net::TcpListener;

use super::*;
use crate::git::fixture::TestRepo;
use crate::git::fixture::https::HttpsServer;
use crate::git::remote::{Credential, TokenSource};

const LONG: Duration = Duration::from_mins(1);

fn mirror_of(url: &str, branch: &str) -> (tempfile::TempDir, Mirror) {
    let folder = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(&folder.path().join("mirror.git"), Remote::new(url, branch).unwrap()).unwrap();
    (folder, mirror)
}

#[test]
fn each_way_in_which_a_branch_moves_is_told_apart() {
    let repo = TestRepo::new();
    let one = repo.write("a", "1").commit("one");
    let bare = repo.bare_clone();
    let (_folder, mirror) = mirror_of(&format!("file://{}", bare.url()), "main");
    assert_eq!(mirror.head().unwrap(), None);
    let fetch = || mirror.fetch(LONG).unwrap();
    assert_eq!(fetch(), Head { commit: one.clone(), moved: Move::New });
    assert_eq!(fetch(), Head { commit: one.clone(), moved: Move::Unchanged });

    repo.write("a", "2").commit("two");
    let three = repo.write("a", "3").commit("three");
    repo.git(&["push", "-q", "origin", "main"]);
    assert_eq!(fetch(), Head { commit: three.clone(), moved: Move::Forward(one.clone()) });

    repo.git(&["reset", "-q", "--hard", one.as_str()]);
    let other = repo.write("b", "1").commit("other");
    repo.git(&["push", "-q", "--force", "origin", "main"]);
    assert_eq!(fetch(), Head { commit: other.clone(), moved: Move::Forced(three.clone()) });

    repo.git(&["push", "-q", "--force", "origin", &format!("{one}:main")]);
    assert_eq!(fetch(), Head { commit: one.clone(), moved: Move::Forced(other) });

    let repository = mirror.repository().unwrap();
    assert_eq!(repository.commit(&three).unwrap().message.subject, "three", "left behind, still readable");
    assert_eq!(repository.resolve("HEAD").unwrap(), one);
    assert_eq!(repository.resolve("main").unwrap(), one);
    assert_eq!(mirror.head().unwrap(), Some(one));
}

#[test]
fn a_mirror_made_before_is_opened_again_with_its_head() {
    let repo = TestRepo::new();
    let one = repo.write("a", "1").commit("one");
    let (folder, mirror) = mirror_of(&repo.url(), "main");
    mirror.fetch(LONG).unwrap();
    let again = Mirror::open(&folder.path().join("mirror.git"), mirror.remote().clone()).unwrap();
    assert_eq!(again.head().unwrap(), Some(one.clone()));
    assert_eq!(again.fetch(LONG).unwrap(), Head { commit: one, moved: Move::Unchanged });
}

#[test]
fn many_fetches_of_one_mirror_stay_readable() {
    let repo = TestRepo::new();
    let mut commits = vec![repo.write("a", "0").commit("0")];
    let (_folder, mirror) = mirror_of(&repo.url(), "main");
    for number in 1..50 {
        mirror.fetch(LONG).unwrap();
        commits.push(repo.write("a", &number.to_string()).commit(&number.to_string()));
    }
    let head = mirror.fetch(LONG).unwrap().commit;
    let repository = mirror.repository().unwrap();
    assert_eq!(repository.log(None, &head, 100).unwrap().len(), commits.len());
    assert!(repository.is_ancestor(&commits[0], &head).unwrap());
}

#[test]
fn a_wrong_branch_is_told_with_those_that_exist() {
    let repo = TestRepo::new();
    repo.write("a", "1").commit("one");
    repo.git(&["branch", "team/lab"]);
    for (branch, expected) in [("trunk", "it has main, team/lab"), ("mai", "it has main, team/lab")] {
        let (_folder, mirror) = mirror_of(&repo.url(), branch);
        let error = mirror.fetch(LONG).unwrap_err().to_string();
        assert_eq!(error, format!("{} has no branch `{branch}`; {expected}", repo.url()));
    }
    let empty = TestRepo::bare();
    let (_folder, mirror) = mirror_of(&empty.url(), "main");
    let error = mirror.fetch(LONG).unwrap_err();
    assert!(error.to_string().ends_with("has no branch `main`; it has none at all"), "{error}");
    assert_eq!(error.hint(), Some("push a first commit"));
}

#[test]
fn a_branch_that_was_deleted_is_an_error_and_its_last_head_stays() {
    let repo = TestRepo::new();
    let one = repo.write("a", "1").commit("one");
    let bare = repo.bare_clone();
    repo.git(&["push", "-q", "origin", "main:lab"]);
    let (_folder, mirror) = mirror_of(&bare.url(), "lab");
    mirror.fetch(LONG).unwrap();
    repo.git(&["push", "-q", "origin", ":lab"]);
    let error = mirror.fetch(LONG).unwrap_err();
    assert!(matches!(error, GitError::BranchMissing { .. }), "{error}");
    assert_eq!(mirror.head().unwrap(), Some(one));
}

#[test]
fn a_missing_repository_is_named() {
    let nowhere = tempfile::tempdir().unwrap();
    for url in [nowhere.path().to_str().unwrap().to_owned(), format!("{}/x.git", nowhere.path().display())] {
        let (_folder, mirror) = mirror_of(&url, "main");
        let error = mirror.fetch(LONG).unwrap_err();
        assert!(matches!(error, GitError::RepositoryMissing { .. }), "{error}");
        assert_eq!(error.to_string(), format!("there is no Git repository at {url}"));
    }
}

#[test]
fn a_refused_port_is_unreachable_over_https_and_ssh() {
    // nobody listens at it, and nobody else can get it
    let reserved = tokio::net::TcpSocket::new_v4().unwrap();
    reserved.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = reserved.local_addr().unwrap().port();
    for url in [format!("https://u:hunter2@127.0.0.1:{port}/a"), format!("ssh://git@127.0.0.1:{port}/a")] {
        let (_folder, mirror) = mirror_of(&url, "main");
        let error = mirror.fetch(LONG).unwrap_err();
        assert!(matches!(error, GitError::Unreachable { .. }), "{url}: {error:?}");
        assert!(error.is_transient());
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn a_server_that_never_answers_costs_no_more_than_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // accepts, reads and says nothing until its peer gives up
    let server = thread::spawn(move || {
        if let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    let (_folder, mirror) = mirror_of(&format!("https://127.0.0.1:{port}/a"), "main");
    let error = mirror.fetch(Duration::from_millis(300)).unwrap_err();
    assert!(matches!(error, GitError::Deadline { .. } | GitError::Unreachable { .. }), "{error:?}");
    server.join().unwrap();
}

/// `ada:hunter2`, as a header.
const ADA: &str = "Basic YWRhOmh1bnRlcjI=";

#[test]
fn https_is_fetched_with_a_token_from_a_file_under_an_own_authority() {
    let repo = TestRepo::new();
    let one = repo.write("a", "1").commit("one");
    let server = HttpsServer::start(repo.path(), ADA);
    let folder = tempfile::tempdir().unwrap();
    let (token, authority) = (folder.path().join("token"), folder.path().join("ca.pem"));
    std::fs::write(&token, "hunter2\n").unwrap();
    std::fs::write(&authority, &server.authority).unwrap();
    let credential = Credential { username: "ada".to_owned(), token: TokenSource::File(token.clone()) };
    let remote = |repository: &str, branch: &str| {
        Remote::new(&server.url(repository), branch)
            .unwrap()
            .with_credential(credential.clone())
            .with_ca(authority.clone())
    };
    let open = |name: &str, remote| Mirror::open(&folder.path().join(name), remote).unwrap();

    let mirror = open("mirror", remote(".git", "main"));
    assert_eq!(mirror.fetch(LONG).unwrap(), Head { commit: one.clone(), moved: Move::New });
    assert_eq!(mirror.fetch(LONG).unwrap().moved, Move::Unchanged);
    let two = repo.write("a", "2").commit("two");
    assert_eq!(mirror.fetch(LONG).unwrap(), Head { commit: two, moved: Move::Forward(one) });

    let error = open("branch", remote(".git", "trunk")).fetch(LONG).unwrap_err();
    assert!(error.to_string().ends_with("has no branch `trunk`; it has main"), "{error}");
    let error = open("repository", remote("nope.git", "main")).fetch(LONG).unwrap_err();
    assert!(matches!(error, GitError::RepositoryMissing { .. }), "{error:?}");

    std::fs::write(&token, "wrong").unwrap(); // a rotated token is seen at the next fetch
    let error = mirror.fetch(LONG).unwrap_err();
    assert!(matches!(error, GitError::Unauthorized { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("wrong"), "{error:?}");
}

#[test]
fn https_without_credential_or_authority_is_told_apart() {
    let repo = TestRepo::new();
    repo.write("a", "1").commit("one");
    let server = HttpsServer::start(repo.path(), ADA);
    let (folder, mirror) = mirror_of(&server.url(".git"), "main");
    let error = mirror.fetch(LONG).unwrap_err();
    assert!(matches!(error, GitError::UntrustedCertificate { .. }), "{error:?}");
    assert!(!error.is_transient());

    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, &server.authority).unwrap();
    let remote = mirror.remote().clone().with_ca(authority.clone());
    let error = Mirror::open(&folder.path().join("other"), remote.clone()).unwrap().fetch(LONG).unwrap_err();
    let GitError::Unauthorized { cause, .. } = error else { panic!("{error:?}") };
    assert_eq!(cause.to_string(), "it asks for a credential, and none is configured");

    std::fs::write(&authority, "no certificate").unwrap();
    let error = Mirror::open(&folder.path().join("third"), remote).unwrap().fetch(LONG).unwrap_err();
    assert!(matches!(error, GitError::Credential { .. }), "{error:?}");
}

#[test]
fn a_local_repository_that_git_itself_refuses_is_no_matter_of_the_network() {
    let repo = TestRepo::new();
    repo.write("a", "1").commit("one");
    let (_folder, mirror) = mirror_of(&repo.url(), "main");
    std::fs::write(repo.path().join(".git/config"), "[core\n").unwrap();
    let error = mirror.fetch(LONG).unwrap_err();
    assert!(matches!(error, GitError::Fetch { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("safe.directory"));
}

#[test]
fn a_repository_with_reftables_is_fetched_like_any_other() {
    let repo = TestRepo::new();
    let one = repo.write("a", "1").commit("one");
    let bare = TestRepo::empty_folder();
    bare.git(&["init", "-q", "--bare", "-b", "main", "--ref-format=reftable"]);
    repo.git(&["push", "-q", &bare.url(), "main"]);
    let (_folder, mirror) = mirror_of(&bare.url(), "main");
    assert_eq!(mirror.fetch(LONG).unwrap().commit, one);
}
