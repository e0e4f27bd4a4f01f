//! What a session and its peer group say besides who talks to whom: policies, limits, BFD,
//! and the free attributes.
//!
//! Here: reading them with the session's own before its group's, and from them what each
//! device wants of `underlay` and `overlay`. Elsewhere: which level says it (`layers`), the
//! policies themselves (`policy`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{End, Purpose, objects};
use crate::names::SecretName;
use crate::netbox::objection::{About, Objection, Objections};
use crate::netbox::objects::bgp::PeerGroup;
use crate::netbox::translate::layers::Wishes;
use crate::netbox::translate::policy;
use crate::netbox::translate::scope::Scope;
use crate::netbox::translate::value::{list, number, shown, text};
use crate::netbox::wire::Ref;
use crate::netbox::yaml::{Map, Node};

/// Keys of `underlay`, `overlay` or a peer.
type Keys = BTreeMap<&'static str, Node>;

/// What a session says, itself or by its peer group.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    /// The policy or prefix list for what comes in.
    pub(crate) inbound: Option<String>,
    /// The same for what goes out.
    pub(crate) outbound: Option<String>,
    /// `maximum-routes`; 0 is no limit.
    pub(crate) maximum_routes: Option<u32>,
    /// `multihop`.
    pub(crate) multihop: Option<u8>,
    /// `bfd`.
    pub(crate) bfd: Option<bool>,
    /// `description` of the free attributes.
    pub(crate) description: Option<String>,
    /// The name of the password's secret.
    pub(crate) secret: Option<SecretName>,
}

impl Settings {
    /// What this says, and where it says nothing what `farther` says.
    fn or(self, farther: Self) -> Self {
        Self {
            inbound: self.inbound.or(farther.inbound),
            outbound: self.outbound.or(farther.outbound),
            maximum_routes: self.maximum_routes.or(farther.maximum_routes),
            multihop: self.multihop.or(farther.multihop),
            bfd: self.bfd.or(farther.bfd),
            description: self.description.or(farther.description),
            secret: self.secret.or(farther.secret),
        }
    }

    /// The keys of `underlay`, `overlay` or a peer that it fills.
    pub(crate) fn keys(&self) -> Keys {
        let keys = [
            ("multihop", self.multihop.map(Node::number)),
            ("in", self.inbound.as_ref().map(Node::text)),
            ("out", self.outbound.as_ref().map(Node::text)),
            ("maximum-routes", self.maximum_routes.map(Node::number)),
            ("bfd", self.bfd.map(Node::switch)),
        ];
        keys.into_iter().filter_map(|(key, node)| Some((key, node?))).collect()
    }
}

/// What each device wants. All sessions of a device that are for the same have to agree: the
/// intent has one value for them.
pub(super) fn wishes(scope: &Scope<'_>, ends: &[End<'_, '_>], out: &mut Objections) -> Wishes {
    let mut wishes = Wishes::new();
    let mut first: BTreeMap<(Purpose, u64), (&End<'_, '_>, Keys)> = BTreeMap::new();
    for end in ends.iter().filter(|end| end.peer.is_some() && end.purpose != Purpose::Inner) {
        let keys = read(scope, end, out).keys();
        let Some(section) = end.purpose.section() else {
            for key in keys.keys() {
                let message = format!("it has `{key}`, which the intent cannot say of iBGP: left out");
                objects(out, scope, end, Objection::warning("session-no-place", message));
            }
            continue;
        };
        let (known, values) =
            first.entry((end.purpose, end.member.id)).or_insert_with(|| (end, keys.clone()));
        if *values != keys {
            differ(scope, end, known, (values, &keys), out);
        } else if known.session.id == end.session.id {
            let mut map = Map::new();
            map.set_filled(
                section,
                Map(keys.into_iter().map(|(key, node)| (key.to_owned(), node)).collect()),
            );
            wishes.entry(end.member.id).or_default().merge(map);
        }
    }
    wishes
}

