//! What waits for a receiver becomes messages: a burst is one of them.
//!
//! Pure. Of the same device and kind, the newest stands for all; drift that was put back before
//! it was told that it is there is told as one. Whoever hears all of it knows the same drift as one
//! who was told each piece alone. Elsewhere: how long is waited for more (`pace`), many devices in
//! one message (`fold`).

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Event, What};
use crate::names::FabricName;
use crate::phrase;
use crate::record::{News, NewsKind, NewsLeaf};

/// A piece of news that waits.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its number: the order in which things happened.
    pub id: i64,
    /// The fabric.
    pub fabric: FabricName,
    /// What happened.
    pub news: News,
}

/// What is sent in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The numbers of the news in it, ascending.
    pub ids: Vec<i64>,
    /// What it says.
    pub event: Event,
}

/// The messages for what waits, `items` oldest first, none of it tried before: what was, may have
/// been heard. The order is kept: a merged message stands where the newest of its news does, so
/// that what is said last is how it is now.
pub fn messages(items: impl IntoIterator<Item = Item>) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for Item { id, fabric, news } in items {
        let mut message = Message { ids: vec![id], event: Event::of(id, fabric, news) };
        if corrects(&message.event) {
            put_back(&mut messages, &mut message);
        }
        if let Some(at) = like(&messages, &message.event) {
            let before = messages.remove(at);
            absorb(&mut message, before);
        }
        messages.push(message);
    }
    messages
}

/// The newest message that says the like of a piece of news, if it may be told as late as that:
/// told after its end, drift would seem to be there still.
fn like(messages: &[Message], event: &Event) -> Option<usize> {
    let at = messages.iter().rposition(|message| is_same(&message.event, event))?;
    let undoes = |message: &Message| {
        is_about_the_same(&message.event, event)
            && opens(message.event.what).is_some_and(|opens_it| opens(event.what) == Some(!opens_it))
    };
    let since = messages.get(at + 1..)?;
    (!since.iter().any(undoes)).then_some(at)
}

/// Whether drift begins with it or ends; none if it is about something else.
fn opens(what: What) -> Option<bool> {
    match what {
        What::News(NewsKind::DriftFound) => Some(true),
        What::PutBack
        | What::News(NewsKind::DriftCorrected | NewsKind::DriftAccepted | NewsKind::DriftGone) => Some(false),
        What::News(_) | What::Test => None,
    }
}

fn is_about_the_same(one: &Event, other: &Event) -> bool {
    one.device == other.device && one.fabric == other.fabric
}

/// Whether a piece of news says the like of one that waits.
fn is_same(one: &Event, other: &Event) -> bool {
    let same_kind = one.what == other.what || (corrects(one) && corrects(other));
    same_kind && is_about_the_same(one, other)
}

fn corrects(event: &Event) -> bool {
    matches!(event.what, What::PutBack | What::News(NewsKind::DriftCorrected))
}

/// Takes an older message into a newer one.
fn absorb(newer: &mut Message, older: Message) {
    newer.ids.extend(older.ids);
    newer.ids.sort_unstable();
    let event = &mut newer.event;
    event.merged += older.event.merged;
    if older.event.what == What::PutBack {
        event.what = What::PutBack;
    }
    event.found_at = [event.found_at, older.event.found_at].into_iter().flatten().min();
    // the newest word on a leaf counts; what it does not say any more, the older one does
    let mut leaves: BTreeMap<String, NewsLeaf> = BTreeMap::new();
    for leaf in older.event.leaves.into_iter().chain(std::mem::take(&mut event.leaves)) {
        let before = leaves.remove(&leaf.path);
        let before_live = before.as_ref().and_then(|before| before.live.clone());
        let leaf = NewsLeaf {
            live: if corrects(event) { leaf.live.or(before_live) } else { leaf.live },
            origin: leaf.origin.or_else(|| before.and_then(|before| before.origin)),
            ..leaf
        };
        leaves.insert(leaf.path.clone(), leaf);
    }
    event.unlisted += older.event.unlisted + leaves.len().saturating_sub(Event::LEAVES);
    event.leaves = leaves.into_values().take(Event::LEAVES).collect();
}

