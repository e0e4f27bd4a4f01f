//! NetBox's change log: who changed which object, and how far we have heard it.
//!
//! Asked for with `fields=` always: the raw data in it holds the secrets of webhooks in clear
//! text. Elsewhere: what a change means for what was read (`changes`).

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::back::WRITTEN_BACK;
use super::client::Client;
use super::error::NetBoxError;
use super::inventory::Page;
use super::objects::kind;
use super::wire::{Choice, Id, or_default};

/// The log's own list.
pub(super) const PATH: &str = "core/object-changes";
/// What a permission to view it names.
pub(super) const OBJECT_TYPE: &str = "core.objectchange";
const FIELDS: &str =
    "id,time,user_name,request_id,action,changed_object_type,changed_object_id,object_repr,message";

/// Ids come from a sequence and may become visible out of order, when a long transaction
/// ends: so many before the newest are looked at again, and more where some are missing.
const OVERLAP: u64 = 100;
/// An id that was not seen for so long is one that never came to be: of a transaction that
/// was rolled back.
const LONGEST_TRANSACTION: Duration = Duration::from_hours(1);
/// So many entries are heard again for the sake of an id that is missing before them: a page.
const MOST_HEARD: usize = 900;

kind! {
    /// One entry.
    Change {
        /// When, RFC 3339.
        time: String,
        /// The user's name.
        user_name: String,
        /// The same for all that one request changed.
        request_id: String,
        /// `create`, `update`, `delete`.
        action: Choice,
        /// `dcim.interface`.
        changed_object_type: String,
        /// The object's id.
        changed_object_id: Option<Id>,
        /// What the object was called.
        object_repr: String,
        /// What the user wrote about it (NetBox 4.4).
        message: String,
    }
}

impl Change {
    /// Whether gitfabric itself wrote it, to tell how a device stands. Before NetBox 4.4 no
    /// entry says so, and its user counts as one who asked for something.
    pub fn is_written_back(&self) -> bool {
        self.message.starts_with(WRITTEN_BACK)
    }
}

/// How far the log was heard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The newest id; 0 if the log is empty.
    pub(super) newest: u64,
    /// The ids before it that are looked at again, with their requests.
    heard: BTreeMap<u64, String>,
    /// The first id of each gap among them, and since when it is missed.
    #[serde(default)]
    gaps: BTreeMap<u64, SystemTime>,
}

impl Mark {
    /// Where the log is now.
    pub(super) fn now(client: &Client) -> Result<Self, NetBoxError> {
        let query = format!("ordering=-id&limit={MOST_HEARD}&fields=id,request_id");
        let page: Page<Change> = client.get(PATH, &query)?.parse()?;
        let mut mark = Self::default();
        mark.advance(&page.results, SystemTime::now());
        Ok(mark)
    }

    /// Counts changes as heard.
    pub(super) fn advance(&mut self, changes: &[Change], now: SystemTime) {
        self.heard.extend(changes.iter().map(|change| (change.id, change.request_id.clone())));
        self.newest = self.heard.keys().next_back().copied().unwrap_or_default();
        let first = self.heard.keys().rev().take(MOST_HEARD).next_back().copied().unwrap_or_default();
        let mut gaps = BTreeMap::new();
        let heard = self.heard.range(first..).map(|(id, _)| *id);
        for (before, after) in heard.clone().zip(heard.skip(1)) {
            if after > before + 1 {
                let since = self.gaps.get(&(before + 1)).copied().unwrap_or(now);
                // a clock that was set back: it is missed anew
                let age = now.duration_since(since);
                gaps.insert(before + 1, if age.is_ok() { since } else { now });
            }
        }
        self.gaps = gaps;
        let from = self.from(now);
        self.heard.retain(|id, _| *id > from);
    }

    /// After which id the log is read again: before the overlap, and before the oldest gap that
    /// may still be filled. The entry before a gap stays heard, for the gap to be told.
    fn from(&self, now: SystemTime) -> u64 {
        let is_open =
            |since: SystemTime| now.duration_since(since).is_ok_and(|age| age < LONGEST_TRANSACTION);
        let open = self.gaps.iter().find(|(_, since)| is_open(**since));
        let overlap = self.newest.saturating_sub(OVERLAP);
        open.map_or(overlap, |(first, _)| overlap.min(first.saturating_sub(2)))
    }

