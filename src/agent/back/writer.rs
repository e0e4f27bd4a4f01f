//! The thread that writes to NetBox: what differs, device by device, and again after a pause
//! where that failed.
//!
//! What is on record is compared with what NetBox's fields say, so a restart writes nothing
//! twice. Elsewhere: the words (`words`), the requests (`netbox::back`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::mailbox::{Call, Mailbox, Stands};
use super::words::Stand;
use crate::agent::config::NetBox;
use crate::agent::secrets::Secrets;
use crate::git::Mirror;
use crate::git::history::Commit;
use crate::git::poll;
use crate::names::{CommitId, DeviceName};
use crate::netbox::{self, Client, Known, NetBoxError, Objection, State};

/// The first pause after a failure, and the longest.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(10);
const JITTER: f64 = 0.1;
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(20);

pub(super) struct Writer {
    netbox: NetBox,
    secrets: Arc<Secrets>,
    mirror: Mirror,
    mailbox: Arc<Mailbox>,
    /// What came about before was for another agent to tell.
    started: Timestamp,
    back: Option<netbox::Back>,
    wanted: Stands,
    /// What was written of each device, or need not be.
    written: BTreeMap<DeviceName, State>,
    /// The devices whose journal lacks an entry.
    entries: BTreeSet<DeviceName>,
    /// What the journal of each device said last.
    journaled: BTreeMap<DeviceName, State>,
    /// What was told of fields and devices.
    told: BTreeSet<String>,
    /// The last failure that was told.
    failure: Option<String>,
}

/// What a round found refused: the same is not asked for each device.
#[derive(Default)]
struct Refused {
    fields: bool,
    journal: bool,
    first: Option<NetBoxError>,
}

impl Writer {
    pub(super) fn new(
        netbox: NetBox,
        secrets: Arc<Secrets>,
        mirror: Mirror,
        mailbox: Arc<Mailbox>,
        started: Timestamp,
    ) -> Self {
        Self {
            netbox,
            secrets,
            mirror,
            mailbox,
            started,
            back: None,
            wanted: Stands::new(),
            written: BTreeMap::new(),
            entries: BTreeSet::new(),
            journaled: BTreeMap::new(),
            told: BTreeSet::new(),
            failure: None,
        }
    }

    /// Works until the agent ends.
    pub(super) fn run(&mut self) {
        let mut failures = 0_u32;
        loop {
            let pause =
                (failures > 0).then(|| poll::backoff(PAUSE, LONGEST, failures - 1, JITTER, poll::random()));
            let (news, is_last) = match self.mailbox.wait(pause) {
                Call::Work(news) => (news, false),
                Call::Last(news) => (news, true),
            };
            self.wanted.extend(news);
            let result = self.round();
            failures = if result.is_ok() { 0 } else { failures.saturating_add(1) };
            self.tell(result.err().as_ref());
            if is_last {
                return;
            }
        }
    }

    /// Writes what is not written yet. An error leaves the rest for later.
    fn round(&mut self) -> anyhow::Result<()> {
        let is_pending =
            |(name, stand): &(&DeviceName, &Stand)| self.written.get(*name) != Some(&stand.state());
        let pending: Stands = (self.wanted.iter().filter(is_pending))
            .map(|(name, stand)| (name.clone(), stand.clone()))
            .collect();
        if pending.is_empty() || self.mailbox.is_over() {
            return Ok(());
        }
        let mut back = match self.back.take() {
            Some(back) => back,
            None => self.open()?,
        };
        let result = self.write_all(&mut back, &pending);
        // after a refusal token and fields are looked at anew: somebody may have mended them
        if result.as_ref().map_or_else(NetBoxError::is_transient, |()| true) {
            self.back = Some(back);
        }
        result.map_err(explained)
    }

