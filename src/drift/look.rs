//! One look at a device: a Get of the suspicious places, or of the whole.
//!
//! Elsewhere: where to look (`suspects`), what it means (`judge`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;

use super::judge::judge;
use super::standard::Holding;
use super::suspects::Burst;
use super::told::{Found, Looked, Said, Verdict};
use crate::gnmi;
use crate::plan::{Fingerprint, FingerprintKey, SecretMark};
use crate::record::DriftKind;
use crate::rollout::{Device, Reading, Session};
use crate::yang::{Path, Tree, Value};

/// More places than these are read once more as the whole: where a device has nothing, each may
/// cost a call of its own.
const MANY: usize = 8;

/// One look, complete.
pub(super) struct Look {
    pub(super) device: Device,
    pub(super) session: Session,
    pub(super) against: Arc<Holding>,
    pub(super) burst: Burst,
    pub(super) said: Said,
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
        let (mut found, shown) = {
            let mut reading = self.read().await?;
            for misfit in &reading.misfits {
                tracing::debug!(device = %self.device.name(), %misfit, "the device and its schema disagree");
            }
            let mut found = self.judge(&reading);
            let doubtful = doubtful(&self.burst.looked, &found);
            if !doubtful.is_empty() {
                self.read_above(&doubtful, &mut reading).await?;
                found = self.judge(&reading);
            }
            let shown = shown(&found, &reading.tree, &self.against.key);
            (found, shown)
        };
        let resalted = resalted(&self.session, &shown, &self.against.key).await?;
        found.retain(|found| !resalted.contains(&found.path));
        let Burst { looked, began } = self.burst;
        let written = Arc::default();
        let verdict = Verdict { against: self.against, looked, found, said: self.said, began, written };
        Ok(Seen { verdict, resalted })
    }

    async fn read(&self) -> Result<Reading, gnmi::Error> {
        match &self.burst.looked {
            Looked::All => self.session.read().await,
            Looked::Below(places) => self.session.read_at(places).await,
        }
    }

    fn judge(&self, reading: &Reading) -> Vec<Found> {
        let Device { schema, profile, .. } = &self.device;
        judge(schema, profile, &self.against, &self.burst.looked, reading)
    }

    /// Reads some places once more, with what is around them, and takes that for true. A device
    /// may say of one path that nothing is there, and show it all the same in what holds it.
    async fn read_above(&self, places: &[Path], reading: &mut Reading) -> Result<(), gnmi::Error> {
        let above: BTreeSet<Path> = places.iter().filter_map(Path::parent).collect();
        let again = if above.len() > MANY || above.iter().any(Path::is_root) {
            let _permit = self.limits.acquire().await.ok();
            self.session.read().await?
        } else {
            self.session.read_at(&Vec::from_iter(above)).await?
        };
        for place in places {
            reading.tree.remove_below(place);
            let inside = again.tree.below(place).map(|(path, leaf)| (path.clone(), leaf.clone()));
            reading.tree.extend(inside);
        }
        reading.unknown.extend(again.unknown);
        Ok(())
    }
}

/// The places of a narrow look at which something is said to be gone.
fn doubtful(looked: &Looked, found: &[Found]) -> Vec<Path> {
    let Looked::Below(places) = looked else { return Vec::new() };
    let is_gone = |place: &&Path| found.iter().any(|it| it.live.is_none() && it.path.starts_with(place));
    places.iter().filter(is_gone).cloned().collect()
}

/// What a device shows in the place of each secret that differs, as a fingerprint.
type Shown = BTreeMap<Path, Option<Fingerprint>>;

/// What was read in the place of each secret that differs.
fn shown(found: &[Found], read: &Tree, key: &FingerprintKey) -> Shown {
    let secrets = found.iter().filter(|found| found.kind == DriftKind::Secret);
    secrets.map(|found| (found.path.clone(), print(read, &found.path, key))).collect()
}

/// The same of all that is known of secrets.
pub fn shown_otherwise(known: &BTreeMap<Path, SecretMark>, read: &Tree, key: &FingerprintKey) -> Shown {
    let now = known.iter().map(|(path, mark)| (path, mark.read_back, print(read, path, key)));
    now.filter(|(_, before, now)| before != now).map(|(path, _, now)| (path.clone(), now)).collect()
}

/// The secrets among these that a second look shows otherwise: a device that hashes anew at each
/// answer tells nothing by it (hazard H13). Looks only if there are any.
pub async fn resalted(
    session: &Session,
    shown: &Shown,
    key: &FingerprintKey,
) -> Result<BTreeSet<Path>, gnmi::Error> {
    if shown.is_empty() {
        return Ok(BTreeSet::new());
    }
    let places: BTreeSet<Path> = shown.keys().filter_map(Path::parent).collect();
    let again = session.read_at(&Vec::from_iter(places)).await?;
    let differs = |(path, before): &(&Path, &Option<Fingerprint>)| print(&again.tree, path, key) != **before;
    Ok(shown.iter().filter(differs).map(|(path, _)| path.clone()).collect())
}

fn print(tree: &Tree, path: &Path, key: &FingerprintKey) -> Option<Fingerprint> {
    match tree.get(path).map(|leaf| &leaf.value) {
        Some(Value::Scalar(shown)) => Some(key.fingerprint(shown.as_str())),
        _ => None,
    }
}

/// A burst that no event began.
pub(super) fn everything() -> Burst {
    Burst { looked: Looked::All, began: Instant::now() }
}
