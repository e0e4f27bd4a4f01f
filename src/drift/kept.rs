//! What a device tells while a pass has it in hand: kept, to be judged when that is over.
//!
//! A device may tell of a change in messages of many megabytes, and a thousand of them may be in one
//! pass: what is kept is bounded by its size, and whatever is more is looked at as a whole. Pure.
//! Elsewhere: what is done with it then (`follow`).

use serde_json::Value as Json;

use crate::gnmi::Event;
use crate::yang::Path;

/// How much is kept of one device, in bytes, about.
const KEPT: usize = 256 * 1024;

/// What any value takes, whatever it is.
const NODE: usize = size_of::<Json>();

/// Events, each with the device's time of it.
#[derive(Debug, Default)]
pub(super) struct Kept {
    events: Vec<(Event, Option<i64>)>,
    bytes: usize,
    /// More was told than is kept.
    over: bool,
}

impl Kept {
    /// Keeps an event. If it cannot nothing is kept any more: the whole has to be looked at.
    pub(super) fn keep(&mut self, event: Event, told_at: Option<i64>) -> bool {
        self.bytes = self.bytes.saturating_add(size(&event));
        self.over |= self.bytes > KEPT;
        if self.over {
            self.events = Vec::new();
        } else {
            self.events.push((event, told_at));
        }
        !self.over
    }

    /// What was kept, in its order.
    pub(super) fn events(self) -> Vec<(Event, Option<i64>)> {
        self.events
    }
}

/// What an event takes of memory, about.
fn size(event: &Event) -> usize {
    let inside = match event {
        Event::Update(path, value) => path_size(path) + json_size(value),
        Event::Delete(path) => path_size(path),
        Event::Synced | Event::Committed { .. } => 0,
    };
    size_of::<Event>() + inside
}

fn path_size(path: &Path) -> usize {
    let elem = |elem: &crate::yang::Elem| {
        let keys: usize = elem.keys().iter().map(|(name, value)| name.len() + value.len() + NODE).sum();
        elem.name().len() + NODE + keys
    };
    path.elems().iter().map(elem).sum()
}

/// Its depth is bounded by whoever read it.
fn json_size(value: &Json) -> usize {
    NODE + match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(json_size).sum(),
        Json::Object(members) => {
            members.iter().map(|(name, value)| NODE + name.len() + json_size(value)).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_kept_is_bounded_by_its_size_and_not_by_its_number() {
        let update = |value: Json| Event::Update("/interfaces/interface[name=e1]".parse().unwrap(), value);
        let table = json!({"rows": (0..KEPT / NODE).map(|_| json!(1)).collect::<Vec<_>>()});
        for (case, events, expected) in [
            ("nothing", vec![], Some(0)),
            ("a few", vec![update(json!("a")); 3], Some(3)),
            ("many small ones", vec![update(json!("a")); 500], Some(500)),
            ("too many", vec![update(json!("a")); 10_000], None),
            ("a long text", vec![update(json!("a".repeat(KEPT)))], None),
            ("a long list of little", vec![update(table.clone())], None),
            ("a small one behind a long one", vec![update(table), update(json!("a"))], None),
            ("without a value", vec![Event::Delete("/a".parse().unwrap()), Event::Synced], Some(2)),
        ] {
            let mut kept = Kept::default();
            let mut all = true;
            for event in events {
                all = kept.keep(event, None);
            }
            let left = kept.events().len();
            assert_eq!(all.then_some(left), expected, "{case}");
            assert!(all || left == 0, "{case}");
        }
    }
}
