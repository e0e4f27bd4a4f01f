//! `drift` of `fabric.yaml`, of a role and of a device: what becomes of what people change by
//! hand.
//!
//! Elsewhere: the names in it (`check::drift`), its paths (`compile::drift`).

use super::decode::Fields;
use super::model::drift::{DriftPolicies, DriftPolicy, PathRule};
use super::scalar::{Read, between, choice, name, scalar, shortened, wrong, wrong_hint};
use super::yaml::{Node, Value};
use crate::diagnostic::{Findings, Spanned};

/// More entries of `paths` are refused: each leaf that drifts is held against all of them.
const MOST_PATHS: usize = 200;
/// Letters of a path.
const LONGEST_PATH: usize = 1000;

/// Reads `drift` of `fabric.yaml`; left out is the default.
pub(crate) fn fabric_drift(fields: &mut Fields<'_>, out: &mut Findings) -> DriftPolicies {
    let mut policies = DriftPolicies::default();
    let Some(mut section) = fields.section("drift", out) else { return policies };
    if let Some(default) = section.optional("default", out, policy) {
        policies.default = default.value;
    }
    let entries = section.list("paths", out, |node| Ok(node.clone()));
    if let Some(beyond) = entries.get(MOST_PATHS) {
        let message = format!("fabric.yaml: `drift.paths` has more than {MOST_PATHS} entries");
        let finding = crate::diagnostic::Finding::error("drift-paths-many", &beyond.place, message);
        out.push(finding.hint("say it of what is above them, or of a role or a device with `drift:`"));
    }
    policies.paths =
        entries.iter().take(MOST_PATHS).filter_map(|entry| path_rule(&entry.value, out)).collect();
    if let Some(limit) = section.optional("corrections-per-hour", out, between(1..=1000)) {
        policies.corrections_per_hour = limit.value;
    }
    section.close(out);
    policies
}

/// `drift: observe | alert | correct`, of a role or a device.
pub(crate) fn own_drift(fields: &mut Fields<'_>, out: &mut Findings) -> Option<Spanned<DriftPolicy>> {
    fields.optional("drift", out, |node| match node.value {
        Value::Map(_) => wrong_hint(
            "value-type",
            node,
            "one word is expected, not a map",
            "write `drift: correct`; what holds for single paths stands in fabric.yaml under `drift.paths`",
        ),
        _ => policy(node),
    })
}

fn path_rule(node: &Node, out: &mut Findings) -> Option<PathRule> {
    let mut fields = Fields::open(node, "fabric.yaml: drift path", out)?;
    let path = fields.required("path", out, path);
    let policy = fields.required("policy", out, policy);
    let roles = fields.list("roles", out, name);
    let devices = fields.list("devices", out, name);
    fields.close(out);
    Some(PathRule { place: node.place.clone(), path: path?, policy: policy?, roles, devices })
}

fn policy(node: &Node) -> Read<DriftPolicy> {
    choice([
        ("observe", DriftPolicy::Observe),
        ("alert", DriftPolicy::Alert),
        ("correct", DriftPolicy::Correct),
    ])(node)
}

/// A path as people write it; which nodes it names is seen when the schema is known.
fn path(node: &Node) -> Read<String> {
    let given = scalar(node)?.text.as_str();
    if given.chars().count() > LONGEST_PATH {
        return wrong("value-path", node, format!("a path has at most {LONGEST_PATH} letters"));
    }
    if !given.starts_with('/') {
        let message = format!("`{}` is not a path", shortened(given));
        return wrong_hint(
            "value-path",
            node,
            message,
            "write it from the root, as in /interfaces/interface/config/description",
        );
    }
    Ok(given.to_owned())
}
