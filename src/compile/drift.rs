//! Which policy counts for a leaf that somebody changed, and whether the rules that say so can
//! be meant.
//!
//! Here: [`DriftRules`] of one device, `Fabric::drift_policy`, and what holds `drift.paths`
//! against schema and trees. A policy changes no tree. Elsewhere: reading it and its names
//! (`intent`), what becomes of a leaf then (`plan::correction`, `agent`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::DeviceBuild;
use crate::diagnostic::{Finding, Findings};
use crate::intent::model::drift::{DriftPolicy, PathRule};
use crate::intent::model::{DeviceState, Platform};
use crate::intent::{Fabric, Topology};
use crate::names::DeviceName;
use crate::platform::Profile;
use crate::stop::{GaveUp, Stop, unless};
use crate::yang::path::PathError;
use crate::yang::schema::PathFault;
use crate::yang::{Elem, Path, Value};

/// What holds for one device, ready to be asked for many leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriftRules {
    /// Those that say most come first.
    paths: Vec<(Path, DriftPolicy)>,
    otherwise: DriftPolicy,
}

impl DriftRules {
    /// The rules for a device of a fabric that an engine has built. For a device that it lacks,
    /// the fabric's default.
    pub fn of(fabric: &Fabric, device: &DeviceName) -> Self {
        let drift = &fabric.design.drift;
        let Some(intended) = fabric.devices.get(device) else {
            return Self { paths: Vec::new(), otherwise: drift.default };
        };
        let role = fabric.design.roles.get(&intended.role.value).and_then(|role| role.drift.as_ref());
        let own = intended.drift.as_ref().or(role).map(|policy| policy.value);
        let concerned = drift.paths.iter().filter_map(|rule| Some((weight(fabric, rule, device)?, rule)));
        let mut paths: Vec<_> = concerned
            .filter_map(|(scope, rule)| {
                let path: Path = rule.path.parse().ok()?;
                let keys: usize = path.elems().iter().map(|elem| elem.keys().len()).sum();
                Some(((path.elems().len(), keys, scope), path, rule.policy.value))
            })
            .collect();
        // stable: of equals the first in the file stays the first
        paths.sort_by_key(|(weight, ..)| std::cmp::Reverse(*weight));
        let paths = paths.into_iter().map(|(_, path, policy)| (path, policy)).collect();
        Self { paths, otherwise: own.unwrap_or(drift.default) }
    }

    /// What becomes of a leaf, or of a list entry: the longest path that it is at or below
    /// decides, of equally long ones that with more keys, then the one that names devices, then
    /// the one that names roles; then the device, its role, the fabric.
    pub fn policy(&self, path: &Path) -> DriftPolicy {
        let found = self.paths.iter().find(|(rule, _)| covers(rule, path));
        found.map_or(self.otherwise, |(_, policy)| *policy)
    }

    /// Whether anything at all is put back.
    pub fn may_correct(&self) -> bool {
        self.otherwise == DriftPolicy::Correct
            || self.paths.iter().any(|(_, policy)| *policy == DriftPolicy::Correct)
    }
}

impl Fabric {
    /// What becomes of a leaf of a device that somebody changes by hand. For many leaves of one
    /// device make [`DriftRules`] once.
    pub fn drift_policy(&self, device: &DeviceName, path: &Path) -> DriftPolicy {
        DriftRules::of(self, device).policy(path)
    }
}

/// Whether a path is at or below a rule's. A key that the rule does not name may be any.
fn covers(rule: &Path, path: &Path) -> bool {
    let (rule, path) = (rule.elems(), path.elems());
    rule.len() <= path.len()
        && rule.iter().zip(path).all(|(rule, elem)| {
            let key = |(key, value): &(Arc<str>, Arc<str>)| elem.key(key) == Some(value);
            rule.name() == elem.name() && rule.keys().iter().all(key)
        })
}

/// How closely a rule names a device: 2 by its name, 1 by its role, 0 as one of all; none if it
/// is not about it.
fn weight(fabric: &Fabric, rule: &PathRule, device: &DeviceName) -> Option<u8> {
    if rule.devices.iter().any(|named| named.value == *device) {
        return Some(2);
    }
    let its_role = fabric.devices.get(device).map(|device| &device.role.value);
    if rule.roles.iter().any(|named| Some(&named.value) == its_role) {
        return Some(1);
    }
    (rule.devices.is_empty() && rule.roles.is_empty()).then_some(0)
}

/// Brings the paths of `drift.paths` into the spelling of trees. Those that no device's schema
/// knows are found and left out: then nothing may be sent anyway.
pub(super) fn respell(fabric: &mut Fabric) -> Findings {
    let mut findings = Findings::new();
    let spelled: Vec<Option<String>> = {
        let topology = Topology::new(fabric);
        let spell = |rule: &PathRule| match spelled(fabric, &topology, rule) {
            Ok(path) => Some(path.to_string()),
            Err(finding) => {
                findings.push(*finding);
                None
            }
        };
        fabric.design.drift.paths.iter().map(spell).collect()
    };
    let rules = std::mem::take(&mut fabric.design.drift.paths);
    let known = rules.into_iter().zip(spelled).filter_map(|(mut rule, path)| {
        rule.path.value = path?;
        Some(rule)
    });
    fabric.design.drift.paths = known.collect();
    findings.extend(twice(fabric));
    findings
}

