//! Edits of the recorded NetBox, each a trap, and what comes of it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::netbox::inventory::ENDPOINTS;
use crate::netbox::mapping::FILE;

/// An edit of the recorded state 1: the object, found by a text that its JSON has, and the
/// field that is set.
struct Edit {
    list: &'static str,
    of: &'static [(&'static str, &'static str)],
    field: &'static str,
    value: Value,
}

fn edit(
    list: &'static str,
    of: &'static [(&'static str, &'static str)],
    field: &'static str,
    value: Value,
) -> Edit {
    Edit { list, of, field, value }
}

/// The recorded state with edits.
fn edited(state: u8, edits: &[Edit]) -> Option<Inventory> {
    let mut inventory = recorded::state(state)?;
    for edit in edits {
        let list = recorded::list(state, edit.list);
        let is_it = |object: &&Value| {
            edit.of
                .iter()
                .all(|(pointer, text)| object.pointer(pointer).and_then(Value::as_str) == Some(*text))
        };
        let object = list.iter().find(is_it).unwrap_or_else(|| panic!("{:?}", edit.of));
        if edit.value == json!("GONE") {
            assert!(inventory.take(edit.list, object["id"].as_u64().unwrap()));
            continue;
        }
        let mut object = object.clone();
        match edit.field.split_once('.') {
            Some((outer, inner)) => object[outer][inner] = edit.value.clone(),
            None => object[edit.field] = edit.value.clone(),
        }
        inventory.put(edit.list, &object.to_string()).unwrap().unwrap();
    }
    Some(inventory)
}

const LEAF1: &[(&str, &str)] = &[("/name", "leaf1")];
const LEAF7: &[(&str, &str)] = &[("/name", "leaf7")];
const LEAF7_PO1: &[(&str, &str)] = &[("/device/name", "leaf7"), ("/name", "Port-Channel1")];
const LEAF7_VTEP: &[(&str, &str)] =
    &[("/assigned_object/device/name", "leaf7"), ("/address", "10.0.255.14/32")];
const LEAF7_ETHERNET1: &[(&str, &str)] = &[("/device/name", "leaf7"), ("/name", "Ethernet1")];
const LEAF7_ETHERNET2: &[(&str, &str)] = &[("/device/name", "leaf7"), ("/name", "Ethernet2")];
const VLAN_34: u64 = 34;

fn vlan(vid: u64) -> Value {
    let list = recorded::list(1, "ipam/vlans");
    let vlan = list.iter().find(|vlan| vlan["vid"] == vid).unwrap();
    json!({"id": vlan["id"]})
}

/// What an export upon state 1 changes, and what it objects to beside notes.
fn outcome(edits: &[Edit], before: &BTreeMap<RepoPath, String>) -> Option<(String, Vec<String>)> {
    let translation = translated(&edited(1, edits)?, &standing(before));
    let objections = translation.objections.iter().filter(|one| one.weight != Weight::Note);
    Some((diff(before, &translation.files), objections.map(ToString::to_string).collect()))
}

#[test]
fn what_differs_between_members_does_not_reach_the_files_until_both_say_it() {
    let Some(before) = files(1, &Previous::default()) else { return };
    for (case, edit, expected) in [
        (
            "the VLAN of a LAG",
            edit("dcim/interfaces", LEAF7_PO1, "untagged_vlan", vlan(VLAN_34)),
            "warning[port-members-differ]: interface leaf7 Ethernet1: Ethernet1 differs between the members of leafs-4: leaf7: { to: host4, lag: 1, mode: access, vlans: [34] }; leaf8: { to: host4, lag: 1, mode: access, vlans: [78] }",
        ),
        (
            "a port out of its LAG",
            edit("dcim/interfaces", LEAF7_ETHERNET1, "lag", Value::Null),
            "warning[port-members-differ]: interface leaf7 Ethernet1: Ethernet1 differs",
        ),
        (
            "the VTEP",
            edit("ipam/ip-addresses", LEAF7_VTEP, "address", json!("10.0.255.99/32")),
            "warning[pair-members-differ]: device leaf8: vtep of the pair leafs-4 is not one: leaf7 10.0.255.99, leaf8 10.0.255.14",
        ),
    ] {
        let (changes, objections) = outcome(&[edit], &before).unwrap();
        assert_eq!(changes, "", "{case}");
        assert!(objections.iter().any(|one| one.starts_with(expected)), "{case}: {objections:#?}");
        assert!(objections.iter().all(|one| one.starts_with("warning")), "{case}: {objections:#?}");
    }
    let alone = edited(1, &[edit("dcim/interfaces", LEAF7_PO1, "untagged_vlan", vlan(VLAN_34))]).unwrap();
    let refused = translated(&alone, &Previous::default());
    assert!(
        shown(&refused).starts_with("error[port-members-differ]"),
        "nothing was agreed: {}",
        shown(&refused)
    );
}

