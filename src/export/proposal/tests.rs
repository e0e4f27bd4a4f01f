//! Pull requests of exports: a real repository that is pushed to, and a forge on a socket.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::assemble::{Origin, assemble};
use super::super::message::{self, Asked};
use super::super::place;
use super::*;
use crate::forge::fixture::{FakeForge, TOKEN};
use crate::git::write::{Author, Edits, commit_files, init};
use crate::git::{Draft, Remote};
use crate::intent::manifest::Source;
use crate::netbox::translate::Translation;
use crate::secret::SecretText;

const BRANCH: &str = "netbox-export";

/// A repository that is exported into by pull request.
struct Story {
    root: tempfile::TempDir,
    forge: FakeForge,
    changelog: u64,
}

impl Story {
    /// With one export on the branch, made without a pull request.
    fn new(kind: Kind) -> Self {
        let root = tempfile::tempdir().unwrap();
        init(&root.path().join("served"), "main").unwrap();
        let mut story = Self { root, forge: FakeForge::start(kind), changelog: 0 };
        let (place, _, commit, ..) = story.exported("name: first\n");
        place.advance(&commit).unwrap();
        story
    }

    fn served(&self) -> PathBuf {
        self.root.path().join("served")
    }

    fn target(&self) -> Target {
        Target {
            kind: Some(self.forge.kind),
            repository: Some(self.forge.remote()),
            token: Some(Token::Given(SecretText::new(TOKEN))),
            ..Target::default()
        }
    }

    /// An export whose VLAN file says this, as far as its commit.
    fn exported(&mut self, vlan: &str) -> (Place, Vec<Folder>, CommitId, Assembled, Report) {
        self.changelog += 1;
        let remote = Remote::new(self.served().to_str().unwrap(), "main").unwrap();
        let target = place::Target::Url { remote: Box::new(remote), cache: self.root.path().join("cache") };
        let place = target.open().unwrap();
        let folders = vec![Folder::read(&place, None, "").unwrap()];
        let files = BTreeMap::from([("vlans/9.yaml".parse().unwrap(), vlan.to_owned())]);
        let said = Translation { files, ..Translation::default() };
        let source =
            Source { netbox: "https://n.example".into(), plugins: BTreeMap::new(), version: "4.6.8".into() };
        let origin = Origin { source, changelog: Some(self.changelog), objects: BTreeMap::new() };
        let mut assembled = assemble(&folders, &said, &origin).unwrap();
        let mut report = Report::empty();
        report.words.clone_from(&assembled.words);
        report.contested = std::mem::take(&mut assembled.contested);
        let from =
            message::Origin { url: "https://n.example", version: "4.6.8", manifests: &assembled.manifests };
        let text = message::message(&assembled.changes, &assembled.words, &Asked::default(), &from);
        let author = person("Export");
        let draft = Draft {
            parent: place.base(),
            files: &assembled.edits,
            message: &text,
            author: &author,
            committer: &author,
        };
        let commit = place.repository().draft(&draft).unwrap().unwrap();
        (place, folders, commit, assembled, report)
    }

    fn propose(&mut self, vlan: &str) -> anyhow::Result<Outcome> {
        let (place, folders, commit, assembled, report) = self.exported(vlan);
        propose(&place, &self.target(), &folders, &commit, &assembled, &report)
    }

    /// The same where it must go well: what was done, and the pull request's page.
    fn done(&mut self, vlan: &str) -> (&'static str, String) {
        match self.propose(vlan).unwrap() {
            Outcome::Proposed { done, url, commit } => {
                assert_eq!(self.at(BRANCH), commit);
                (done, url)
            }
            other => panic!("{other:?}"),
        }
    }

    /// What an export does that finds nothing to say.
    fn withdraw(&self) -> anyhow::Result<Option<Stale>> {
        let remote = Remote::new(self.served().to_str().unwrap(), "main").unwrap();
        let target = place::Target::Url { remote: Box::new(remote), cache: self.root.path().join("cache") };
        let place = target.open().unwrap();
        let folders = [Folder::read(&place, None, "").unwrap()];
        withdraw(&place, &self.target(), &folders, "https://n.example")
    }

    fn at(&self, branch: &str) -> CommitId {
        crate::git::Repository::open(&self.served()).unwrap().branch(branch).unwrap().unwrap()
    }

    /// A person commits to a branch.
    fn commits(&self, branch: &str, path: &str, text: &str, message: &str) -> CommitId {
        let edits = Edits::from([(path.parse().unwrap(), Some(text.as_bytes().to_vec()))]);
        commit_files(&self.served(), branch, &edits, message, &person("Ada"), None).unwrap().unwrap()
    }

    /// The requests since the last time that write.
    fn writes(&self) -> Vec<String> {
        let asked = self.forge.asked();
        asked.into_iter().filter(|request| !request.starts_with("GET")).collect()
    }
}

fn person(name: &str) -> Author {
    Author { name: name.into(), email: format!("{name}@example.net"), when: jiff::Timestamp::now() }
}

