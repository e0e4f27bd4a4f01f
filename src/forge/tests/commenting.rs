//! One comment of ours: whatever people, other agents and broken connections do, it stays one.

use super::*;
use crate::forge::fixture::{BOT, Deed, On, World};
use crate::forge::{Did, Synced};

const MARKER: &str = "<!-- gitfabric:plan dc1 -->";

fn body(words: &str) -> String {
    format!("{MARKER}\n{words}")
}

fn sync(forge: &Forge, words: &str) -> Synced {
    forge.sync_comment(1, MARKER, &body(words), None).unwrap()
}

/// A forge with one pull request, and a client of it.
fn story(kind: Kind) -> (FakeForge, Forge) {
    let fake = FakeForge::start(kind);
    let forge = client(&fake);
    fake.add(Entry::default());
    (fake, forge)
}

/// The part of an address that comments on a pull request have.
fn part(kind: Kind) -> &'static str {
    if kind == Kind::GitLab { "/notes" } else { "/comments" }
}

/// How a comment is edited.
fn method(kind: Kind) -> &'static str {
    if kind == Kind::GitLab { "PUT" } else { "PATCH" }
}

/// The bodies of what is there, without the marker.
fn said(fake: &FakeForge) -> Vec<String> {
    let shown = |body: &str| body.trim_start_matches(MARKER).trim().to_owned();
    fake.comments(1).iter().map(|said| shown(&said.body)).collect()
}

#[test]
fn it_is_made_edited_in_place_and_left_alone_if_it_says_the_same() {
    for kind in KINDS {
        let (fake, forge) = story(kind);
        fake.says(1, "ada", "nice");
        let first = sync(&forge, "one");
        assert_eq!((first.did, first.removed), (Did::Created, 0), "{kind}");
        for (words, did) in [("one", Did::Unchanged), ("two", Did::Edited), ("two", Did::Unchanged)] {
            let synced = sync(&forge, words);
            assert_eq!((synced.did, synced.comment.id), (did, first.comment.id), "{kind}, {words}");
        }
        // another process, that remembers nothing
        assert_eq!(sync(&client(&fake), "three").comment.id, first.comment.id, "{kind}");
        assert_eq!(said(&fake), ["nice", "three"], "{kind}");

        let other =
            forge.sync_comment(1, "<!-- gitfabric:plan dc2 -->", "<!-- gitfabric:plan dc2 -->\nx", None);
        assert_eq!(other.unwrap().did, Did::Created, "{kind}: another fabric has its own");
    }
}

#[test]
fn what_others_write_under_our_marker_is_not_ours() {
    for kind in KINDS {
        let (fake, forge) = story(kind);
        fake.says(1, "mallory", &body("all is well"));
        fake.says(1, BOT, &format!("as I said:\n{}", body("x")));
        assert_eq!(sync(&forge, "it is not").did, Did::Created, "{kind}");
        assert_eq!(fake.comments(1).len(), 3, "{kind}");
        assert_eq!(fake.comments(1)[0].body, body("all is well"), "{kind}: and it is left alone");
    }
}

#[test]
fn a_comment_that_a_person_deleted_is_made_again_once() {
    for kind in KINDS {
        let (fake, forge) = story(kind);
        let first = sync(&forge, "one").comment.id;
        fake.deletes(first);
        let again = sync(&forge, "two");
        assert_eq!((again.did, again.comment.id != first), (Did::Created, true), "{kind}");
        assert_eq!(said(&fake), ["two"], "{kind}");

        // and between our look and our edit
        let before = fake.comments(1)[0].id;
        fake.on(
            On::next(method(kind), part(kind)),
            Deed::Before(Box::new(move |world: &mut World| {
                world.unsay(before);
            })),
        );
        assert_eq!(sync(&forge, "three").did, Did::Created, "{kind}");
        assert_eq!(said(&fake), ["three"], "{kind}");
    }
}

#[test]
fn a_lost_answer_makes_no_second_comment() {
    for kind in KINDS {
        for (case, deed, did) in [
            ("it was made", Deed::Lose, Did::Unchanged),
            ("it was not made", Deed::Break, Did::Created),
            ("a proxy in trouble", Deed::Answer(Answer::of(502, "text/html", "<html>")), Did::Created),
            ("a page of some gateway", Deed::Answer(Answer::of(200, "text/html", "<html>")), Did::Created),
        ] {
            let (fake, forge) = story(kind);
            fake.on(On::next("POST", part(kind)), deed);
            assert_eq!(sync(&forge, "one").did, did, "{kind}, {case}");
            assert_eq!(said(&fake), ["one"], "{kind}, {case}");
            assert_eq!(sync(&forge, "two").did, Did::Edited, "{kind}, {case}");
        }
    }
}