#[test]
fn what_one_device_alone_says_stays_its_own() {
    let Some(before) = files(1, &Previous::default()) else { return };
    let dns = json!({"domain": "fabric.example", "servers": ["10.0.0.53"], "vrf": "MGMT"});
    let (changes, objections) =
        outcome(&[edit("dcim/devices", LEAF7, "config_context.dns", dns)], &before).unwrap();
    assert_eq!(changes, "~ devices/leaf7.yaml\n    + services:\n    +   dns: { vrf: MGMT }\n");
    assert_eq!(objections, Vec::<String>::new());
}

#[test]
fn what_may_differ_between_members_is_the_members_own() {
    let Some(before) = files(1, &Previous::default()) else { return };
    let access = |field, value| edit("dcim/interfaces", LEAF7_ETHERNET2, field, value);
    for (case, edits, expected) in [
        (
            "one end of a LAG is shut",
            vec![edit("dcim/interfaces", LEAF7_ETHERNET1, "enabled", json!(false))],
            "~ devices/leaf7.yaml\n    + ports:\n    +   Ethernet1: { enabled: false }\n",
        ),
        (
            "a host on one member alone",
            vec![
                access("enabled", json!(true)),
                access("mode", json!("access")),
                access("untagged_vlan", vlan(VLAN_34)),
            ],
            "",
        ),
        (
            "a member's state",
            vec![edit("dcim/devices", LEAF7, "status", json!("offline"))],
            "~ devices/leaf7.yaml\n    + state: paused\n",
        ),
    ] {
        let (changes, objections) = outcome(&edits, &before).unwrap();
        if !expected.is_empty() {
            assert_eq!(changes, expected, "{case}");
        }
        assert_eq!(objections, Vec::<String>::new(), "{case}");
    }
}