fn differ(
    scope: &Scope<'_>,
    end: &End<'_, '_>,
    known: &End<'_, '_>,
    (first, second): (&Keys, &Keys),
    out: &mut Objections,
) {
    let keys: Vec<&str> = ["multihop", "in", "out", "maximum-routes", "bfd"]
        .into_iter()
        .filter(|key| first.get(key) != second.get(key))
        .collect();
    let message = format!(
        "its {} differs from that of session {}: the intent has one value for all {} sessions of a device",
        keys.join(" and "),
        known.session.name,
        end.purpose.in_words()
    );
    let hint = "say it in the peer group, or the same in each session";
    objects(out, scope, end, Objection::error("session-differs", message).hint(hint));
}

/// What a session says, itself or by its peer group.
pub(crate) fn read(scope: &Scope<'_>, end: &End<'_, '_>, out: &mut Objections) -> Settings {
    let session = end.session;
    let about = end.about(scope);
    let mut own = attributes(&session.extra_attributes, end, &about, out);
    let mut filter = |policies, list, field| filter(scope, policies, list, &about, field, out);
    own.inbound = filter(&session.import_policies, session.prefix_list_in, "import_policies");
    own.outbound = filter(&session.export_policies, session.prefix_list_out, "export_policies");
    own.maximum_routes = session.max_prefixes.or(own.maximum_routes);
    let group = session.peer_group.and_then(|group| scope.inventory.peer_groups.get(&group.0));
    let Some(group) = group else { return own };
    let about = scope.about::<PeerGroup>(group.id, &group.name);
    let mut shared = attributes(&group.extra_attributes, end, &about, out);
    shared.description = None;
    let mut filter = |policies, list, field| self::filter(scope, policies, list, &about, field, out);
    shared.inbound = filter(&group.import_policies, group.prefix_list_in, "import_policies");
    shared.outbound = filter(&group.export_policies, group.prefix_list_out, "export_policies");
    own.or(shared)
}

/// The one policy or prefix list of a direction.
fn filter(
    scope: &Scope<'_>,
    policies: &[Ref],
    list: Option<Ref>,
    about: &About,
    field: &str,
    out: &mut Objections,
) -> Option<String> {
    let policies = policies.iter().filter_map(|policy| scope.inventory.policies.get(&policy.0));
    let mut names: Vec<&str> = policies.map(|policy| policy.name.as_str()).collect();
    let list = list.and_then(|list| scope.inventory.prefix_lists.get(&list.0));
    names.extend(list.map(|list| list.name.as_str()));
    if names.len() > 1 {
        let message = format!("{} stand in one direction, and the intent takes one", names.join(" and "));
        let objection = Objection::error("session-policies", message).about(about.clone()).field(field);
        out.push(objection.hint("make one routing policy of them, with the prefix lists in its rules"));
    }
    // what is wrong with the name is told where the policy or list is written
    names.first().and_then(|name| policy::name(name))
}

/// The free attributes, key by key. Those that only say what the design does anyway are held
/// against it; those that have no place are told.
fn attributes(value: &Value, end: &End<'_, '_>, about: &About, out: &mut Objections) -> Settings {
    let mut settings = Settings::default();
    let Value::Object(map) = value else { return settings };
    for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        let refuse = |expected: &str| {
            let message = format!("`{}` is no value for {key}", shown(value));
            let objection = Objection::error("session-attribute", message).about(about.clone());
            objection.field(format!("extra_attributes.{key}")).expected(expected)
        };
        let word = key.to_ascii_lowercase().replace('-', "_");
        match word.as_str() {
            "bfd" => match value.as_bool() {
                Some(bfd) => settings.bfd = Some(bfd),
                None => out.push(refuse("true or false")),
            },
            "maximum_routes" | "max_prefixes" | "maximum_prefixes" => {
                match number(value).and_then(|limit| u32::try_from(limit).ok()) {
                    Some(limit) => settings.maximum_routes = Some(limit),
                    None => out.push(refuse("a number of routes; 0 is no limit")),
                }
            }
            "ebgp_multihop" | "multihop" if end.purpose == Purpose::Overlay => {
                match number(value).and_then(|hops| u8::try_from(hops).ok()).filter(|hops| *hops > 0) {
                    Some(hops) => settings.multihop = Some(hops),
                    None => out.push(refuse("a number of hops from 1 to 255")),
                }
            }
            "description" => settings.description = text(value).filter(|text| !text.is_empty()),
            "secret" if end.purpose == Purpose::External => {
                let name = text(value).and_then(|name| name.trim_start_matches("secret:").parse().ok());
                match name {
                    Some(name) => settings.secret = Some(name),
                    // what stands there may be the secret itself
                    None => out.push(
                        Objection::error("session-attribute", "it is no name of a secret")
                            .about(about.clone())
                            .field(format!("extra_attributes.{key}"))
                            .expected("the name under which the agent has the secret, as in bgp/fw"),
                    ),
                }
            }
            word => match is_design(word, value, end) {
                Some(true) => {}
                Some(false) => {
                    let message = format!("`{}` is not what the intent makes of such sessions", shown(value));
                    let objection = Objection::warning("session-design", message).about(about.clone());
                    out.push(objection.field(format!("extra_attributes.{key}")));
                }
                None => {
                    let objection =
                        Objection::note("session-no-place", "the intent has no place for it: left out");
                    out.push(objection.about(about.clone()).field(format!("extra_attributes.{key}")));
                }
            },
        }
    }
    settings
}

