//! `/gitfabric hold` and `/gitfabric lift`: carried out once, answered with what is held now each
//! time the comment is written.
//!
//! A hold counts from the time of the comment, so that one that is read again, by an agent
//! whose record was lost, ends when it was to end. Elsewhere: placing it (`holding`), who may
//! ask (`pull`).

use jiff::Timestamp;

use super::commands::{Asked, Command};
use crate::agent::holding::{self, Refused, Wanted};
use crate::names::{DeviceName, FabricName};
use crate::record::{Hold, Store};
use crate::yang::Path;

/// Does what is asked, if that was not done yet, and gives the answer: how it stands now. None
/// for other commands.
pub(super) fn answer(store: &mut Store, fabric: &FabricName, number: u64, asked: &Asked) -> Option<String> {
    let by = format!("{} (#{number})", asked.by.name);
    let now = Timestamp::now();
    let at = asked.at.map_or(now, |at| at.min(now));
    match &asked.command {
        Command::Hold { device, path, length, reason } => {
            let wanted = Wanted { device, path: path.as_deref(), by: &by, now: at };
            let hold = holding::wanted(store, fabric, &wanted, length, reason);
            let answer = hold.and_then(|hold| held(store, fabric, &hold, asked, now));
            Some(answer.unwrap_or_else(|error| format!("Nothing is held: {error}.")))
        }
        Command::Lift { device, path } => {
            let wanted = Wanted { device, path: path.as_deref(), by: &by, now };
            let meant = holding::lift_before(store, fabric, &wanted, at);
            let answer = meant.and_then(|(device, path)| let_go(store, fabric, &device, &path, now));
            Some(answer.unwrap_or_else(|error| format!("Nothing is lifted: {error}.")))
        }
        Command::Plan | Command::Explain(_) | Command::Unknown(_) => None,
    }
}

fn held(
    store: &mut Store,
    fabric: &FabricName,
    hold: &Hold,
    asked: &Asked,
    now: Timestamp,
) -> Result<String, Refused> {
    let Hold { device, path, .. } = hold;
    let what = name(device, path);
    if hold.until <= now {
        return Ok(format!("{what} was held until {}.", hold.until.strftime("%Y-%m-%d %H:%M:%SZ")));
    }
    // by its text and not by its end: that moves while the forge's clock is before ours
    store.set_hold_once(fabric, hold, (asked.id, &asked.command.to_string()))?;
    let holds = store.holds(fabric, now)?;
    let Some(hold) = holds.of(device).find(|hold| hold.path == *path) else {
        return Ok(format!("{what} is held no more: that was lifted."));
    };
    let then = if hold.is_whole() {
        "Nothing is sent to it until then."
    } else if holding::holds_anything(store, fabric, hold)? {
        "Nothing is put back there until then, and a commit that touches it waits."
    } else {
        "A commit that touches it waits until then; nothing that was sent to the device stands there now."
    };
    Ok(format!("{what}: {}. {then}", hold.words()))
}

/// What is held now where somebody let go.
fn let_go(
    store: &Store,
    fabric: &FabricName,
    device: &DeviceName,
    path: &Path,
    now: Timestamp,
) -> Result<String, Refused> {
    let (holds, what) = (store.holds(fabric, now)?, name(device, path));
    if let Some(hold) = holds.of(device).find(|hold| hold.path == *path) {
        return Ok(format!("{what} is held, which was asked for after this comment: {}.", hold.words()));
    }
    let others: Vec<String> = holds.of(device).map(|hold| name(device, &hold.path)).collect();
    if others.is_empty() {
        return Ok(format!("{what} is not held now."));
    }
    Ok(format!("{what} is not held now; still held: {}.", others.join(", ")))
}

fn name(device: &DeviceName, path: &Path) -> String {
    if path.is_root() { device.to_string() } else { format!("{path} of {device}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::User;

    #[test]
    fn an_answer_to_a_lift_says_what_is_held_now() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let (fabric, leaf1): (FabricName, DeviceName) = ("dc1".parse().unwrap(), "leaf1".parse().unwrap());
        let commit = "a".repeat(40).parse().unwrap();
        store.begin_pass(&fabric, &commit, "a test", [&leaf1], Timestamp::UNIX_EPOCH).unwrap();
        let now = Timestamp::now();
        let ago = |seconds| now.checked_sub(jiff::SignedDuration::from_secs(seconds)).unwrap();
        let hold = |path: &str, since| Hold {
            device: leaf1.clone(),
            path: path.parse().unwrap(),
            until: now + std::time::Duration::from_hours(1),
            reason: "a broken optic".to_owned(),
            by: "ann".to_owned(),
            since,
        };
        let asked = Asked {
            command: Command::Lift { device: "leaf1".to_owned(), path: None },
            id: 7,
            by: User { name: "ada".to_owned(), ..User::default() },
            at: Some(ago(60)),
        };
        let below = "/interfaces/interface[name=Ethernet1]";
        for (case, before, expected) in [
            ("nobody held it", None, "leaf1 is not held now."),
            ("it was held before", Some(hold("/", ago(120))), "leaf1 is not held now."),
            ("it was held again since", Some(hold("/", ago(30))), "leaf1 is held, which was asked for after"),
            (
                "a part of it was held before",
                Some(hold(below, ago(120))),
                "leaf1 is not held now; still held: /interfaces/interface[name=Ethernet1] of leaf1.",
            ),
        ] {
            if let Some(hold) = &before {
                store.set_hold(&fabric, hold).unwrap();
            }
            for time in ["first", "again"] {
                let said = answer(&mut store, &fabric, 3, &asked).unwrap();
                assert!(said.starts_with(expected), "{case}, {time}: {said}");
            }
            for path in ["/", below] {
                store.lift(&fabric, &leaf1, &path.parse().unwrap(), now).unwrap();
            }
        }
    }
}