    /// What was not heard yet, oldest first. `None` if the log does not reach back to us, is
    /// that of another database (a backup was restored), or has more than `most` news.
    pub(super) fn news(&self, client: &Client, most: usize) -> Result<Option<Vec<Change>>, NetBoxError> {
        let from = self.heard.keys().next().map_or(0, |first| first - 1);
        let from = from.min(self.newest.saturating_sub(OVERLAP));
        let most = most + self.heard.len();
        let mut changes: Vec<Change> = Vec::new();
        let mut fits = true;
        read_since(client, from, "", &mut |page| {
            fits = page.count.is_none_or(|count| count <= most as u64) && changes.len() <= most;
            changes.extend(page.results);
            fits
        })?;
        if !fits {
            return Ok(None);
        }
        changes.sort_by_key(|change| change.id);
        let mut news: Vec<Change> = Vec::new();
        let mut known = self.newest == 0;
        for change in changes {
            match self.heard.get(&change.id) {
                Some(request) if *request != change.request_id => return Ok(None),
                Some(_) => known |= change.id == self.newest,
                None if news.last().is_some_and(|last| last.id == change.id) => {}
                None => news.push(change),
            }
        }
        Ok(known.then_some(news))
    }
}

/// Reads the changes after `id`, oldest first, until `take` has enough.
fn read_since(
    client: &Client,
    id: u64,
    filter: &str,
    take: &mut dyn FnMut(Page<Change>) -> bool,
) -> Result<(), NetBoxError> {
    let query = format!("id__gt={id}{filter}&ordering=id&limit=1000&fields={FIELDS}");
    let mut body = client.get(PATH, &query)?;
    loop {
        let page: Page<Change> = body.parse()?;
        if page.results.iter().any(|change| change.id <= id) {
            return Err(NetBoxError::FilterIgnored { url: body.url });
        }
        let (next, came) = (page.next.clone(), !page.results.is_empty());
        match next {
            _ if !take(page) => return Ok(()),
            Some(next) if came => body = client.follow(&body, &next)?,
            _ => return Ok(()),
        }
    }
}

/// Who changed what, for a commit's message.
#[derive(Debug, Default, PartialEq)]
pub struct Changes {
    /// Oldest first.
    pub changes: Vec<Change>,
    /// Whether there were too many, and only the oldest are here.
    pub cut: bool,
}

/// The changes after the id `change`, oldest first, at most `most` (and a page). Never holds
/// what the objects' fields were: that can be secret.
pub fn changes_since(client: &Client, change: u64, most: usize) -> Result<Changes, NetBoxError> {
    let mut found = Changes::default();
    read_since(client, change, "", &mut |page| {
        found.changes.extend(page.results);
        found.cut = found.changes.len() >= most && page.next.is_some();
        !found.cut
    })?;
    found.changes.sort_by_key(|change| change.id);
    Ok(found)
}

/// What the log knows of what came and what went.
#[derive(Debug, Default)]
pub(super) struct Comings {
    /// Objects of each type that came and stayed, and that were there and went.
    by_type: BTreeMap<String, (usize, usize)>,
    /// Whether the log still had all of it.
    pub(super) whole: bool,
}

impl Comings {
    /// Of an object type: how many came, how many went.
    pub(super) fn of(&self, object_type: &str) -> (usize, usize) {
        self.by_type.get(object_type).copied().unwrap_or_default()
    }
}

