//! An outage is one message: the same of many devices is told together, to people.
//!
//! Pure. Programs are told of each device, as that is what they act on. Elsewhere: many events of
//! one device (`merge`).

use std::collections::BTreeSet;

use super::event::{Event, What};
use super::merge::Message;
use crate::names::DeviceName;
use crate::record::NewsKind;

/// So many devices are told one by one.
const FEW: usize = 10;

/// The same messages, with those that say the like of more than ten devices as one, which stands
/// where the last of them did.
pub fn fold(messages: Vec<Message>) -> Vec<Message> {
    // what something else follows on, of the same device, stays before that
    let mut later: BTreeSet<&DeviceName> = BTreeSet::new();
    let is_last: Vec<bool> = messages
        .iter()
        .rev()
        .map(|message| message.event.device.as_ref().is_some_and(|device| later.insert(device)))
        .collect();
    let is_last: Vec<bool> = is_last.into_iter().rev().collect();
    let mut groups: Vec<(What, Vec<Message>)> = Vec::new();
    let mut rest: Vec<Message> = Vec::new();
    for (message, is_last) in messages.into_iter().zip(is_last) {
        let what = message.event.what;
        if !is_last || words(what).is_none() {
            rest.push(message);
            continue;
        }
        let is_of =
            |group: &[Message]| group.first().is_some_and(|first| first.event.fabric == message.event.fabric);
        match groups.iter_mut().find(|(of, group)| *of == what && is_of(group)) {
            Some((_, group)) => group.push(message),
            None => groups.push((what, vec![message])),
        }
    }
    for (what, group) in groups {
        match words(what) {
            Some(words) if group.len() > FEW => rest.extend(one(group, words)),
            _ => rest.extend(group),
        }
    }
    rest.sort_by_key(|message| message.ids.last().copied());
    rest
}

fn one(group: Vec<Message>, words: &str) -> Option<Message> {
    let (count, last) = (group.len(), group.last()?.event.clone());
    let mut ids: Vec<i64> = Vec::new();
    let (mut devices, mut merged) = (Vec::new(), 0);
    let mut commit = last.commit.clone();
    for message in group {
        ids.extend(message.ids);
        merged += message.event.merged;
        commit = commit.filter(|commit| message.event.commit.as_ref() == Some(commit));
        devices.extend(message.event.device);
    }
    ids.sort_unstable();
    devices.sort_unstable();
    let named: Vec<&str> = devices.iter().take(FEW).map(DeviceName::as_str).collect();
    let summary = format!("{count} devices {words}: {} and {} more", named.join(", "), count - named.len());
    let is_drift = last.what == What::News(NewsKind::DriftFound);
    let event = Event {
        device: None,
        devices,
        commit,
        found_at: None,
        summary,
        detail: is_drift.then(|| "`gitfabric drift` lists what".to_owned()),
        leaves: Vec::new(),
        unlisted: 0,
        merged,
        ..last
    };
    Some(Message { ids, event })
}

/// What is said of many devices; none of what is about no device.
fn words(what: What) -> Option<&'static str> {
    match what {
        What::News(NewsKind::DeviceLost) => Some("do not answer"),
        What::News(NewsKind::DeviceBack) => Some("are lost no more"),
        What::News(NewsKind::DriftFound) => Some("were changed behind our back"),
        What::News(NewsKind::DriftCorrected) => Some("were put back"),
        What::PutBack => Some("were changed behind our back and put back"),
        What::News(NewsKind::DriftAccepted) => Some("hold what the intent asks for now"),
        What::News(NewsKind::DriftGone) => Some("have drift that is over"),
        What::News(NewsKind::CorrectionGivenUp) => Some("are put back no more"),
        What::News(
            NewsKind::CommitApplied | NewsKind::CommitRefused | NewsKind::AgentFrozen | NewsKind::HeadGood,
        )
        | What::Test => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::render::tests::drift;

    fn message(id: i64, kind: NewsKind, device: &str) -> Message {
        let device = (!device.is_empty()).then(|| device.parse().unwrap());
        let event = Event { id: format!("dc1-{id}"), what: What::News(kind), device, ..drift(1) };
        Message { ids: vec![id], event }
    }

    #[test]
    fn an_outage_is_one_message_and_what_came_after_it_stays_after_it() {
        use NewsKind::{CommitRefused, DeviceBack, DeviceLost};
        let lost = |id: i64| message(id, DeviceLost, &format!("leaf{id:03}"));
        let ten: Vec<Message> = (1..=10).map(lost).collect();
        assert_eq!(fold(ten.clone()), ten, "a few are told one by one");

        let mut many: Vec<Message> = (1..=312).map(lost).collect();
        many.insert(3, message(400, CommitRefused, ""));
        many[3].ids = vec![3];
        // back already: it is not told as lost after that
        many.push(message(500, DeviceBack, "leaf007"));
        let told = fold(many);
        let shown: Vec<(&str, usize, usize)> =
            told.iter().map(|it| (it.event.what.title(), it.ids.len(), it.event.devices.len())).collect();
        assert_eq!(
            shown,
            [
                ("Commit refused", 1, 0),
                ("Device lost", 1, 0),
                ("Device lost", 311, 311),
                ("Device back", 1, 0)
            ]
        );
        let event = &told[2].event;
        assert!(event.summary.starts_with("311 devices do not answer: leaf001, leaf002, "), "{event:?}");
        assert!(event.summary.ends_with("leaf011 and 301 more"), "{event:?}");
        assert_eq!((event.merged, event.device.as_ref()), (311, None));
    }
}
