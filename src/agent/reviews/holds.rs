//! `/gitfabric hold` and `/gitfabric lift`: carried out once, answered with what is held now each
//! time the comment is written.
//!
//! A hold counts from the time of the comment, so that one that is read again, by an agent
//! whose record was lost, ends when it was to end. Elsewhere: placing it (`holding`), who may
//! ask (`pull`).

use jiff::Timestamp;

use super::commands::{Asked, Command};
use crate::agent::holding::{self, Refused, Wanted};
use crate::names::FabricName;
use crate::record::{Hold, Store};

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
            Some(match holding::lift_before(store, fabric, &wanted, at) {
                Ok(device) => format!("What was held of {device} by that name is held no more."),
                Err(error) => format!("Nothing is lifted: {error}."),
            })
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
    let what = if hold.is_whole() { device.to_string() } else { format!("{path} of {device}") };
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
