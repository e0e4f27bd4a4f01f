//! The comment that closes the story of a merged pull request: which devices, how long, the
//! commit.
//!
//! Pure. Elsewhere: whether it went well (`outcome`), when it is written (`applied`).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::outcome::{Outcome, counted, line};
use crate::forge::StatusState;
use crate::names::{CommitId, DeviceName, FabricName};
use crate::record::{DeviceEvent, EventKind};

/// How many devices are listed one by one.
const LISTED: usize = 100;
/// How long a reason may be, in characters.
const REASON: usize = 300;

/// What became of a merged pull request.
#[derive(Clone, Debug)]
pub(super) struct Story {
    fabric: FabricName,
    commit: CommitId,
    outcome: Outcome,
    begun: Option<Timestamp>,
    /// The Set of each device, the first one.
    sets: BTreeMap<DeviceName, (u64, Timestamp)>,
}

/// The first line of the comment, by which it is found.
pub(super) fn marker(fabric: &FabricName) -> String {
    format!("<!-- gitfabric:applied {fabric} -->")
}

impl Story {
    /// `events` are those of the commit and of later ones, on the devices that it is about.
    pub(super) fn new(
        fabric: FabricName,
        commit: CommitId,
        outcome: Outcome,
        begun: Option<Timestamp>,
        events: Vec<DeviceEvent>,
    ) -> Self {
        let mut sets: BTreeMap<DeviceName, (u64, Timestamp)> = BTreeMap::new();
        for event in events.into_iter().filter(|event| event.kind == EventKind::Applied) {
            let set = sets.entry(event.device).or_insert((event.changes, event.at));
            if event.at < set.1 {
                *set = (event.changes, event.at);
            }
        }
        Self { fabric, commit, outcome, begun, sets }
    }

    /// The comment with a link to the branch's history, `url` being the pull request's page.
    pub(super) fn with_history(&self, url: &str, branch: &str) -> String {
        let comment = self.comment();
        match history(url, branch) {
            Some(link) => format!(
                "{comment}\n[History of `{branch}`]({link}) · on the agent's machine: `gitfabric history`\n"
            ),
            None => comment,
        }
    }

    /// The comment.
    pub(super) fn comment(&self) -> String {
        let Self { fabric, commit, outcome, .. } = self;
        let mut text = format!("{}\n", marker(fabric));
        let took = self.took().map_or_else(String::new, |took| format!(" in {took}"));
        let sets = self.sets.len();
        match (outcome.state, sets) {
            (StatusState::Success, 0) => {
                let _ = writeln!(text, "**{fabric} holds {commit}.** No device had to be changed for it.");
            }
            (StatusState::Success, _) => {
                let _ = writeln!(
                    text,
                    "**{fabric} holds {commit}.** {} changed{took}, each read back equal and recorded.",
                    counted(sets, "device")
                );
            }
            _ => {
                let _ = writeln!(text, "**{fabric} does not hold {commit}:** {}", plain(&outcome.words));
            }
        }
        self.list(&mut text);
        text
    }

    fn list(&self, text: &mut String) {
        let Self { sets, outcome, begun, .. } = self;
        if sets.is_empty() && outcome.missing.is_empty() {
            return;
        }
        text.push_str("\n| device | |\n| --- | --- |\n");
        for (device, why) in outcome.missing.iter().take(LISTED) {
            let _ = writeln!(text, "| {device} | {} |", plain(why));
        }
        for (device, (changes, at)) in sets.iter().take(LISTED) {
            let after = begun.map(|begun| duration(at.duration_since(begun)));
            let after = after.map_or_else(String::new, |after| format!(", after {after}"));
            let leaves = if *changes == 1 { "leaf" } else { "leaves" };
            let _ = writeln!(text, "| {device} | {changes} {leaves}{after} |");
        }
        let left = sets.len().saturating_sub(LISTED) + outcome.missing.len().saturating_sub(LISTED);
        if left > 0 {
            let _ = writeln!(text, "\n… and {left} more devices.");
        }
    }

    /// From the begin of the first pass to the last device read back.
    fn took(&self) -> Option<String> {
        let last = self.sets.values().map(|(_, at)| *at).max()?;
        Some(duration(last.duration_since(self.begun?)))
    }
}