#[test]
fn a_value_that_does_not_fit_names_the_object_its_page_and_what_was_expected() {
    let Some(before) = files(1, &Previous::default()) else { return };
    for (case, edit, expected) in [
        (
            "no AS",
            edit("dcim/devices", LEAF1, "custom_fields.bgp_asn", json!("sixty")),
            "error[field-value]: device leaf1: `sixty` is no value for device.asn\n  in NetBox: https://netbox.example/dcim/devices/3/\n  field: custom_fields.bgp_asn\n  expected: an AS number from 1 to 4294967295",
        ),
        (
            "no name",
            edit("dcim/devices", LEAF1, "name", Value::Null),
            "error[device-name]: device without a name: the device has no name\n  in NetBox: https://netbox.example/dcim/devices/3/\n  field: name\n  expected: letters, digits, `-` and `.`, starting with a letter or digit, at most 63",
        ),
        (
            "no management address",
            edit("dcim/devices", LEAF1, "platform", Value::Null),
            "error[device-gone]: device leaf1: leaf1 is not exported any more, and devices/leaf1.yaml is not `released`",
        ),
        (
            "the peer is in another pair",
            edit("dcim/devices", LEAF1, "custom_fields.mlag_domain_id", json!("leafs-9")),
            "error[mlag-peer]: device leaf1: its MLAG peer leaf2 is not in its pair leafs-9",
        ),
        (
            "an address that is not the other end",
            edit("ipam/ip-addresses", &[("/address", "10.0.1.13/31")], "address", json!("10.0.1.21/31")),
            "error[link-address]: interface leaf7 Ethernet11: 10.0.1.21/31 and 10.0.1.12/31 on spine1 Ethernet7 are not the two ends of one link",
        ),
        (
            "another MTU on one link",
            edit(
                "dcim/interfaces",
                &[("/device/name", "leaf7"), ("/name", "Ethernet11")],
                "mtu",
                json!(1500),
            ),
            "error[link-mtu]: interface leaf7 Ethernet12: its MTU 9214 is not that of leaf7 Ethernet11, 1500",
        ),
        (
            "an MLAG id that is not the LAG's number",
            edit("dcim/interfaces", LEAF7_PO1, "custom_fields.mlag_id", json!(7)),
            "error[lag-mlag-id]: interface leaf7 Port-Channel1: its MLAG id 7 is not its number",
        ),
        (
            "a mode that is not supported",
            edit("dcim/interfaces", LEAF7_PO1, "mode", json!("q-in-q")),
            "error[port-mode]: interface leaf7 Port-Channel1: the mode q-in-q is not supported",
        ),
        (
            "other paths than those of its role",
            edit(
                "dcim/devices",
                LEAF1,
                "config_context.bgp",
                json!({"maximum_paths": 8, "distance": [20, 200, 200]}),
            ),
            "error[role-differs]: device leaf1: its underlay.maximum-paths is not that of most devices of the role leaf",
        ),
        (
            "a second gateway MAC",
            edit("dcim/devices", LEAF1, "config_context.anycast_gateway_mac", json!("00:1c:73:00:dc:02")),
            "error[gateway-mac]: a fabric has one gateway MAC, and devices say",
        ),
        (
            "a role of which nobody knows where it stands",
            edit("dcim/device-roles", &[("/slug", "leaf")], "slug", json!("tor")),
            "error[link-tiers]: interface leaf1 Ethernet11: it is linked to spine1 Ethernet1, and neither of the roles tor and spine is above the other",
        ),
        (
            "another fabric's device",
            edit("dcim/devices", LEAF1, "custom_fields.fabric_name", json!("fabric-b")),
            "error[fabric-name]: the devices are of several fabrics: fabric-a (spine2), fabric-b (leaf1)",
        ),
    ] {
        let (_, objections) = outcome(&[edit], &before).unwrap();
        assert!(objections.iter().any(|one| one.starts_with(expected)), "{case}: {objections:#?}");
    }
}

#[test]
fn without_custom_fields_of_interfaces_sessions_and_cables_tell_the_same() {
    let (Some(before), Some(mut inventory)) = (files(1, &Previous::default()), recorded::state(1)) else {
        return;
    };
    for interface in inventory.interfaces.values_mut() {
        interface.custom_fields.remove("link_kind");
    }
    let translation = translated(&inventory, &Previous::default());
    assert_eq!(diff(&before, &translation.files), "", "{}", shown(&translation));
}

#[test]
fn without_a_custom_field_for_it_sessions_say_the_as() {
    let (Some(before), Some(mut inventory)) = (files(1, &Previous::default()), recorded::state(1)) else {
        return;
    };
    for device in inventory.devices.values_mut() {
        device.custom_fields.remove("bgp_asn");
    }
    let translation = translated(&inventory, &Previous::default());
    assert_eq!(diff(&before, &translation.files), "", "{}", shown(&translation));
}

#[test]
fn behind_patch_panels_addresses_tell_the_links() {
    let (Some(before), Some(mut inventory)) = (files(1, &Previous::default()), recorded::state(1)) else {
        return;
    };
    let underlay = |id: &u64| {
        let kind = inventory.interfaces.get(id).and_then(|port| port.custom_fields.get("link_kind"));
        kind == Some(&json!("underlay"))
    };
    let of_links = |cable: &crate::netbox::objects::Cable| {
        cable.a_terminations.iter().any(|end| underlay(&end.object_id))
    };
    let cables: Vec<u64> =
        inventory.cables.values().filter(|cable| of_links(cable)).map(|cable| cable.id).collect();
    assert_eq!(cables.len(), 16);
    inventory.cables.retain(|id, _| !cables.contains(id));
    let translation = translated(&inventory, &Previous::default());
    assert_eq!(diff(&before, &translation.files), "", "{}", shown(&translation));
    assert_eq!(translation.objections.iter().filter(|one| one.code == "link-cable").count(), 16);
}

