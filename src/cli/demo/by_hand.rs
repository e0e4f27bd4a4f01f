//! The tour's sixth step: somebody changes leaf1 by hand, over gNMI and TLS with the devices'
//! user, as anybody can who has the password.
//!
//! The commands run are those that are printed. What is put back is decided by `drift` of the
//! example's `fabric.yaml`. Elsewhere: waiting for reports (`tour`), what the agent tells (`news`).

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::news::{self, Newsreel};
use super::tour::{PATIENCE, Tour};
use crate::record::{News, NewsKind};
use crate::yang::diff::{Difference, diff};
use crate::yang::{Leaf, Path};

/// A port that no file of the example names.
const FOREIGN: (&str, &str) =
    ("/interfaces/interface[name=Ethernet9]/config/description", r#""the printer in the lab""#);

/// What the example asks for otherwise, in `vlans/40.yaml` and in `pairs/leaf1-2.yaml`.
const OURS: [(&str, &str); 2] = [
    ("/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name", r#""oops""#),
    ("/interfaces/interface[name=Ethernet1]/config/enabled", "false"),
];

/// How often the record is asked for news.
const LOOK: Duration = Duration::from_millis(5);

impl Tour<'_, '_> {
    pub(super) async fn change_by_hand(&mut self) -> anyhow::Result<()> {
        self.story
            .heading("6. Somebody renames VLAN 40 on leaf1 and shuts a port, behind the agent's back")?;
        let mut newsreel = Newsreel::from_now(&self.lab.config)?;
        let commit = self.lab.reports.borrow().fabric.as_ref().and_then(|fabric| fabric.good.clone());
        let commit = commit.context("no commit is good")?;
        let then = self.now();
        self.story.note("of Ethernet9 the intent says nothing: what stands there is not ours")?;
        self.set_by_hand(&[FOREIGN])?;
        let held = self.device("leaf1")?.config();

        let (mut told, began) = (Vec::new(), Instant::now());
        self.set_by_hand(&OURS)?;
        let expected = "reported, with the lines that ask for something else";
        self.until_told(&mut newsreel, &mut told, NewsKind::DriftFound, expected, began).await?;
        for found in told.iter().filter(|news| news.kind == NewsKind::DriftFound) {
            self.story.note(&news::text(&self.lab.config, found)?)?;
        }
        let expected = "put back, as `drift` in fabric.yaml says";
        self.until_told(&mut newsreel, &mut told, NewsKind::DriftCorrected, expected, began).await?;
        self.until_all_at(&commit).await?;

        let sets = then.sets(&self.lab.devices);
        let one = sets.are_of_one("leaf1", 3);
        self.story.check("one Set put both back; nobody else got any", one, || sets.text())?;
        let holds = self.device("leaf1")?.config();
        let foreign: Path = FOREIGN.0.parse()?;
        let other: Vec<String> = diff(&held, &holds)
            .into_iter()
            .filter(|difference| !is_default(difference))
            .map(|difference| difference.path().to_string())
            .collect();
        let stays = holds.get(&foreign).is_some() && other.is_empty();
        let expected = "leaf1 holds what it held before, and with it what was set on Ethernet9";
        self.story.check(expected, stays, || format!("other leaves: {}", other.join(", ")))?;
        told.extend(newsreel.next()?);
        let leaves: Vec<String> =
            told.into_iter().flat_map(|news| news.leaves).map(|leaf| leaf.path).collect();
        let silent = leaves.iter().all(|path| OURS.iter().any(|(ours, _)| path == ours));
        self.story.check("of Ethernet9 nothing was ever reported", silent, || leaves.join(", "))
    }

    /// Shows and runs the command that changes leaves of leaf1.
    fn set_by_hand(&mut self, leaves: &[(&str, &str)]) -> anyhow::Result<()> {
        let updates: Vec<String> = leaves.iter().map(|(path, json)| format!("{path}={json}")).collect();
        let shown = updates.iter().map(|update| format!(" \\\n       --update '{update}'"));
        self.story
            .command(&format!("gitfabric discover --device leaf1 set{}", shown.collect::<String>()), "")?;
        let output = Command::new(std::env::current_exe()?)
            .args(["discover", "--device", "leaf1", "--config"])
            .arg(self.lab.folder.configuration())
            .arg("set")
            .args(updates.iter().flat_map(|update| ["--update", update]))
            .stdin(Stdio::null())
            .output()
            .context("cannot run gitfabric")?;
        if !output.status.success() {
            bail!("leaf1 could not be changed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    }

    /// Waits until the agent has told something of all that was changed, and says how long after
    /// the command that was.
    async fn until_told(
        &mut self,
        newsreel: &mut Newsreel,
        told: &mut Vec<News>,
        kind: NewsKind,
        expected: &str,
        began: Instant,
    ) -> anyhow::Result<()> {
        let late = Instant::now() + PATIENCE;
        while !OURS.iter().all(|(path, _)| is_told(told, kind, path)) {
            if Instant::now() > late {
                let seen: Vec<&str> = told.iter().map(|news| news.summary.as_str()).collect();
                self.story.check(expected, false, || format!("told: {}", seen.join(", ")))?;
            }
            tokio::time::sleep(LOOK).await;
            told.extend(newsreel.next()?);
        }
        let took = began.elapsed().as_secs_f32();
        self.story.check(&format!("{expected} ({took:.2} s)"), true, String::new)
    }
}

/// Whether a port that was up by default is now up because somebody said so.
fn is_default(difference: &Difference<'_>) -> bool {
    let says_so = |to: &Leaf| to.value.to_string() == "true";
    difference.path().to_string() == OURS[1].0
        && difference.from().is_none()
        && difference.to().is_some_and(says_so)
}

fn is_told(told: &[News], kind: NewsKind, path: &str) -> bool {
    told.iter().any(|news| news.kind == kind && news.leaves.iter().any(|leaf| leaf.path == path))
}
