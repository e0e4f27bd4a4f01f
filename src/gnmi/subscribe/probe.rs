//! Which paths a device lets be subscribed.
//!
//! Here: [`Client::subscribable`]. Elsewhere: what is done for those that it does not
//! (`drift`).

use super::super::client::Client;
use super::super::error::Error;
use super::Subscribe;
use crate::yang::Path;

/// Paths that were tried one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscribable {
    /// Those that the device takes, in the order in which they were given.
    pub taken: Vec<Path>,
    /// Those that it does not, each with its words.
    pub refused: Vec<(Path, Error)>,
}

impl Client {
    /// Tries each path alone, since one refusal refuses a subscription as a whole and need
    /// not name the path. A path counts as taken with the first that is told of it, or with
    /// the sync of one that holds nothing. An error that is not about what was asked ends the
    /// search: see `ErrorKind::is_unsupported`.
    pub async fn subscribable(
        &self,
        paths: &[Path],
        how: impl Into<Subscribe>,
    ) -> Result<Subscribable, Error> {
        let how = how.into();
        let mut found = Subscribable::default();
        for path in paths {
            match self.attempt(path, how).await {
                Ok(()) => found.taken.push(path.clone()),
                Err(error) if error.kind.is_unsupported() => found.refused.push((path.clone(), error)),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn attempt(&self, path: &Path, how: Subscribe) -> Result<(), Error> {
        // The first state is of no use here; a device that sends it all the same is cut short.
        let how = Subscribe { updates_only: true, ..how };
        let mut subscription = self.subscribe(std::slice::from_ref(path), how).await?;
        subscription.next().await.transpose().map(drop)
    }
}
