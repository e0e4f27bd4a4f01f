//! What the token may see: asked for where NetBox says it, and inferred where it does not.
//!
//! A right that is missing answers 403; an object permission with constraints hides objects
//! without a word, and looks like their deletion. Elsewhere: lists that are refused while they
//! are read (`lists`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::changelog;
use super::client::Client;
use super::error::NetBoxError;
use super::inventory::ENDPOINTS;
use super::reading::Reading;
use super::status::Status;

/// Entries since the last export that are looked at; beyond, the log counts as cut.
const MOST_ENTRIES: usize = 50_000;

/// What `/api/authentication-check/` says (NetBox 4.5).
#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
    #[serde(default)]
    groups: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    permissions: Vec<Permission>,
}

#[derive(Deserialize)]
struct Permission {
    #[serde(default = "on")]
    enabled: bool,
    #[serde(default)]
    object_types: Vec<String>,
    #[serde(default)]
    actions: Vec<String>,
}

fn on() -> bool {
    true
}

/// Looks whether the token's user may view all that is read; all that is missing is one
/// error. Gives notes for a person.
///
/// NetBox shows a user's own permissions, not those of its groups, nor that it is a superuser:
/// so a type that no permission names is asked for before it counts as missing.
pub(super) fn check(client: &Client, status: &Status) -> Result<Vec<String>, NetBoxError> {
    let user: User = match client.get("authentication-check", "") {
        Ok(body) => body.parse()?,
        // before 4.5 nothing says it; what is refused is found while it is read
        Err(NetBoxError::Missing { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut notes = Vec::new();
    let writes: BTreeSet<&str> = user
        .permissions
        .iter()
        .filter(|permission| permission.enabled)
        .flat_map(|permission| permission.actions.iter().map(String::as_str))
        .filter(|action| matches!(*action, "add" | "change" | "delete"))
        .collect();
    if !writes.is_empty() {
        let writes = writes.into_iter().collect::<Vec<_>>().join(", ");
        notes.push(format!(
            "NetBox's user `{}` may also {writes}; the export only reads, a user that may view is enough",
            user.username
        ));
    }
    // nothing can be concluded: the lists themselves will say it
    if !user.groups.is_empty() || user.permissions.is_empty() {
        return Ok(notes);
    }
    let mut missing = Vec::new();
    let lists = status.lists().map(|list| (list.path, list.object_type));
    for (path, object_type) in lists.chain([(changelog::PATH, changelog::OBJECT_TYPE)]) {
        if !user.permissions.iter().any(|permission| permission.lets_view(object_type)) {
            match client.get(path, "limit=1&fields=id") {
                Err(NetBoxError::Refused { .. }) => missing.push(object_type.to_owned()),
                other => drop(other?),
            }
        }
    }
    if missing.is_empty() { Ok(notes) } else { Err(NetBoxError::NotPermitted { lists: missing }) }
}

impl Permission {
    fn lets_view(&self, object_type: &str) -> bool {
        self.enabled
            && self.actions.iter().any(|action| action == "view")
            && self.object_types.iter().any(|named| named == object_type)
    }
}

/// Holds the counts of the last export against a reading: a list that has fewer objects than
/// the change log since `change` explains is an error.
///
/// What cascades has entries too (recorded of a deleted device: its interfaces, addresses,
/// services and MACs; cables stay), so no kind may lose a single object more than the log
/// knows. Only where the log does not reach back, since NetBox forgets it (90 days), a few may
/// be missing of lists other than the devices: no more than five, or a fifth of the list.
pub fn hidden(
    client: &Client,
    reading: &Reading,
    before: &BTreeMap<String, usize>,
    change: u64,
) -> Result<(), NetBoxError> {
    let now = reading.counts();
    let lost: Vec<_> = ENDPOINTS
        .iter()
        .filter_map(|list| {
            let before = *before.get(list.path)?;
            let now = now.get(list.path).copied().unwrap_or_default();
            (now < before).then_some((list, before, now))
        })
        .collect();
    if lost.is_empty() {
        return Ok(());
    }
    let comings = changelog::comings(client, change, reading.change(), MOST_ENTRIES)?;
    for (list, before, now) in lost {
        let (created, deleted) = comings.of(list.object_type);
        let missing = (before + created).saturating_sub(deleted).saturating_sub(now);
        let may = if comings.whole { 0 } else { slack(list.path, before) };
        if missing > may {
            return Err(NetBoxError::Hidden { list: list.path.to_owned(), before, now, created, deleted });
        }
    }
    Ok(())
}

/// How many objects may go unexplained where the log does not reach back.
fn slack(list: &str, before: usize) -> usize {
    if list == "dcim/devices" { 0 } else { (before / 5).max(5) }
}
