//! `drift.paths` of `fabric.yaml`: the roles and devices that it names.
//!
//! Elsewhere: its paths, and whether they can match anything (`compile::drift`).

use super::Context;
use super::references::{Unknown, report};
use crate::diagnostic::{Finding, Findings};
use crate::intent::layout::Kind;
use crate::names::{DeviceName, RoleName};
use crate::nearest::{nearest, not_renumbered, suggest};

pub(super) fn check(cx: &Context<'_>, out: &mut Findings) {
    if !cx.sound("drift") {
        return;
    }
    let (mut roles, mut devices) = (Unknown::new(), Unknown::new());
    let what = || "fabric.yaml: `drift.paths`".to_owned();
    for rule in &cx.fabric.design.drift.paths {
        for role in &rule.roles {
            if cx.sound("roles") && !cx.fabric.design.roles.contains_key(&role.value) {
                roles.entry(("role", role.as_str())).or_default().push((&role.place, what()));
            }
        }
        for device in &rule.devices {
            if !cx.fabric.devices.contains_key(&device.value) && !cx.broken.has(Kind::Device, device.as_str())
            {
                devices.entry(("device", device.as_str())).or_default().push((&device.place, what()));
            }
        }
        let named = rule.roles.iter().map(|role| &role.value).collect::<Vec<_>>();
        let carried = cx.fabric.devices.values().any(|device| named.contains(&&device.role.value));
        let known = named.iter().all(|role| cx.fabric.design.roles.contains_key(*role));
        if let Some(first) = rule.roles.first()
            && known
            && !carried
            && rule.devices.is_empty()
            && !cx.broken.any(Kind::Device)
        {
            let message = "fabric.yaml: `drift.paths`: no device has a role that this rule names";
            out.push(
                Finding::warning("drift-rule-idle", &first.place, message)
                    .hint("remove the rule, or the roles"),
            );
        }
    }
    let known = || cx.fabric.design.roles.keys().map(RoleName::as_str);
    let hint = |name: &str| suggest(name, known());
    report(roles, "drift-unknown-role", hint, |_| "not under `roles` of fabric.yaml".into(), out);
    let known = || cx.fabric.devices.keys().map(DeviceName::as_str);
    let hint = |name: &str| {
        nearest(name, not_renumbered(name, known())).map(|near| format!("did you mean `{near}`?"))
    };
    report(devices, "drift-unknown-device", hint, |name| format!("there is no devices/{name}.yaml"), out);
}