#[test]
fn a_pull_request_is_opened_then_renewed_in_place_and_else_left_alone() {
    for kind in [Kind::GitHub, Kind::GitLab, Kind::Gitea] {
        let mut story = Story::new(kind);
        let main = story.at("main");
        let (done, page) = story.done("name: a\n");
        assert_eq!(done, "opened", "{kind}");
        let [entry] = story.forge.entries().try_into().unwrap();
        assert_eq!((entry.head.as_str(), entry.base.as_str()), (BRANCH, "main"));
        assert_eq!(entry.title, "netbox: vlan 9 name: first → a");
        assert!(entry.body.contains("- vlan 9 name: first → a"), "{}", entry.body);
        story.writes();

        // the same content: nobody is disturbed, though NetBox's change log has moved
        let branch = story.at(BRANCH);
        assert_eq!(story.done("name: a\n"), ("unchanged", page.clone()), "{kind}");
        assert_eq!((story.writes(), story.at(BRANCH)), (vec![], branch.clone()), "{kind}");

        // other content: the same number, and the branch stands on the base, not on itself
        assert_eq!(story.done("name: b\n"), ("renewed", page.clone()), "{kind}");
        let repository = crate::git::Repository::open(&story.served()).unwrap();
        assert_eq!(repository.commit(&story.at(BRANCH)).unwrap().parents, [main]);
        // and the same on a base that went on
        let base = story.commits("main", "README.md", "ours\n", "Ours");
        assert_eq!(story.done("name: b\n"), ("unchanged", page), "{kind}");
        assert_eq!(repository.commit(&story.at(BRANCH)).unwrap().parents, [base]);
        assert_eq!(story.forge.entries().len(), 1, "{kind}");
    }
}

#[test]
fn what_a_person_closed_is_not_asked_again_until_it_is_something_else() {
    for kind in [Kind::GitHub, Kind::GitLab, Kind::Gitea] {
        let mut story = Story::new(kind);
        let (_, page) = story.done("name: a\n");
        story.forge.change(1, |entry| entry.state = State::Closed);
        story.writes();
        let branch = story.at(BRANCH);
        assert_eq!(story.propose("name: a\n").unwrap(), Outcome::Declined { url: page }, "{kind}");
        assert_eq!((story.writes(), story.at(BRANCH)), (vec![], branch), "{kind}");
        assert_eq!(story.done("name: b\n").0, "opened", "{kind}");
        assert_eq!(story.forge.entries().len(), 2, "{kind}");
    }
}

#[test]
fn a_pull_request_that_has_nothing_left_to_propose_is_withdrawn() {
    for kind in [Kind::GitHub, Kind::GitLab, Kind::Gitea] {
        let mut story = Story::new(kind);
        assert_eq!(story.withdraw().unwrap(), None, "{kind}: there is none yet");
        let (_, page) = story.done("name: a\n");
        // NetBox says again what the branch says
        let stale = Stale { url: page, stays: None };
        assert_eq!(story.withdraw().unwrap(), Some(stale), "{kind}");
        let repository = crate::git::Repository::open(&story.served()).unwrap();
        assert_eq!(repository.branch(BRANCH).unwrap(), None, "{kind}");
        let entry = story.forge.entries().remove(0);
        assert!(entry.body.starts_with("Withdrawn: there is nothing left to propose."), "{}", entry.body);
        // what a forge does with the pull request of a branch that is gone
        story.forge.change(1, |entry| entry.state = State::Closed);
        story.writes();
        assert_eq!((story.withdraw().unwrap(), story.writes()), (None, vec![]), "{kind}");
        // nobody declined it: the same content may be proposed again
        assert_eq!(story.done("name: a\n").0, "opened", "{kind}");
    }
}

#[test]
fn a_pull_request_that_people_work_on_or_that_is_of_another_netbox_stays() {
    let mut story = Story::new(Kind::GitHub);
    let (_, page) = story.done("name: a\n");
    story.writes();
    let remote = Remote::new(story.served().to_str().unwrap(), "main").unwrap();
    let cache = story.root.path().join("cache");
    let place = place::Target::Url { remote: Box::new(remote), cache }.open().unwrap();
    let folders = [Folder::read(&place, None, "").unwrap()];
    assert_eq!(withdraw(&place, &story.target(), &folders, "https://other.example").unwrap(), None);
    let theirs = story.commits(BRANCH, "vlans/9.yaml", "name: mine\n", "Mine");
    let stale = story.withdraw().unwrap().unwrap();
    assert_eq!(stale.url, page);
    assert!(stale.stays.as_ref().unwrap().contains("holds a commit that is no export"), "{stale:?}");
    assert_eq!((story.writes(), story.at(BRANCH)), (vec![], theirs));
}

