//! GitHub Apps: tokens are made, renewed in time, and never shown.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::*;
use crate::forge::fixture::{APP_ID, APP_USER, BOT, Deed, On, Pem};
use crate::forge::{App, Did};
use crate::secret::SecretText;

fn config(fake: &FakeForge, pem: Pem, installation: Option<u64>) -> Config {
    let key = SecretText::new(pem.text());
    let credential = Credential::App(App { id: APP_ID.to_owned(), key, installation });
    Config { credential, ..Config::new(fake.kind, Repository::of_remote(&fake.remote()).unwrap()) }
}

/// A client whose clock shows what is put there, and waits by going on.
fn app(fake: &FakeForge, installation: Option<u64>) -> (Forge, Arc<Mutex<SystemTime>>) {
    let now = Arc::new(Mutex::new(SystemTime::now()));
    let (read, moved) = (Arc::clone(&now), Arc::clone(&now));
    let clock = Clock {
        now: Box::new(move || *read.lock().unwrap()),
        sleep: Box::new(move |pause| *moved.lock().unwrap() += pause),
    };
    (Forge::with_clock(&config(fake, Pem::Pkcs1, installation), clock).unwrap(), now)
}

fn tokens_made(fake: &FakeForge) -> usize {
    fake.requests().iter().filter(|request| request.target.ends_with("/access_tokens")).count()
}

#[test]
fn an_app_finds_its_installation_and_writes_as_its_own_user() {
    for pem in [Pem::Pkcs1, Pem::Pkcs8] {
        let fake = FakeForge::start_tls(Kind::GitHub);
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, fake.server.authority.as_ref().unwrap()).unwrap();
        let forge = Forge::new(&Config { ca: Some(ca), ..config(&fake, pem, None) }).unwrap();
        fake.add(Entry::default());
        let marker = "<!-- gitfabric:plan dc1 -->";
        let synced = forge.sync_comment(1, marker, &format!("{marker}\none"), None).unwrap();
        assert_eq!((synced.did, synced.comment.author.name.as_str()), (Did::Created, APP_USER), "{pem:?}");
        assert_eq!(forge.whoami().unwrap().name, APP_USER);
        assert_eq!(forge.pulls("main").unwrap().new().unwrap().len(), 1);

        let requests = fake.requests();
        let ends: Vec<&str> = requests.iter().take(2).filter_map(|it| it.target.rsplit('/').next()).collect();
        assert_eq!(ends, ["installation", "access_tokens"], "{pem:?}");
        assert_eq!(
            requests[1].json(),
            serde_json::json!({ "repositories": ["net"] }),
            "no more than it needs"
        );
    }
}

#[test]
fn a_token_is_used_until_shortly_before_its_end() {
    let fake = FakeForge::start(Kind::GitHub);
    let (forge, now) = app(&fake, Some(77));
    for (case, minutes, made) in
        [("at first", 0, 1), ("again", 30, 0), ("near its end", 26, 1), ("again", 1, 0)]
    {
        *now.lock().unwrap() += Duration::from_mins(minutes);
        // the forge's clock goes along
        fake.world(|world| world.ahead += i64::try_from(minutes).unwrap() * 60);
        forge.pulls("main").unwrap();
        assert_eq!(tokens_made(&fake), made, "{case}");
    }
}

#[test]
fn a_token_that_was_taken_back_is_made_anew_once() {
    let fake = FakeForge::start(Kind::GitHub);
    let (forge, _) = app(&fake, None);
    forge.pulls("main").unwrap();
    fake.world(|world| world.installation_tokens.clear());
    fake.requests();
    forge.pulls("main").unwrap();
    assert_eq!(tokens_made(&fake), 1);

    // and where that does not help, it is told
    fake.world(|world| world.installation_tokens.clear());
    for _ in 0..2 {
        let refusal = Answer::json(401, &serde_json::json!({ "message": "Bad credentials" }));
        fake.on(On::next("GET", "/pulls"), Deed::Answer(refusal));
    }
    let error = forge.pulls("main").unwrap_err();
    assert!(error.problem().unwrap().to_string().contains("the token was refused (401: Bad"), "{error:?}");
}

#[test]
fn a_clock_that_is_off_is_made_good_with_the_forges() {
    for ahead in [-7200, -90, -30, 0, 30, 500, 7200] {
        let fake = FakeForge::start(Kind::GitHub);
        fake.world(|world| world.ahead = ahead);
        let (forge, _) = app(&fake, None);
        assert!(forge.pulls("main").is_ok(), "{ahead} s ahead");
    }
    let fake = FakeForge::start(Kind::GitHub);
    let key = SecretText::new(Pem::Pkcs1.text());
    let credential = Credential::App(App { id: "1".to_owned(), key, installation: None });
    let repository = Repository::of_remote(&fake.remote()).unwrap();
    let forge = Forge::new(&Config { credential, ..Config::new(Kind::GitHub, repository) }).unwrap();
    let error = forge.pulls("main").unwrap_err();
    assert!(error.to_string().contains("cannot find the App's installation"), "{error}");
    assert_eq!(fake.requests().len(), 1, "a refusal for another reason is not tried again");
}

#[test]
fn neither_key_nor_token_is_shown() {
    let fake = FakeForge::start(Kind::GitHub);
    let (forge, _) = app(&fake, None);
    forge.pulls("main").unwrap();
    let token = fake.world(|world| world.installation_tokens[0].clone());
    let echo = Answer::json(422, &serde_json::json!({ "message": format!("no such token: {token}") }));
    fake.next(echo);
    let error = forge.pulls("main").unwrap_err();
    let shown = format!("{error:?} {error} {forge:?} {:?}", config(&fake, Pem::Pkcs1, None));
    assert!(!shown.contains(&token) && shown.contains("(secret)"), "{shown}");
    assert!(!shown.contains("BEGIN RSA"), "{shown}");
}

#[test]
fn a_key_that_cannot_be_used_is_told_at_once() {
    let fake = FakeForge::start(Kind::GitHub);
    let with = |kind, id: &str, key: &str| {
        let app = App { id: id.to_owned(), key: SecretText::new(key), installation: None };
        let repository = Repository::of_remote(&fake.remote()).unwrap();
        let config = Config { credential: Credential::App(app), ..Config::new(kind, repository) };
        Forge::new(&config).unwrap_err()
    };
    let key = Pem::Pkcs8.text();
    for (case, kind, id, key, expected) in [
        ("no key", Kind::GitHub, APP_ID, "hunter2", "cannot be used: it is no PEM"),
        ("no id", Kind::GitHub, " ", key, "the App's id is empty"),
        ("another forge", Kind::GitLab, APP_ID, key, "only GitHub has Apps"),
    ] {
        let error = with(kind, id, key);
        assert!(error.to_string().contains(expected) && error.hint().is_some(), "{case}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{case}");
    }
}

#[test]
fn the_token_of_a_workflow_is_an_apps_too() {
    let fake = FakeForge::start(Kind::GitHub);
    fake.world(|world| {
        world.installation_tokens.push("ghs_workflow".to_owned());
        world.people.push((APP_USER.to_owned(), fixture::Role::Write));
    });
    let credential = Credential::Token(SecretText::new("ghs_workflow"));
    let repository = Repository::of_remote(&fake.remote()).unwrap();
    let forge = Forge::new(&Config { credential, ..Config::new(Kind::GitHub, repository) }).unwrap();
    assert_eq!(forge.whoami().unwrap().name, APP_USER);
    assert_eq!(client(&fake).whoami().unwrap().name, BOT);
}
