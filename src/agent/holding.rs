//! Asking for a hold: one way for the command line and for comments.
//!
//! A hold is a row of the record and reaches the agent at its next turn, and before each Set.
//! Elsewhere: the rows (`record`), what follows (`orders`, `assess`, `rollout`).

use std::time::Duration;

use jiff::Timestamp;

use super::config::parse_duration;
use crate::names::{DeviceName, FabricName};
use crate::nearest::suggest;
use crate::phrase::on_one_line;
use crate::platform::Profile;
use crate::record::{DeviceEntry, Hold, RecordError, Store};
use crate::yang::{Elem, Path};

/// The longest hold. What is to stay so for longer belongs into the intent.
pub const LONGEST: Duration = Duration::from_hours(7 * 24);
/// The longest reason, in characters.
const LONGEST_REASON: usize = 200;

/// Why a hold is not placed or lifted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// What was asked for cannot be done; how to ask instead.
    #[error("{0}")]
    Asked(String),
    /// The record says no.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// What a person asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The device, as it was typed.
    pub device: &'a str,
    /// The path, as it was typed; none is the whole device.
    pub path: Option<&'a str>,
    /// Who asks.
    pub by: &'a str,
    /// When.
    pub now: Timestamp,
}

/// Holds a device, or a path of it, for a while.
pub fn hold(
    store: &mut Store,
    fabric: &FabricName,
    asked: &Wanted<'_>,
    length: &str,
    reason: &str,
) -> Result<Hold, Refused> {
    let hold = wanted(store, fabric, asked, length, reason)?;
    store.set_hold(fabric, &hold)?;
    Ok(hold)
}

/// The hold that is asked for, not placed yet.
pub fn wanted(
    store: &Store,
    fabric: &FabricName,
    wanted: &Wanted<'_>,
    length: &str,
    reason: &str,
) -> Result<Hold, Refused> {
    let (device, path) = located(store, fabric, wanted)?;
    let until = wanted.now + self::length(length)?;
    let hold =
        Hold { device, path, until, reason: one_line(reason), by: one_line(wanted.by), since: wanted.now };
    if hold.reason.is_empty() {
        return Err(Refused::Asked("a hold needs a reason: others will ask why".to_owned()));
    }
    Ok(hold)
}

/// Whether anything that the record knows of the device is at or below a hold's path. A path
/// that is none of that may be meant, for a commit to come, or typed wrong.
pub fn holds_anything(store: &Store, fabric: &FabricName, hold: &Hold) -> Result<bool, RecordError> {
    let Some(profile) = store.device(fabric, &hold.device)?.as_ref().and_then(profile) else {
        return Ok(hold.is_whole());
    };
    let recorded = store.recorded(fabric, &hold.device, &(profile.schema)())?;
    Ok(hold.is_whole() || recorded.tree.iter().any(|(path, _)| path.starts_with(&hold.path)))
}

/// Ends a hold; gives what was held.
pub fn lift(
    store: &mut Store,
    fabric: &FabricName,
    wanted: &Wanted<'_>,
) -> Result<(DeviceName, Path), Refused> {
    let (device, path) = located(store, fabric, wanted)?;
    if store.lift(fabric, &device, &path, wanted.now)? {
        return Ok((device, path));
    }
    let held: Vec<String> =
        store.holds(fabric, wanted.now)?.of(&device).map(|hold| hold.path.to_string()).collect();
    let what = if path.is_root() { "as a whole".to_owned() } else { format!("at {path}") };
    Err(Refused::Asked(if held.is_empty() {
        format!("{device} is not held")
    } else {
        format!("{device} is not held {what}; held is {}", held.join(", "))
    }))
}

/// Ends a hold that was asked for before some time, if there is one; gives what was meant, which
/// may be held still: whoever asks for it again ends nothing that was asked for since.
pub fn lift_before(
    store: &mut Store,
    fabric: &FabricName,
    wanted: &Wanted<'_>,
    before: Timestamp,
) -> Result<(DeviceName, Path), Refused> {
    let (device, path) = located(store, fabric, wanted)?;
    let holds = store.holds(fabric, wanted.now)?;
    if holds.of(&device).any(|hold| hold.path == path && hold.since <= before) {
        store.lift(fabric, &device, &path, wanted.now)?;
    }
    Ok((device, path))
}

/// `4h`, `30m`, `2d`.
fn length(text: &str) -> Result<Duration, Refused> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
    let days = days.and_then(|days| Duration::from_hours(24).checked_mul(days));
    match days.or_else(|| parse_duration(text)) {
        Some(length) if length <= LONGEST && !length.is_zero() => Ok(length),
        Some(_) => Err(Refused::Asked(
            "a hold lasts 7 days at most: what is to stay so for longer belongs into the intent".to_owned(),
        )),
        None => Err(Refused::Asked(format!("{text:?} is not a length such as 30m, 4h or 2d"))),
    }
}