#[test]
fn a_merged_pull_request_is_followed_by_a_new_one() {
    let mut story = Story::new(Kind::GitHub);
    story.done("name: a\n");
    let (merged, repository) = (story.at(BRANCH), crate::git::Repository::open(&story.served()).unwrap());
    repository.move_branch("main", Some(&story.at("main")), &merged).unwrap();
    story.forge.change(1, |entry| entry.state = State::Merged);
    assert_eq!(story.done("name: b\n").0, "opened");
    assert_eq!(repository.commit(&story.at(BRANCH)).unwrap().parents, [merged]);
}

#[test]
fn work_of_people_on_the_branch_is_never_overwritten() {
    // a commit of its own, and an export whose file was changed while its message stayed
    for (case, amends, told) in [
        ("a commit on top", false, "holds a commit that is no export"),
        ("an amended export", true, "holds an export whose vlans/9.yaml was changed"),
    ] {
        let mut story = Story::new(Kind::GitHub);
        story.done("name: a\n");
        let repository = crate::git::Repository::open(&story.served()).unwrap();
        let message =
            if amends { repository.commit(&story.at(BRANCH)).unwrap().message.trailers } else { Vec::new() };
        let trailers: String = message
            .iter()
            .fold(String::new(), |text, trailer| text + &format!("{}: {}\n", trailer.key, trailer.value));
        let theirs = story.commits(BRANCH, "vlans/9.yaml", "name: mine\n", &format!("Mine\n\n{trailers}"));
        story.writes();
        let error = story.propose("name: b\n").unwrap_err();
        assert!(format!("{error:#}").contains(told), "{case}: {error:#}");
        assert_eq!((story.writes(), story.at(BRANCH)), (vec![], theirs), "{case}");
    }
}

#[test]
fn a_branch_that_was_brought_up_to_date_on_the_forge_is_still_ours() {
    let mut story = Story::new(Kind::GitHub);
    let (_, page) = story.done("name: a\n");
    story.commits("main", "README.md", "ours\n", "Ours");
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.arg("-C").arg(story.served()).args(["-c", "user.name=Ada", "-c", "user.email=a@example.net"]);
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let tree = git(&["merge-tree", "--write-tree", BRANCH, "main"]);
    let merge =
        git(&["commit-tree", &tree, "-p", BRANCH, "-p", "main", "-m", "Merge main into netbox-export"]);
    git(&["update-ref", &format!("refs/heads/{BRANCH}"), &merge]);
    assert_eq!(story.done("name: b\n"), ("renewed", page));
}

#[test]
fn the_description_shows_what_people_wrote_and_stays_within_the_limit() {
    let mut story = Story::new(Kind::GitHub);
    let theirs = story.commits("main", "vlans/9.yaml", "name: mine\n", "Call it @mine");
    let theirs = theirs.short().to_owned();
    story.done("name: a\n");
    let body = story.forge.entries().remove(0).body;
    assert!(body.contains("### Changed by people since the last export"), "{body}");
    assert!(body.contains(&format!("`vlans/9.yaml` by Ada in {theirs} (Call it @\u{2060}mine)")), "{body}");
    assert!(body.contains("-name: mine\n+name: a\n"), "{body}");

    // a body of any length is still known again once its pull request was closed
    let long = "key: value\n".repeat(20_000);
    story.done(&long);
    let entry = story.forge.entries().remove(0);
    assert!(Kind::GitHub.measure(&entry.body) <= Kind::GitHub.body_limit());
    assert!(entry.body.contains("**Cut here:**"));
    story.forge.change(1, |entry| entry.state = State::Closed);
    assert!(matches!(story.propose(&long).unwrap(), Outcome::Declined { .. }));
}

#[test]
fn without_another_side_or_a_forge_that_is_known_there_is_no_pull_request() {
    let mut story = Story::new(Kind::GitHub);
    let (place, folders, commit, assembled, report) = story.exported("name: a\n");
    let asked = |target: &Target| {
        let error = propose(&place, target, &folders, &commit, &assembled, &report).unwrap_err();
        format!("{error:#}")
    };
    let unknown =
        Target { kind: None, repository: Some("https://git.example/a/b.git".into()), ..story.target() };
    assert!(asked(&unknown).contains("does not tell which forge it is"), "{}", asked(&unknown));
    let folder = Target { repository: None, ..story.target() };
    assert!(asked(&folder).contains("a folder is on no forge"), "{}", asked(&folder));
    let refused = Target { token: Some(Token::Given(SecretText::new("hunter2-wrong"))), ..story.target() };
    let error = propose(&place, &refused, &folders, &commit, &assembled, &report).unwrap_err();
    assert!(format!("{error:#}").contains("the token was refused"), "{error:#}");
    assert!(!format!("{error:#}").contains("hunter2"), "{error:#}");
}

#[test]
fn what_others_wrote_is_no_markup_and_calls_nobody() {
    assert_eq!(escaped("vlan 9 *web* @ada [x](y)"), "vlan 9 \\*web\\* @\u{2060}ada \\[x\\](y)");
    assert_eq!(fenced("+a\n"), "```diff\n+a\n```\n");
    assert_eq!(fenced("+````\n"), "`````diff\n+````\n`````\n");
}