#[test]
fn released_stays_until_the_device_is_gone_from_netbox() {
    let Some(mut before) = files(2, &Previous::default()) else { return };
    let text = before.get_mut("devices/leaf8.yaml").unwrap();
    *text = text.replace("state: drained", "state: released");
    assert_eq!(diff(&before, &files(2, &standing(&before)).unwrap()), "");
    let active = files(1, &standing(&before)).unwrap();
    assert!(!active["devices/leaf8.yaml"].contains("state"), "back in service");
}

#[test]
fn what_people_wrote_is_left_out_and_taken_for_granted() {
    let (Some(before), Some(inventory)) = (files(1, &Previous::default()), recorded::state(1)) else {
        return;
    };
    let fabric: RepoPath = "fabric.yaml".parse().unwrap();
    let mut bytes: BTreeMap<RepoPath, Vec<u8>> =
        before.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
    let theirs = before["fabric.yaml"].replace("    asn: 65000\n", "");
    bytes.insert(fabric.clone(), theirs.into_bytes());
    let previous = Previous::new(bytes, BTreeSet::from([fabric.clone()]));
    let translation = translated(&inventory, &previous);
    assert!(!translation.files.contains_key(&fabric) && translation.kept.contains(&fabric));
    assert!(translation.files["devices/spine1.yaml"].contains("asn: 65000"), "their role has no AS");
}

#[test]
fn a_part_of_a_fabric_has_the_vlans_of_its_svis_though_others_have_their_ports() {
    let Some(inventory) = recorded::state(1) else { return };
    let text = "devices: { name: 'spine[12]|leaf[1-6]' }\n";
    let (mapping, _) = Mapping::parse(&FILE.parse().unwrap(), text.as_bytes());
    let translation = translate(&inventory, &mapping.unwrap(), &Previous::default(), NETBOX);
    assert!(!translation.has_errors(), "{}", shown(&translation));
    assert!(
        translation.files["vlans/78.yaml"].contains("at: [leafs-2]\n"),
        "{}",
        translation.files["vlans/78.yaml"]
    );
}

#[test]
fn two_fabrics_of_one_netbox_have_a_folder_each() {
    let (Some(before), Some(inventory)) = (files(1, &Previous::default()), recorded::state(1)) else {
        return;
    };
    let text = "fabrics:\n  dc1: { devices: { name: 'leaf[1-4]|spine1' } }\n  dc2: { devices: { name: 'leaf[5-8]|spine2' }, fabric: { name: two } }\n";
    let (mapping, findings) = Mapping::parse(&FILE.parse().unwrap(), text.as_bytes());
    assert!(findings.is_empty(), "{findings:?}");
    let translation = translate(&inventory, &mapping.unwrap(), &Previous::default(), NETBOX);
    let names: Vec<_> = translation.files.keys().filter(|path| path.as_str().contains("devices/")).collect();
    assert_eq!(names.len(), 10, "{names:?}");
    assert!(translation.files["dc2/fabric.yaml"].contains("name: two\n"));
    assert_eq!(translation.files["dc1/pairs/leafs-1.yaml"], before["pairs/leafs-1.yaml"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_missing_or_odd_nothing_panics(
        gone in proptest::collection::vec((0..ENDPOINTS.len(), any::<proptest::sample::Index>()), 0..40),
        odd in proptest::collection::vec((any::<proptest::sample::Index>(), "(Ethernet|Vlan|Port-Channel|Loopback|)[0-9/:.]{0,6}.?"), 0..20),
    ) {
        let Some(mut inventory) = recorded::state(2) else { return Ok(()) };
        let before = translated(&inventory, &Previous::default()).files;
        for (list, at) in gone {
            let path = ENDPOINTS[list].path;
            let objects = recorded::list(2, path);
            if !objects.is_empty() {
                inventory.take(path, at.get(&objects)["id"].as_u64().unwrap());
            }
        }
        for (at, text) in odd {
            let mut interfaces: Vec<_> = inventory.interfaces.values_mut().collect();
            at.get_mut(&mut interfaces).name.clone_from(&text);
            let mut addresses: Vec<_> = inventory.addresses.values_mut().collect();
            at.get_mut(&mut addresses).address.clone_from(&text);
            inventory.vlans.values_mut().for_each(|vlan| vlan.name.clone_from(&text));
        }
        translated(&inventory, &standing(&before));
    }
}
