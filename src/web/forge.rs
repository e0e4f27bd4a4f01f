//! `POST /hooks/forge`: the receiver of a forge's webhooks.
//!
//! Here: [`ForgeHook`]. Elsewhere: sizes and slow clients (`server`), what is done when it
//! wakes (`agent`).

use std::fmt;
use std::sync::Arc;

use axum::Router;

use super::debounce::Debounce;
use super::signature::WeakSecret;
use super::wake::{self, Waker, Wakeups};
use crate::secret::SecretText;

/// How a forge shows that a delivery is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signing {
    /// `X-Hub-Signature-256`: HMAC-SHA256 of the body.
    GitHub,
    /// `X-Gitea-Signature`, `X-Forgejo-Signature` or `X-Hub-Signature-256`: the same.
    Gitea,
    /// `webhook-signature` (Standard Webhooks), or `X-Gitlab-Token`: the secret itself.
    GitLab,
}

/// The receiver. Clones are the same receiver.
#[derive(Clone)]
pub struct ForgeHook(Arc<Receiver>);

struct Receiver {
    signing: Signing,
    #[expect(dead_code, reason = "the skeleton wakes nobody yet")]
    waker: Waker,
}

impl fmt::Debug for ForgeHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForgeHook").field("signing", &self.0.signing).finish_non_exhaustive()
    }
}

impl ForgeHook {
    /// A receiver, and the end that it wakes.
    pub fn new(
        signing: Signing,
        secret: &SecretText,
        debounce: Debounce,
    ) -> Result<(Self, Wakeups), WeakSecret> {
        if secret.expose().trim().is_empty() {
            return Err(WeakSecret);
        }
        let (waker, wakeups) = wake::channel(debounce);
        Ok((Self(Arc::new(Receiver { signing, waker })), wakeups))
    }

    /// Its part of the server.
    pub fn routes(&self) -> Router {
        Router::new()
    }
}
