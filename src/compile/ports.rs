//! Host ports: the physical side of each, and switching on those without a LAG.
//!
//! Elsewhere: the LAG that a host port is in (`port_channel`), the links to other devices
//! (`interfaces`), whether a port's VLANs live here (`intent::check`).

use super::Slice;
use super::interfaces::open_if;
use super::slice::HostPort;
use crate::diagnostic::Place;
use crate::intent::model::PortMode;
use crate::platform::arista_eos::interfaces::port_channel;
use crate::yang::write::{Cursor, Writer};

/// | EOS | path |
/// |---|---|
/// | `description` | `config/description` |
/// | `shutdown` | `config/enabled` |
/// | `channel-group N` | `ethernet/config/aggregate-id` |
/// | `switchport mode`, `access vlan`, `trunk allowed vlan`, `trunk native vlan` | `ethernet/switched-vlan/config/…` |
/// | `mtu` of the port (L2) | `config/mtu` |
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>) {
    for (name, port) in &slice.ports {
        let interface = open_if(w, name.as_str(), enabled(slice, port), port.place);
        if let Some(description) = port.description {
            interface.leaf("config/description", &description.value, &description.place);
        }
        if let Some(lag) = port.lag {
            interface.leaf("ethernet/config/aggregate-id", port_channel(lag.value), &lag.place);
        } else {
            mtu(&interface, port);
            switching(&interface.at("ethernet/switched-vlan", port.place), port);
        }
    }
}

/// Whether a host port is up, and who says so: a drained device's are not.
pub(super) fn enabled<'s>(slice: &'s Slice<'_>, port: &HostPort<'s>) -> (bool, &'s Place) {
    match port.enabled {
        Some(enabled) if !enabled.value => (false, &enabled.place),
        _ if slice.is_drained() => (false, &slice.state.place),
        Some(enabled) => (true, &enabled.place),
        None => (true, port.place),
    }
}

/// The L2 MTU, on the interface that switches: the LAG, or the port without one.
pub(super) fn mtu(interface: &Cursor<'_, '_>, port: &HostPort<'_>) {
    if let Some(mtu) = port.mtu {
        interface.leaf("config/mtu", mtu.value, &mtu.place);
    }
}

/// VLANs of a port or LAG, at its `switched-vlan`.
pub(super) fn switching(switched: &Cursor<'_, '_>, port: &HostPort<'_>) {
    let mode = port.mode.map_or(PortMode::Trunk, |mode| mode.value);
    let place = port.mode.map_or(port.place, |mode| &mode.place);
    let first = port.vlans.first();
    match (mode, first) {
        (_, None) if port.mode.is_none() => {}
        (PortMode::Access, first) => {
            switched.leaf("config/interface-mode", "ACCESS", place);
            if let Some(vlan) = first {
                switched.leaf("config/access-vlan", vlan.value, &vlan.place);
            }
        }
        (PortMode::Trunk, first) => {
            switched.leaf("config/interface-mode", "TRUNK", place);
            if let Some(vlan) = first {
                let vlans = port.vlans.iter().map(|vlan| vlan.value);
                switched.leaf_list("config/trunk-vlans", vlans, &vlan.place);
            }
            if let Some(native) = port.native {
                switched.leaf("config/native-vlan", native.value, &native.place);
            }
        }
    }
}
