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

/// What may be absent: list, field, and what stands in its place then (nothing if empty).
const BY_VERSION: [(&str, &str, &str); 13] = [
    // NetBox 4.3 brought parents of any kind and took the device away
    ("ipam/services", "device", "parent_object_id"),
    ("ipam/services", "parent_object_id", "device"),
    ("ipam/services", "parent_object_type", "device"),
    // NetBox 4.7 brought the mappings, and keeps the ports for now
    ("ipam/services", "port_mappings", "ports"),
    ("ipam/services", "ports", "port_mappings"),
    // NetBox 4.3
    ("vpn/l2vpns", "status", ""),
    // netbox-bgp 0.16
    ("plugins/bgp/routing-policy-rule", "match_aspath_list", ""),
    // netbox-bgp 0.18
    ("plugins/bgp/session", "max_prefixes", ""),
    // netbox-bgp 0.19
    ("plugins/bgp/session", "extra_attributes", ""),
    ("plugins/bgp/peer-group", "extra_attributes", ""),
    // netbox-bgp 0.20
    ("plugins/bgp/community-list-rule", "community_custom", ""),
    // not known of each version from 0.15 on
    ("plugins/bgp/peer-group", "prefix_list_in", ""),
    ("plugins/bgp/peer-group", "prefix_list_out", ""),
];

/// The keys of an object, whatever their values are: serde reads them as a map, not as a set.
type Row = BTreeMap<String, IgnoredAny>;

/// Looks whether all objects of a page have all fields that were asked for.
pub(super) fn check(list: &Endpoint, body: &Body) -> Result<(), NetBoxError> {
    let page: Page<Row> = body.parse()?;
    let absent = |row: &Row| {
        list.fields.iter().copied().find(|field| !row.contains_key(*field) && !may_lack(list, field, row))
    };
    match page.results.iter().find_map(absent) {
        Some(field) => Err(NetBoxError::NoField { list: list.path.to_owned(), field }),
        None => Ok(()),
    }
}

fn may_lack(list: &Endpoint, field: &str, row: &Row) -> bool {
    BY_VERSION.iter().any(|(path, name, instead)| {
        (*path, *name) == (list.path, field) && (instead.is_empty() || row.contains_key(*instead))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netbox::inventory::ENDPOINTS;

    #[test]
    fn what_is_not_set_is_null_and_what_is_absent_is_another_api() {
        const SERVICE: &str = r#""id": 1, "name": "gnmi", "protocol": null"#;
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
        ] {
            let list = ENDPOINTS.iter().find(|list| list.path == path).unwrap();
            let bytes = format!(r#"{{"count": 1, "next": null, "results": [{row}]}}"#).into_bytes();
            let body = Body { url: String::new(), bytes, html: false };
            let found = match check(list, &body) {
                Ok(()) => None,
                Err(NetBoxError::NoField { field, .. }) => Some(field),
                Err(other) => panic!("{case}: {other}"),
            };
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn what_may_be_absent_is_what_is_asked_for() {
        for (path, field, instead) in BY_VERSION {
            let list = ENDPOINTS.iter().find(|list| list.path == path).unwrap();
            assert!(list.fields.contains(&field), "{path}: {field}");
            assert!(instead.is_empty() || list.fields.contains(&instead), "{path}: {instead}");
        }
    }
}
