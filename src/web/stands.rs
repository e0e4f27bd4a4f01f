//! `GET /v1/stands.json`: how the devices stand, for a CI job that cannot reach them.
//!
//! Here: [`StandsEndpoint`]: the bytes that were given last. Elsewhere: what stands in them
//! (`review`), when they are renewed (`agent`), the token (`token`).

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ring::digest::{SHA256, digest};

use super::token::BearerToken;

/// Where it is served.
const PATH: &str = "/v1/stands.json";

/// Who may read.
#[derive(Clone, Debug)]
pub enum Access {
    /// Whoever can connect.
    Open,
    /// Whoever sends `Authorization: Bearer TOKEN` (RFC 6750 section 2.1).
    Bearer(BearerToken),
}

impl Access {
    fn admits(&self, headers: &HeaderMap) -> bool {
        let Self::Bearer(token) = self else { return true };
        let given = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        // the scheme's name may be written in any case: RFC 9110 section 11.1
        given.and_then(|given| given.split_at_checked(b"Bearer ".len())).is_some_and(|(scheme, given)| {
            scheme.eq_ignore_ascii_case(b"Bearer ") && token.is(given.trim_ascii())
        })
    }
}

/// The endpoint. Clones are the same endpoint.
#[derive(Clone, Debug)]
pub struct StandsEndpoint(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    access: Access,
    now: RwLock<Option<Told>>,
}

/// What is served, and its `ETag`.
#[derive(Clone, Debug)]
struct Told {
    json: Bytes,
    tag: HeaderValue,
}

impl StandsEndpoint {
    /// An endpoint that has nothing to tell yet: it answers 503 until something is published.
    pub fn new(access: Access) -> Self {
        Self(Arc::new(Shared { access, now: RwLock::new(None) }))
    }

    /// What is served from now on: JSON.
    pub fn publish(&self, json: impl Into<Bytes>) {
        let json = json.into();
        let print = digest(&SHA256, &json);
        let hex = print.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let Ok(tag) = HeaderValue::from_str(&format!("\"{hex}\"")) else { return };
        *self.0.now.write().unwrap_or_else(PoisonError::into_inner) = Some(Told { json, tag });
    }

    /// Its part of the server.
    pub fn routes(&self) -> Router {
        let shared = Arc::clone(&self.0);
        Router::new().route(PATH, get(async move |headers: HeaderMap| shared.answer(&headers)))
    }
}

impl Shared {
    fn answer(&self, headers: &HeaderMap) -> Response {
        if !self.access.admits(headers) {
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
            return (StatusCode::UNAUTHORIZED, challenge, "a token is asked for\n").into_response();
        }
        let told = self.now.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(Told { json, tag }) = told else {
            return (StatusCode::SERVICE_UNAVAILABLE, "nothing is known of the devices yet\n")
                .into_response();
        };
        let same = headers.get_all(header::IF_NONE_MATCH).iter().any(|given| matches(given, &tag));
        // the bytes are of those who hold the token: no cache between keeps them
        let headers = [
            (header::ETAG, tag),
            (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        if same {
            (StatusCode::NOT_MODIFIED, headers).into_response()
        } else {
            (headers, json).into_response()
        }
    }
}

/// Whether `If-None-Match` names the tag: RFC 9110 section 13.1.2, which compares weakly.
fn matches(given: &HeaderValue, tag: &HeaderValue) -> bool {
    given.as_bytes().split(|byte| *byte == b',').any(|one| {
        let one = one.trim_ascii();
        one == b"*" || one.strip_prefix(b"W/").unwrap_or(one) == tag.as_bytes()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretText;
    use crate::web::tests::Lab;

    #[tokio::test]
    async fn stands_are_served_to_the_bearer_and_only_when_they_changed() {
        let token = BearerToken::new(&SecretText::new("hunter2")).unwrap();
        let closed = StandsEndpoint::new(Access::Bearer(token));
        let lab = Lab::with(closed.routes()).await;
        let ask = async |headers: &str| {
            let request = format!("GET /v1/stands.json HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
            lab.ask(request.as_bytes()).await
        };
        let status = |answer: &str| answer.split(' ').nth(1).unwrap_or_default().to_owned();
        let good = "Authorization: Bearer hunter2\r\n";
        assert_eq!(status(&ask(good).await), "503", "nothing is known yet");
        closed.publish(r#"{"format":1}"#);
        for (case, headers, expected) in [
            ("the token", good.to_owned(), "200"),
            ("in another case", "authorization: bearer hunter2\r\n".to_owned(), "200"),
            ("none", String::new(), "401"),
            ("another", "Authorization: Bearer hunter3\r\n".to_owned(), "401"),
            ("another scheme", "Authorization: Basic hunter2\r\n".to_owned(), "401"),
            ("too short for a scheme", "Authorization: B\r\n".to_owned(), "401"),
            ("anything that is known", format!("{good}If-None-Match: *\r\n"), "304"),
            ("another version", format!("{good}If-None-Match: \"x\"\r\n"), "200"),
            ("not known to whoever has no token", "If-None-Match: *\r\n".to_owned(), "401"),
        ] {
            assert_eq!(status(&ask(&headers).await), expected, "{case}");
        }
        let whole = ask(good).await;
        assert!(whole.ends_with("\r\n\r\n{\"format\":1}"), "{whole}");
        let tag = whole.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
        let known = format!("{good}If-None-Match: \"x\", W/{tag}\r\n");
        assert_eq!(status(&ask(&known).await), "304");
        closed.publish(r#"{"format":1,"devices":{}}"#);
        assert_eq!(status(&ask(&known).await), "200");
    }

    #[tokio::test]
    async fn an_open_endpoint_asks_for_nothing() {
        let open = StandsEndpoint::new(Access::Open);
        open.publish("{}");
        let lab = Lab::with(open.routes()).await;
        let answer = lab.ask(b"GET /v1/stands.json HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}