/// `12 s`, `3 min 20 s`.
fn duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match (seconds / 60, seconds % 60) {
        (0, 0) => "less than a second".to_owned(),
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// Words of others (a device's, for example) so that Markdown shows them as they stand, names
/// nobody and links nowhere.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in line(text).chars().take(REASON) {
        match c {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '@' => plain.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '>' | '~' | '|' | '!' | '#' | '$' => {
                plain.push('\\');
                plain.push(c);
            }
            c => plain.push(c),
        }
    }
    plain
}

/// The page of a branch's history, from the page of a pull request of the same repository.
fn history(url: &str, branch: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if !branch.chars().all(is_plain) {
        return None;
    }
    [("/-/merge_requests/", "/-/commits"), ("/pulls/", "/commits/branch"), ("/pull/", "/commits")]
        .into_iter()
        .find_map(|(pulls, commits)| {
            let (repository, number) = url.rsplit_once(pulls)?;
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| format!("{repository}{commits}/{branch}"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::PassNumber;

    fn event(device: &str, kind: EventKind, changes: u64, second: i64) -> DeviceEvent {
        DeviceEvent {
            pass: PassNumber::try_from(1).unwrap(),
            device: device.parse().unwrap(),
            commit: "a".repeat(40).parse().unwrap(),
            kind,
            changes,
            detail: None,
            at: Timestamp::from_second(second).unwrap(),
        }
    }

    fn story(state: StatusState, words: &str, missing: &[(&str, &str)], events: Vec<DeviceEvent>) -> String {
        let missing = missing.iter().map(|(name, why)| (name.parse().unwrap(), (*why).to_owned())).collect();
        let outcome = Outcome { state, words: words.to_owned(), missing };
        let begun = Some(Timestamp::from_second(100).unwrap());
        Story::new("dc1".parse().unwrap(), "a".repeat(40).parse().unwrap(), outcome, begun, events).comment()
    }

    #[test]
    fn a_story_says_which_devices_how_long_and_the_commit() {
        let events = vec![
            event("leaf1", EventKind::Applied, 14, 103),
            event("leaf2", EventKind::Applied, 1, 225),
            event("leaf2", EventKind::Applied, 9, 900),
            event("leaf3", EventKind::Unchanged, 0, 101),
        ];
        insta::assert_snapshot!(story(StatusState::Success, "", &[], events), @r"
        <!-- gitfabric:applied dc1 -->
        **dc1 holds aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.** 2 devices changed in 2 min 5 s, each read back equal and recorded.

        | device | |
        | --- | --- |
        | leaf1 | 14 leaves, after 3 s |
        | leaf2 | 1 leaf, after 2 min 5 s |
        ");
        insta::assert_snapshot!(story(StatusState::Success, "", &[], Vec::new()), @r"
        <!-- gitfabric:applied dc1 -->
        **dc1 holds aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.** No device had to be changed for it.
        ");
    }

    #[test]
    fn words_of_devices_are_shown_as_they_stand() {
        let missing = [("leaf1", "diverged: <img src=x> | @all `a` [x](http://h)\n# b")];
        insta::assert_snapshot!(story(StatusState::Failure, "diverged: leaf1", &missing, Vec::new()), @r"
        <!-- gitfabric:applied dc1 -->
        **dc1 does not hold aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:** diverged: leaf1

        | device | |
        | --- | --- |
        | leaf1 | diverged: &lt;img src=x\> \| &#64;all \`a\` \[x\](http://h) \# b |
        ");
    }

    #[test]
    fn a_fabric_of_any_size_is_one_readable_comment() {
        let events = (0..5_000).map(|n| event(&format!("leaf{n}"), EventKind::Applied, 1, 101)).collect();
        let text = story(StatusState::Success, "", &[], events);
        assert!(text.len() < 10_000 && text.contains("… and 4900 more devices."), "{}", text.len());
    }

    #[test]
    fn the_history_is_linked_on_every_forge() {
        for (url, branch, expected) in [
            ("https://github.com/acme/net/pull/7", "main", Some("https://github.com/acme/net/commits/main")),
            ("https://h/g/net/-/merge_requests/7", "main", Some("https://h/g/net/-/commits/main")),
            ("https://h/acme/net/pulls/7", "rel/1", Some("https://h/acme/net/commits/branch/rel/1")),
            ("https://h/acme/net/pulls/7x", "main", None),
            ("", "main", None),
            ("https://github.com/acme/net/pull/7", "ma)in", None),
        ] {
            assert_eq!(history(url, branch).as_deref(), expected, "{url} {branch}");
        }
    }
}
