//! Fields that an answer lacks: null says that nothing is set, absence that this is another API.
//!
//! `enabled`, read as false where it was renamed, would shut every port. Here: the fields that
//! some versions do not have. Elsewhere: how null is read (`objects`), which versions there are
//! (`status`).

#![expect(clippy::zero_sized_map_values, reason = "serde reads an object as a map, not as a set")]

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::answer::Body;
use super::error::NetBoxError;
use super::inventory::{Endpoint, Page};
use super::status::{Since, Status};

/// A field that some versions do not have.
struct Field {
    list: &'static str,
    name: &'static str,
    /// What stands in its place in those that lack it; nothing if empty.
    instead: &'static str,
    /// What brought it; none where one field took another one's place.
    since: Option<Since>,
}

const fn field(list: &'static str, name: &'static str, instead: &'static str, since: Option<Since>) -> Field {
    Field { list, name, instead, since }
}

const BY_VERSION: [Field; 13] = [
    // NetBox 4.3 brought parents of any kind and took the device away
    field("ipam/services", "device", "parent_object_id", None),
    field("ipam/services", "parent_object_id", "device", None),
    field("ipam/services", "parent_object_type", "device", None),
    // NetBox 4.7 brought the mappings, and keeps the ports for now
    field("ipam/services", "port_mappings", "ports", None),
    field("ipam/services", "ports", "port_mappings", None),
    field("vpn/l2vpns", "status", "", Some(Since::NetBox(4, 3, 0))),
    field("plugins/bgp/routing-policy-rule", "match_aspath_list", "", Some(Since::Bgp(0, 16, 0))),
    field("plugins/bgp/session", "max_prefixes", "", Some(Since::Bgp(0, 18, 1))),
    field("plugins/bgp/session", "extra_attributes", "", Some(Since::Bgp(0, 19, 0))),
    field("plugins/bgp/peer-group", "extra_attributes", "", Some(Since::Bgp(0, 19, 0))),
    field("plugins/bgp/community-list-rule", "community_custom", "", Some(Since::Bgp(0, 20, 0))),
    field("plugins/bgp/peer-group", "prefix_list_in", "", Some(Since::Bgp(0, 19, 0))),
    field("plugins/bgp/peer-group", "prefix_list_out", "", Some(Since::Bgp(0, 19, 0))),
];

/// The fields that came with some version: list, name, and that version.
pub(super) fn brought() -> impl Iterator<Item = (&'static str, &'static str, Since)> {
    BY_VERSION.iter().filter_map(|field| Some((field.list, field.name, field.since?)))
}

/// The keys of an object, whatever their values are: serde reads them as a map, not as a set.
type Row = BTreeMap<String, IgnoredAny>;

/// Looks whether all objects of a page have all fields that were asked for, and that this
/// version has.
pub(super) fn check(list: &Endpoint, status: &Status, body: &Body) -> Result<(), NetBoxError> {
    let page: Page<Row> = body.parse()?;
    let absent = |row: &Row| {
        list.fields
            .iter()
            .copied()
            .find(|field| !row.contains_key(*field) && !may_lack(list, status, field, row))
    };
    match page.results.iter().find_map(absent) {
        Some(field) => Err(NetBoxError::NoField { list: list.path.to_owned(), field }),
        None => Ok(()),
    }
}

fn may_lack(list: &Endpoint, status: &Status, name: &str, row: &Row) -> bool {
    BY_VERSION.iter().any(|field| {
        (field.list, field.name) == (list.path, name)
            && (field.instead.is_empty() || row.contains_key(field.instead))
            && field.since.is_none_or(|since| status.has(since) != Some(true))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netbox::inventory::ENDPOINTS;

    #[test]
    fn what_is_not_set_is_null_and_what_is_absent_is_another_api() {
        const SESSION: &str = "plugins/bgp/session";
        const SERVICE: &str = r#""id": 1, "name": "gnmi", "protocol": null"#;
        let row = |path: &str, without: &[&str]| {
            let list = ENDPOINTS.iter().find(|list| list.path == path).unwrap();
            let fields = list.fields.iter().filter(|field| !without.contains(field));
            format!("{{{}}}", fields.map(|field| format!("{field:?}: 1")).collect::<Vec<_>>().join(", "))
        };
        for (case, path, row, expected) in [
            ("all of it", "dcim/sites", r#"{"id": 1, "name": "a", "slug": "a", "x": 1}"#.to_owned(), None),
            ("not set", "dcim/sites", r#"{"id": 1, "name": null, "slug": null}"#.to_owned(), None),
            ("renamed", "dcim/sites", r#"{"id": 1, "title": "a", "slug": "a"}"#.to_owned(), Some("name")),
            (
                "a later row",
                "dcim/sites",
                r#"{"id": 1, "name": "a", "slug": "a"}, {"id": 2, "name": "b"}"#.to_owned(),
                Some("slug"),
            ),
            ("4.2", "ipam/services", format!(r#"{{{SERVICE}, "device": null, "ports": []}}"#), None),
            (
                "4.3",
                "ipam/services",
                format!(
                    r#"{{{SERVICE}, "parent_object_type": null, "parent_object_id": null, "ports": []}}"#
                ),
                None,
            ),
            (
                "no ports of any form",
                "ipam/services",
                format!(r#"{{{SERVICE}, "device": null}}"#),
                Some("ports"),
            ),
            (
                "no parent of any form",
                "ipam/services",
                format!(r#"{{{SERVICE}, "ports": []}}"#),
                Some("parent_object_type"),
            ),
            ("of a later version", SESSION, row(SESSION, &["extra_attributes"]), None),
            ("of an earlier version", SESSION, row(SESSION, &["max_prefixes"]), Some("max_prefixes")),
        ] {
            let list = ENDPOINTS.iter().find(|list| list.path == path).unwrap();
            let bytes = format!(r#"{{"count": 1, "next": null, "results": [{row}]}}"#).into_bytes();
            let body = Body { url: String::new(), bytes, html: false };
            let status = Status { version: "4.5.1".to_owned(), bgp: Some("0.18.1".to_owned()) };
            let found = match check(list, &status, &body) {
                Ok(()) => None,
                Err(NetBoxError::NoField { field, .. }) => Some(field),
                Err(other) => panic!("{case}: {other}"),
            };
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn what_may_be_absent_is_what_is_asked_for() {
        for Field { list: path, name, instead, .. } in BY_VERSION {
            let list = ENDPOINTS.iter().find(|list| list.path == path).unwrap();
            assert!(list.fields.contains(&name), "{path}: {name}");
            assert!(instead.is_empty() || list.fields.contains(&instead), "{path}: {instead}");
        }
    }
}
