//! Reviews on all three forges, over real sockets: what is read, and what it costs.
//!
//! Elsewhere: our one comment (`commenting`), findings on lines (`annotating`), Apps (`apps`).

use super::*;
use crate::forge::fixture::{BOT, Calls, Deed, On, Role, World};
use crate::forge::{News, Status, StatusState};
use crate::names::CommitId;

/// A pull request onto `main` with this head.
fn pull(head: &str, sha: char) -> Entry {
    Entry { head: head.to_owned(), sha: sha.to_string().repeat(40), ..Entry::default() }
}

fn commit(letter: char) -> CommitId {
    letter.to_string().repeat(40).parse().unwrap()
}

fn listed(forge: &Forge) -> Option<Vec<u64>> {
    forge.pulls("main").unwrap().new().map(|pulls| pulls.iter().map(|pull| pull.number).collect())
}

#[test]
fn open_pull_requests_are_listed_with_all_that_a_review_needs() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        fake.add(Entry { title: "One VLAN".to_owned(), draft: true, ..pull("vlan", 'a') });
        fake.add(Entry { of_fork: true, author: "mallory".to_owned(), ..pull("main", 'b') });
        fake.add(Entry { base: "stable".to_owned(), ..pull("x", 'c') });
        fake.add(pull("merged", 'd'));
        fake.merge(4, &"e".repeat(40));

        let pulls = forge.pulls("main").unwrap().new().unwrap();
        let shown: Vec<_> =
            pulls.iter().map(|it| (it.number, it.head_branch.as_str(), it.from_fork)).collect();
        assert_eq!(shown, [(2, "main", true), (1, "vlan", false)], "{kind}: changed last first");
        let first = &pulls[1];
        assert_eq!(
            (first.title.as_str(), first.draft, first.state),
            ("One VLAN", true, State::Open),
            "{kind}"
        );
        assert_eq!((&first.head, first.base.as_str()), (&commit('a'), "main"), "{kind}");
        assert_eq!((first.author.name.as_str(), first.author.id), ("ada", 2), "{kind}");
        assert_eq!(first.merged_commit, None, "{kind}: a merge for trial is none");
        assert!(first.url.starts_with("https://forge.test/acme/net/"), "{kind}");
        assert_eq!(forge.pull(1).unwrap(), *first, "{kind}: alone it is the same");

        let merged = forge.pull(4).unwrap();
        assert_eq!((merged.state, merged.merged_commit), (State::Merged, Some(commit('e'))), "{kind}");
        fake.close(1);
        let closed = forge.pull(1).unwrap();
        assert_eq!((closed.state, closed.merged_commit), (State::Closed, None), "{kind}");
        assert!(forge.pull(9).unwrap_err().to_string().contains("cannot read"), "{kind}");
    }
}

#[test]
fn a_poll_without_news_is_one_conditional_call() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        let number = fake.add(pull("vlan", 'a'));
        assert_eq!(listed(&forge), Some(vec![number]), "{kind}");
        forge.comments(number).unwrap();
        fake.calls();
        for _ in 0..3 {
            assert_eq!(forge.pulls("main").unwrap(), News::Same, "{kind}");
            // a Gitea gives nothing to be conditional with
            let unconditional = usize::from(kind == Kind::Gitea);
            assert_eq!(fake.calls(), Calls { all: 1, unconditional, writes: 0 }, "{kind}");
        }
        forge.forget();
        assert_eq!(listed(&forge), Some(vec![number]), "{kind}: told again, from what is known");
        assert_eq!(fake.calls().all, 1, "{kind}");
    }
}

#[test]
fn whatever_happens_to_a_pull_request_is_news() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        let number = fake.add(pull("vlan", 'a'));
        let of = |forge: &Forge| forge.pulls("main").unwrap().new().map(|mut pulls| pulls.remove(0));
        let mut last = of(&forge).unwrap();
        let says = |words: &str| {
            fake.says(number, "ada", words);
        };
        let happenings: [(&str, &dyn Fn()); 5] = [
            ("a push", &|| fake.push(number, &"b".repeat(40))),
            ("a comment", &|| says("/gitfabric plan")),
            // GitLab does not move the time for this one
            ("a comment at once after it", &|| says("/gitfabric explain x")),
            ("another title", &|| fake.change(number, |entry| entry.title = "Two VLANs".to_owned())),
            ("a draft", &|| fake.change(number, |entry| entry.draft = true)),
        ];
        for (case, happen) in happenings {
            happen();
            let now = of(&forge).unwrap_or_else(|| panic!("{kind}, {case}: it is news"));
            assert_ne!(now.updated_at, last.updated_at, "{kind}, {case}");
            assert_eq!(forge.pulls("main").unwrap(), News::Same, "{kind}, {case}");
            last = now;
        }
        fake.close(number);
        assert_eq!(listed(&forge), Some(vec![]), "{kind}");
    }
}

