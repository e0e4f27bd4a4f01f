//! Opening a device's stream: as much of it as the device takes.
//!
//! A device that refuses to tell of changes says so in many ways, and refuses the whole for one
//! path that it lacks: so each path is tried alone before the device is given up. Elsewhere:
//! what is told (`follow`), looking at devices that cannot tell (`watcher`).

use std::collections::BTreeSet;

use crate::gnmi::{Client, Error, Event, Subscribe, SubscribeMode, Subscription};
use crate::phrase;
use crate::yang::Path;

/// What is known of what a device can tell, from one connection to the next.
#[derive(Debug, Default)]
pub(super) struct Offer {
    /// The paths that it refused, each tried alone.
    refused: BTreeSet<Path>,
    /// It refuses to tell of commits.
    plain: bool,
}

/// A stream that has told all that was there at its start.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) stream: Subscription,
    /// The last of what was told before, for the leaf that counts changes.
    pub(super) changed: Option<String>,
}

impl Offer {
    /// Opens a stream of these paths, and hears all that is there at its start. `changed` is the
    /// leaf whose value is kept.
    pub(super) async fn open(
        &mut self,
        client: &Client,
        paths: &[Path],
        changed: Option<&Path>,
    ) -> Result<Opened, Error> {
        let wanted: Vec<Path> = paths.iter().filter(|path| !self.refused.contains(*path)).cloned().collect();
        if !self.plain {
            match open(client, &wanted, true, changed).await {
                Err(error) if error.kind.is_unsupported() => self.plain = true,
                opened => return opened,
            }
        }
        let error = match open(client, &wanted, false, changed).await {
            Err(error) if error.kind.is_unsupported() => error,
            opened => return opened,
        };
        let tried = client.subscribable(&wanted, SubscribeMode::OnChange).await?;
        if tried.taken.is_empty() || tried.refused.is_empty() {
            // all of it, or not for any one path: another try may end otherwise
            *self = Self::default();
            return Err(error);
        }
        self.refused.extend(tried.refused.into_iter().map(|(path, _)| path));
        open(client, &tried.taken, false, changed).await
    }

    /// What it does not tell of, for people; none if it tells of all.
    pub(super) fn gaps(&self) -> Option<String> {
        if self.refused.is_empty() {
            return None;
        }
        let refused = phrase::first_of(&self.refused, 1);
        Some(format!("it does not tell of changes of {refused}, which are looked at from time to time"))
    }
}

async fn open(
    client: &Client,
    paths: &[Path],
    commits: bool,
    changed: Option<&Path>,
) -> Result<Opened, Error> {
    let how = Subscribe { commits, ..Subscribe::new(SubscribeMode::OnChange) };
    let mut stream = client.subscribe(paths, how).await?;
    let mut last = None;
    loop {
        match stream.next().await.transpose()? {
            Some(Event::Synced) => return Ok(Opened { stream, changed: last }),
            Some(Event::Update(path, value)) if changed == Some(&path) => last = Some(value.to_string()),
            // a stream that ends before it was synced is an error of its own
            Some(Event::Update(..) | Event::Delete(_) | Event::Committed { .. }) | None => {}
        }
    }
}
