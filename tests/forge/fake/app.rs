//! The fake forge's GitHub App: its key, the words that it signs, an installation and its tokens.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gitfabric::forge::Kind;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

use super::answering::said;
use super::server::{Answer, Request};
use super::world::{BOT, World};

/// The App's id.
pub(crate) const APP_ID: &str = "4711";
/// The user that its installations write as.
pub(crate) const APP_USER: &str = "gitfabric[bot]";
const INSTALLATION: u64 = 77;

/// In which form the App's private key is wanted. Made for these tests, and used nowhere else.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pem {
    Pkcs1,
    Pkcs8,
}

impl Pem {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Pkcs1 => include_str!("app.pkcs1.pem"),
            Self::Pkcs8 => include_str!("app.pkcs8.pem"),
        }
    }
}

/// The answer to what an App asks in its own name; none to anything else.
pub(super) fn answer(world: &mut World, request: &Request, path: &[&str]) -> Option<Answer> {
    let (Kind::GitHub, ["api", "v3", path @ ..]) = (world.kind, path) else { return None };
    let installation = INSTALLATION.to_string();
    let answer = match (request.method.as_str(), path) {
        ("GET", ["app"]) => Answer::json(200, &json!({ "id": 4711, "slug": "gitfabric" })),
        ("GET", ["repos", "acme", "net", "installation"]) => {
            Answer::json(200, &json!({ "id": INSTALLATION, "app_id": 4711 }))
        }
        ("POST", ["app", "installations", id, "access_tokens"]) if *id == installation => {
            let token = format!("ghs_installation-{}", world.id());
            let ends = now(world) + 3600;
            world.installation_tokens.push(token.clone());
            if world.id_of(APP_USER) == 0 {
                world.people.push((APP_USER.to_owned(), super::world::Role::Write));
            }
            let ends = jiff::Timestamp::from_second(ends).unwrap().to_string();
            Answer::json(201, &json!({ "token": token, "expires_at": ends, "permissions": {} }))
        }
        ("POST", ["app", "installations", ..]) => said(404, "Not Found"),
        _ => return None,
    };
    let date = jiff::Timestamp::from_second(now(world)).unwrap();
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap();
    let answer = match refusal(world, request) {
        Some(why) => said(401, why),
        None => answer,
    };
    Some(answer.with("Date", &date))
}

/// Who asks: the token's user, or the App's.
pub(super) fn caller(world: &World, request: &Request) -> String {
    let token = request.header("authorization").trim_start_matches("Bearer ");
    let is_app = world.installation_tokens.iter().any(|valid| valid == token);
    if is_app { APP_USER.to_owned() } else { BOT.to_owned() }
}

fn now(world: &World) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() + world.ahead
}

/// What is wrong with the words that an App signed.
fn refusal(world: &World, request: &Request) -> Option<&'static str> {
    let unreadable = Some("A JSON web token could not be decoded");
    let Some(token) = request.header("authorization").strip_prefix("Bearer ") else { return unreadable };
    let Some((signed, signature)) = token.rsplit_once('.') else { return unreadable };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return unreadable };
    let pem: String = Pem::Pkcs1.text().lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_der(&STANDARD.decode(pem).unwrap()).unwrap();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    if key.verify(signed.as_bytes(), &signature).is_err() {
        return unreadable;
    }
    let claims = signed.split_once('.').and_then(|(_, claims)| URL_SAFE_NO_PAD.decode(claims).ok());
    let claims: Value = claims.and_then(|claims| serde_json::from_slice(&claims).ok()).unwrap_or_default();
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64).unwrap_or_default();
    let now = now(world);
    if claims.get("iss") != Some(&json!(APP_ID)) {
        return Some("'Issuer' claim ('iss') must be an Integer");
    }
    if seconds("iat") > now {
        return Some(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        );
    }
    if seconds("exp") <= now {
        return Some(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        );
    }
    (seconds("exp") > now + 600).then_some("'Expiration time' claim ('exp') is too far in the future")
}
