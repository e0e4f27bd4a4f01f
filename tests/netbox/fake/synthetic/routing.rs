//! netbox-bgp: communities, lists, policies, peer groups, and a session object for each end
//! of each neighbourship.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::addresses::{ibgp, link, router_id};
use super::{Build, SPINES, asn, choice, leaf, spine};

impl Build<'_> {
    pub(super) fn routing(&mut self) {
        self.lists();
        self.policies();
        self.peer_groups();
        self.sessions();
    }

    fn lists(&mut self) {
        let add = |build: &mut Self, kind: &str, with: &Value| {
            let endpoint = format!("plugins/bgp/{kind}");
            let id = build.add(&endpoint, with);
            build.netbox.brief(&endpoint, id)
        };
        let community = json!({"value": "64900:7", "description": "router ids", "status": choice("active")});
        let community = add(self, "community", &community);
        let list = add(self, "community-list", &json!({"name": "CL-ROUTER-IDS"}));
        let rule = json!({"community_list": list, "action": "permit", "community": community});
        add(self, "community-list-rule", &rule);
        let list = add(self, "aspath-list", &json!({"name": "AP-NORTH"}));
        let rule =
            json!({"aspath_list": list, "index": 10, "action": "permit", "pattern": "^649[0-9][0-9]_"});
        add(self, "aspath-list-rule", &rule);
        let list = add(self, "prefix-list", &json!({"name": "PL-ROUTER-IDS", "family": "ipv4"}));
        for (index, prefix) in [(10, "10.90.0.0/16"), (20, "10.91.0.0/16")] {
            let id = self.netbox.find("ipam/prefixes", |known| known["prefix"] == prefix).unwrap();
            let prefix = self.netbox.brief("ipam/prefixes", id);
            let rule =
                json!({"prefix_list": list, "index": index, "action": "permit", "prefix": prefix, "le": 32});
            add(self, "prefix-list-rule", &rule);
        }
    }

    fn policies(&mut self) {
        let named = |build: &Self, kind: &str, name: &str| build.named(&format!("plugins/bgp/{kind}"), name);
        for name in ["RM-OVERLAY-OUT", "RM-ROUTER-IDS"] {
            self.add("plugins/bgp/routing-policy", &json!({"name": name}));
        }
        let overlay = named(self, "routing-policy", "RM-OVERLAY-OUT");
        let own = named(self, "routing-policy", "RM-ROUTER-IDS");
        let communities = named(self, "community-list", "CL-ROUTER-IDS");
        let paths = named(self, "aspath-list", "AP-NORTH");
        let prefixes = named(self, "prefix-list", "PL-ROUTER-IDS");
        for rule in [
            json!({
                "routing_policy": overlay, "index": 10, "action": "permit", "match_community_list": [communities],
                "match_aspath_list": [paths], "set_actions": {"next-hop": "unchanged"}, "continue_entry": 20,
            }),
            json!({"routing_policy": overlay, "index": 20, "action": "permit", "match_custom": {"route-type": "evpn"}}),
            json!({
                "routing_policy": own, "index": 10, "action": "permit", "match_ip_address": [prefixes],
                "set_actions": {"community": ["64900:7"]},
            }),
            json!({"routing_policy": own, "index": 20, "action": "deny"}),
        ] {
            self.add("plugins/bgp/routing-policy-rule", &rule);
        }
    }

    fn peer_groups(&mut self) {
        let overlay = self.named("plugins/bgp/routing-policy", "RM-OVERLAY-OUT");
        let prefixes = self.named("plugins/bgp/prefix-list", "PL-ROUTER-IDS");
        for group in [
            json!({
                "name": "UNDERLAY", "prefix_list_out": prefixes,
                "extra_attributes": {"bfd": true, "maximum_routes": 12_000, "address_families": ["ipv4-unicast"]},
            }),
            json!({
                "name": "EVPN", "export_policies": [overlay],
                "extra_attributes": {
                    "ebgp_multihop": 3, "update_source": "Loopback0", "maximum_routes": 0,
                    "send_community": "extended", "address_families": ["l2vpn-evpn"], "next_hop_unchanged": true,
                },
            }),
            json!({
                "name": "MLAG-IBGP",
                "extra_attributes": {"next_hop_self": true, "address_families": ["ipv4-unicast"]},
            }),
        ] {
            self.add("plugins/bgp/peer-group", &group);
        }
    }

    fn sessions(&mut self) {
        let addresses = self.netbox.objects("ipam/ip-addresses");
        let addresses: BTreeMap<String, u64> = addresses
            .filter_map(|known| Some((known["address"].as_str()?.to_owned(), known["id"].as_u64()?)))
            .collect();
        for n in 0..2 * self.pairs {
            let low = (leaf(n), asn(Some(n / 2)));
            for uplink in 0..SPINES {
                let high = (spine(uplink), asn(None));
                let ends = link(uplink, n);
                self.session_pair([&high, &low], &ends, "UNDERLAY", "underlay", &addresses);
                let ends = [router_id(true, uplink), router_id(false, n)];
                self.session_pair([&high, &low], &ends, "EVPN", "evpn", &addresses);
            }
        }
        for pair in 0..self.pairs {
            let members = Self::members(pair).map(|name| (name, asn(Some(pair))));
            let [first, second] = &members;
            self.session_pair([first, second], &ibgp(pair), "MLAG-IBGP", "ibgp", &addresses);
        }
    }

    /// The two objects of a neighbourship.
    fn session_pair(
        &mut self,
        ends: [&(String, u64); 2],
        addresses: &[String; 2],
        group: &str,
        kind: &str,
        known: &BTreeMap<String, u64>,
    ) {
        for (own, far) in [(0, 1), (1, 0)] {
            let ((name, local_as), (other, remote_as)) = (ends[own], ends[far]);
            let address = |address: &String| self.netbox.brief("ipam/ip-addresses", known[address]);
            let spine_of_evpn = group == "EVPN" && own == 0;
            let session = json!({
                "name": format!("{name}-{other} {kind}"), "status": choice("active"),
                "site": self.named("dcim/sites", "Nordhafen"), "device": self.named("dcim/devices", name),
                "local_address": address(&addresses[own]), "remote_address": address(&addresses[far]),
                "local_as": self.named("ipam/asns", &format!("AS{local_as}")),
                "remote_as": self.named("ipam/asns", &format!("AS{remote_as}")),
                "peer_group": self.named("plugins/bgp/peer-group", group),
                "max_prefixes": if spine_of_evpn { json!(20_000) } else { Value::Null },
            });
            self.add("plugins/bgp/session", &session);
        }
    }
}
