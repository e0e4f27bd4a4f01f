//! What commits do: the tour's first five steps. Each prints what it does, and each check as it
//! comes true.
//!
//! Elsewhere: the sixth step (`by_hand`), waiting and looking (`tour`), printing (`story`).

use anyhow::Context;

use super::seen;
use super::sets::Moment;
use super::tour::{Record, Tour};
use crate::agent::run::Report;
use crate::names::CommitId;
use crate::record::{Standing, Verdict};

const LEAFS: [&str; 8] = ["leaf1", "leaf2", "leaf3", "leaf4", "leaf5", "leaf6", "leaf7", "leaf8"];
const ALL: [&str; 10] =
    ["leaf1", "leaf2", "leaf3", "leaf4", "leaf5", "leaf6", "leaf7", "leaf8", "spine1", "spine2"];

/// A VLAN of one pair.
const VLAN_50: (&str, &str) = ("vlans/50.yaml", "name: web\nvni: 110050\nat: [leaf5-6]\n");

/// A VRF that there is not, a number that no VLAN has, and a description that the uplink in
/// `devices/leaf5.yaml` sets already.
const BROKEN: [(&str, &str); 3] = [
    ("vlans/51.yaml", "name: guests\nvrf: silver\nat: [leaf5-6]\n"),
    ("vlans/5000.yaml", "name: too-far\nat: [leaf5-6]\n"),
    ("raw/leaf5.json", RAW),
];

const RAW: &str = r#"{
  "at": ["leaf5"],
  "config": {
    "openconfig-interfaces:interfaces": {
      "interface": [
        { "name": "Ethernet11", "config": { "name": "Ethernet11", "description": "north" } }
      ]
    }
  }
}
"#;

/// Where the faults of [`BROKEN`] stand.
const FAULTS: [(&str, &str); 4] = [
    ("the unknown VRF", "vlans/51.yaml:2:6"),
    ("the VLAN id 5000", "vlans/5000.yaml:1:1"),
    ("the leaf that one file sets", "raw/leaf5.json:6:82"),
    ("and the other file that sets it", "devices/leaf5.yaml:7:21"),
];

/// A VLAN of every leaf.
const VLAN_60: (&str, &str) = ("vlans/60.yaml", "name: everywhere\nvni: 110060\nat: [role:leaf]\n");

impl Tour<'_, '_> {
    /// All steps, in their order. Ends at the first check that does not come true.
    pub(super) async fn play(&mut self) -> anyhow::Result<()> {
        self.first_commit().await?;
        self.push_to_one_pair().await?;
        self.broken_commit().await?;
        let before = self.record()?;
        let then = self.now();
        self.device_down().await?;
        self.revert(&before, &then).await?;
        self.change_by_hand().await
    }

    async fn first_commit(&mut self) -> anyhow::Result<()> {
        self.story.heading("1. All ten devices at the first commit")?;
        self.until_all_at(&self.lab.first.clone()).await?;
        self.check_sets(
            "ten Sets, one for each device, never both members of a pair at once",
            &Moment::default(),
            &ALL,
        )
    }

    async fn push_to_one_pair(&mut self) -> anyhow::Result<()> {
        self.story.heading("2. git push: VLAN 50 with VNI 110050, on leaf5 and leaf6 only")?;
        let then = self.now();
        let commit = self.push(&[VLAN_50], "vlans: add 50")?;
        self.until_all_at(&commit).await?;
        let expected = "leaf5 and leaf6 got one Set each, one after the other; nobody else got any";
        self.check_sets(expected, &then, &["leaf5", "leaf6"])?;
        let expected = "what the devices themselves hold changed on these two only";
        self.check_changed(expected, &then, &["leaf5", "leaf6"])
    }

    async fn broken_commit(&mut self) -> anyhow::Result<()> {
        self.story
            .heading("3. A broken commit: an unknown VRF, VLAN id 5000, two files that set the same leaf")?;
        let then = self.now();
        let good = self.lab.reports.borrow().fabric.as_ref().and_then(|fabric| fabric.good.clone());
        let commit = self.push(&BROKEN, "vlans: three mistakes")?;
        let refused = |report: &Report| seen::head_is(report, &commit, Verdict::Refused);
        let report = self.until(&format!("{} is refused", commit.short()), refused).await?;
        let fabric = report.fabric.context("the agent has no fabric")?;
        let findings = fabric.findings.unwrap_or_default();
        for (what, place) in FAULTS {
            let is_there = is_named(&findings, place);
            self.story.check(&format!("{what}: {place}"), is_there, || findings.clone())?;
        }
        self.story.note(&findings)?;
        self.check_sets("no Set went out", &then, &[])?;
        let short = good.as_ref().map_or("none", CommitId::short);
        self.story.check(&format!("the fabric stays at {short}"), fabric.good == good, || {
            format!("good: {:?}", fabric.good)
        })?;
        let commit = self.revert_last("the next commit supersedes it")?;
        self.until_all_at(&commit).await?;
        self.check_sets("again without a Set: every device held it already", &then, &[])
    }

