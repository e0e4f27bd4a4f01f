//! What people said of leaving devices alone, and where correcting was given up: as a pass
//! begins.
//!
//! Elsewhere: the rows (`record`), asking for a hold (`cli::hold`, `reviews::commands`), what
//! follows (`due`, `assess`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::target::Target;
use super::{Agent, Asked};
use crate::names::{DeviceName, FabricName};
use crate::record::{GivenUp, Holds, Store};

/// How long after a hold's end the loop looks: its row says whole seconds.
const AFTER: Duration = Duration::from_millis(20);

/// What is left alone, and why.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    /// The holds that have not ended.
    pub(super) holds: Holds,
    /// Where nothing is put back any more.
    pub(super) given_up: BTreeMap<DeviceName, GivenUp>,
    /// Devices of which a hold has ended since they were last looked at.
    pub(super) ended: BTreeSet<DeviceName>,
    /// When this was read.
    pub(super) at: Timestamp,
}

impl Agent {
    /// Reads them. What was given up at another commit may be put back again, or where a hold has
    /// ended, and where a person asks, everything.
    pub(super) async fn orders(&self, target: &Target, asked: &Asked) -> anyhow::Result<Orders> {
        let (fabric, commit) = (target.name().clone(), target.commit.clone());
        let by_person = asked.by_person;
        self.with_store(move |store| {
            let at = Timestamp::now();
            store.rearm(&fabric, (!by_person).then_some(&commit))?;
            store.rearm_where_held(&fabric, at)?;
            Ok(Orders {
                holds: store.holds(&fabric, at)?,
                given_up: store.given_up(&fabric)?,
                ended: store.ended_holds(&fabric, at)?,
                at,
            })
        })
        .await
    }

    /// Forgets the holds whose end this pass has seen.
    pub(super) async fn seen(&self, fabric: &FabricName, orders: &Orders) -> anyhow::Result<()> {
        if orders.ended.is_empty() {
            return Ok(());
        }
        let (fabric, at) = (fabric.clone(), orders.at);
        self.with_store(move |store| store.forget_ended_holds(&fabric, at)).await
    }

    /// How long until the next hold ends; none if nothing is held, or nobody knows. One that
    /// ended while a pass was under way, which had left it alone, is due after `least`.
    pub(super) async fn hold_ends_in(&self, least: Duration) -> Option<Duration> {
        let fabric = self.target.as_ref()?.name().clone();
        let now = Timestamp::now();
        let every = move |store: &mut Store| store.holds(&fabric, Timestamp::MIN);
        let holds = self.with_store(every).await.ok()?;
        holds.iter().map(|hold| due_in(hold.until, now, least)).min()
    }
}

/// How long after now a turn is due for a hold with this end; at least so long if it has ended.
fn due_in(until: Timestamp, now: Timestamp, least: Duration) -> Duration {
    match Duration::try_from(until.duration_since(now)) {
        Ok(left) if !left.is_zero() => left + AFTER,
        _ => least.max(AFTER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_a_failing_pass_does_not_see_is_not_waited_for_each_second() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let seconds = Duration::from_secs;
        for (case, until, least, expected) in [
            ("it is to come", 107, Duration::ZERO, seconds(7) + AFTER),
            ("it is to come, and the last pass failed", 107, seconds(300), seconds(7) + AFTER),
            ("it came meanwhile", 90, Duration::ZERO, AFTER),
            ("it comes now", 100, Duration::ZERO, AFTER),
            ("it came, and the pass that was to see it failed", 90, seconds(300), seconds(300)),
        ] {
            assert_eq!(due_in(at(until), at(100), least), expected, "{case}");
        }
    }
}
