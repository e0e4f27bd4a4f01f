//! The way to a forge over real sockets: refusals, tokens, TLS. Elsewhere: retries, redirects
//! and limits (`trouble`).

mod trouble;

use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;
use crate::forge::fixture::{Answer, Entry, FakeForge, Server, TOKEN};
use crate::forge::{Credential, Forge, Repository};
use crate::secret::SecretText;

/// Any moment; 2023-11-14 22:13:20 UTC.
const NOW: u64 = 1_700_000_000;

/// A client, and the seconds that it would have waited.
fn client(config: &Config) -> (Forge, Arc<Mutex<Vec<u64>>>) {
    let waits = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&waits);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let clock = Clock::standing(now, move |pause| written.lock().unwrap().push(pause.as_secs()));
    (Forge::with_clock(config, clock).unwrap(), waits)
}

fn config(fake: &FakeForge) -> Config {
    let repository = Repository::of_remote(&fake.remote()).unwrap();
    Config { credential: Credential::Token(SecretText::new(TOKEN)), ..Config::new(fake.kind, repository) }
}

/// An error with all its causes and its hint, as a person sees it.
fn shown(error: &ForgeError) -> String {
    format!(
        "{}: {} ({})",
        error,
        Cause::of(std::error::Error::source(error).unwrap()),
        error.hint().unwrap_or("-")
    )
}

fn failed(fake: &FakeForge) -> ForgeError {
    client(&config(fake)).0.find("netbox-export", "main").unwrap_err()
}

fn said(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "message": message }))
}

#[test]
fn a_refusal_says_what_was_tried_and_what_is_needed() {
    for (case, kind, answer, expected) in [
        (
            "a wrong token",
            Kind::GitHub,
            said(401, "Bad credentials"),
            &[
                "cannot find the pull request of `netbox-export` in acme/net at http://127.0.0.1:",
                "the token was refused (401: Bad credentials)",
                "Pull requests: read and write",
            ][..],
        ),
        (
            "GitHub, no right",
            Kind::GitHub,
            said(403, "Resource not accessible by personal access token"),
            &["the token may not do this (403: Resource not accessible", "Pull requests: read and write"],
        ),
        (
            "GitLab, no scope",
            Kind::GitLab,
            Answer::json(
                403,
                &json!({ "error": "insufficient_scope", "error_description": "higher privileges" }),
            ),
            &[
                "cannot find the merge request",
                "(403: insufficient_scope; higher privileges)",
                "the scope `api`",
            ],
        ),
        (
            "Gitea, no scope",
            Kind::Gitea,
            said(403, "token does not have at least one of required scope(s): [write:repository]"),
            &["(403: token does not have", "the scope `write:repository`"],
        ),
        (
            "no such repository",
            Kind::GitLab,
            said(404, "404 Project Not Found"),
            &[
                "there is no such thing, or the token may not see it (404: 404 Project Not Found)",
                "the scope `api`",
            ],
        ),
        (
            "a web page",
            Kind::GitLab,
            Answer::of(404, "text/html", "<!DOCTYPE html><html>"),
            &["(404: a web page, no answer of an API)"],
        ),
        (
            "a web page that claims to be fine",
            Kind::Gitea,
            Answer::of(200, "text/html; charset=utf-8", "<!DOCTYPE html><title>Sign in</title>"),
            &[
                "the answer (text/html; charset=utf-8) is not what the API describes: expected value at line 1",
                "it begins \"<!DOCTYPE html><title>Sign in",
                "is this the address of the API",
            ],
        ),
        (
            "JSON of another shape",
            Kind::GitHub,
            Answer::json(200, &json!([{ "number": "one" }])),
            &["is not what the API describes: invalid type: string \"one\""],
        ),
        (
            "a refusal without JSON",
            Kind::GitHub,
            Answer::of(418, "text/plain", "no tea"),
            &["the forge refused it (418: no tea)"],
        ),
    ] {
        let fake = FakeForge::start(kind);
        fake.next(answer);
        let error = failed(&fake);
        let text = shown(&error);
        for part in expected {
            assert!(text.contains(part), "{case}: {text}");
        }
        assert_eq!(fake.requests().len(), 1, "{case}: nothing is tried again");
        assert!(!error.is_transient(), "{case}");
    }
}

#[test]
fn without_a_token_it_is_said_that_there_was_none() {
    let fake = FakeForge::start(Kind::Gitea);
    let config = Config { credential: Credential::Nobody, ..config(&fake) };
    let error = client(&config).0.find("a", "main").unwrap_err();
    assert!(shown(&error).contains("no token was given (401: Bad credentials)"), "{}", shown(&error));
    assert_eq!(fake.requests()[0].header("authorization"), "");
}