/// Whether a free attribute says what sessions for this purpose have anyway; none if nothing
/// is known of it.
fn is_design(word: &str, value: &Value, end: &End<'_, '_>) -> Option<bool> {
    let said = |expected: &[&str]| {
        text(value).is_some_and(|text| expected.contains(&text.to_ascii_lowercase().as_str()))
    };
    match (word, end.purpose) {
        ("address_families", purpose) => {
            let plain = |value: &Value| Some(text(value)?.to_ascii_lowercase().replace([' ', '_'], "-"));
            let families = list(value, plain)?;
            let expected: &[&str] = match purpose {
                Purpose::Overlay => &["l2vpn-evpn", "evpn"],
                _ if end.remote.is_ipv6() => &["ipv6-unicast", "ipv6"],
                _ => &["ipv4-unicast", "ipv4"],
            };
            Some(families.iter().all(|family| expected.contains(&family.as_str())))
        }
        ("update_source", Purpose::Overlay) => Some(said(&["loopback0"])),
        ("send_community", Purpose::Overlay) => Some(said(&["extended"])),
        ("next_hop_unchanged", Purpose::Overlay) | ("next_hop_self", Purpose::Ibgp) => {
            Some(value.as_bool() == Some(true))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::netbox::translate::small::objections;
    use crate::netbox::wire::Ref;

    #[test]
    fn what_one_value_for_all_sessions_cannot_say_is_told() {
        objections(&[
            (
                "sessions of one device that differ",
                |small| small.session_of(1, Some(2)).max_prefixes = Some(5),
                &["error[session-differs]: BGP session spine1 spine1-leaf2: its maximum-routes differs"],
            ),
            (
                "two policies in one direction",
                |small| {
                    small.put("plugins/bgp/routing-policy", 5, json!({ "name": "RM" }));
                    small.put("plugins/bgp/prefix-list", 6, json!({ "name": "PL", "family": "ipv4" }));
                    small.group(1).export_policies = [Ref(5)].into_iter().collect();
                    small.group(1).prefix_list_out = Some(Ref(6));
                },
                &["error[session-policies]: peer group LINKS: RM and PL stand in one direction"],
            ),
            (
                "free attributes",
                |small| {
                    small.group(2).extra_attributes = json!({
                        "ebgp_multihop": 0, "update-source": "Loopback1", "colour": "hush",
                        "address_families": ["l2vpn evpn"], "password": "hush",
                    });
                },
                &[
                    "error[session-attribute]: peer group LOOPBACKS: `0` is no value for ebgp_multihop",
                    "warning[session-design]: peer group LOOPBACKS: `Loopback1` is not what the intent makes",
                    "note[session-no-place]: peer group LOOPBACKS: the intent has no place for it: left out",
                    "note[session-no-place]: peer group LOOPBACKS: the intent has no place for it: left out",
                ],
            ),
        ]);
    }
}
