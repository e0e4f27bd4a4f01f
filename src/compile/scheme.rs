//! Route distinguishers and route targets: a service's own, or the fabric's scheme.
//!
//! Here: the words of schemes and what each stands for on one device. Elsewhere: which
//! words exist (`intent`), where the results go (`evpn`, `vrf`, `bgp::vrf`).

use std::net::Ipv4Addr;

use super::Slice;
use crate::diagnostic::{Finding, Findings, Place, Spanned};
use crate::intent::model::{RouteScheme, RouteTargets};
use crate::names::{Asn, VlanId, Vni};

/// What the words of a scheme stand for, on one device and for one service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    pub(super) asn: Option<Asn>,
    pub(super) router_id: Ipv4Addr,
    pub(super) vni: Option<Vni>,
    pub(super) vlan: Option<VlanId>,
    pub(super) id: Option<u32>,
}

impl Words {
    /// The device's words; a service adds its own.
    pub(super) fn of(slice: &Slice<'_>) -> Self {
        let asn = slice.asn.map(|asn| asn.value);
        Self { asn, router_id: slice.loopback.value, vni: None, vlan: None, id: None }
    }

    fn word(&self, word: &str) -> Option<String> {
        match word {
            "asn" => self.asn.map(|asn| asn.to_string()),
            "router-id" => Some(self.router_id.to_string()),
            "vni" => self.vni.map(|vni| vni.to_string()),
            "vlan" => self.vlan.map(|vlan| vlan.to_string()),
            "id" => self.id.map(|id| id.to_string()),
            _ => None,
        }
    }

    /// The scheme with every `{word}` replaced; the first word without a value otherwise.
    fn expand<'t>(&self, scheme: &'t str) -> Result<String, &'t str> {
        let mut text = String::new();
        let mut rest = scheme;
        while let Some((before, after)) = rest.split_once('{') {
            let (word, after) = after.split_once('}').ok_or(after)?;
            text.push_str(before);
            text.push_str(&self.word(word).ok_or(word)?);
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }
}

/// A service's distinguisher and targets.
#[derive(Clone, Debug)]
pub(super) struct Routes<'a> {
    /// The route distinguisher.
    pub(super) rd: (String, &'a Place),
    /// Imported targets, each where it was written.
    pub(super) import: Vec<(String, &'a Place)>,
    /// Exported targets.
    pub(super) export: Vec<(String, &'a Place)>,
}

/// One L2 or L3 service that needs routes: who it is and what it says itself.
pub(super) struct Service<'a> {
    /// `VLAN 40`, `VRF gold`: for findings.
    pub(super) name: String,
    /// Its file: for findings.
    pub(super) place: &'a Place,
    /// Its own distinguisher.
    pub(super) rd: Option<&'a Spanned<String>>,
    /// Its own targets.
    pub(super) rt: Option<&'a RouteTargets>,
    /// The fabric's scheme for such services.
    pub(super) scheme: Option<&'a RouteScheme>,
    /// What the words stand for.
    pub(super) words: Words,
}

impl<'a> Service<'a> {
    /// Its routes; none with a finding when neither it nor a scheme says them.
    pub(super) fn routes(&self, slice: &Slice<'_>, findings: &mut Findings) -> Option<Routes<'a>> {
        let rd = self.rd.or(self.scheme.map(|scheme| &scheme.rd));
        let rd = self.said("route distinguisher", "rd", rd, slice, findings);
        let (import, export) = match (self.rt, self.scheme) {
            (Some(own), _) => (own.import.iter().collect(), own.export.iter().collect()),
            (None, Some(scheme)) => (vec![&scheme.rt], vec![&scheme.rt]),
            (None, None) => {
                self.said("route target", "rt", None, slice, findings);
                return None;
            }
        };
        let mut targets = |texts: Vec<&'a Spanned<String>>| -> Vec<_> {
            let said = |text| self.said("route target", "rt", Some(text), slice, findings);
            texts.into_iter().filter_map(said).collect()
        };
        Some(Routes { import: targets(import), export: targets(export), rd: rd? })
    }

    fn said(
        &self,
        what: &str,
        key: &str,
        text: Option<&'a Spanned<String>>,
        slice: &Slice<'_>,
        findings: &mut Findings,
    ) -> Option<(String, &'a Place)> {
        let name = &self.name;
        let Some(text) = text else {
            let finding = Finding::error("no-route-scheme", self.place, format!("{name} has no {what}"));
            let hint = format!("give it `{key}`, or the fabric's `overlay` a scheme");
            findings.push(finding.hint(hint).on(slice.device));
            return None;
        };
        match self.words.expand(&text.value) {
            Ok(expanded) => Some((expanded, &text.place)),
            Err(word) => {
                let message = format!("{name}: `{{{word}}}` of its {what} stands for nothing here");
                let finding = Finding::error("scheme-word-unknown", &text.place, message);
                findings.push(finding.related(self.place, "this service").on(slice.device));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_of_a_scheme_is_replaced_or_named() {
        let words = Words {
            asn: "65001".parse().ok(),
            router_id: Ipv4Addr::new(10, 0, 250, 11),
            vni: "110040".parse().ok(),
            vlan: "40".parse().ok(),
            id: None,
        };
        for (scheme, expected) in [
            ("{asn}:{vni}", Ok("65001:110040")),
            ("{router-id}:{vlan}", Ok("10.0.250.11:40")),
            ("65000:1", Ok("65000:1")),
            ("{id}:{vni}", Err("id")),
            ("{nothing}", Err("nothing")),
            ("{asn", Err("asn")),
        ] {
            assert_eq!(words.expand(scheme).as_deref().map_err(|word| *word), expected, "{scheme}");
        }
    }
}
