//! Deliveries as the forges send them, over real sockets.

use axum::http::HeaderValue;
use proptest::prelude::*;
use ring::hmac::{self, HMAC_SHA256};

use super::*;
use crate::web::tests::{Lab, brief};

const NOW: i64 = 1_763_700_000;
/// The specification's form: base64 of 32 bytes.
const STANDARD: &str = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=";

fn hook(signing: Signing, secret: &str) -> (ForgeHook, Wakeups) {
    let clock: Clock = Arc::new(|| Timestamp::from_second(NOW).unwrap());
    let debounce = Debounce::new(Duration::from_millis(20), Duration::from_secs(5));
    ForgeHook::with_clock(signing, &SecretText::new(secret), debounce, clock).unwrap()
}

fn hex(secret: &str, body: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, secret.as_bytes()), body);
    tag.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// `webhook-id`, `webhook-timestamp` and `webhook-signature`.
fn standard(key: &[u8], sent: i64, body: &str) -> String {
    use base64::Engine as _;
    let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, key), format!("msg_1.{sent}.{body}").as_bytes());
    let tag = base64::engine::general_purpose::STANDARD.encode(tag);
    format!("webhook-id: msg_1\r\nwebhook-timestamp: {sent}\r\nwebhook-signature: v1,AAAA v1,{tag} v2,x\r\n")
}

fn request(headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST /hooks/forge HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
        .into_bytes()
}

const PULL: &str = r#"{"action":"opened","pull_request":{"number":7},"sender":{"login":"ada"}}"#;

#[test]
fn the_signature_is_that_of_rfc_4231() {
    let tag = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(hex("Jefe", b"what do ya want for nothing?"), tag);
}

