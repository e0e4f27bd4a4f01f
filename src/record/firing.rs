//! What is wrong now, as news: for receivers that are told states and not events.
//!
//! Elsewhere: telling them (`alerts::render::alertmanager`), the rows themselves (`drift`,
//! `noted`, `fabrics`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::params;

use super::fabrics::Verdict;
use super::news::{News, NewsKind, NewsLeaf};
use super::store::{RecordError, Store, parsed};
use crate::names::{DeviceName, FabricName};

impl Store {
    /// Everything that is wrong now with a fabric, each as the news that told it, at the time
    /// since when it is so: drift that is still there (what was only listed, and never told,
    /// left aside), corrections given up, devices lost, a head that does not count.
    pub fn firing(&self, fabric: &FabricName) -> Result<Vec<News>, RecordError> {
        let mut firing = self.drifting(fabric)?;
        firing.extend(self.given_up_devices(fabric)?);
        for (device, at) in self.noted_lost(fabric)? {
            let summary = format!("{device} does not answer");
            firing.push(news(NewsKind::DeviceLost, Some(device), at, summary));
        }
        let Some(entry) = self.fabric(fabric)? else { return Ok(firing) };
        let (kind, what) = match entry.verdict {
            Verdict::Good => return Ok(firing),
            Verdict::Refused => (NewsKind::CommitRefused, "refused"),
            Verdict::Frozen => (NewsKind::AgentFrozen, "frozen"),
        };
        let head = entry.head.as_ref().map_or("the head", |head| head.short());
        let reason = entry.reason.as_deref().unwrap_or_default();
        let at = self.noted_at(fabric, "head")?.unwrap_or(entry.seen_at);
        let summary = format!("{fabric}: {head} is {what}: {reason}");
        firing.push(News { commit: entry.head, ..news(kind, None, at, summary) });
        Ok(firing)
    }

    fn drifting(&self, fabric: &FabricName) -> Result<Vec<News>, RecordError> {
        let mut query = self.connection.prepare_cached(
            "SELECT device, path, kind, recorded, live, since FROM drift WHERE fabric = ?1 AND told = 1
             ORDER BY device, path",
        )?;
        let mut rows = query.query([fabric.as_str()])?;
        let mut devices: BTreeMap<DeviceName, (Timestamp, Vec<NewsLeaf>, usize)> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            let since: Timestamp = parsed("since", &name, &row.get::<_, String>(5)?)?;
            let (first, leaves, unlisted) =
                devices.entry(parsed("device", &name, &name)?).or_insert((since, Vec::new(), 0));
            *first = since.min(*first);
            if leaves.len() == News::LEAVES {
                *unlisted += 1;
                continue;
            }
            leaves.push(NewsLeaf {
                path: row.get(1)?,
                kind: row.get(2)?,
                recorded: row.get(3)?,
                live: row.get(4)?,
                origin: None,
            });
        }
        let found = devices.into_iter().map(|(device, (at, leaves, unlisted))| {
            let summary = format!("{device} is not what its commit says");
            News { leaves, unlisted, ..news(NewsKind::DriftFound, Some(device), at, summary) }
        });
        Ok(found.collect())
    }

    fn given_up_devices(&self, fabric: &FabricName) -> Result<Vec<News>, RecordError> {
        let mut query = self.connection.prepare_cached(
            "SELECT device, commit_id, reason, at FROM given_up WHERE fabric = ?1 ORDER BY device",
        )?;
        let mut rows = query.query([fabric.as_str()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            let device = parsed("device", &name, &name)?;
            let commit = parsed("commit_id", &name, &row.get::<_, String>(1)?)?;
            let at = parsed("at", &name, &row.get::<_, String>(3)?)?;
            let summary = format!("{name} is put back no more: {}", row.get::<_, String>(2)?);
            let news = news(NewsKind::CorrectionGivenUp, Some(device), at, summary);
            found.push(News { commit: Some(commit), ..news });
        }
        Ok(found)
    }

    fn noted_at(&self, fabric: &FabricName, subject: &str) -> Result<Option<Timestamp>, RecordError> {
        let mut query =
            self.connection.prepare_cached("SELECT at FROM noted WHERE fabric = ?1 AND subject = ?2")?;
        let mut rows = query.query(params![fabric.as_str(), subject])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        parsed("at", subject, &row.get::<_, String>(0)?).map(Some)
    }
}

fn news(kind: NewsKind, device: Option<DeviceName>, at: Timestamp, summary: String) -> News {
    News { kind, device, commit: None, at, summary, detail: None, leaves: Vec::new(), unlisted: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::FabricEntry;

    #[test]
    fn what_is_wrong_now_is_what_was_told_and_has_not_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("r.sqlite")).unwrap();
        let fabric: FabricName = "dc1".parse().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let shown = |store: &Store| -> Vec<String> {
            let firing = store.firing(&fabric).unwrap();
            firing
                .iter()
                .map(|news| format!("{} {} {}", news.kind.as_str(), news.summary, news.leaves.len()))
                .collect()
        };
        assert_eq!(shown(&store), Vec::<String>::new());

        let device: DeviceName = "leaf1".parse().unwrap();
        let insert = |store: &Store, path: &str| {
            let sql = "INSERT INTO drift (fabric, device, path, since) VALUES ('dc1', 'leaf1', ?1, ?2)";
            store.connection.execute(sql, [path, &now.to_string()]).unwrap();
        };
        insert(&store, "/told");
        insert(&store, "/only-listed");
        let leaf = NewsLeaf {
            path: "/told".to_owned(),
            kind: "owned".to_owned(),
            recorded: None,
            live: None,
            origin: None,
        };
        let found = News {
            leaves: vec![leaf],
            ..news(NewsKind::DriftFound, Some(device.clone()), now, "leaf1 drifted".to_owned())
        };
        store.tell(&fabric, &found).unwrap();
        let lost = news(NewsKind::DeviceLost, Some(device.clone()), now, "lost".to_owned());
        store.note(&fabric, ("device leaf1", "lost"), Some(&lost), now).unwrap();
        let head = "b".repeat(40).parse().unwrap();
        store
            .set_fabric(&FabricEntry {
                fabric: fabric.clone(),
                good: None,
                head: Some(head),
                verdict: Verdict::Frozen,
                reason: Some("the folder is gone".to_owned()),
                findings: None,
                seen_at: now,
            })
            .unwrap();
        assert_eq!(
            shown(&store),
            [
                "drift-found leaf1 is not what its commit says 1",
                "device-lost leaf1 does not answer 0",
                "agent-frozen dc1: bbbbbbb is frozen: the folder is gone 0",
            ]
        );
        store.connection.execute("DELETE FROM drift WHERE path = '/told'", []).unwrap();
        assert!(!shown(&store).iter().any(|line| line.starts_with("drift")), "it has ended");
    }
}
