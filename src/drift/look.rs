//! One look at a device: a Get of the suspicious places, or of the whole.
//!
//! Elsewhere: where to look (`suspects`), what it means (`judge`).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::judge::{judge, shown};
use super::standard::Holding;
use super::suspects::Burst;
use super::told::{Looked, Verdict};
use crate::gnmi;
use crate::names::DeviceName;
use crate::record::DriftKind;
use crate::rollout::{Device, Reading, Session};
use crate::yang::Path;

/// One look, complete.
pub(super) struct Look {
    pub(super) device: Device,
    pub(super) session: Session,
    pub(super) against: Arc<Holding>,
    pub(super) burst: Burst,
    pub(super) device_time: Option<Timestamp>,
    pub(super) limits: Arc<Semaphore>,
}

/// What came of a look.
pub(super) struct Seen {
    pub(super) verdict: Verdict,
    /// Secrets that show another text at each look.
    pub(super) resalted: BTreeSet<Path>,
}

impl Look {
    /// Looks. A whole configuration is held in memory by few at the same time.
    pub(super) async fn run(self) -> Result<Seen, gnmi::Error> {
        let _permit = match self.burst.looked {
            Looked::All => self.limits.acquire().await.ok(),
            Looked::Below(_) => None,
        };
        let (seen, mut found, secrets) = {
            let reading = self.read(&self.burst.looked).await?;
            for misfit in &reading.misfits {
                tracing::debug!(device = %self.name(), %misfit, "the device and its schema disagree");
            }
            let found = judge(
                &self.device.schema,
                self.device.profile,
                &self.against,
                &self.burst.looked,
                &reading,
            );
            let secret = found.iter().filter(|found| found.kind == DriftKind::Secret);
            let places: Vec<Path> = secret.filter_map(|found| found.path.parent()).collect();
            let print = |path: &Path| shown(&reading, path).map(|text| self.against.key.fingerprint(text));
            let secrets: Vec<_> = found
                .iter()
                .filter(|found| found.kind == DriftKind::Secret)
                .map(|found| (found.path.clone(), print(&found.path)))
                .collect();
            (places, found, secrets)
        };
        let mut resalted = BTreeSet::new();
        if !secrets.is_empty() {
            // a device that hashes anew at each answer shows another text again
            let again = self.read(&Looked::Below(seen)).await?;
            for (path, before) in secrets {
                if shown(&again, &path).map(|text| self.against.key.fingerprint(text)) != before {
                    resalted.insert(path);
                }
            }
            found.retain(|found| !resalted.contains(&found.path));
        }
        let Burst { looked, began } = self.burst;
        let verdict =
            Verdict { against: self.against, looked, found, device_time: self.device_time, began };
        Ok(Seen { verdict, resalted })
    }

    async fn read(&self, looked: &Looked) -> Result<Reading, gnmi::Error> {
        match looked {
            Looked::All => self.session.read().await,
            Looked::Below(places) => self.session.read_at(places).await,
        }
    }

    fn name(&self) -> &DeviceName {
        self.device.name()
    }
}

/// A burst that no event began.
pub(super) fn everything() -> Burst {
    Burst { looked: Looked::All, began: Instant::now() }
}