#[expect(clippy::too_many_lines, reason = "one table")]
#[tokio::test]
async fn each_forge_is_known_by_its_own_signature_alone() {
    let good = hex("hunter2", PULL.as_bytes());
    let bad = hex("hunter3", PULL.as_bytes());
    let (hub, event) =
        (format!("X-Hub-Signature-256: sha256={good}\r\n"), "X-GitHub-Event: pull_request\r\n");
    let gitea = "X-Gitea-Event: pull_request\r\n";
    let gitlab = "X-Gitlab-Event: Merge Request Hook\r\n";
    let key = b"testtesttesttesttesttesttesttest";
    for (case, signing, secret, headers, expected) in [
        ("GitHub", Signing::GitHub, "hunter2", format!("{hub}{event}"), "200 taken"),
        ("no signature", Signing::GitHub, "hunter2", event.to_owned(), "401"),
        (
            "of another secret",
            Signing::GitHub,
            "hunter2",
            format!("X-Hub-Signature-256: sha256={bad}\r\n{event}"),
            "401",
        ),
        ("twice", Signing::GitHub, "hunter2", format!("{hub}{hub}{event}"), "401"),
        (
            "without its scheme",
            Signing::GitHub,
            "hunter2",
            format!("X-Hub-Signature-256: {good}\r\n{event}"),
            "401",
        ),
        (
            "SHA-1",
            Signing::GitHub,
            "hunter2",
            format!("X-Hub-Signature: sha1={}\r\n{event}", &good[..40]),
            "401",
        ),
        (
            "cut",
            Signing::GitHub,
            "hunter2",
            format!("X-Hub-Signature-256: sha256={}\r\n{event}", &good[..62]),
            "401",
        ),
        (
            "of Gitea, at GitHub's",
            Signing::GitHub,
            "hunter2",
            format!("X-Gitea-Signature: {good}\r\n{event}"),
            "401",
        ),
        (
            "no event",
            Signing::GitHub,
            "hunter2",
            hub.clone(),
            "400 no event is named: is this a webhook of GitHub?",
        ),
        ("Gitea", Signing::Gitea, "hunter2", format!("X-Gitea-Signature: {good}\r\n{gitea}"), "200 taken"),
        (
            "Forgejo",
            Signing::Gitea,
            "hunter2",
            format!("X-Forgejo-Signature: {good}\r\nX-Gitea-Signature: {good}\r\n{gitea}"),
            "200 taken",
        ),
        ("Gitea as GitHub", Signing::Gitea, "hunter2", format!("{hub}{gitea}"), "200 taken"),
        (
            "a bad one is not mended by another",
            Signing::Gitea,
            "hunter2",
            format!("X-Forgejo-Signature: {bad}\r\n{hub}{gitea}"),
            "401",
        ),
        (
            "GitLab's token",
            Signing::GitLab,
            "hunter2",
            format!("X-Gitlab-Token: hunter2\r\n{gitlab}"),
            "200 taken",
        ),
        ("another token", Signing::GitLab, "hunter2", format!("X-Gitlab-Token: hunter22\r\n{gitlab}"), "401"),
        (
            "the token twice",
            Signing::GitLab,
            "hunter2",
            format!("X-Gitlab-Token: hunter2\r\nX-Gitlab-Token: hunter2\r\n{gitlab}"),
            "401",
        ),
        ("of GitHub, at GitLab's", Signing::GitLab, "hunter2", format!("{hub}{gitlab}"), "401"),
        ("GitLab's signature", Signing::GitLab, STANDARD, standard(key, NOW, PULL) + gitlab, "200 taken"),
        ("five minutes old", Signing::GitLab, STANDARD, standard(key, NOW - 300, PULL) + gitlab, "200 taken"),
        (
            "older",
            Signing::GitLab,
            STANDARD,
            standard(key, NOW - 301, PULL) + gitlab,
            "403 the delivery is 301 s old",
        ),
        (
            "of the future",
            Signing::GitLab,
            STANDARD,
            standard(key, NOW + 301, PULL) + gitlab,
            "403 the delivery is -301 s old",
        ),
        ("of another key", Signing::GitLab, STANDARD, standard(b"another", NOW, PULL) + gitlab, "401"),
        (
            "its time was changed",
            Signing::GitLab,
            STANDARD,
            standard(key, NOW - 301, PULL).replace(&(NOW - 301).to_string(), &NOW.to_string()) + gitlab,
            "401",
        ),
        (
            "the token where a signature is asked",
            Signing::GitLab,
            STANDARD,
            format!("X-Gitlab-Token: {STANDARD}\r\n{gitlab}"),
            "401",
        ),
    ] {
        let (hook, _wakeups) = hook(signing, secret);
        let lab = Lab::with(hook.routes()).await;
        let said = brief(&lab.ask(&request(&headers, PULL)).await);
        assert!(said.starts_with(expected), "{case}: {said}");
    }
}

