//! What a device says of a change besides the change, and verdicts of which the record says nothing.

use jiff::{SignedDuration, Timestamp};

use super::*;

impl World {
    /// The next verdict, not kept.
    async fn verdict(&mut self) -> Verdict {
        loop {
            let told = tokio::time::timeout(PATIENCE, self.told.recv()).await.unwrap().unwrap();
            if let What::Verdict(verdict) = told.what {
                return verdict;
            }
        }
    }
}

/// A pass that begins between telling and writing makes a verdict count for nothing: what it was
/// about is looked at again.
#[tokio::test]
async fn a_verdict_that_the_record_dropped_is_told_again() {
    for (case, written) in [("it was dropped", false), ("it is on record", true)] {
        let mut world = World::start(Personality::eos());
        world.settled(case).await;
        world.by_hand(&[], &[(MTU, json!(9000))]);
        let verdict = world.verdict().await;
        assert_eq!(verdict.found.len(), 1, "{case}");
        verdict.written.store(written, Ordering::Release);
        world.standard.send_replace(Standard::Busy);
        world.standard.send_replace(held(ours()));
        if written {
            world.by_hand(&[], &[(VLAN, json!("db"))]);
            world.differs(case, &[(VLAN, "owned should be web, is db")]).await;
        } else {
            world.differs(case, &[(MTU, "owned should be 1500, is 9000")]).await;
        }
    }
}

/// Of a change the time of what is suspicious is told, and not of what happens beside it.
#[tokio::test]
async fn the_time_of_a_change_is_not_that_of_another() {
    let patient = Settings { quiet: Duration::from_millis(300), ..settings() };
    let mut world = World::with(Personality::eos(), patient, |_| {}, |_| {});
    let verdict = world.verdict().await;
    assert_eq!(verdict.said.at, None, "no event asked for the first look");
    world.by_hand(&[], &[(MTU, json!(9000))]);
    world.device().shift_clock(1800);
    world.by_hand(&[], &[(FOREIGN, json!("another"))]);
    let at = world.verdict().await.said.at.unwrap();
    assert!(at < Timestamp::now() + SignedDuration::from_secs(900), "{at} is the other's");
}
