//! A forge in trouble, one that has moved, and one that does not stop talking.

use serde_json::json;

use super::{NOW, client, config, failed, said, shown};
use crate::forge::New;
use crate::forge::fixture::{Answer, Entry, FakeForge};
use crate::forge::http::LARGEST;
use crate::forge::kind::Kind;

#[test]
fn trouble_is_waited_for_with_patience_that_ends() {
    let busy = |seconds: &str| said(429, "slow down").with("Retry-After", seconds);
    for (case, kind, answers, waits, expected) in [
        ("a gateway once", Kind::GitLab, vec![said(502, "x")], &[1][..], ""),
        (
            "each kind of trouble",
            Kind::Gitea,
            vec![said(502, "x"), said(503, "x"), said(504, "x")],
            &[1, 2, 4],
            "",
        ),
        (
            "trouble without end",
            Kind::GitLab,
            vec![said(502, "gone"); 4],
            &[1, 2, 4],
            "in trouble (502 at 4 tries: gone)",
        ),
        (
            "an error of its own",
            Kind::GitLab,
            vec![said(500, "500 Internal Server Error")],
            &[],
            "in trouble (500 at 1 tries",
        ),
        ("asked to wait", Kind::GitHub, vec![busy("7")], &[7], ""),
        (
            "asked to wait too long",
            Kind::GitHub,
            vec![busy("3600")],
            &[],
            "too many requests (said: slow down); the forge wants none for 3600 s",
        ),
        (
            "asked to wait for all time",
            Kind::GitHub,
            vec![busy("7"), busy("18446744073709551615")],
            &[7],
            "the forge wants none for 18446744073709551615 s",
        ),
        (
            "asked again and again",
            Kind::GitHub,
            vec![busy("40"), busy("40"), busy("40")],
            &[40, 40],
            "wants none for 40 s",
        ),
        (
            "GitHub's limit for the hour",
            Kind::GitHub,
            vec![
                said(403, "API rate limit exceeded")
                    .with("x-ratelimit-remaining", "0")
                    .with("x-ratelimit-reset", &(NOW + 20).to_string()),
            ],
            &[21],
            "",
        ),
        (
            "GitHub's secondary limit",
            Kind::GitHub,
            vec![said(403, "You have exceeded a secondary rate limit.")],
            &[60],
            "",
        ),
    ] {
        let fake = FakeForge::start(kind);
        fake.add(Entry::default());
        for answer in answers {
            fake.next(answer);
        }
        let (forge, waited) = client(&config(&fake));
        match forge.find("netbox-export", "main") {
            Ok(found) => assert_eq!((found.unwrap().number, expected), (1, ""), "{case}"),
            Err(error) => {
                assert!(
                    !expected.is_empty() && shown(&error).contains(expected),
                    "{case}: {}",
                    shown(&error)
                );
                assert!(error.is_transient(), "{case}");
            }
        }
        assert_eq!(*waited.lock().unwrap(), waits, "{case}");
    }
}

#[test]
fn a_broken_connection_is_tried_again_and_then_told() {
    let fake = FakeForge::start(Kind::GitHub);
    fake.add(Entry::default());
    fake.next(None);
    assert!(client(&config(&fake)).0.find("netbox-export", "main").unwrap().is_some());

    let gone = config(&fake);
    drop(fake);
    let (forge, waited) = client(&gone);
    let error = forge.find("netbox-export", "main").unwrap_err();
    assert!(shown(&error).contains("no answer at 4 tries: "), "{}", shown(&error));
    assert_eq!(*waited.lock().unwrap(), [1, 2, 4]);
}

#[test]
fn what_may_have_been_done_is_not_done_twice_unless_that_is_harmless() {
    let fake = FakeForge::start(Kind::GitHub);
    for (case, repeatable, answer, tries) in [
        ("lost, and not harmless", false, None, 1),
        ("a gateway, and not harmless", false, Some(said(502, "x")), 1),
        ("a limit", false, Some(said(429, "x")), 2),
        ("lost, and harmless", true, None, 2),
    ] {
        fake.next(answer);
        let http = client(&config(&fake)).0.http;
        let mut call = http.post("try it".to_owned(), &["nowhere"], &json!({}));
        call.repeatable = repeatable;
        assert!(http.json::<serde_json::Value>(&call).is_err(), "{case}");
        assert_eq!(fake.requests().len(), tries, "{case}");
    }
}

#[test]
fn a_redirect_is_followed_on_the_same_host_and_nowhere_else() {
    let moved = |status: u16, to: &str| Answer::of(status, "text/html", "").with("Location", to);
    let elsewhere = FakeForge::start(Kind::GitHub);
    let path = "/api/v3/repos/acme/net/pulls";
    for (case, status, to, expected) in [
        ("moved on the same host", 301, path.to_owned(), ""),
        ("moved for now", 307, path.to_owned(), ""),
        (
            "to another port",
            302,
            format!("{}{path}", elsewhere.server.url()),
            "it was redirected (302) to http://127.0.0.1:",
        ),
        (
            "to another host",
            301,
            "https://x:y@sso.example/login?next=1".to_owned(),
            "(301) to https://sso.example/login, and",
        ),
        ("to nowhere", 302, "http://[".to_owned(), "(302) to http://["),
    ] {
        let fake = FakeForge::start(Kind::GitHub);
        fake.add(Entry::default());
        let query = "?head=acme:netbox-export&base=main&state=open";
        let to = if to == path { format!("{to}{query}") } else { to };
        fake.next(moved(status, &to));
        match client(&config(&fake)).0.find("netbox-export", "main") {
            Ok(found) => assert!(found.is_some() && expected.is_empty(), "{case}"),
            Err(error) => {
                let text = shown(&error);
                assert!(!expected.is_empty() && text.contains(expected), "{case}: {text}");
                assert!(text.contains("has moved"), "{case}: {text}");
            }
        }
    }
    assert!(elsewhere.requests().is_empty(), "the token went nowhere else");

    let fake = FakeForge::start(Kind::GitHub);
    for _ in 0..9 {
        fake.next(moved(302, path));
    }
    assert!(shown(&failed(&fake)).contains("redirected"), "in a circle");
    assert_eq!(fake.requests().len(), 4);
}

#[test]
fn a_write_is_not_turned_into_a_read_by_a_redirect() {
    let path = "/api/v3/repos/acme/net/pulls";
    let new =
        New { head: "a".into(), base: "main".into(), title: "t".into(), body: "b".into(), draft: false };
    for (status, is_followed) in [(301, false), (302, false), (303, false), (307, true), (308, true)] {
        let fake = FakeForge::start(Kind::GitHub);
        fake.next(Answer::of(status, "text/html", "").with("Location", path));
        let opened = client(&config(&fake)).0.open(&new);
        assert_eq!(opened.is_ok(), is_followed, "{status}");
        assert_eq!(fake.entries().len(), usize::from(is_followed), "{status}");
    }
}

#[test]
fn an_answer_without_end_is_cut_off() {
    let too_long = usize::try_from(LARGEST).unwrap() + 1;
    let announced = Answer::of(200, "application/json", "[]").with("Content-Length", &too_long.to_string());
    // without a length, as long as the connection stands
    let unannounced = Answer::of(200, "application/json", vec![b' '; too_long]).with("Content-Length", "");
    for (case, answer) in [("announced", announced), ("not announced", unannounced)] {
        let fake = FakeForge::start(Kind::GitLab);
        fake.next(answer);
        let text = shown(&failed(&fake));
        assert!(text.contains("the answer is larger than 33554432 bytes"), "{case}: {text}");
    }
}