#[test]
fn all_pages_are_read_and_asked_for_again_conditionally() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        for _ in 0..7 {
            fake.add(pull("vlan", 'a'));
        }
        fake.limit_pages(3);
        assert_eq!(listed(&forge), Some(vec![7, 6, 5, 4, 3, 2, 1]), "{kind}");
        fake.calls();
        assert_eq!(listed(&forge), None, "{kind}");
        let unconditional = if kind == Kind::Gitea { 3 } else { 0 };
        assert_eq!(fake.calls(), Calls { all: 3, unconditional, writes: 0 }, "{kind}");
        fake.push(2, &"b".repeat(40));
        assert_eq!(listed(&forge), Some(vec![2, 7, 6, 5, 4, 3, 1]), "{kind}");

        for _ in 0..10 {
            fake.add(pull("vlan", 'a'));
        }
        fake.calls();
        assert_eq!(listed(&forge).unwrap().len(), 12, "{kind}: no more pages than there may be");
        assert_eq!(fake.calls().all, MOST_PAGES, "{kind}");
    }
}

#[test]
fn a_comment_that_begins_a_page_is_seen_although_the_page_before_is_the_same() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        let number = fake.add(pull("vlan", 'a'));
        for nth in 0..100 {
            fake.says(number, "ada", &format!("word {nth}"));
        }
        assert_eq!(forge.comments(number).unwrap().new().unwrap().len(), 100, "{kind}");
        assert_eq!(forge.comments(number).unwrap(), News::Same, "{kind}");
        let id = fake.says(number, "ada", "/gitfabric plan");
        let comments = forge.comments(number).unwrap().new().unwrap();
        assert_eq!((comments.len(), comments[100].id), (101, id), "{kind}");
        assert_eq!(
            (comments[100].author.name.as_str(), comments[100].body.as_str()),
            ("ada", "/gitfabric plan")
        );
        fake.deletes(id);
        assert_eq!(forge.comments(number).unwrap().new().unwrap().len(), 100, "{kind}");
    }
}

#[test]
fn comments_are_written_edited_and_deleted_and_what_is_gone_is_said() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        let number = fake.add(pull("vlan", 'a'));
        fake.world(|world| {
            let id = world.say(number, "ada", "added 1 commit");
            world.said.iter_mut().find(|said| said.id == id).unwrap().system = true;
        });
        let comment = forge.comment(number, "first").unwrap();
        assert_eq!((comment.body.as_str(), comment.author.name.as_str()), ("first", BOT), "{kind}");
        let Edited::Done(edited) = forge.edit_comment(number, comment.id, "second").unwrap() else {
            panic!("{kind}: it is there");
        };
        assert_eq!((edited.id, edited.body.as_str()), (comment.id, "second"), "{kind}");
        assert_ne!(edited.updated_at, comment.updated_at, "{kind}");
        let all = forge.comments(number).unwrap().new().unwrap();
        // a GitLab's own words are no comment; elsewhere there are none
        assert_eq!(all.len(), if kind == Kind::GitLab { 1 } else { 2 }, "{kind}");
        assert_eq!(all.last(), Some(&edited), "{kind}");

        forge.delete_comment(number, comment.id).unwrap();
        forge.delete_comment(number, comment.id).unwrap();
        assert_eq!(forge.edit_comment(number, comment.id, "third").unwrap(), Edited::Gone, "{kind}");

        let long = forge.comment(number, &"+ vlan 110\n".repeat(100_000)).unwrap();
        assert!(
            long.body.contains("**Cut here:**") && kind.measure(&long.body) <= kind.body_limit(),
            "{kind}"
        );
    }
}

#[test]
fn an_answer_to_a_comment_that_was_lost_leaves_it_at_one() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let number = fake.add(pull("vlan", 'a'));
        let part = if kind == Kind::GitLab { "/notes" } else { "/comments" };
        fake.on(On::next("POST", part), Deed::Lose);
        let error = client(&fake).comment(number, "first").unwrap_err();
        assert!(error.may_be_done(), "{kind}: {error}");
        assert_eq!(fake.comments(number).len(), 1, "{kind}");
    }
}

#[test]
fn a_status_is_set_in_the_forges_words_and_once() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        for (state, github, gitlab) in [
            (StatusState::Pending, "pending", "pending"),
            (StatusState::Success, "success", "success"),
            (StatusState::Failure, "failure", "failed"),
            (StatusState::Error, "error", "canceled"),
        ] {
            let status = Status {
                context: "gitfabric/plan".to_owned(),
                state,
                description: format!("2 devices\n{}", "ü".repeat(300)),
                link: Some("https://gitfabric.test/plans/1".to_owned()),
            };
            forge.set_status(&commit('a'), None, &status).unwrap();
            fake.calls();
            forge.set_status(&commit('a'), None, &status).unwrap();
            assert_eq!(fake.calls().all, 0, "{kind}: it is set already");

            let stand = fake.status(&"a".repeat(40), "gitfabric/plan").unwrap();
            assert_eq!(stand.state, if kind == Kind::GitLab { gitlab } else { github }, "{kind}");
            assert_eq!(stand.description.chars().count(), kind.status_limit(), "{kind}");
            assert!(
                stand.description.starts_with("2 devices üü") && stand.description.ends_with('…'),
                "{kind}"
            );
            let read = forge.statuses(&commit('a')).unwrap();
            assert_eq!(read.len(), 1, "{kind}: the newest of the context");
            assert_eq!((read[0].state, &read[0].link), (state, &status.link), "{kind}");
        }
        assert_eq!(forge.statuses(&commit('b')).unwrap(), [], "{kind}");
    }
}

