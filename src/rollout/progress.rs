//! How far a rollout has come, for whoever wants to tell people.
//!
//! Elsewhere: telling (`agent::reviews`).

use tokio::sync::watch;

use crate::names::CommitId;

/// Where a rollout is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The commit that it brings.
    pub commit: CommitId,
    /// The wave that is under way, counted from 1 among those that have devices to change.
    pub wave: usize,
    /// How many there are.
    pub waves: usize,
    /// How many devices it changes in all.
    pub devices: usize,
}

/// Where stages are told; by default nowhere. Telling never waits.
#[derive(Clone, Debug, Default)]
pub struct Progress(Option<watch::Sender<Option<Stage>>>);

impl Progress {
    /// A place to tell, and the end that hears of the newest.
    pub fn new() -> (Self, watch::Receiver<Option<Stage>>) {
        let (sender, receiver) = watch::channel(None);
        (Self(Some(sender)), receiver)
    }

    /// Tells where the rollout is; none once it is over.
    pub fn tell(&self, stage: Option<Stage>) {
        if let Some(sender) = &self.0 {
            sender.send_if_modified(|now| {
                let is_news = *now != stage;
                *now = stage;
                is_news
            });
        }
    }
}