#[test]
fn two_agents_at_once_end_with_the_older_comment() {
    for kind in KINDS {
        let (fake, forge) = story(kind);
        // the other one's is made after we looked, and just before ours
        let theirs = |world: &mut World| {
            world.say(1, BOT, &body("theirs"));
        };
        fake.on(On::next("POST", part(kind)), Deed::Before(Box::new(theirs)));
        let synced = sync(&forge, "ours");
        assert_eq!((synced.did, synced.removed), (Did::Edited, 1), "{kind}");
        assert_eq!(said(&fake), ["ours"], "{kind}");
        assert_eq!(sync(&client(&fake), "theirs").comment.id, synced.comment.id, "{kind}");

        // many, left behind by agents that ended in between
        for words in ["x", "y"] {
            fake.says(1, BOT, &body(words));
        }
        assert_eq!(sync(&forge, "theirs").removed, 2, "{kind}");
        assert_eq!(said(&fake), ["theirs"], "{kind}");
    }
}

#[test]
fn an_edit_conflict_is_looked_at_again_a_bounded_number_of_times() {
    for kind in KINDS {
        let conflict = || Deed::Answer(Answer::json(409, &serde_json::json!({ "message": "conflict" })));
        for (conflicts, is_done) in [(1, true), (3, true), (9, false)] {
            let (fake, forge) = story(kind);
            sync(&forge, "one");
            for _ in 0..conflicts {
                fake.on(On::next(method(kind), part(kind)), conflict());
            }
            let outcome = forge.sync_comment(1, MARKER, &body("two"), None);
            assert_eq!(outcome.is_ok(), is_done, "{kind}, {conflicts} conflicts");
            assert_eq!(fake.comments(1).len(), 1, "{kind}, {conflicts} conflicts");
            if is_done {
                assert_eq!(said(&fake), ["two"], "{kind}, {conflicts} conflicts");
            }
        }
    }
}

#[test]
fn a_refusal_is_told_and_not_tried_again() {
    for (case, kind, status, words, expected) in [
        (
            "no right",
            Kind::GitHub,
            403,
            "Resource not accessible",
            "the token may not do this (403: Resource",
        ),
        ("locked", Kind::GitHub, 422, "issue is locked", "the forge refused it (422: issue is locked)"),
        ("no scope", Kind::GitLab, 403, "insufficient_scope", "the token may not do this (403: insufficient"),
        ("gone", Kind::Gitea, 404, "no such issue", "there is no such thing"),
    ] {
        let (fake, forge) = story(kind);
        let answer = Answer::json(status, &serde_json::json!({ "message": words }));
        fake.on(On::next("POST", part(kind)), Deed::Answer(answer));
        let error = forge.sync_comment(1, MARKER, &body("one"), None).unwrap_err();
        assert!(error.problem().unwrap().to_string().contains(expected), "{case}: {error:?}");
        assert!(!error.may_be_done() && error.hint().is_some(), "{case}");
        assert_eq!(fake.comments(1).len(), 0, "{case}");
    }
}

#[test]
fn a_comment_that_the_list_does_not_show_yet_is_edited_by_its_id() {
    for kind in KINDS {
        let (fake, forge) = story(kind);
        let id = sync(&forge, "one").comment.id;
        for (case, forge, known) in [("remembered", &forge, None), ("recorded", &client(&fake), Some(id))] {
            forge.whoami().unwrap();
            fake.on(On::next("GET", part(kind)), Deed::Answer(Answer::json(200, &serde_json::json!([]))));
            let synced = forge.sync_comment(1, MARKER, &body(case), known).unwrap();
            assert_eq!((synced.did, synced.comment.id), (Did::Edited, id), "{kind}, {case}");
            assert_eq!(said(&fake), [case], "{kind}");
        }
    }
}

#[test]
fn reading_for_ourselves_hides_no_news_from_the_caller() {
    for kind in KINDS {
        let (fake, forge) = story(kind);
        forge.comments(1).unwrap();
        fake.says(1, "ada", "/gitfabric plan");
        sync(&forge, "one");
        let comments = forge.comments(1).unwrap().new();
        assert_eq!(comments.map(|all| all.len()), Some(2), "{kind}");
    }
}

#[test]
fn a_limit_is_waited_for_and_then_there_is_one_comment() {
    for kind in KINDS {
        let (fake, forge) = story(kind);
        let busy = Answer::json(429, &serde_json::json!({ "message": "secondary rate limit" }));
        fake.on(On::next("POST", part(kind)), Deed::Answer(busy.with("Retry-After", "7")));
        assert_eq!(sync(&forge, "one").did, Did::Created, "{kind}");
        assert_eq!(said(&fake), ["one"], "{kind}");
    }
}

#[test]
fn a_body_over_the_limit_keeps_its_marker_and_is_the_same_the_next_time() {
    for kind in KINDS {
        let (fake, forge) = story(kind);
        let long = "+ vlan 110\n".repeat(100_000);
        assert_eq!(sync(&forge, &long).did, Did::Created, "{kind}");
        assert_eq!(sync(&forge, &long).did, Did::Unchanged, "{kind}");
        assert!(kind.measure(&fake.comments(1)[0].body) <= kind.body_limit(), "{kind}");
    }
}