#[test]
fn a_pending_status_says_another_wave_on_every_forge() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        for wave in 1..=4 {
            let description = format!("wave {wave} of 4");
            let (context, state) = ("gitfabric/apply".to_owned(), StatusState::Pending);
            let status = Status { context, state, description: description.clone(), link: None };
            forge.set_status(&commit('a'), None, &status).unwrap();
            let stand = fake.status(&"a".repeat(40), "gitfabric/apply").unwrap();
            assert_eq!(stand.description, description, "{kind}");
            assert!(["pending", "running"].contains(&stand.state.as_str()), "{kind}: {}", stand.state);
        }
        let done = Status {
            context: "gitfabric/apply".to_owned(),
            state: StatusState::Success,
            description: "4 devices".to_owned(),
            link: None,
        };
        forge.set_status(&commit('a'), None, &done).unwrap();
        assert_eq!(forge.statuses(&commit('a')).unwrap(), [done], "{kind}");
    }
}

#[test]
fn the_head_of_a_fork_gets_its_status() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let number = fake.add(Entry { of_fork: true, ..pull("main", 'f') });
        let (context, state) = ("gitfabric/plan".to_owned(), StatusState::Success);
        let status = Status { context, state, description: "nothing".to_owned(), link: None };
        client(&fake).set_status(&commit('f'), Some(number), &status).unwrap();
        let stands = fake.statuses(&"f".repeat(40));
        assert_eq!(stands.len(), 1, "{kind}");
        if kind == Kind::GitLab {
            assert_eq!(stands[0].of_ref, "refs/merge-requests/1/head");
            let number = fake.add(pull("vlan", 'a'));
            client(&fake).set_status(&commit('a'), Some(number), &status).unwrap();
            assert_eq!(
                fake.statuses(&"a".repeat(40))[0].of_ref,
                "vlan",
                "the branch whose pipelines are shown"
            );
        }
    }
}

#[test]
fn who_may_write_is_asked_and_remembered() {
    for kind in KINDS {
        let fake = FakeForge::start(kind);
        let forge = client(&fake);
        fake.person("root", Role::Admin);
        fake.person("eve", Role::Nothing);
        for (name, expected) in
            [("ada", true), ("root", true), ("mallory", false), ("eve", false), ("nobody", false)]
        {
            let user = User { name: name.to_owned(), id: fake.world(|world| world.id_of(name)) };
            assert_eq!(forge.may_write(&user).unwrap(), expected, "{kind}, {name}");
        }
        assert!(!forge.may_write(&User::default()).unwrap(), "{kind}: an account that is gone");
        let ada = User { name: "ada".to_owned(), id: 2 };
        fake.calls();
        assert!(forge.may_write(&ada).unwrap(), "{kind}");
        if kind != Kind::Gitea {
            assert_eq!(fake.calls(), Calls { all: 1, unconditional: 0, writes: 0 }, "{kind}");
        }
        fake.person("ada", Role::Read);
        assert!(!forge.may_write(&ada).unwrap(), "{kind}: what is remembered is asked about");
        let ours = fake.world(|world: &mut World| world.id_of(BOT));
        assert_eq!(forge.whoami().unwrap(), User { name: BOT.to_owned(), id: ours }, "{kind}");
    }
    let fake = FakeForge::start(Kind::Gitea);
    fake.person(BOT, Role::Admin);
    let ada = User { name: "ada".to_owned(), id: 2 };
    assert!(client(&fake).may_write(&ada).unwrap(), "an administrator may ask directly");
    assert_eq!(fake.asked(), ["GET collaborators/ada/permission"]);
}

#[test]
fn a_page_that_is_too_large_is_asked_for_in_shorter_ones() {
    let fake = FakeForge::start(Kind::GitLab);
    fake.add(pull("vlan", 'a'));
    let too_large = Answer::of(200, "application/json", "[]").with("Content-Length", "99999999");
    fake.next(too_large.clone());
    fake.next(too_large);
    assert_eq!(listed(&client(&fake)), Some(vec![1]));
    let lengths: Vec<String> = fake.requests().iter().map(|request| request.parameter("per_page")).collect();
    assert_eq!(lengths, ["100", "20", "4"]);
}
