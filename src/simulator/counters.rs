//! What a device was asked, for tests that count.
//!
//! Here: [`Gets`], [`GetRecord`]. Elsewhere: Sets (`faults`), subscriptions (`device`).

use std::collections::VecDeque;

use tokio::sync::watch;

use crate::gnmi::path as wire_path;
use crate::gnmi::proto::GetRequest;
use crate::yang::Path;

/// How many Gets are remembered: the last ones.
const REMEMBERED: usize = 1024;

/// One Get that a device received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetRecord {
    /// The paths that it asked for, in its order; the root if it named none.
    pub paths: Vec<Path>,
}

/// The Gets of a device.
#[derive(Debug)]
pub(super) struct Gets(watch::Sender<GetLog>);

/// How many Gets there were, and the last of them.
#[derive(Debug, Default)]
pub(super) struct GetLog {
    pub(super) received: usize,
    pub(super) last: VecDeque<GetRecord>,
}

impl Default for Gets {
    fn default() -> Self {
        Self(watch::Sender::new(GetLog::default()))
    }
}

impl Gets {
    pub(super) fn count(&self, request: &GetRequest) {
        let path = |path| wire_path::from_wire(request.prefix.as_ref(), path).unwrap_or_default();
        let mut paths: Vec<Path> = request.path.iter().map(|it| path(Some(it))).collect();
        if paths.is_empty() {
            paths.push(path(None));
        }
        self.0.send_modify(|log| {
            log.received += 1;
            if log.last.len() == REMEMBERED {
                log.last.pop_front();
            }
            log.last.push_back(GetRecord { paths });
        });
    }

    pub(super) fn log(&self) -> watch::Receiver<GetLog> {
        self.0.subscribe()
    }
}
