//! How a device stands, in words for NetBox: the values of its fields, its journal's entries.
//!
//! Pure. Elsewhere: when they are written (`writer`), the words for the terminal (`cli`).

use jiff::Timestamp;

use crate::git::history::Commit;
use crate::names::CommitId;
use crate::netbox::{Kind, State};
use crate::record::{DeviceEntry, DeviceEvent, EventKind, Standing};

/// The longest reason in a journal.
const LONGEST: usize = 500;

/// What NetBox is told of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stand {
    /// What brought the device to what it holds. A later commit that asks the same of it is
    /// not told: most commits concern few devices, and NetBox's log has an entry for each.
    pub(super) held: Option<Held>,
    pub(super) standing: Standing,
    pub(super) reason: Option<String>,
    /// Since when it stands so.
    pub(super) since: Timestamp,
}

/// A commit that a device holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) commit: CommitId,
    pub(super) at: Timestamp,
    /// The leaves that a Set changed; none if it was equal before anything was sent.
    pub(super) leaves: Option<u64>,
}

impl Default for Stand {
    fn default() -> Self {
        Self { held: None, standing: Standing::Behind, reason: None, since: Timestamp::UNIX_EPOCH }
    }
}

impl Stand {
    /// From the record: a device's row, and the event that brought it to what it holds.
    pub(super) fn of(entry: &DeviceEntry, held: Option<&DeviceEvent>) -> Self {
        let held = held.map(|event| Held {
            commit: event.commit.clone(),
            at: event.at,
            leaves: (event.kind == EventKind::Applied).then_some(event.changes),
        });
        Self { held, standing: entry.standing, reason: entry.reason.clone(), since: entry.since }
    }

    /// What the fields say.
    pub(super) fn state(&self) -> State {
        State {
            commit: self.held.as_ref().map(|held| held.commit.to_string()),
            applied: self.held.as_ref().map(|held| held.at),
            state: Some(self.standing.as_str().to_owned()),
        }
    }

    /// When the last of it came about.
    pub(super) fn moved_at(&self) -> Timestamp {
        self.held.as_ref().map_or(self.since, |held| held.at.max(self.since))
    }

    /// The entry of the journal, `commit` being the one that is held, if it can be read. None
    /// for what passes by itself.
    pub(super) fn entry(&self, commit: Option<&Commit>) -> Option<(Kind, String)> {
        let kind = match self.standing {
            Standing::Current => {
                return self.held.as_ref().map(|held| (Kind::Success, self.current(held, commit)));
            }
            Standing::Behind | Standing::Waiting => return None,
            Standing::Diverged => Kind::Danger,
            Standing::Unreachable | Standing::Drifted => Kind::Warning,
            Standing::Held | Standing::Staged | Standing::Paused | Standing::Released => Kind::Info,
        };
        let reason = self.reason.as_deref().unwrap_or("no reason is on record");
        Some((kind, format!("gitfabric: {}: {}", self.standing.as_str(), plain(reason))))
    }

    fn current(&self, held: &Held, commit: Option<&Commit>) -> String {
        let short = held.commit.short();
        let subject =
            commit.map(|commit| plain(&commit.message.subject)).filter(|subject| !subject.is_empty());
        let named =
            subject.map_or_else(|| format!("commit {short}"), |text| format!("commit {short} ({text})"));
        if self.since > held.at {
            return format!("gitfabric: current again, holds {named}");
        }
        let what = match held.leaves {
            None => "found on the device".to_owned(),
            Some(1) => "applied, 1 leaf".to_owned(),
            Some(leaves) => format!("applied, {leaves} leaves"),
        };
        let by = commit.map(|commit| plain(&commit.author)).filter(|author| !author.is_empty());
        let by = by.map_or_else(String::new, |author| format!(", by {author}"));
        format!("gitfabric: {named} {what}{by}")
    }
}

/// A text of others on one line, so that NetBox's Markdown shows it as it stands.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST) {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '~' | '|' | '!') {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::message::Message;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_journal_says_which_commit_what_it_changed_and_who_wrote_it() {
        let id: CommitId = "1a2b3c4d".repeat(5).parse().unwrap();
        let commit = Commit {
            id: id.clone(),
            parents: Vec::new(),
            author: "Ada".to_owned(),
            email: "ada@example.net".to_owned(),
            written: at(0),
            message: Message::parse("VLAN 40 is called web_2\n\nbody"),
        };
        let held = |leaves| Some(Held { commit: id.clone(), at: at(10), leaves });
        let stand = |standing, held, reason: &str, since| Stand {
            held,
            standing,
            reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
            since: at(since),
        };
        for (case, stand, commit, expected) in [
            (
                "applied",
                stand(Standing::Current, held(Some(14)), "", 10),
                Some(&commit),
                Some((
                    Kind::Success,
                    r"gitfabric: commit 1a2b3c4 (VLAN 40 is called web\_2) applied, 14 leaves, by Ada",
                )),
            ),
            (
                "one leaf of a commit that is gone from the mirror",
                stand(Standing::Current, held(Some(1)), "", 3),
                None,
                Some((Kind::Success, "gitfabric: commit 1a2b3c4 applied, 1 leaf")),
            ),
            (
                "found equal",
                stand(Standing::Current, held(None), "", 10),
                None,
                Some((Kind::Success, "gitfabric: commit 1a2b3c4 found on the device")),
            ),
            (
                "back after it was away",
                stand(Standing::Current, held(Some(14)), "", 11),
                None,
                Some((Kind::Success, "gitfabric: current again, holds commit 1a2b3c4")),
            ),
            (
                "diverged",
                stand(Standing::Diverged, held(Some(14)), "it refused\nthe Set <b>", 12),
                Some(&commit),
                Some((Kind::Danger, r"gitfabric: diverged: it refused the Set \<b\>")),
            ),
            (
                "unreachable",
                stand(Standing::Unreachable, None, "no route", 12),
                None,
                Some((Kind::Warning, "gitfabric: unreachable: no route")),
            ),
            ("it waits", stand(Standing::Waiting, held(None), "for leaf1", 12), None, None),
        ] {
            let expected = expected.map(|(kind, text)| (kind, text.to_owned()));
            assert_eq!(stand.entry(commit), expected, "{case}");
        }
    }
}