/// Which objects came and went after the entry `from` up to the entry `to`; at most `most`
/// entries are read. An object counts once, however often it came and went.
pub(super) fn comings(client: &Client, from: u64, to: u64, most: usize) -> Result<Comings, NetBoxError> {
    let oldest: Page<Change> = client.get(PATH, "ordering=id&limit=1&fields=id")?.parse()?;
    let mut whole = oldest.results.iter().any(|oldest| oldest.id <= from);
    let mut lives: BTreeMap<(String, Id), (u64, bool, u64, bool)> = BTreeMap::new();
    let mut all = 0;
    read_since(client, from, "&action=create&action=delete", &mut |page| {
        all += page.results.len();
        whole &= all < most || page.next.is_none();
        for change in page.results.into_iter().filter(|change| change.id <= to) {
            // a filter that NetBox does not know is ignored by it
            let came = match change.action.0.as_str() {
                "create" => true,
                "delete" => false,
                _ => continue,
            };
            let Some(object) = change.changed_object_id else { continue };
            let entry = change.id;
            let life =
                lives.entry((change.changed_object_type, object)).or_insert((entry, came, entry, came));
            if entry < life.0 {
                (life.0, life.1) = (entry, came);
            }
            if entry > life.2 {
                (life.2, life.3) = (entry, came);
            }
        }
        all < most
    })?;
    let mut comings = Comings { by_type: BTreeMap::new(), whole };
    for ((object_type, _), (_, first_came, _, last_came)) in lives {
        let (came, went) = comings.by_type.entry(object_type).or_default();
        *came += usize::from(first_came && last_came);
        *went += usize::from(!first_came && !last_came);
    }
    Ok(comings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_remembers_what_stands_just_before_it() {
        let entries = |ids: &[u64]| -> Vec<Change> {
            let entry = |id: &u64| Change { id: *id, request_id: format!("r{id}"), ..Change::default() };
            ids.iter().map(entry).collect()
        };
        let heard = |mark: &Mark| mark.heard.keys().copied().collect::<Vec<_>>();
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(10);
        let mut mark = Mark::default();
        mark.advance(&[], now);
        assert_eq!(mark.newest, 0);
        // newest first, as a probe gives them; ids have gaps
        let newest = 4 * OVERLAP;
        mark.advance(&entries(&[newest, newest - 2, 11, 10, 9]), now);
        assert_eq!((mark.newest, heard(&mark)), (newest, vec![11, newest - 2, newest]));
        mark.advance(&entries(&[newest - 1, newest + 10]), now);
        assert_eq!(heard(&mark), [11, newest - 2, newest - 1, newest, newest + 10]);
        assert_eq!(mark.heard.get(&(newest - 1)).map(String::as_str), Some(&*format!("r{}", newest - 1)));
        // what was not seen for so long never came to be
        let later = now + LONGEST_TRANSACTION;
        mark.advance(&entries(&[newest + 2 * OVERLAP]), later);
        assert_eq!(heard(&mark), [newest + 10, newest + 2 * OVERLAP], "the new gap is missed since now");
        mark.advance(&entries(&[newest + 3 * OVERLAP]), later - LONGEST_TRANSACTION);
        assert_eq!(heard(&mark).len(), 3, "a clock that was set back");
        // a gap with very much after it is given up
        let many: Vec<u64> = (0..2 * MOST_HEARD as u64).map(|more| newest + 4 * OVERLAP + more).collect();
        mark.advance(&entries(&many), later);
        assert!(mark.gaps.is_empty());
        assert_eq!(mark.heard.len() as u64, OVERLAP);
    }

    #[test]
    fn gaps_close_as_they_are_filled() {
        let now = SystemTime::UNIX_EPOCH;
        let entry = |id: u64| Change { id, ..Change::default() };
        let mut mark = Mark::default();
        mark.advance(&[entry(1), entry(5), entry(1_000)], now);
        assert_eq!(mark.gaps.keys().copied().collect::<Vec<_>>(), [2, 6]);
        mark.advance(&[entry(2), entry(3), entry(4)], now);
        assert_eq!(mark.gaps.keys().copied().collect::<Vec<_>>(), [6]);
        assert_eq!(mark.heard.keys().copied().collect::<Vec<_>>(), [5, 1_000]);
        let rest: Vec<Change> = (6..1_000).map(entry).collect();
        mark.advance(&rest, now);
        assert!(mark.gaps.is_empty());
        assert_eq!(mark.heard.len() as u64, OVERLAP);
    }
}
