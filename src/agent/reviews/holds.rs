//! `/gitfabric hold` and `/gitfabric lift`: carried out once, answered in the same words each
//! time the comment is written.
//!
//! A hold counts from the time of the comment, so that one that is read again, by an agent
//! whose record was lost, ends when it was to end. Elsewhere: placing it (`holding`), who may
//! ask (`pull`).

use jiff::Timestamp;

use super::commands::{Asked, Command};
use crate::agent::holding::{self, Wanted};
use crate::names::FabricName;
use crate::record::Store;

/// Does what is asked, if that `is_new`, and gives the answer; none for other commands.
pub(super) fn answer(
    store: &mut Store,
    fabric: &FabricName,
    number: u64,
    asked: &Asked,
    is_new: bool,
) -> Option<String> {
    let by = format!("{} (#{number})", asked.by.name);
    let now = Timestamp::now();
    let at = asked.at.map_or(now, |at| at.min(now));
    match &asked.command {
        Command::Hold { device, path, length, reason } => {
            let wanted = Wanted { device, path: path.as_deref(), by: &by, now: at };
            let hold = holding::wanted(store, fabric, &wanted, length, reason);
            let placed = hold.and_then(|hold| {
                if is_new && hold.until > now {
                    holding::place(store, fabric, &hold)?;
                }
                Ok(hold)
            });
            Some(match placed {
                Ok(hold) if hold.is_whole() => {
                    format!("{}: {}. Nothing is sent to it until then.", hold.device, hold.words())
                }
                Ok(hold) => format!(
                    "{} of {}: {}. Nothing is put back there until then, and a commit that touches it waits.",
                    hold.path,
                    hold.device,
                    hold.words()
                ),
                Err(error) => format!("Nothing is held: {error}."),
            })
        }
        Command::Lift { device, path } => {
            let wanted = Wanted { device, path: path.as_deref(), by: &by, now };
            let lifted = if is_new {
                holding::lift_before(store, fabric, &wanted, at)
            } else {
                holding::named(store, fabric, &wanted)
            };
            Some(match lifted {
                Ok(device) => format!("What was held of {device} by that name is held no more."),
                Err(error) => format!("Nothing is lifted: {error}."),
            })
        }
        Command::Plan | Command::Explain(_) | Command::Unknown(_) => None,
    }
}
