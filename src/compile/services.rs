//! The name, time and log servers that the device uses.
//!
//! Elsewhere: all else under `/system` (`system`, `bootstrap`). None of these carries the
//! agent; that their VRF may be the management's is why references may lead into what
//! bootstrap makes (`compile`).

use super::Slice;
use crate::intent::model::services::Severity;
use crate::yang::write::Writer;

/// | EOS | path, under `/system` |
/// |---|---|
/// | `dns domain` | `config/domain-name` |
/// | `ip name-server` | `dns/servers/server`; its VRF in `dns/config/network-instance` |
/// | `ntp server` | `ntp/servers/server`, its VRF in `config/network-instance` |
/// | `logging host` | `logging/remote-servers/remote-server/config/…` |
/// | `logging trap` | `…/remote-server/selectors/selector`, of each server |
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>) {
    let (dns, ntp) = (&slice.services.dns, &slice.services.ntp);
    if let Some(domain) = &dns.domain {
        w.leaf("/system/config/domain-name", &domain.value, &domain.place);
    }
    for server in dns.servers.iter().flatten() {
        w.entry("/system/dns/servers/server", [server.value], &server.place);
    }
    if let Some(vrf) = dns.vrf.as_ref().filter(|_| dns.servers.iter().flatten().next().is_some()) {
        w.leaf("/system/dns/config/network-instance", &vrf.value, &vrf.place);
    }
    for server in ntp.servers.iter().flatten() {
        let entry = w.entry("/system/ntp/servers/server", [&server.value], &server.place);
        if let Some(vrf) = &ntp.vrf {
            entry.leaf("config/network-instance", &vrf.value, &vrf.place);
        }
    }
    syslog(slice, w);
}

fn syslog(slice: &Slice<'_>, w: &Writer<'_>) {
    let syslog = &slice.services.syslog;
    for server in syslog.servers.iter().flatten() {
        let host = &server.address;
        let entry = w.entry("/system/logging/remote-servers/remote-server", [&host.value], &host.place);
        if let Some(port) = &server.port {
            entry.leaf("config/remote-port", port.value, &port.place);
        }
        if let Some(vrf) = &syslog.vrf {
            entry.leaf("config/network-instance", &vrf.value, &vrf.place);
        }
        if let Some(level) = &syslog.level {
            let keys = ["openconfig-system-logging:ALL", severity(level.value)];
            entry.entry("selectors/selector", keys, &level.place);
        }
    }
}

/// As OpenConfig spells it.
fn severity(level: Severity) -> &'static str {
    match level {
        Severity::Emergency => "EMERGENCY",
        Severity::Alert => "ALERT",
        Severity::Critical => "CRITICAL",
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
        Severity::Notice => "NOTICE",
        Severity::Informational => "INFORMATIONAL",
        Severity::Debug => "DEBUG",
    }
}