fn spelled(fabric: &Fabric, topology: &Topology<'_>, rule: &PathRule) -> Result<Path, Box<Finding>> {
    let fault = |message: String| {
        Finding::error(
            "drift-path-unknown",
            &rule.path.place,
            format!("fabric.yaml: `drift.paths`: {message}"),
        )
    };
    let path: Path = rule.path.parse().map_err(|error: PathError| {
        let hint = "write it as `gitfabric drift` and `gitfabric plan` show paths";
        Box::new(fault(error.to_string()).hint(hint))
    })?;
    let mut platforms: Vec<&Platform> = Vec::new();
    for device in fabric.devices.keys().filter(|device| weight(fabric, rule, device).is_some()) {
        let platform = topology.platform_of(device);
        if !platforms.contains(&platform) {
            platforms.push(platform);
        }
    }
    if platforms.is_empty() {
        platforms.push(&fabric.design.platform);
    }
    let mut first: Option<PathFault> = None;
    for platform in platforms {
        // a platform that is not known is found where it is named
        let Some(profile) = Profile::find(&platform.os, &platform.version) else { return Ok(path) };
        match (profile.schema)().locate_pattern(&path) {
            Ok(located) => return Ok(located),
            Err(fault) => drop(first.get_or_insert(fault)),
        }
    }
    let Some(first) = first else { return Ok(path) };
    let finding = fault(first.to_string());
    Err(Box::new(match first.hint() {
        Some(hint) => finding.hint(hint),
        None => finding,
    }))
}

/// Rules of one path that are about the same devices and name them in the same way: nothing
/// says which of them counts.
fn twice(fabric: &Fabric) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut of_path: BTreeMap<&str, Vec<&PathRule>> = BTreeMap::new();
    for rule in &fabric.design.drift.paths {
        let before = of_path.entry(rule.path.as_str()).or_default();
        let meets = |other: &&&PathRule| {
            let devices = fabric.devices.keys();
            let both = |device| Some((weight(fabric, rule, device)?, weight(fabric, other, device)?));
            devices.filter_map(both).any(|(one, other)| one == other)
        };
        if let Some(other) = before.iter().find(meets) {
            let message = format!("fabric.yaml: `drift.paths` has two rules for {}", rule.path.value);
            let finding = Finding::error("drift-path-twice", &rule.path.place, message);
            found.push(finding.related(&other.path.place, "the other one").hint("remove one of the two"));
        }
        before.push(rule);
    }
    found
}

/// What the rules say against what devices hold: a rule that can match nothing, and putting
/// back what is never sent. For a fabric without errors.
pub(super) fn check(
    fabric: &Fabric,
    devices: &BTreeMap<DeviceName, Arc<DeviceBuild>>,
    stop: Stop<'_>,
) -> Result<Findings, GaveUp> {
    let mut findings = Findings::new();
    for rule in &fabric.design.drift.paths {
        unless(stop)?;
        let Ok(path) = rule.path.parse::<Path>() else { continue };
        let concerned: Vec<_> =
            devices.iter().filter(|(device, _)| weight(fabric, rule, device).is_some()).collect();
        let corrects = rule.policy.value == DriftPolicy::Correct;
        let protected =
            concerned.iter().find_map(|(device, build)| Some((device, build.protected.why(&path)?)));
        if let Some((device, what)) = protected.filter(|_| corrects) {
            let message = format!("fabric.yaml: `drift.paths`: {path} is never sent: it is part of {what}");
            findings.push(
                Finding::error("drift-correct-protected", &rule.policy.place, message)
                    .label(format!("on {device}"))
                    .hint("write `policy: alert`; a person puts it back, as `gitfabric bootstrap` prints it"),
            );
            continue;
        }
        let mut met = Met::Nothing;
        for (_, build) in &concerned {
            unless(stop)?;
            met = met.max(Met::of(&path, build));
            if met == Met::Leaf {
                break;
            }
        }
        let has_any = fabric.devices.values().any(|device| device.state.value != DeviceState::Released);
        findings.extend(objection(rule, &path, met).filter(|_| has_any && !concerned.is_empty()));
    }
    Ok(findings)
}

fn objection(rule: &PathRule, path: &Path, met: Met) -> Option<Finding> {
    let place = &rule.path.place;
    match met {
        Met::Nothing => {
            let message = format!("fabric.yaml: `drift.paths`: nothing of {path} is ours on any device");
            let finding = Finding::warning("drift-rule-idle", place, message);
            Some(finding.label("this rule has no effect").hint("`gitfabric compile DEVICE` shows what is"))
        }
        Met::Secret if rule.policy.value == DriftPolicy::Correct => {
            let message = format!("fabric.yaml: `drift.paths`: {path} is a secret, and is never put back");
            let finding = Finding::warning("drift-correct-secret", place, message);
            Some(finding.label("a device may show the same secret in another form").hint(
                "write `policy: alert`; `gitfabric apply` sends it again where it differs from the intent",
            ))
        }
        _ => None,
    }
}

/// What a rule can be about on a device, from nothing to a leaf that may be put back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Met {
    Nothing,
    Secret,
    Leaf,
}

impl Met {
    fn of(path: &Path, build: &DeviceBuild) -> Self {
        // what is not ours is reported inside strict lists
        let unkeyed = path.elems().iter().all(|elem| elem.keys().is_empty());
        let strict = build.profile.strict.iter().any(|list| {
            let mut rule = path.elems().iter().map(Elem::name);
            list.split('/').skip(1).all(|name| rule.next().map_or(unkeyed, |rule| rule == name))
        });
        if strict {
            return Self::Leaf;
        }
        let leaves = build.tree.iter().chain(build.bootstrap.iter());
        let mut met = Self::Nothing;
        for (_, leaf) in leaves.filter(|(leaf, _)| covers(path, leaf)) {
            if !matches!(leaf.value, Value::Secret(_)) {
                return Self::Leaf;
            }
            met = Self::Secret;
        }
        met
    }
}
