//! What one commit may do to the devices of the one before (rule 7 of the intent).
//!
//! Here: devices that go, and the steps in which they go. Elsewhere: whether the head of
//! the branch may be followed at all (`git::brakes`), how many leaves may be deleted (`plan`).

use crate::diagnostic::{Finding, Findings};
use crate::intent::model::{Device, DeviceState, Fabric};
use crate::names::RepoPath;

/// The devices that the next fabric no longer has, in the order of their names.
pub fn deleted_devices<'a>(previous: &'a Fabric, next: &Fabric) -> Vec<&'a Device> {
    previous.devices.values().filter(|device| !next.devices.contains_key(&device.name)).collect()
}

/// Compares two fabrics, the one in force and the one that is to follow.
///
/// Codes: `device-not-released`, `device-not-drained`, `fabric-renamed`. How many devices a
/// commit may take out is a limit, which a commit trailer may lift once: see `plan`.
pub fn check_succession(previous: &Fabric, next: &Fabric) -> Findings {
    let mut out = Findings::new();
    if previous.design.name != next.design.name {
        let (old, new) = (&previous.design.name, &next.design.name);
        let message = format!("fabric.yaml: the fabric {} is now called {}", old.value, new.value);
        let finding = Finding::error("fabric-renamed", &new.place, message);
        out.push(finding.label("records are kept by this name").hint(format!("write `name: {}`", old.value)));
    }
    let deleted = deleted_devices(previous, next);
    for device in deleted.iter().filter(|device| device.state.value != DeviceState::Released) {
        out.push(not_released(device));
    }
    for device in next.devices.values() {
        let before = previous.devices.get(&device.name).map(|device| device.state.value);
        if before == Some(DeviceState::Active) && device.state.value == DeviceState::Released {
            let message = format!("device {} is released and was not drained", device.name);
            let finding = Finding::error("device-not-drained", &device.state.place, message);
            let hint = "write `state: drained` first, and `released` when the traffic is gone; `paused` for a dead device";
            out.push(finding.hint(hint));
        }
    }
    out
}

/// The finding stands nowhere, as the file is gone.
fn not_released(device: &Device) -> Finding {
    let file: &RepoPath = &device.place.file;
    let message = format!("device {}: {file} is deleted, and the device was not released", device.name);
    Finding::error_nowhere("device-not-released", message).hint(format!(
        "restore {file}, write `state: drained`, then `state: released`; delete it when both were applied"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::fixture::Repo;

    #[test]
    fn a_device_leaves_in_steps() {
        let before = Repo::example();
        for (case, first, then, expected) in [
            ("nothing", &[][..], &[][..], ""),
            (
                "a device that was not released",
                &[],
                &[
                    "- devices/leaf8.yaml",
                    "vlans/78.yaml: , leaf8: 10.78.78.3/24 => ",
                    "vlans/900.yaml: , leaf8: 10.90.90.3/29 => ",
                ],
                "device-not-released",
            ),
            (
                "a released one",
                &["devices/leaf8.yaml += state: released"],
                &[
                    "- devices/leaf8.yaml",
                    "vlans/78.yaml: , leaf8: 10.78.78.3/24 => ",
                    "vlans/900.yaml: , leaf8: 10.90.90.3/29 => ",
                ],
                "",
            ),
            (
                "a released one within the limit",
                &["devices/leaf8.yaml += state: released"],
                &[
                    "- devices/leaf8.yaml",
                    "vlans/78.yaml: , leaf8: 10.78.78.3/24 => ",
                    "vlans/900.yaml: , leaf8: 10.90.90.3/29 => ",
                    "fabric.yaml: devices-deleted: 0 => devices-deleted: 1",
                ],
                "",
            ),
            ("released at once", &[], &["devices/leaf8.yaml += state: released"], "device-not-drained"),
            (
                "released after it was drained",
                &["devices/leaf8.yaml += state: drained"],
                &["devices/leaf8.yaml: drained => released"],
                "",
            ),
            (
                "released when dead",
                &["devices/leaf8.yaml += state: paused"],
                &["devices/leaf8.yaml: paused => released"],
                "",
            ),
            ("another name", &[], &["fabric.yaml: evpn-lab => evpn-prod"], "fabric-renamed"),
        ] {
            let mut old = before.clone();
            old.apply(first);
            let mut new = old.clone();
            new.apply(then);
            let findings = check_succession(&old.fabric(), &new.fabric());
            let codes = findings.iter().map(|finding| finding.code).collect::<Vec<_>>();
            assert_eq!(codes.join(" "), expected, "{case}");
        }
    }
}
