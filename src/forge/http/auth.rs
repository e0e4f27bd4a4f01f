//! Whose word a call is: a token's, or that of an installation of a GitHub App.
//!
//! GitHub docs, "Generating a JSON Web Token (JWT) for a GitHub App" (`iat` a minute back, `exp`
//! at most ten minutes ahead) and "Generating an installation access token for a GitHub App"
//! (valid for an hour); REST API, "Apps": get a repository installation, create an installation
//! access token. A clock that is wrong is made good with the `Date` of the refusal.
//!
//! Here: [`Auth`], and renewing its token in time. Elsewhere: the App's key and what it signs
//! (`app`), which host the words go to (`http`).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::json;

use super::{Call, Http, is_loopback, retry};
use crate::forge::app::Key;
use crate::forge::error::{ForgeError, Problem};
use crate::forge::kind::Kind;
use crate::forge::{Config, Credential};
use crate::secret::SecretText;

/// How long before its end a token is renewed: a call with all its tries is over by then.
const EARLY: Duration = Duration::from_mins(5);
/// A clock that is off by less than this is no reason for a refusal.
const OFF: i64 = 30;

/// How we are let in.
pub(super) enum Auth {
    Nobody,
    Token(SecretText, HeaderValue),
    App(Box<Installation>),
}

/// An installation of a GitHub App.
pub(super) struct Installation {
    key: Key,
    state: Mutex<Now>,
}

/// What is known of an installation by now.
#[derive(Default)]
struct Now {
    id: Option<u64>,
    token: Option<Token>,
    /// Seconds that the forge's clock is ahead of ours.
    ahead: i64,
}

struct Token {
    text: SecretText,
    header: HeaderValue,
    ends: SystemTime,
}

#[derive(Deserialize)]
struct Installed {
    id: u64,
}

#[derive(Deserialize)]
struct Granted {
    token: String,
    /// RFC 3339.
    expires_at: String,
}

impl Auth {
    /// Checks the credential, and that it does not cross the network in clear.
    pub(super) fn new(config: &Config, api: &Url) -> Result<Self, ForgeError> {
        if matches!(config.credential, Credential::Nobody) {
            return Ok(Self::Nobody);
        }
        if api.scheme() == "http" && !is_loopback(api) {
            return Err(ForgeError::ClearText { api: api.to_string() });
        }
        match &config.credential {
            Credential::Nobody => Ok(Self::Nobody),
            Credential::Token(token) => {
                let token = SecretText::new(token.expose().trim());
                let header = header(config.kind, &token)
                    .ok_or_else(|| ForgeError::BadToken { api: api.to_string() })?;
                Ok(Self::Token(token, header))
            }
            Credential::App(app) => {
                let bad = |reason| ForgeError::BadKey { api: api.to_string(), reason };
                if config.kind != Kind::GitHub {
                    return Err(bad("only GitHub has Apps"));
                }
                let key = Key::read(app).map_err(bad)?;
                let state = Mutex::new(Now { id: app.installation, ..Now::default() });
                Ok(Self::App(Box::new(Installation { key, state })))
            }
        }
    }

    pub(super) fn is_somebody(&self) -> bool {
        !matches!(self, Self::Nobody)
    }

    /// Whether it is an installation of a GitHub App: by its key, or by the token of one, which
    /// begins with `ghs_` (GitHub docs, "About authentication to GitHub": token formats). A
    /// workflow's own token is one.
    pub(super) fn is_app(&self) -> bool {
        match self {
            Self::Nobody => false,
            Self::Token(token, _) => token.expose().starts_with("ghs_"),
            Self::App(_) => true,
        }
    }

    /// A text without our secrets.
    pub(super) fn hide(&self, text: String) -> String {
        match self {
            Self::Nobody => text,
            Self::Token(token, _) => text.replace(token.expose(), "(secret)"),
            Self::App(app) => match &app.now().token {
                Some(token) => text.replace(token.text.expose(), "(secret)"),
                None => text,
            },
        }
    }
}

impl Installation {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Http {
    /// The header that lets a call in.
    pub(super) fn authorization(&self, call: &Call) -> Result<Option<HeaderValue>, ForgeError> {
        match &self.auth {
            Auth::Nobody => Ok(None),
            Auth::Token(_, header) => Ok(Some(header.clone())),
            Auth::App(app) if call.by_app => {
                let now = (self.clock.now)();
                let signed = app
                    .key
                    .sign(now, app.now().ahead)
                    .map_err(|reason| ForgeError::BadKey { api: self.api.to_string(), reason })?;
                Ok(header(self.kind, &signed))
            }
            Auth::App(app) => self.installation_token(app).map(Some),
        }
    }

    /// Whether a call was refused for a reason that the next word of ours does not have: a token
    /// that was taken back, or a clock that is off.
    pub(super) fn is_worn_out(&self, call: &Call, failure: &retry::Failure) -> bool {
        let (Auth::App(app), Problem::Unauthorized { .. }) = (&self.auth, &failure.problem) else {
            return false;
        };
        let mut state = app.now();
        if !call.by_app {
            state.token = None;
            return true;
        }
        let (Some(date), Ok(now)) = (failure.date, (self.clock.now)().duration_since(SystemTime::UNIX_EPOCH))
        else {
            return false;
        };
        let ahead = date.saturating_sub(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        let is_off = ahead.saturating_sub(state.ahead).abs() > OFF;
        if is_off {
            tracing::warn!(seconds = ahead, "the forge's clock is ahead of ours by this; is ours right?");
            state.ahead = ahead;
        }
        is_off
    }

    /// The installation's token: the one that there is, as long as it is valid.
    fn installation_token(&self, app: &Installation) -> Result<HeaderValue, ForgeError> {
        let now = (self.clock.now)();
        let (id, ahead) = {
            let state = app.now();
            if let Some(token) = state.token.as_ref().filter(|token| token.ends > now + EARLY) {
                return Ok(token.header.clone());
            }
            (state.id, state.ahead)
        };
        let (owner, name) = self.repository.split_once('/').unwrap_or_default();
        let id = if let Some(id) = id {
            id
        } else {
            let doing = "find the App's installation".to_owned();
            let call = self.get(doing, &["repos", owner, name, "installation"], &[]).by_app();
            self.json::<Installed>(&call)?.id
        };
        let path = ["app", "installations", &id.to_string(), "access_tokens"];
        let doing = "get a token for the App's installation".to_owned();
        let call = self.post(doing, &path, &json!({ "repositories": [name] })).repeatable().by_app();
        let granted: Granted = self.json(&call)?;
        let text = SecretText::new(granted.token);
        let header =
            header(self.kind, &text).ok_or_else(|| ForgeError::BadToken { api: self.api.to_string() })?;
        let ends = granted.expires_at.parse::<jiff::Timestamp>();
        let ends = ends.map_err(|_| self.lacks(&call, "`expires_at` is no time"))?;
        let ends = ends.as_second().saturating_sub(ahead); // in our clock's time
        let ends = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(ends).unwrap_or_default());
        let mut state = app.now();
        state.id = Some(id);
        state.token = Some(Token { text, header: header.clone(), ends });
        Ok(header)
    }
}

/// A token as a header that does not show; none if it cannot be one.
fn header(kind: Kind, token: &SecretText) -> Option<HeaderValue> {
    let token = token.expose();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let (_, before) = kind.token_header();
    let mut value = HeaderValue::try_from(format!("{before}{token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}
