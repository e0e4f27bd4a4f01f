//! A record that cannot take what watchers tell, as on a disk that is full: it is written once that
//! is over.

use gitfabric::record::{DriftKind, WatchState};
use rusqlite::Connection;
use serde_json::json;

use crate::lab::Lab;
use crate::world::{DESCRIPTION, OTHER, agent, by_hand, differs, is_watched, lab, told_by_now};

/// A record that refuses rows of a table that are so.
struct Refusal(Connection);

impl Refusal {
    fn of(lab: &Lab, table: &str, is_so: &str) -> Self {
        let record = Connection::open(lab.config().record()).unwrap();
        for (name, when) in [("refusal_1", "INSERT"), ("refusal_2", "UPDATE")] {
            let refuse = "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
            let sql = format!("CREATE TRIGGER {name} BEFORE {when} ON {table} WHEN {is_so} {refuse}");
            record.execute_batch(&sql).unwrap();
        }
        Self(record)
    }

    fn end(self) {
        self.0.execute_batch("DROP TRIGGER refusal_1; DROP TRIGGER refusal_2").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_that_the_record_cannot_take_is_on_record_later() {
    let lab = lab("{ default: alert }", "");
    let agent = agent(&lab).await;
    assert_eq!(told_by_now(&lab).await, Vec::<String>::new());
    let refusal = Refusal::of(&lab, "drift", &format!("NEW.path = '{DESCRIPTION}'"));
    let gets = lab.device("leaf1").gets_received();
    by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
    lab.device("leaf1").wait_for_gets(gets + 1).await;
    by_hand(&lab, &[(OTHER, json!("by hand"))]);
    // a watcher's verdicts are written one after the other: the first was tried before
    differs(&lab, &[(OTHER, DriftKind::Owned)]).await;
    refusal.end();
    differs(&lab, &[(DESCRIPTION, DriftKind::Owned), (OTHER, DriftKind::Owned)]).await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_device_is_watched_is_on_record_later_where_the_record_cannot_take_it() {
    let lab = lab("{ default: alert }", "");
    let agent = agent(&lab).await;
    lab.device("leaf1").down();
    is_watched(&lab, "leaf1", WatchState::Away).await;
    let refusal = Refusal::of(&lab, "watch", "NEW.device = 'leaf1' AND NEW.state <> 'away'");
    lab.device("leaf1").up().unwrap();
    by_hand(&lab, &[(DESCRIPTION, json!("by hand"))]);
    // told behind how it is watched
    differs(&lab, &[(DESCRIPTION, DriftKind::Owned)]).await;
    is_watched(&lab, "leaf1", WatchState::Away).await;
    refusal.end();
    is_watched(&lab, "leaf1", WatchState::Watching).await;
    agent.end().await;
}
