//! Edits of one file that may make the intent ask for a leaf as a device has it.
//!
//! They are guesses, made of the place that asks for the leaf now: another value there, nothing
//! there, or a key more in the map there or in the device's own file. Whether one says what was
//! meant is found out by compiling it (`search`). Elsewhere: the bytes (`intent::edit`).

use std::collections::BTreeSet;

use crate::diagnostic::Place;
use crate::git::Snapshot;
use crate::intent::edit::{Document, New, Step};
use crate::names::{DeviceName, RepoPath};
use crate::yang::{Form, Path, Scalar, Value};

/// A file as it would be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    /// Its path in the snapshot.
    pub(super) file: RepoPath,
    /// Its text; none if it goes.
    pub(super) text: Option<String>,
}

/// A leaf and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'a> {
    pub(super) device: &'a DeviceName,
    pub(super) path: &'a Path,
    /// What the device holds; none if nothing.
    pub(super) live: Option<&'a Value>,
    /// What the intent asks for, and where.
    pub(super) asked: Option<(&'a Value, &'a Place)>,
}

/// More guesses than this are not made for one leaf: each costs a compilation.
const MOST: usize = 16;

/// The edits, the likeliest first.
pub(super) fn candidates(snapshot: &Snapshot, wish: &Wish<'_>) -> Vec<Candidate> {
    let mut guesses = Guesses { found: Vec::new(), seen: BTreeSet::new() };
    if let Some((old, place)) = wish.asked
        && let Some(document) = document(snapshot, &place.file)
    {
        at_place(&document, place, old, wish, &mut guesses);
    }
    of_device(snapshot, wish, &mut guesses);
    guesses.found.truncate(MOST);
    guesses.found
}

fn document(snapshot: &Snapshot, file: &RepoPath) -> Option<Document> {
    Document::read(file, &snapshot.get(file)?.bytes)
}

struct Guesses {
    found: Vec<Candidate>,
    seen: BTreeSet<Candidate>,
}

impl Guesses {
    fn add(&mut self, document: &Document, file: &RepoPath, text: Option<String>) {
        if text.as_deref().is_some_and(|text| text != document.text()) {
            self.push(Candidate { file: file.clone(), text });
        }
    }

    fn push(&mut self, candidate: Candidate) {
        if self.seen.insert(candidate.clone()) {
            self.found.push(candidate);
        }
    }
}

/// Guesses at the place that asks for the leaf now.
fn at_place(document: &Document, place: &Place, old: &Value, wish: &Wish<'_>, out: &mut Guesses) {
    let ways = document.ways(place);
    let Some(live) = wish.live else {
        if place.file.as_str().starts_with("raw/") {
            emptied(document, place, &ways, out);
        }
        for way in &ways {
            out.add(document, &place.file, document.removed(way));
        }
        return;
    };
    // what has a key of its own is said by that key, and not by what stands in for it
    let own = keys_of(wish.path, live);
    let says_own =
        |way: &[Step]| matches!(way.last(), Some(Step::Key(key)) if own.iter().any(|(name, _)| name == key));
    let stands_in = ways.iter().filter(|way| !says_own(way));
    for (name, new) in &own {
        for way in stands_in.clone() {
            let above = way.split_last().map_or(&[][..], |(_, above)| above);
            let map = if document.keys(way).is_some() { way } else { above };
            out.add(document, &place.file, document.set(map, name, new));
        }
    }
    for way in &ways {
        values(document, place, way, (old, live), out);
    }
}

/// Guesses for a fragment that says nothing more, or an entry of it: the whole file, then from the
/// outermost entry inwards, so that no keys without settings stay behind.
fn emptied(document: &Document, place: &Place, ways: &[Vec<Step>], out: &mut Guesses) {
    out.push(Candidate { file: place.file.clone(), text: None });
    for way in ways {
        let items = (1..way.len()).filter(|end| matches!(way.get(end - 1), Some(Step::Item(_))));
        for end in items {
            out.add(document, &place.file, way.get(..end).and_then(|way| document.removed(way)));
        }
    }
}

/// Guesses in the place of one value.
fn values(
    document: &Document,
    place: &Place,
    way: &[Step],
    (old, live): (&Value, &Value),
    out: &mut Guesses,
) {
    if let (Value::LeafList(old), Value::LeafList(live)) = (old, live) {
        // the place of a list is its first item's
        let list = match way.split_last() {
            Some((Step::Item(_), list)) => list,
            _ => way,
        };
        out.add(document, &place.file, with_items(document, place, list, old, live));
    }
    let (Value::Scalar(old), Value::Scalar(live)) = (old, live) else { return };
    if let Some(items) = document.items(way) {
        for item in 0..items {
            let way = [way, &[Step::Item(item)]].concat();
            if document.scalar(&way).is_some_and(|(text, _)| text == old.as_str()) {
                scalar(document, place, &way, (old, live), out);
            }
        }
    }
    scalar(document, place, way, (old, live), out);
}

