//! Pull requests on all three forges: the same stories, over real sockets.
//!
//! Here: opening and renewing. Elsewhere: what reviews read and write (`reviewing`), our one
//! comment (`commenting`), findings on lines (`annotating`), GitHub Apps (`apps`).

mod annotating;
mod apps;
mod commenting;
mod reviewing;

use super::fixture::{Answer, Entry, FakeForge, TOKEN};
use super::*;

const KINDS: [Kind; 3] = [Kind::GitHub, Kind::GitLab, Kind::Gitea];

/// A client of the fake forge that never waits.
fn client(fake: &FakeForge) -> Forge {
    let repository = Repository::of_remote(&fake.remote()).unwrap();
    let credential = Credential::Token(crate::secret::SecretText::new(TOKEN));
    let clock = Clock::standing(std::time::SystemTime::now(), |_| {});
    Forge::with_clock(&Config { credential, ..Config::new(fake.kind, repository) }, clock).unwrap()
}

fn new(title: &str, body: &str) -> New {
    let (head, base) = ("netbox-export".to_owned(), "main".to_owned());
    New { head, base, title: title.to_owned(), body: body.to_owned(), draft: false }
}

fn find(forge: &Forge) -> Option<PullRequest> {
    forge.find("netbox-export", "main").unwrap()
}

#[test]
fn a_new_pull_request_is_opened_and_found_again() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        assert_eq!(find(&forge), None, "{kind}");
        fake.requests();

        let opened = forge.open(&new("Export", "One VLAN")).unwrap();
        assert_eq!(opened.done, Done::Opened, "{kind}");
        assert_eq!(fake.asked(), ["POST"], "{kind}");
        assert_eq!(fake.entries(), [Entry { number: 1, ..Entry::default() }], "{kind}");

        let found = find(&forge).unwrap();
        assert_eq!(found, opened.pull_request, "{kind}");
        assert_eq!((found.number, found.state, found.draft), (1, State::Open, false), "{kind}");
        assert_eq!((found.title.as_str(), found.body.as_str()), ("Export", "One VLAN"), "{kind}");
        assert!(found.url.starts_with("https://forge.test/acme/net/"), "{kind}: {}", found.url);
        assert_eq!(found.head.unwrap().as_str(), "a".repeat(40), "{kind}");
        assert_eq!(fake.asked(), ["GET"], "{kind}: an open one is found at the first try");
    }
}

#[test]
fn it_is_renewed_in_place_and_only_if_something_changed() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        let number = fake.add(Entry { body: "One VLAN\r\n\r\nmore\r\n".to_owned(), ..Entry::default() });
        let found = find(&forge).unwrap();
        fake.requests();
        for (case, title, body, done, asked) in [
            ("the same", "Export", "One VLAN\n\nmore", Done::Unchanged, 0),
            ("another title", "Export of two", "One VLAN\n\nmore", Done::Renewed, 1),
            ("another body", "Export", "Two VLANs", Done::Renewed, 1),
        ] {
            let outcome = forge.renew(&found, title, body).unwrap();
            assert_eq!(outcome.done, done, "{kind}, {case}");
            assert_eq!(fake.requests().len(), asked, "{kind}, {case}");
            if done == Done::Renewed {
                let entry = fake.entries().remove(0);
                assert_eq!((entry.title.as_str(), entry.body.as_str()), (title, body), "{kind}, {case}");
                assert_eq!(outcome.pull_request.number, number, "{kind}, {case}");
            }
        }
        assert_eq!(fake.entries().len(), 1, "{kind}: there is never a second one");
    }
}

#[test]
fn a_draft_stays_one_and_what_a_person_made_ready_stays_ready() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        let opened = forge.open(&New { draft: true, ..new("Export", "a") }).unwrap().pull_request;
        assert_eq!((opened.title.as_str(), opened.draft), ("Export", true), "{kind}");
        assert!(fake.entries()[0].draft, "{kind}");

        let renewed = forge.renew(&opened, "Export", "b").unwrap().pull_request;
        assert!(renewed.draft && fake.entries()[0].draft, "{kind}");

        fake.change(1, |entry| entry.draft = false);
        let found = find(&forge).unwrap();
        forge.renew(&found, "Export", "c").unwrap();
        assert_eq!((fake.entries()[0].draft, fake.entries()[0].title.as_str()), (false, "Export"), "{kind}");
    }
}

#[test]
fn what_a_person_closed_or_merged_is_seen_and_an_open_one_comes_first() {
    for kind in KINDS {
        for (case, states, expected) in [
            ("closed", &[State::Closed][..], (1, State::Closed)),
            ("merged", &[State::Merged], (1, State::Merged)),
            ("the newest of several", &[State::Merged, State::Closed, State::Merged], (3, State::Merged)),
            ("open before a newer one", &[State::Open, State::Closed], (1, State::Open)),
        ] {
            let fake = FakeForge::start(kind);
            for state in states {
                fake.add(Entry { state: *state, ..Entry::default() });
            }
            let found = find(&client(&fake)).unwrap();
            assert_eq!((found.number, found.state), expected, "{kind}, {case}");
        }
    }
}