/// Drift that waits to be told and is put back by now is told with that. What of it is not put
/// back is told as it would have been. Where not every leaf is listed that cannot be told apart.
fn put_back(messages: &mut Vec<Message>, corrected: &mut Message) {
    let is_found = |event: &Event| {
        event.what == What::News(NewsKind::DriftFound) && is_about_the_same(event, &corrected.event)
    };
    let Some(at) = messages.iter().rposition(|message| is_found(&message.event)) else { return };
    let Some(found) = messages.get_mut(at) else { return };
    if found.event.unlisted + corrected.event.unlisted > 0 {
        return;
    }
    let put_back: BTreeSet<&str> = corrected.event.leaves.iter().map(|leaf| leaf.path.as_str()).collect();
    let found_at = found.event.found_at.unwrap_or(found.event.at);
    let (mended, left): (Vec<_>, Vec<_>) = std::mem::take(&mut found.event.leaves)
        .into_iter()
        .partition(|leaf| put_back.contains(leaf.path.as_str()));
    if mended.is_empty() {
        found.event.leaves = left;
        return;
    }
    if left.is_empty() {
        let mut found = messages.remove(at);
        found.event.leaves = mended;
        absorb(corrected, found);
    } else {
        let told = Event { leaves: mended, merged: 0, ..found.event.clone() };
        found.event.leaves = left;
        found.event.summary = of_the_rest(&found.event);
        absorb(corrected, Message { ids: Vec::new(), event: told });
    }
    corrected.event.what = What::PutBack;
    corrected.event.found_at = Some(corrected.event.found_at.map_or(found_at, |known| known.min(found_at)));
}

