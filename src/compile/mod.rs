//! One device's slice of the fabric to its YANG tree.
//!
//! [`slice`](Slice) is all that a compilation may look at; each file after it writes one
//! feature and reads like a table of EOS commands and YANG paths. `bootstrap` prints what
//! has no path or must not be sent; `drift` says what becomes of what people change; `cache` compiles only what changed; `engine` goes from
//! files to all devices. Pure: values in, values out. Elsewhere: rules across the fabric
//! (`intent::check`), what a device has already (`plan`).
//!
//! What a device's state means here: `active`, `staged` and `paused` compile alike (whether
//! a tree is sent is `rollout`'s); `drained` shuts host ports and BGP neighbours and leaves
//! the links up; `released` has no tree, as nothing of it is ours any more.

pub mod bootstrap;
pub mod cache;
pub mod drift;
mod engine;
pub mod slice;

mod defaults;

mod bgp;
mod evpn;
mod interfaces;
mod mlag;
mod policies;
mod port_channel;
mod ports;
mod raw;
mod scheme;
mod services;
mod static_routes;
mod svi;
mod system;
mod vlans;
mod vrf;
mod vxlan;

#[cfg(test)]
mod tests;

pub use crate::stop::{GaveUp, Stop};
pub use drift::DriftRules;
pub use engine::{Build, DeviceBuild, Engine};
pub use slice::Slice;

use std::sync::Arc;

use crate::diagnostic::{Finding, Findings};
use crate::intent::model::{DeviceState, UnusedPorts};
use crate::platform::arista_eos::protected::Protected;
use crate::yang::validate::{Fault, FaultKind, into_finding, validate};
use crate::yang::write::Writer;
use crate::yang::{Schema, Tree};

/// What one device's compilation gives.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The owned tree; each leaf knows the place that asked for it.
    pub tree: Arc<Tree>,
    /// What is wrong with it, or with its slice.
    pub findings: Findings,
    /// What must never be sent to the device, whoever asks.
    pub protected: Protected,
}

/// More findings of one device are counted and not kept: what is wrong with one is wrong with
/// many.
const OF_A_DEVICE: usize = 200;

/// Compiles one device and validates the result against its schema.
pub fn compile(slice: &Slice<'_>, schema: &Schema) -> Compiled {
    let mut findings = Findings::new();
    let w = Writer::new(schema);
    if slice.state.value != DeviceState::Released {
        write(slice, &w, schema, &mut findings);
    }
    let (tree, written) = w.finish();
    findings.extend(written.iter().cloned().map(|finding| finding.on(slice.device)));
    let faults = faults(slice, schema, &tree);
    findings.extend(faults.iter().map(|fault| into_finding(fault).on(slice.device)));
    findings.hold(OF_A_DEVICE);
    Compiled { tree: Arc::new(tree), findings, protected: slice.protected() }
}

/// What the schema does not allow in the tree. A reference may lead into what bootstrap
/// makes, such as the management VRF: it is there, and is not ours.
fn faults(slice: &Slice<'_>, schema: &Schema, tree: &Tree) -> Vec<Fault> {
    let mut faults = validate(schema, tree);
    if faults.iter().any(|fault| fault.kind == FaultKind::Dangling) {
        let mut whole = bootstrap::tree(slice, schema).0;
        for (path, leaf) in tree.iter() {
            whole.insert(path.clone(), leaf.clone());
        }
        let left = validate(schema, &whole);
        faults.retain(|fault| fault.kind != FaultKind::Dangling || left.contains(fault));
    }
    faults
}

/// Every feature. Their order is of no matter but for `raw`, which meets what is there.
fn write(slice: &Slice<'_>, w: &Writer<'_>, schema: &Schema, findings: &mut Findings) {
    system::write(slice, w);
    services::write(slice, w);
    interfaces::write(slice, w);
    ports::write(slice, w);
    port_channel::write(slice, w, findings);
    vlans::write(slice, w);
    svi::write(slice, w, findings);
    mlag::write(slice, w, findings);
    vxlan::write(slice, w, findings);
    evpn::write(slice, w, findings);
    vrf::write(slice, w, findings);
    policies::write(slice, w);
    bgp::write(slice, w);
    static_routes::write(slice, w);
    raw::write(slice, w, schema, findings);
    if slice.unused_ports == UnusedPorts::Shut {
        findings.push(unused_ports_unknown(slice));
    }
}

/// No platform profile lists a chassis' ports yet, so nothing can say which are unused.
fn unused_ports_unknown(slice: &Slice<'_>) -> Finding {
    let message = "`unused-ports: shut` has no effect: the ports of this chassis are not known";
    Finding::warning("unused-ports-unknown", slice.unused_ports_place, message)
        .hint("name the ports under `ports` with `enabled: false`")
}
