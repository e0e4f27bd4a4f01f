//! What comes in over HTTP: the server, webhooks that wake, and pages and data to be read.
//!
//! A request goes down this list: `server` (sockets and their limits), `tls`, `routes` (which
//! part answers), and one of the parts:
//!
//! - `netbox` (the receiver of NetBox's webhooks) → `signature` (who may) → `replay` (not
//!   twice) → `wake` (what is told on) → `debounce` (many are one); refusals are counted by
//!   `counts`
//! - `forge` (the receiver of a forge's webhooks): the same way, with signatures of its own
//! - `pages`: plans of pull requests, to be looked at
//! - `stands`: how the devices stand, for whoever has the `token`
//!
//! Elsewhere: what is done when it wakes (`export`, `agent`), how NetBox and forges are read
//! (`netbox`, `forge`), what stands on pages (`review`): bytes that are given are served.
//!
//! A delivery is a wake-up and nothing more: nothing that stands in it is believed, what
//! NetBox or the forge holds is read there.

mod counts;
mod debounce;
mod forge;
mod netbox;
mod pages;
mod replay;
mod routes;
mod server;
mod signature;
mod stands;
#[cfg(test)]
mod tests;
mod tls;
mod token;
mod wake;

pub use debounce::Debounce;
pub use forge::{ForgeHook, Signing};
pub use netbox::{Clock, NetboxHook, Window};
pub use pages::{PageError, PageLimits, Pages};
pub use routes::routes;
pub use server::{Limits, ListenError, Server};
pub use signature::{HookSecret, WeakSecret};
pub use stands::{Access, StandsEndpoint};
pub use tls::{Tls, TlsError};
pub use token::BearerToken;
pub use wake::{Burst, Wake, Wakeups};