/// The device and the path in the spelling of trees.
fn located(store: &Store, fabric: &FabricName, wanted: &Wanted<'_>) -> Result<(DeviceName, Path), Refused> {
    let devices = store.devices(fabric)?;
    let found = devices.iter().find(|entry| entry.device.as_str() == wanted.device);
    let Some(entry) = found else {
        let near = suggest(wanted.device, devices.iter().map(|entry| entry.device.as_str()));
        let near = near.map_or_else(String::new, |near| format!("; {near}"));
        return Err(Refused::Asked(format!("fabric {fabric} has no device {:?}{near}", wanted.device)));
    };
    let Some(text) = wanted.path.filter(|path| *path != "/") else {
        return Ok((entry.device.clone(), Path::root()));
    };
    let path: Path =
        text.parse().map_err(|error: crate::yang::path::PathError| Refused::Asked(error.to_string()))?;
    let Some(profile) = profile(entry) else {
        let message = format!(
            "nothing was put on {} yet, so that its paths are not known: hold it as a whole",
            entry.device
        );
        return Err(Refused::Asked(message));
    };
    if path.elems().iter().flat_map(Elem::keys).any(|(_, value)| &**value == "*") {
        return Err(Refused::Asked(format!(
            "{path} is of many entries: a hold is of one, or of what is above them"
        )));
    }
    let schema = (profile.schema)();
    let located = schema.locate(&path).map_err(|fault| {
        let hint = fault.hint().map_or_else(String::new, |hint| format!("; {hint}"));
        Refused::Asked(format!("{fault}{hint}"))
    })?;
    let is_list = located.node.is_some_and(|node| !schema.keys(node).is_empty());
    if is_list && located.path.last().is_some_and(|elem| elem.keys().is_empty()) {
        let message =
            format!("{} is a list: name one entry with its keys, or what is above it", located.path);
        return Err(Refused::Asked(message));
    }
    Ok((entry.device.clone(), located.path))
}

/// What is known of a device's network OS; of one that was never written nothing is on record.
fn profile(entry: &DeviceEntry) -> Option<&'static Profile> {
    let (os, version) = entry.pack.as_ref()?.split_once(' ')?;
    Profile::find(os, version)
}

fn one_line(text: &str) -> String {
    on_one_line(text.trim()).chars().take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_held_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let fabric: FabricName = "dc1".parse().unwrap();
        let device: DeviceName = "leaf1".parse().unwrap();
        let commit = "a".repeat(40).parse().unwrap();
        let event = crate::record::DeviceEvent {
            pass: 1_u64.try_into().unwrap(),
            device: device.clone(),
            commit,
            kind: crate::record::EventKind::Applied,
            changes: 0,
            detail: None,
            at: Timestamp::UNIX_EPOCH,
        };
        let schema = crate::platform::arista_eos::pack::eos_4_35_0f();
        let at_commit = crate::record::Held {
            commit: &event.commit,
            tree_hash: "h",
            recorded: &crate::plan::Recorded::default(),
            schema: &schema,
            by_set: true,
        };
        store.hold(&fabric, &at_commit, &event).unwrap();
        for (device, path, length, reason, expected) in [
            ("leaf1", None, "4h", "a broken optic", Ok("/")),
            ("leaf1", Some("/"), "2d", "a broken optic", Ok("/")),
            (
                "leaf1",
                Some("/openconfig-interfaces:interfaces/interface[name=Ethernet1]"),
                "30m",
                "a broken\noptic",
                Ok("/interfaces/interface[name=Ethernet1]"),
            ),
            ("leaf1", None, "4h", " ", Err("a hold needs a reason")),
            ("leaf1", None, "8d", "x", Err("7 days at most")),
            ("leaf1", None, "0s", "x", Err("not a length")),
            ("leaf1", None, "soon", "x", Err("not a length")),
            ("laef1", None, "4h", "x", Err("did you mean `leaf1`?")),
            ("leaf1", Some("/interfaces/interface"), "4h", "x", Err("is a list")),
            ("leaf1", Some("/interfaces/interfac"), "4h", "x", Err("did you mean `interface`?")),
            ("leaf1", Some("/a["), "4h", "x", Err("character 4")),
            ("leaf1", Some("/interfaces/interface[name=*]"), "4h", "x", Err("of many entries")),
        ] {
            let now = Timestamp::from_second(1000).unwrap();
            let wanted = Wanted { device, path, by: "ann", now };
            let seen = hold(&mut store, &fabric, &wanted, length, reason);
            match (&seen, expected) {
                (Ok(hold), Ok(path)) => {
                    assert_eq!(hold.path.to_string(), path);
                    assert!(!hold.reason.contains('\n'));
                    let lifted = lift(&mut store, &fabric, &wanted).unwrap();
                    assert_eq!(lifted.1.to_string(), path);
                    let again = lift(&mut store, &fabric, &wanted).unwrap_err();
                    assert_eq!(again.to_string(), "leaf1 is not held");
                }
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().contains(expected), "{error}");
                }
                _ => panic!("{device} {path:?} {length}: {seen:?}"),
            }
        }
    }
}