    fn write_all(&mut self, back: &mut netbox::Back, pending: &Stands) -> Result<(), NetBoxError> {
        if !back.has_all_fields() {
            self.point_out(&back.look_up_fields()?);
        }
        self.point_out(&back.look_up(pending.keys().map(DeviceName::as_str))?);
        let mut refused = Refused::default();
        for (name, stand) in pending {
            if self.mailbox.is_over() {
                break;
            }
            // the looking up may have taken long
            let newest = self.mailbox.newest(name);
            if let Some(newest) = &newest {
                self.wanted.insert(name.clone(), newest.clone());
            }
            match self.write(back, name, newest.as_ref().unwrap_or(stand), &mut refused) {
                Ok(()) => {}
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    refused.first.get_or_insert(error);
                }
            }
        }
        refused.first.map_or(Ok(()), Err)
    }

    /// Writes of one device what differs: first the fields, which tell after a restart what
    /// was written, then the journal.
    fn write(
        &mut self,
        back: &mut netbox::Back,
        name: &DeviceName,
        stand: &Stand,
        refused: &mut Refused,
    ) -> Result<(), NetBoxError> {
        let state = stand.state();
        let known = back.known(name.as_str(), &state);
        if known == Known::Unusable {
            // looked up again when there is something else to say
            self.written.insert(name.clone(), state);
            return Ok(());
        }
        let is_news = match (self.journaled.get(name), known) {
            (Some(before), _) => *before != state,
            (None, Known::NoFields) => stand.moved_at() >= self.started,
            (None, known) => known == Known::Different,
        };
        if is_news {
            self.entries.insert(name.clone());
        }
        let set = if refused.fields { Ok(false) } else { back.set(name.as_str(), &state) };
        refused.fields |= matches!(set, Err(NetBoxError::ReadOnly { .. }));
        if let Err(error) = &set
            && !matches!(error, NetBoxError::ReadOnly { .. })
        {
            return set.map(|_| ());
        }
        if !refused.journal {
            let entry = self.enter(back, name, stand);
            refused.journal = matches!(entry, Err(NetBoxError::ReadOnly { .. }));
            entry?;
        }
        set?;
        if !refused.fields && !refused.journal {
            self.written.insert(name.clone(), state);
        }
        Ok(())
    }

    /// Writes into a device's journal, if that lacks an entry.
    fn enter(
        &mut self,
        back: &mut netbox::Back,
        name: &DeviceName,
        stand: &Stand,
    ) -> Result<(), NetBoxError> {
        let commit = || stand.held.as_ref().and_then(|held| self.commit(&held.commit));
        let is_due = self.netbox.journal && self.entries.contains(name);
        let entry = if is_due { stand.entry(commit().as_ref()) } else { None };
        if let Some((kind, comments)) = &entry {
            match back.journal(name.as_str(), *kind, comments) {
                Err(error @ NetBoxError::Doubtful { .. }) => {
                    tracing::warn!(device = %name, "{:#}", explained(error));
                }
                result => result?,
            }
        }
        self.entries.remove(name);
        // what passes by itself is no entry, and does not make the next one news
        if entry.is_some() || !is_due {
            self.journaled.insert(name.clone(), stand.state());
        }
        Ok(())
    }

    /// A commit as people see it. What the mirror has lost is told without its subject.
    fn commit(&self, id: &CommitId) -> Option<Commit> {
        self.mirror.repository().ok()?.commit(id).ok()
    }

    fn open(&self) -> anyhow::Result<netbox::Back> {
        let token = self.secrets.get(&self.netbox.token)?;
        let mailbox = Arc::clone(&self.mailbox);
        let config = netbox::Config {
            ca: self.netbox.ca.clone(),
            timeout: ANSWER,
            parallel: 1,
            clear_text: self.netbox.clear_text,
            sleep: Arc::new(move |time| mailbox.rest(time)),
            ..netbox::Config::new(self.netbox.url.clone(), token)
        };
        let names = self.netbox.fields.clone();
        let fields = netbox::Fields { commit: names.commit, applied: names.applied, state: names.state };
        Ok(netbox::Back::new(Client::new(&config).map_err(explained)?, fields))
    }

    /// Tells what NetBox lacks, each once.
    fn point_out(&mut self, wrong: &[Objection]) {
        for text in wrong.iter().map(ToString::to_string) {
            if !self.told.contains(&text) {
                tracing::warn!("writing back to NetBox: {text}");
                self.told.insert(text);
            }
        }
    }

    /// Tells a failure once, until it is another one or over.
    fn tell(&mut self, error: Option<&anyhow::Error>) {
        let text = error.map(|error| format!("{error:#}"));
        if text == self.failure {
            return;
        }
        if let Some(text) = &text {
            tracing::warn!("NetBox is not told how devices stand, and later again: {text}");
        } else {
            tracing::info!("NetBox is told again how devices stand");
        }
        self.failure = text;
    }
}

/// An error with what a person can do about it.
fn explained(error: NetBoxError) -> anyhow::Error {
    let hint = error.hint().map(Cow::into_owned);
    let error = anyhow::Error::from(error);
    hint.map_or_else(|| anyhow::anyhow!("{error:#}"), |hint| anyhow::anyhow!("{error:#} ({hint})"))
}