#[test]
fn an_authority_of_ones_own_is_trusted_if_it_is_named() {
    let fake = FakeForge::start_tls(Kind::GitLab);
    fake.add(Entry::default());
    let text = shown(&failed(&fake));
    assert!(text.contains("the certificate is not trusted") && text.contains("as `ca`"), "{text}");

    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let with_ca = |pem: &str| {
        std::fs::write(&ca, pem).unwrap();
        Forge::new(&Config { ca: Some(ca.clone()), ..config(&fake) })
    };
    let forge = with_ca(fake.server.authority.as_ref().unwrap()).unwrap();
    assert!(forge.find("netbox-export", "main").unwrap().is_some());
    let error = with_ca("nothing").unwrap_err();
    assert!(shown(&error).contains("it holds no certificate in PEM form"), "{}", shown(&error));
}

#[test]
fn a_token_is_neither_sent_in_clear_nor_shown() {
    let config = |remote: &str, token: &str| Config {
        credential: Credential::Token(SecretText::new(token)),
        ..Config::new(Kind::Gitea, Repository::of_remote(remote).unwrap())
    };
    let clear = Forge::new(&config("http://git.example/a/b", TOKEN)).unwrap_err();
    assert_eq!(clear.to_string(), "no token is sent to http://git.example/api/v1: http is not encrypted");
    for token in ["", " \n", "two words", "line\nbreak", "tökén"] {
        let error = Forge::new(&config("https://git.example/a/b", token)).unwrap_err();
        assert!(matches!(error, ForgeError::BadToken { .. }), "{token:?}: {error}");
    }
    let forge = Forge::new(&config("https://git.example/a/b", &format!("{TOKEN}\n"))).unwrap();
    assert!(!format!("{forge:?} {:?}", config("https://h/a/b", TOKEN)).contains(TOKEN));
    let call = forge.http.get("look".to_owned(), &["user"], &[]);
    let word = forge.http.authorization(&call).unwrap().unwrap();
    assert!(word.is_sensitive() && !format!("{word:?}").contains(TOKEN));
}

#[test]
fn a_token_that_the_other_side_repeats_is_not_shown() {
    let echo = format!("no such token: {TOKEN}\u{1b}[31m");
    for (case, answer) in [
        ("in a refusal", said(401, &echo)),
        ("in trouble", said(500, &echo)),
        ("in a page", Answer::of(200, "text/html", format!("<p>{TOKEN}"))),
        ("in a content type", Answer::of(200, TOKEN, "<p>")),
        ("in JSON", Answer::json(200, &json!([{ "number": TOKEN }]))),
        ("in a redirect", Answer::of(302, "text/html", "").with("Location", &format!("https://x/{TOKEN}"))),
    ] {
        let fake = FakeForge::start(Kind::GitHub);
        fake.next(answer);
        let error = failed(&fake);
        let text = format!("{} {error:?}", shown(&error));
        assert!(!text.contains(TOKEN) && text.contains("(secret)"), "{case}: {text}");
        assert!(!text.contains('\u{1b}'), "{case}: {text}");
    }
}

#[test]
fn every_request_says_who_asks_and_in_which_version() {
    for (kind, accept, version) in [
        (Kind::GitHub, "application/vnd.github+json", "2022-11-28"),
        (Kind::GitLab, "application/json", ""),
        (Kind::Gitea, "application/json", ""),
    ] {
        let fake = FakeForge::start(kind);
        client(&config(&fake)).0.find("netbox-export", "main").unwrap();
        for request in fake.requests() {
            assert_eq!(request.header("user-agent"), concat!("gitfabric/", env!("CARGO_PKG_VERSION")));
            assert_eq!((request.header("accept"), request.header("x-github-api-version")), (accept, version));
        }
    }
}

#[test]
fn names_are_escaped_where_they_stand_in_an_address() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    let server = Server::start(false, move |request| {
        log.lock().unwrap().push(request.target);
        Some(Answer::json(200, &json!([])))
    });
    let repository = Repository::of_remote(&format!("{}/acme/dc/net", server.url())).unwrap();
    let (forge, _) = client(&Config::new(Kind::GitLab, repository));
    forge.find("a&b=c #d", "feature/x").unwrap();
    let first = seen.lock().unwrap()[0].clone();
    assert!(
        first.starts_with("/api/v4/projects/acme%2Fdc%2Fnet/merge_requests?source_branch=a%26b%3Dc+%23d&target_branch=feature%2Fx&state=opened"),
        "{first}"
    );
}
