//! A fake NetBox on loopback: recorded answers or an invented fabric, and faults.
//!
//! ```text
//! let Some(netbox) = Fake::recorded(1) else { return };   // ../shared/netbox; prints why not
//! let netbox = Fake::fabric(8);                           // invented, needs nothing
//! let netbox = netbox.below("/inventory");                 // BASE_PATH, if wanted
//! netbox.url();                                           // http://127.0.0.1:PORT
//! tokens::EXPORTER                                        // "Authorization: Token …"
//!
//! netbox.state(2);                                        // recorded: somebody worked
//! netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));   // any source, with change log
//! netbox.edit(|netbox| netbox.by("ada", |netbox| …));     // as this user, as one request
//! netbox.edit(|netbox| netbox.silently(|netbox| …));      // without change log
//!
//! netbox.fault(On::nth("dcim/interfaces", 2), Fault::Html(502));
//! netbox.fault(On::every("plugins/bgp/*"), Fault::Denied(Denied::Permission));
//! netbox.fault(On::first("ipam/vlans"), Fault::before(|netbox| …)); // edit between two pages
//! netbox.heal();                                          // no faults any longer
//! netbox.manners(|manners| manners.version = Version::V4_2);
//!
//! netbox.requests(); netbox.counts(); netbox.most_at_once(); netbox.forget_requests();
//! netbox.writes();                                        // journal entries, patches
//! let gate = Gate::new();                                 // hold answers, without sleeping
//! netbox.fault(On::every("*"), Fault::Held(gate.clone())); gate.wait_for(4); gate.open();
//! ```
//!
//! A recorded query gets its recorded bytes (with this server's address for the recorded
//! host); every other query is answered from the content as NetBox would, as far as an
//! exporter asks. After an edit, or with other manners, all lists come from the content.
//! Paths in `On` are those below `/api/`, without the outer slashes. No method sleeps.
//!
//! Whole pages are kept as bytes until something changes, so that a bench which has read once
//! measures the client. Tests, and benches by `#[path]`, use it. Elsewhere: its own tests (the folder above).

#![allow(dead_code, unused_imports, reason = "each test binary and bench uses its own part of the fake")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test that cannot go on panics")]

mod content;
mod edits;
mod faults;
mod filters;
mod http;
mod manners;
mod models;
mod query;
pub(crate) mod recorded;
mod server;
pub(crate) mod synthetic;
pub(crate) mod tokens;
mod writes;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use content::Netbox;
pub(crate) use faults::{Denied, Fault, Gate, On};
pub(crate) use http::Request;
pub(crate) use manners::{Manners, Version};
pub(crate) use writes::Write;

use server::{Shared, World};

/// Every list that the fake has.
pub(crate) fn endpoints() -> impl Iterator<Item = &'static str> {
    models::MODELS.iter().map(|(endpoint, _)| *endpoint)
}

/// A running fake. Ends when dropped.
pub(crate) struct Fake {
    shared: Arc<Shared>,
}

impl Fake {
    /// Serves a recorded state, 1 to 3. `None`, with a line that says so, where the recording
    /// (`../shared`, beside the project) is not there.
    pub(crate) fn recorded(state: usize) -> Option<Self> {
        let Some(folder) = recorded::folder() else {
            eprintln!("skipped: ../shared/netbox is not there, so nothing recorded can be served");
            return None;
        };
        let netbox = recorded::content(&folder, state);
        let recorded = recorded::State::read(&folder, state);
        Some(Self { shared: Shared::start(World::new(netbox, Some(recorded))) })
    }

    /// Serves an invented fabric of two spines and so many leafs (`synthetic`).
    pub(crate) fn fabric(leafs: usize) -> Self {
        Self { shared: Shared::start(World::new(synthetic::fabric(leafs), None)) }
    }

    /// Moves NetBox below a path, as its `BASE_PATH` does: `/inventory`.
    pub(crate) fn below(self, base: &str) -> Self {
        let mut world = self.shared.lock();
        base.clone_into(&mut world.base);
        world.url = format!("http://{}{base}", self.shared.address);
        world.changed();
        drop(world);
        self
    }

    /// Goes to another recorded state; edits are gone, faults and manners stay.
    ///
    /// # Panics
    /// If the fake was not started with [`Fake::recorded`].
    pub(crate) fn state(&self, state: usize) {
        let folder = recorded::folder().unwrap();
        let mut world = self.shared.lock();
        assert!(world.recorded.is_some(), "only a recorded NetBox has states");
        world.netbox = recorded::content(&folder, state);
        world.recorded = Some(recorded::State::read(&folder, state));
        world.pristine = true;
        world.changed();
    }

    /// The base address, without `/api/`.
    pub(crate) fn url(&self) -> String {
        self.shared.url()
    }

    /// Edits the content.
    pub(crate) fn edit<T>(&self, edit: impl FnOnce(&mut Netbox) -> T) -> T {
        self.shared.lock().edit(edit)
    }

    /// Looks at the content.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Netbox) -> T) -> T {
        look(&self.shared.lock().netbox)
    }

    /// Changes how NetBox behaves as a whole.
    pub(crate) fn manners(&self, change: impl FnOnce(&mut Manners)) {
        let mut world = self.shared.lock();
        change(&mut world.manners);
        world.changed();
    }

    /// From now on, this happens to these requests.
    pub(crate) fn fault(&self, on: On, fault: Fault) {
        self.shared.lock().faults.add(on, fault);
    }

    /// Takes all faults away.
    pub(crate) fn heal(&self) {
        self.shared.lock().faults.clear();
    }

    /// All requests, in the order in which they came.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.lock().requests.clone()
    }

    /// How often each endpoint was asked for (`dcim/devices`).
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        server::counts(&self.shared.lock().requests)
    }

    /// The most requests that were in work at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.lock().most_in_flight
    }

    /// Forgets the requests so far, and how many were at once.
    pub(crate) fn forget_requests(&self) {
        let mut world = self.shared.lock();
        world.requests.clear();
        world.most_in_flight = 0;
    }

    /// Returns when so many requests of an endpoint (`*`: of any) came in all.
    pub(crate) fn wait_for(&self, endpoint: &str, requests: usize) {
        let is = |request: &Request| endpoint == "*" || request.endpoint() == endpoint;
        let what = format!("{requests} requests of {endpoint}");
        self.shared
            .wait(&what, |world| world.requests.iter().filter(|request| is(request)).count() >= requests);
    }

    /// What was written to this NetBox.
    pub(crate) fn writes(&self) -> Vec<Write> {
        self.shared.lock().writes.clone()
    }

    /// Returns when so much was written.
    pub(crate) fn wait_for_writes(&self, writes: usize) {
        self.shared.wait("writes", |world| world.writes.len() >= writes);
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.shared.stop();
    }
}
