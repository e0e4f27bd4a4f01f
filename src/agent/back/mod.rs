//! Telling NetBox how its devices stand, if that is switched on: never needed, never waited
//! for.
//!
//! After each turn of the loop what changed on record is put into a `mailbox`, where the
//! newest word on a device replaces the one before; a thread of its own takes it from there,
//! asks and writes (`writer`), in words of `words`. A NetBox that is slow, away or refuses is
//! a line in the log. Elsewhere: requests to NetBox (`netbox::back`), the loop (`run`).

mod mailbox;
mod words;
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

use self::mailbox::Mailbox;
use self::words::Stand;
use self::writer::Writer;
use super::Agent;
use super::config::NetBox;
use super::run::Report;
use super::secrets::Secrets;
use crate::git::Mirror;
use crate::names::DeviceName;
use crate::record::DeviceEntry;

/// How long the agent waits at its end for what is not written yet.
const SHORT: Duration = Duration::from_secs(3);

/// The agent's side of the mailbox. Dropped, the thread ends by itself.
#[derive(Debug)]
pub(super) struct Back {
    mailbox: Arc<Mailbox>,
    ended: oneshot::Receiver<()>,
    /// The rows whose news the mailbox has.
    told: BTreeMap<DeviceName, DeviceEntry>,
}

impl Back {
    /// Starts the thread. Nothing is asked of NetBox before there is news.
    pub(super) fn start(netbox: NetBox, secrets: Arc<Secrets>, mirror: Mirror) -> std::io::Result<Self> {
        let mailbox = Arc::new(Mailbox::default());
        let (end, ended) = oneshot::channel();
        let mut writer = Writer::new(netbox, secrets, mirror, Arc::clone(&mailbox), Timestamp::now());
        std::thread::Builder::new().name("netbox".to_owned()).spawn(move || {
            writer.run();
            // nobody listens if the agent did not wait
            let _ = end.send(());
        })?;
        Ok(Self { mailbox, ended, told: BTreeMap::new() })
    }

    /// The rows that changed since they were told.
    fn news(&self, devices: &[DeviceEntry]) -> Vec<DeviceEntry> {
        let is_new = |entry: &&DeviceEntry| self.told.get(&entry.device) != Some(entry);
        devices.iter().filter(is_new).cloned().collect()
    }

    fn tell(&mut self, news: Vec<(DeviceEntry, Stand)>) {
        let mut stands = BTreeMap::new();
        for (entry, stand) in news {
            stands.insert(entry.device.clone(), stand);
            self.told.insert(entry.device.clone(), entry);
        }
        self.mailbox.put(stands);
    }

    /// Gives what is not written yet a short time.
    async fn finish(&mut self) {
        self.mailbox.close(SHORT);
        if tokio::time::timeout(SHORT, &mut self.ended).await.is_err() {
            tracing::warn!("NetBox was not told everything: it is slow to answer");
        }
    }
}

impl Drop for Back {
    fn drop(&mut self) {
        self.mailbox.close(Duration::ZERO);
    }
}

impl Agent {
    /// Puts what changed on record since the last time into the mailbox. What goes wrong here
    /// concerns nobody but NetBox.
    pub(super) async fn tell_netbox(&mut self, report: &Report) {
        let (Some(back), Some(fabric)) = (&self.back, &report.fabric) else { return };
        let (news, fabric) = (back.news(&report.devices), fabric.fabric.clone());
        if news.is_empty() {
            return;
        }
        let stands = self.with_store(move |store| {
            let stand = |entry: DeviceEntry| {
                let held = store.last_held(&fabric, &entry.device)?;
                let stand = Stand::of(&entry, held.as_ref());
                Ok((entry, stand))
            };
            news.into_iter().map(stand).collect::<Result<Vec<_>, _>>()
        });
        match stands.await {
            Ok(stands) => {
                if let Some(back) = &mut self.back {
                    back.tell(stands);
                }
            }
            Err(error) => tracing::warn!("NetBox is not told: {error:#}"),
        }
    }

    /// Lets what NetBox is still to be told have a short time.
    pub(super) async fn finish_telling(&mut self) {
        if let Some(back) = &mut self.back {
            back.finish().await;
        }
    }
}
