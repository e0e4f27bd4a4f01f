//! LAGs: those of hosts, and the peer link of a pair.
//!
//! Elsewhere: the ports in a host's LAG (`ports`), the pair itself (`mlag`).

use std::collections::BTreeMap;

use super::Slice;
use super::defaults::{PEER_LINK_DESCRIPTION, PEER_LINK_PORT_DESCRIPTION};
use super::interfaces::{open, open_if};
use super::ports::{enabled, mtu, switching};
use super::slice::{HostPort, Mlag};
use crate::diagnostic::{Finding, Findings, Spanned};
use crate::intent::model::{Fallback, LacpMode};
use crate::names::InterfaceName;
use crate::platform::arista_eos::interfaces::port_channel;
use crate::yang::write::{Cursor, Writer};

/// | EOS | path |
/// |---|---|
/// | `interface Port-ChannelN` | `aggregation/config/lag-type` |
/// | `channel-group N mode active` | `/lacp/interfaces/interface/config/lacp-mode`, and `aggregate-id` of the port |
/// | `mlag N` | `aggregation/config/mlag` |
/// | `port-channel lacp fallback …` | `aggregation/config/fallback`, `fallback-timeout` |
/// | `switchport …` | `aggregation/switched-vlan/config/…` |
/// | `spanning-tree link-type point-to-point` on the peer link | `/stp/interfaces/interface/config/link-type` |
///
/// `switchport trunk group` of a Port-Channel can be read and not written: bootstrap.
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>, findings: &mut Findings) {
    let mut lags: BTreeMap<u16, Vec<(&InterfaceName, &HostPort<'_>)>> = BTreeMap::new();
    for (name, port) in &slice.ports {
        if let Some(lag) = port.lag {
            lags.entry(lag.value).or_default().push((name, port));
        }
    }
    for (number, members) in lags {
        host_lag(slice, w, number, &members, findings);
    }
    if let Some(mlag) = &slice.mlag {
        peer_link(w, mlag);
    }
}

/// A host's LAG takes its settings from its first port; the others have to agree.
fn host_lag(
    slice: &Slice<'_>,
    w: &Writer<'_>,
    number: u16,
    members: &[(&InterfaceName, &HostPort<'_>)],
    findings: &mut Findings,
) {
    let Some(((first_name, first), others)) = members.split_first() else { return };
    let Some(lag) = first.lag else { return };
    if let Some(mlag) = slice.mlag.as_ref().filter(|mlag| mlag.port_channel.value == number) {
        let message = format!("{first_name}: Port-Channel{number} is the peer link of the pair");
        let finding = Finding::error("lag-is-peer-link", &lag.place, message);
        findings.push(finding.related(&mlag.port_channel.place, "the peer link").on(slice.device));
        return;
    }
    for (name, other) in others {
        if let Some(what) = disagreement(first, other) {
            let message =
                format!("{name} and {first_name} are in Port-Channel{number} with different {what}");
            let finding = Finding::error("lag-members-differ", other.place, message);
            findings.push(finding.related(first.place, "the first port of the LAG").on(slice.device));
        }
    }
    let name = port_channel(number);
    let interface = open_if(w, &name, enabled(slice, first), &lag.place);
    if let Some(description) = first.description {
        interface.leaf("config/description", &description.value, &description.place);
    }
    mtu(&interface, first);
    let aggregation = interface.at("aggregation", &lag.place);
    lacp(w, &aggregation, &name, first.lacp, lag);
    if first.of_pair && slice.mlag.is_some() {
        aggregation.leaf("config/mlag", number, &lag.place);
    }
    if let Some(fallback) = first.fallback {
        let text = match fallback.value {
            Fallback::Individual => "individual",
            Fallback::Static => "static",
        };
        aggregation.leaf("config/fallback", text, &fallback.place);
    }
    if let Some(timeout) = first.fallback_timeout {
        aggregation.leaf("config/fallback-timeout", timeout.value, &timeout.place);
    }
    switching(&aggregation.at("switched-vlan", &lag.place), first);
}

/// LACP unless the intent says that the LAG is static.
fn lacp(
    w: &Writer<'_>,
    aggregation: &Cursor<'_, '_>,
    name: &str,
    mode: Option<&Spanned<LacpMode>>,
    lag: &Spanned<u16>,
) {
    let place = mode.map_or(&lag.place, |mode| &mode.place);
    let activity = match mode.map_or(LacpMode::Active, |mode| mode.value) {
        LacpMode::Active => Some("ACTIVE"),
        LacpMode::Passive => Some("PASSIVE"),
        LacpMode::Static => None,
    };
    aggregation.leaf("config/lag-type", if activity.is_some() { "LACP" } else { "STATIC" }, place);
    if let Some(activity) = activity {
        w.entry("/lacp/interfaces/interface", [name], place).leaf("config/lacp-mode", activity, place);
    }
}

fn peer_link(w: &Writer<'_>, mlag: &Mlag<'_>) {
    let (number, name) = (mlag.port_channel, port_channel(mlag.port_channel.value));
    for port in mlag.peer_link {
        let member = open(w, port.as_str(), &port.place);
        member.leaf("config/description", PEER_LINK_PORT_DESCRIPTION, &port.place);
        member.leaf("ethernet/config/aggregate-id", &name, &port.place);
    }
    let interface = open(w, &name, &number.place);
    interface.leaf("config/description", PEER_LINK_DESCRIPTION, &number.place);
    let aggregation = interface.at("aggregation", &number.place);
    lacp(w, &aggregation, &name, None, number);
    aggregation.leaf("switched-vlan/config/interface-mode", "TRUNK", &number.place);
    let stp = w.entry("/stp/interfaces/interface", [&name], &number.place);
    stp.leaf("config/link-type", "P2P", &number.place);
}

/// What two ports of one LAG say differently of that LAG.
fn disagreement(one: &HostPort<'_>, other: &HostPort<'_>) -> Option<&'static str> {
    let pairs = [
        ("VLANs", one.vlans == other.vlans && one.native == other.native),
        ("modes", one.mode == other.mode),
        ("LACP settings", one.lacp == other.lacp),
        ("fallbacks", one.fallback == other.fallback && one.fallback_timeout == other.fallback_timeout),
        ("MTUs", one.mtu == other.mtu),
    ];
    pairs.into_iter().find(|(_, same)| !same).map(|(what, _)| what)
}