#[tokio::test]
async fn what_was_signed_is_looked_at_in_turn() {
    let (hook, mut wakeups) = hook(Signing::GitHub, "hunter2");
    let lab = Lab::with(hook.routes()).await;
    let send = async |headers: &str, body: &str| {
        let signature = hex("hunter2", body.as_bytes());
        lab.ask(&request(&format!("X-Hub-Signature-256: sha256={signature}\r\n{headers}"), body)).await
    };
    let form = "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nX-GitHub-Event: push\r\n";
    let large = format!(r#"{{"commits":"{}"}}"#, "x".repeat(HELD));
    for (case, headers, body, expected) in [
        ("ping", "X-GitHub-Event: ping\r\n", r#"{"zen":"x"}"#, "200 pong"),
        (
            "a form",
            form,
            "payload=%7B%7D",
            "415 a form is not read: choose the content type application/json",
        ),
        ("no JSON", "X-GitHub-Event: push\r\n", "payload", "400 the body is no JSON object"),
        ("a list", "X-GitHub-Event: push\r\n", "[]", "400 the body is no JSON object"),
        ("too deep", "X-GitHub-Event: push\r\n", &"[".repeat(100_000), "400 the body is no JSON object"),
        (
            "a star",
            "X-GitHub-Event: star\r\n",
            r#"{"action":"created"}"#,
            "200 nothing to look at: star created",
        ),
        ("a pull request", "X-GitHub-Event: pull_request\r\nX-GitHub-Delivery: g-1\r\n", PULL, "200 taken"),
        ("again", "X-GitHub-Event: pull_request\r\nX-GitHub-Delivery: g-2\r\n", PULL, "200 seen already"),
        ("larger than the server's limit", "X-GitHub-Event: push\r\n", &large, "200 taken"),
    ] {
        let said = brief(&send(headers, body).await);
        assert!(said.starts_with(expected), "{case}: {said}");
    }
    let first = wakeups.next().await.unwrap().first;
    assert_eq!(first.to_string(), "pull_request 7 opened by ada (request g-1)");
    drop(wakeups);
    assert_eq!(brief(&send("X-GitHub-Event: push\r\n", "{}").await), "503 the agent has ended");
}

#[tokio::test]
async fn a_body_beyond_what_github_sends_is_not_read_to_its_end() {
    let (hook, _wakeups) = hook(Signing::GitHub, "hunter2");
    let endless = tokio_stream::iter(std::iter::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 1 << 20])));
    let verdict = hook.0.receive(&HeaderMap::new(), Body::from_stream(endless)).await;
    assert_eq!(verdict, Verdict::TooLarge);
    let broken = tokio_stream::iter([Err::<Vec<u8>, _>(std::io::Error::other("gone"))]);
    let verdict = hook.0.receive(&HeaderMap::new(), Body::from_stream(broken)).await;
    assert_eq!(verdict, Verdict::BrokenOff);
}

#[test]
fn pushes_pull_requests_and_comments_are_news() {
    for (event, expected) in [
        ("push", true),
        ("pull_request", true),
        ("pull_request_sync", true),
        ("pull_request_review_comment", true),
        ("issue_comment", true),
        ("Push Hook", true),
        ("Merge Request Hook", true),
        ("Note Hook", true),
        ("Confidential Note Hook", true),
        ("System Hook", true),
        ("status", false),
        ("check_run", false),
        ("Pipeline Hook", false),
        ("star", false),
        ("", false),
    ] {
        assert_eq!(is_news(event), expected, "{event}");
    }
}

#[test]
fn a_secret_that_nobody_needs_to_know_is_refused_and_none_shows() {
    for (signing, secret) in [
        (Signing::GitHub, " \n"),
        (Signing::Gitea, ""),
        (Signing::GitLab, ""),
        (Signing::GitLab, "whsec_"),
        (Signing::GitLab, "whsec_no base64"),
    ] {
        let made = ForgeHook::new(signing, &SecretText::new(secret), ForgeHook::debounce());
        assert_eq!(made.err(), Some(WeakSecret), "{signing:?} {secret:?}");
    }
    let (hook, _) = hook(Signing::GitHub, "hunter2");
    assert!(!format!("{hook:?}").contains("hunter2"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_that_is_not_signed_gets_in(
        name in prop_oneof![
            Just("x-hub-signature-256"), Just("x-gitea-signature"), Just("x-forgejo-signature"),
            Just("x-gitlab-token"), Just("webhook-signature"),
        ],
        value in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..140),
            "(sha256=|v1,)?[0-9a-f]{0,66}".prop_map(String::into_bytes),
        ],
        body in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (signing, secret) in
            [(Signing::GitHub, "hunter2"), (Signing::Gitea, "hunter2"), (Signing::GitLab, "hunter2"), (Signing::GitLab, STANDARD)]
        {
            let (hook, _wakeups) = hook(signing, secret);
            let mut headers = HeaderMap::new();
            headers.insert("webhook-id", HeaderValue::from_static("x"));
            headers.insert("webhook-timestamp", HeaderValue::from_static("1763700000"));
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.insert(name, value);
            }
            let verdict = runtime.block_on(hook.0.receive(&headers, Body::from(body.clone())));
            prop_assert_eq!(verdict, Verdict::NotSigned);
        }
    }
}