/// A finding in words, once a part of it was taken out.
fn of_the_rest(event: &Event) -> String {
    let device = event.device.as_ref().map_or("a device", |device| device.as_str());
    let leaves = phrase::first_of(event.leaves.iter().map(|leaf| &leaf.path), 1);
    format!("{device} was changed behind our back: {leaves}")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn item(id: i64, kind: NewsKind, device: &str, paths: &str) -> Item {
        let leaf = |path: &str| NewsLeaf {
            path: path.to_owned(),
            kind: "owned".to_owned(),
            recorded: Some("a".to_owned()),
            live: (kind == NewsKind::DriftFound).then(|| format!("live{id}")),
            origin: None,
        };
        let news = News {
            kind,
            device: (!device.is_empty()).then(|| device.parse().unwrap()),
            commit: None,
            at: Timestamp::from_second(id).unwrap(),
            summary: format!("news {id}"),
            detail: None,
            leaves: paths.split_whitespace().map(leaf).collect(),
            unlisted: 0,
        };
        Item { id, fabric: "dc1".parse().unwrap(), news }
    }

    fn shown(message: &Message) -> String {
        let leaf = |leaf: &NewsLeaf| format!(" {}={}", leaf.path, leaf.live.as_deref().unwrap_or("-"));
        let leaves: String = message.event.leaves.iter().map(leaf).collect();
        format!("{:?} {}{leaves}", message.ids, message.event.what.title())
    }

    #[test]
    fn what_waits_is_told_in_order_and_a_burst_as_one() {
        use NewsKind::{CommitApplied, DeviceBack, DeviceLost, DriftCorrected, DriftFound, DriftGone};
        for (case, items, expected) in [
            ("nothing", vec![], vec![]),
            (
                "devices apart",
                vec![item(1, DriftFound, "a", "/x"), item(2, DriftFound, "b", "/x")],
                vec!["[1] Drift found /x=live1", "[2] Drift found /x=live2"],
            ),
            (
                "a burst on one device",
                vec![item(1, DriftFound, "a", "/x /y"), item(2, DriftFound, "a", "/y /z")],
                vec!["[1, 2] Drift found /x=live1 /y=live2 /z=live2"],
            ),
            (
                "what is said last is how it is now",
                vec![
                    item(1, DeviceLost, "a", ""),
                    item(2, DeviceBack, "a", ""),
                    item(3, DeviceLost, "a", ""),
                ],
                vec!["[2] Device back", "[1, 3] Device lost"],
            ),
            (
                "found and put back",
                vec![item(1, DriftFound, "a", "/x"), item(2, DriftCorrected, "a", "/x")],
                vec!["[1, 2] Drift found and put back /x=live1"],
            ),
            (
                "put back, without saying what",
                vec![item(1, DriftFound, "a", "/x"), item(2, DriftCorrected, "a", "")],
                vec!["[1] Drift found /x=live1", "[2] Drift put back"],
            ),
            (
                "gone, and another found",
                vec![
                    item(1, DriftFound, "a", "/x"),
                    item(2, DriftGone, "a", "/x"),
                    item(3, DriftFound, "a", "/y"),
                ],
                vec!["[1] Drift found /x=live1", "[2] Drift gone /x=-", "[3] Drift found /y=live3"],
            ),
            (
                "put back in part",
                vec![item(1, DriftFound, "a", "/x /y"), item(2, DriftCorrected, "a", "/x")],
                vec!["[1] Drift found /y=live1", "[2] Drift found and put back /x=live1"],
            ),
            (
                "something else was put back",
                vec![item(1, DriftFound, "a", "/x"), item(2, DriftCorrected, "a", "/y")],
                vec!["[1] Drift found /x=live1", "[2] Drift put back /y=-"],
            ),
            (
                "found, put back, and found again",
                vec![
                    item(1, DriftFound, "a", "/x"),
                    item(2, DriftCorrected, "a", "/x"),
                    item(3, DriftFound, "a", "/x"),
                ],
                vec!["[1, 2] Drift found and put back /x=live1", "[3] Drift found /x=live3"],
            ),
            (
                "twice so",
                vec![
                    item(1, DriftFound, "a", "/x"),
                    item(2, DriftCorrected, "a", "/x"),
                    item(3, DriftFound, "a", "/x"),
                    item(4, DriftCorrected, "a", "/x"),
                ],
                vec!["[1, 2, 3, 4] Drift found and put back /x=live3"],
            ),
            (
                "of another device",
                vec![item(1, DriftFound, "a", "/x"), item(2, DriftCorrected, "b", "/x")],
                vec!["[1] Drift found /x=live1", "[2] Drift put back /x=-"],
            ),
            (
                "it went away by itself",
                vec![item(1, DriftFound, "a", "/x"), item(2, DriftGone, "a", "/x")],
                vec!["[1] Drift found /x=live1", "[2] Drift gone /x=-"],
            ),
            (
                "commits",
                vec![item(1, CommitApplied, "", ""), item(2, CommitApplied, "", "")],
                vec!["[1, 2] Commit applied"],
            ),
        ] {
            let found: Vec<String> = messages(items).iter().map(shown).collect();
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn a_message_is_bounded_and_counts_what_it_leaves_out() {
        let paths = |from: usize, to: usize| {
            let paths: Vec<_> = (from..to).map(|n| format!("/{n:05} ")).collect();
            paths.concat()
        };
        let many = item(1, NewsKind::DriftFound, "a", &paths(0, 1_500));
        let more = item(2, NewsKind::DriftFound, "a", &paths(2_000, 2_100));
        let [message] = &messages([many, more])[..] else { panic!("one message") };
        assert_eq!(message.event.leaves.len(), Event::LEAVES);
        assert_eq!(message.event.count(), 1_600);
        assert_eq!(message.event.merged, 2);
    }

    /// The leaves that somebody who hears this takes for drifted in the end.
    fn open<'e>(events: impl IntoIterator<Item = &'e Event>) -> BTreeSet<(String, String)> {
        let mut open = BTreeSet::new();
        for event in events {
            let device = event.device.as_ref().map_or("", crate::names::DeviceName::as_str);
            for leaf in &event.leaves {
                let leaf = (device.to_owned(), leaf.path.clone());
                match opens(event.what) {
                    Some(true) => open.insert(leaf),
                    Some(false) => open.remove(&leaf),
                    None => false,
                };
            }
        }
        open
    }

    proptest! {
        #[test]
        fn what_is_known_in_the_end_is_what_was_known_of_each_piece_alone(
            what in proptest::collection::vec((0..NewsKind::ALL.len(), 0..2_usize, "(/[xyz] ){0,3}"), 0..20)
        ) {
            let items: Vec<Item> = what.iter().enumerate().map(|(index, (kind, device, paths))| {
                item(i64::try_from(index).unwrap(), NewsKind::ALL[*kind], ["a", "b"][*device], paths)
            }).collect();
            let alone: Vec<Event> =
                items.iter().map(|it| Event::of(it.id, it.fabric.clone(), it.news.clone())).collect();
            let merged = messages(items);
            prop_assert_eq!(open(merged.iter().map(|message| &message.event)), open(&alone));
        }

        #[test]
        fn every_piece_of_news_is_in_exactly_one_message(
            what in proptest::collection::vec((0..NewsKind::ALL.len(), 0..2_usize, "(/[xyz] ){0,3}"), 0..20)
        ) {
            let items = what.iter().enumerate().map(|(index, (kind, device, paths))| {
                item(i64::try_from(index).unwrap(), NewsKind::ALL[*kind], ["a", "b"][*device], paths)
            });
            let messages = messages(items);
            let mut ids: Vec<i64> = messages.iter().flat_map(|message| message.ids.clone()).collect();
            ids.sort_unstable();
            prop_assert_eq!(ids, (0..i64::try_from(what.len()).unwrap()).collect::<Vec<_>>());
            let names: std::collections::BTreeSet<_> = messages.iter().map(|it| &it.event.id).collect();
            prop_assert_eq!(names.len(), messages.len());
        }
    }
}