fn scalar(
    document: &Document,
    place: &Place,
    way: &[Step],
    (old, live): (&Scalar, &Scalar),
    out: &mut Guesses,
) {
    let Some((was, plain)) = document.scalar(way) else { return };
    for text in texts(was, old.as_str(), live.as_str()) {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let bare = matches!(live.form(), Form::Boolean | Form::Number) && *text == *live.as_str()
            || plain && is_number(was) && is_number(&text);
        let new = if bare { New::Bare(text) } else { New::Text(text) };
        out.add(document, &place.file, document.replaced(way, &new));
    }
}

/// What a scalar `was` may have to say so that a leaf is `live` and no more `old`.
fn texts(was: &str, old: &str, live: &str) -> Vec<String> {
    let mut texts = vec![live.to_owned()];
    if !old.is_empty() && was != old && was.matches(old).count() == 1 {
        // an address with its length, a scheme with a number in it
        texts.insert(0, was.replacen(old, live, 1));
    }
    if let (Some(head), Some(_)) = (was.rsplit_once('/'), live.parse::<u8>().ok()) {
        texts.push(format!("{}/{live}", head.0));
    }
    let local = live.rsplit(':').next().unwrap_or(live);
    texts.push(local.to_lowercase().replace('_', "-"));
    let digits = live.trim_start_matches(|c: char| !c.is_ascii_digit());
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        texts.push(digits.to_owned());
    }
    let mut seen = BTreeSet::new();
    texts.retain(|text| seen.insert(text.clone()));
    texts
}

/// The list with what left it taken out and what came to it at the end.
fn with_items(
    document: &Document,
    place: &Place,
    list: &[Step],
    old: &[Scalar],
    live: &[Scalar],
) -> Option<String> {
    let mut document = document.clone();
    let again = |text: String| Document::read(&place.file, text.as_bytes());
    for gone in old.iter().filter(|scalar| !live.contains(scalar)) {
        let is_it = |item: &usize| {
            let way = [list, &[Step::Item(*item)]].concat();
            document.scalar(&way).is_some_and(|(text, _)| text == gone.as_str())
        };
        let item = (0..document.items(list)?).find(is_it)?;
        document = again(document.removed(&[list, &[Step::Item(item)]].concat())?)?;
    }
    for new in live.iter().filter(|scalar| !old.contains(scalar)) {
        document = again(document.pushed(list, &written(new))?)?;
    }
    Some(document.text().to_owned())
}

/// The keys that say a leaf of this name, each with what it would say.
fn keys_of(path: &Path, live: &Value) -> Vec<(String, New)> {
    let Some(leaf) = path.last() else { return Vec::new() };
    let new = match live {
        Value::Scalar(scalar) => written(scalar),
        Value::LeafList(scalars) => New::List(scalars.iter().map(written).collect()),
        Value::Secret(_) | Value::Presence => return Vec::new(),
    };
    let lower = |new: New| match new {
        New::Text(text) => New::Text(text.to_lowercase()),
        new => new,
    };
    let key = |key: &str, new: New| vec![(key.to_owned(), new)];
    match leaf.name() {
        name @ ("enabled" | "description" | "mtu" | "name" | "fallback-timeout" | "domain-id") => {
            key(name, new)
        }
        "access-vlan" => key("vlans", New::List(vec![new])),
        "trunk-vlans" => key("vlans", new),
        "native-vlan" => key("native", new),
        "interface-mode" => key("mode", lower(new)),
        "lacp-mode" => key("lacp", lower(new)),
        "fallback" => key("fallback", lower(new)),
        "peer-as" | "as" => key("asn", new),
        _ => Vec::new(),
    }
}

fn written(scalar: &Scalar) -> New {
    match scalar.form() {
        Form::Boolean | Form::Number => New::Bare(scalar.as_str().to_owned()),
        Form::Text | Form::Empty => New::Text(scalar.as_str().to_owned()),
    }
}

/// Guesses in the device's own file: what it says of a port goes before what its pair says.
fn of_device(snapshot: &Snapshot, wish: &Wish<'_>, out: &mut Guesses) {
    let port = wish.path.elems().iter().find(|elem| elem.name() == "interface");
    let Some(port) = port.and_then(|elem| elem.key("name")).filter(|name| name.starts_with("Ethernet"))
    else {
        return;
    };
    let Ok(file) = format!("devices/{}.yaml", wish.device).parse::<RepoPath>() else { return };
    let (Some(document), Some(live)) = (document(snapshot, &file), wish.live) else { return };
    for (name, new) in keys_of(wish.path, live) {
        let ports = [Step::Key("ports".to_owned()), Step::Key(port.to_owned())];
        out.add(&document, &file, document.set(&ports, &name, &new));
    }
}