#[test]
fn pull_requests_of_forks_and_of_other_branches_are_none_of_ours() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        fake.add(Entry { of_fork: true, ..Entry::default() });
        fake.add(Entry { head: "netbox-export-2".to_owned(), ..Entry::default() });
        fake.add(Entry { base: "stable".to_owned(), ..Entry::default() });
        assert_eq!(find(&client(&fake)), None, "{kind}");
    }
}

#[test]
fn a_list_that_nobody_filtered_is_looked_through() {
    // GitHub ignores a `head` that it cannot read, older versions of Gitea ignore `base_branch`
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let other = FakeForge::start(kind);
        other.add(Entry { head: "other".to_owned(), ..Entry::default() });
        other.add(Entry { base: "stable".to_owned(), ..Entry::default() });
        other.add(Entry { of_fork: true, ..Entry::default() });
        let everything = everything_of(&other);
        fake.next(everything.clone());
        fake.next(everything);
        assert_eq!(find(&client(&fake)), None, "{kind}");
    }
}

/// The answer of a forge that lists all it has, as a canned one.
fn everything_of(fake: &FakeForge) -> Answer {
    let shown: Vec<_> = fake.entries().iter().map(|entry| fake.shown(entry)).collect();
    Answer::json(200, &serde_json::json!(shown))
}

#[test]
fn two_exporters_at_once_end_with_one_pull_request() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        assert_eq!(find(&forge), None, "{kind}");
        fake.rival(Entry { title: "Theirs".to_owned(), ..Entry::default() });
        fake.requests();

        let outcome = forge.open(&new("Ours", "Two VLANs")).unwrap();
        assert_eq!((outcome.done, outcome.pull_request.number), (Done::Renewed, 1), "{kind}");
        let entries = fake.entries();
        assert_eq!((entries.len(), entries[0].title.as_str()), (1, "Ours"), "{kind}");
        assert_eq!(fake.asked().len(), 3, "{kind}: create, list, edit");

        let again = forge.open(&new("Ours", "Two VLANs")).unwrap();
        assert_eq!(again.done, Done::Unchanged, "{kind}: the other one says the same");
    }
}

#[test]
fn a_conflict_without_an_open_one_is_told_in_the_forges_words() {
    let fake = FakeForge::start(Kind::GitLab);
    fake.next(Answer::json(409, &serde_json::json!({ "message": ["Locked by a migration"] })));
    let error = client(&fake).open(&new("Ours", "x")).unwrap_err();
    assert_eq!(error.problem().unwrap().to_string(), "the forge refused it (409: Locked by a migration)");
}

#[test]
fn all_pages_are_gone_through_until_it_is_found() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        fake.add(Entry::default());
        for _ in 0..9 {
            // forks come up on GitLab and Gitea; GitHub leaves them out
            fake.add(Entry { of_fork: true, ..Entry::default() });
        }
        fake.limit_pages(4);
        assert_eq!(find(&client(&fake)).unwrap().number, 1, "{kind}");
        let pages: Vec<String> = fake.requests().iter().map(|request| request.parameter("page")).collect();
        let expected: &[&str] = if kind == Kind::GitHub { &[""] } else { &["", "2", "3"] };
        assert_eq!(pages, expected, "{kind}");
    }
}

#[test]
fn a_page_that_leads_to_itself_ends_the_search() {
    let fake = FakeForge::start(Kind::Gitea);
    for query in ["state=open&base_branch=main&limit=50", "state=all&base_branch=main&limit=50"] {
        let link = format!("</list?{query}>; rel=next");
        fake.next(Answer::json(200, &serde_json::json!([])).with("Link", &link));
    }
    assert_eq!(find(&client(&fake)), None);
    assert_eq!(fake.requests().len(), 2);
}

#[test]
fn a_long_body_is_cut_and_then_is_the_same_as_the_one_that_is_there() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        let long = "+ vlan 110\n".repeat(100_000);
        let opened = forge.open(&new(&"t".repeat(300), &long)).unwrap().pull_request;
        assert!(kind.measure(&fake.entries()[0].body) <= kind.body_limit(), "{kind}");
        assert!(opened.body.contains("**Cut here:** this text has 1100000"), "{kind}");
        assert_eq!(forge.renew(&opened, &"t".repeat(300), &long).unwrap().done, Done::Unchanged, "{kind}");
    }
}

#[test]
fn a_lost_answer_to_opening_ends_with_one_pull_request() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        fake.next(None); // the connection breaks, and meanwhile it came into being
        fake.rival(Entry::default());
        let outcome = client(&fake).open(&new("Export", "One VLAN")).unwrap();
        assert_eq!((outcome.done, fake.entries().len()), (Done::Unchanged, 1), "{kind}");
    }
}