    async fn device_down(&mut self) -> anyhow::Result<()> {
        self.story.heading("4. leaf8 is down, and VLAN 60 comes to all leafs")?;
        self.device("leaf8")?.down();
        self.story.note("leaf8 does not answer any more")?;
        let then = self.now();
        let commit = self.push(&[VLAN_60], "vlans: 60 everywhere")?;
        let six_and_spines = |report: &Report| {
            let others = ALL.iter().filter(|name| !["leaf7", "leaf8"].contains(name));
            others.into_iter().all(|name| seen::is_at(report, name, &commit))
                && seen::stands(report, "leaf7", Standing::Waiting)
                && seen::stands(report, "leaf8", Standing::Unreachable)
        };
        let expected = format!("leaf1 to leaf6 and the spines are at {}", commit.short());
        let report = self.until(&expected, six_and_spines).await?;
        let why = |name| seen::device(&report, name).map(seen::reason).unwrap_or_default();
        let (leaf7, leaf8) = (why("leaf7"), why("leaf8"));
        self.story.check(&format!("leaf8 is unreachable: {leaf8}"), !leaf8.is_empty(), String::new)?;
        let names_it = leaf7.contains("leaf8");
        self.story.check(&format!("leaf7, its partner, waits: {leaf7}"), names_it, || {
            "no word of leaf8".to_owned()
        })?;
        let expected = "six Sets, one for each of leaf1 to leaf6, never both members of a pair at once";
        self.check_sets(expected, &then, &LEAFS[..6])?;

        let then = self.now();
        self.device("leaf8")?.up()?;
        self.story.note("leaf8 is back")?;
        self.until_all_at(&commit).await?;
        let expected = "leaf7 and leaf8 caught up by themselves, one after the other";
        self.check_sets(expected, &then, &["leaf7", "leaf8"])
    }

    async fn revert(&mut self, before: &Record, then: &Moment) -> anyhow::Result<()> {
        self.story.heading("5. git revert: back to what was before VLAN 60")?;
        let now = self.now();
        let commit = self.revert_last("takes VLAN 60 away again")?;
        self.until_all_at(&commit).await?;
        let expected = "eight Sets, one for each leaf, never both members of a pair at once";
        self.check_sets(expected, &now, &LEAFS)?;

        let after = self.record()?;
        let differing: Vec<&str> = before
            .iter()
            .filter(|(device, (tree, _))| after.get(*device).is_none_or(|(after, _)| after != tree))
            .map(|(device, _)| device.as_str())
            .collect();
        let bytes: usize = after.values().map(|(tree, _)| tree.len()).sum();
        let expected = format!("10 of 10 owned trees are byte for byte what they were ({bytes} bytes)");
        let is_so = differing.is_empty() && before.len() == ALL.len();
        self.story.check(&expected, is_so, || format!("differing: {}", differing.join(", ")))?;
        self.check_changed("so is all that the devices themselves hold", then, &[])?;
        let recorded = after.values().filter(|(_, at)| at.as_ref() == Some(&commit)).count();
        let expected = format!("{} is on record for 10 of 10 devices", commit.short());
        self.story.check(&expected, recorded == ALL.len(), || format!("for {recorded}"))
    }

    fn push(&mut self, files: &[(&str, &str)], message: &str) -> anyhow::Result<CommitId> {
        let commit = self.lab.worktree.push(files, message)?;
        self.story.command("git push", &format!("({} {message})", commit.short()))?;
        Ok(commit)
    }

    fn revert_last(&mut self, remark: &str) -> anyhow::Result<CommitId> {
        let commit = self.lab.worktree.revert()?;
        self.story.command("git revert HEAD && git push", &format!("({} {remark})", commit.short()))?;
        Ok(commit)
    }
}

/// Whether findings name a place; `vlans/5.yaml:1:1` is not in `vlans/5.yaml:1:12`.
fn is_named(findings: &str, place: &str) -> bool {
    findings
        .match_indices(place)
        .any(|(at, _)| !findings[at + place.len()..].starts_with(|next: char| next.is_ascii_digit()))
}
