//! What comes in over HTTP: the server, and the webhooks that wake the export.
//!
//! A request goes down this list: `server` (sockets and their limits), `tls`, `routes` (which
//! part answers), `netbox` (the receiver of NetBox's webhooks) → `signature` (who may) →
//! `replay` (not twice) → `wake` (what is told on) → `debounce` (many are one). Elsewhere:
//! what is done when it wakes (`export`), how NetBox is read (`netbox`).
//!
//! A delivery is a wake-up and nothing more: nothing that stands in it is believed, what
//! NetBox holds is read from NetBox.

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
mod wake;

pub use debounce::Debounce;
pub use forge::{ForgeHook, Signing};
pub use netbox::{Clock, NetboxHook, Window};
pub use pages::{PageError, PageLimits, Pages};
pub use routes::routes;
pub use server::{Limits, ListenError, Server};
pub use signature::{HookSecret, WeakSecret};
pub use stands::{Access, BearerToken, StandsEndpoint};
pub use tls::{Tls, TlsError};
pub use wake::{Burst, Wake, Wakeups};
