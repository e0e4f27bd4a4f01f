//! NetBox's change log: who changed which object, and how far we have heard it.
//!
//! Asked for with `fields=` always: the raw data in it holds the secrets of webhooks in clear
//! text. Elsewhere: what a change means for what was read (`changes`).

use std::collections::BTreeMap;

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
/// ends: so many before the newest are looked at again.
const OVERLAP: u64 = 100;

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
    /// The ids just before it, with their requests.
    heard: BTreeMap<u64, String>,
}

impl Mark {
    /// Where the log is now.
    pub(super) fn now(client: &Client) -> Result<Self, NetBoxError> {
        let query = format!("ordering=-id&limit={OVERLAP}&fields=id,request_id");
        let page: Page<Change> = client.get(PATH, &query)?.parse()?;
        let mut mark = Self::default();
        mark.advance(&page.results);
        Ok(mark)
    }

    /// Counts changes as heard.
    pub(super) fn advance(&mut self, changes: &[Change]) {
        self.heard.extend(changes.iter().map(|change| (change.id, change.request_id.clone())));
        self.newest = self.heard.keys().next_back().copied().unwrap_or_default();
        let oldest = self.newest.saturating_sub(OVERLAP);
        self.heard.retain(|id, _| *id > oldest);
    }

    /// What was not heard yet, oldest first. `None` if the log does not reach back to us, is
    /// that of another database (a backup was restored), or has more than `most` news.
    pub(super) fn news(&self, client: &Client, most: usize) -> Result<Option<Vec<Change>>, NetBoxError> {
        let from = self.newest.saturating_sub(OVERLAP);
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

/// How many objects of each type were deleted after the id `change`.
pub(super) fn deletions(
    client: &Client,
    change: u64,
    most: usize,
) -> Result<BTreeMap<String, usize>, NetBoxError> {
    let mut deleted: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = 0;
    let ignored = read_since(client, change, "&action=delete", &mut |page| {
        all += page.results.len();
        for change in page.results {
            // a filter that NetBox does not know is ignored by it
            if change.action == "delete" {
                *deleted.entry(change.changed_object_type).or_default() += 1;
            }
        }
        all < most
    });
    ignored.map(|()| deleted)
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
        let mut mark = Mark::default();
        mark.advance(&[]);
        assert_eq!(mark.newest, 0);
        // newest first, as a probe gives them; ids have gaps
        mark.advance(&entries(&[OVERLAP + 10, OVERLAP + 8, 11, 10, 9]));
        assert_eq!(mark.newest, OVERLAP + 10);
        assert_eq!(mark.heard.keys().copied().collect::<Vec<_>>(), [11, OVERLAP + 8, OVERLAP + 10]);
        mark.advance(&entries(&[OVERLAP + 9, OVERLAP + 20]));
        assert_eq!(mark.heard.len(), 4);
        assert_eq!(mark.heard.get(&(OVERLAP + 9)).map(String::as_str), Some(&*format!("r{}", OVERLAP + 9)));
    }
}
