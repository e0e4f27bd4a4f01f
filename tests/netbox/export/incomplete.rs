//! An answer that is not whole fails the export: nothing is committed, and the text says why.

use serde_json::Value;

use super::desk::Desk;
use crate::fake::{Denied, Fault, Manners, Netbox, On, Version, tokens};

/// What goes wrong, how it comes about, and what a person reads of it.
type Case = (&'static str, fn(&Desk), &'static [&'static str], &'static [&'static str]);

fn hit(desk: &Desk, on: On, fault: Fault) {
    desk.netbox.fault(on, fault);
}

const CASES: &[Case] = &[
    (
        "a list that says it has more than it gives",
        |desk| hit(desk, On::every("ipam/vlans"), Fault::count(99)),
        &[],
        &["ipam/vlans says that it has 99 objects", "hint: "],
    ),
    (
        "a page that ends early",
        |desk| hit(desk, On::every("ipam/vlans"), Fault::short_page()),
        &[],
        &["ipam/vlans says that it has"],
    ),
    (
        "rights that are missing altogether",
        |_| {},
        &["--token-file", "limited"],
        &["dcim.device", "hint: give its user a permission"],
    ),
    (
        "rights that hide objects",
        |desk| {
            let hides = |device: &Value| device["name"] == "north-l8";
            hit(desk, On::every("dcim/devices"), Fault::hidden(hides));
        },
        &[],
        &["dcim/devices had", "the change log knows of 0 deletions", "hint: objects that a constraint"],
    ),
    (
        "403 at one list",
        |desk| hit(desk, On::every("ipam/vrfs"), Fault::Denied(Denied::Permission)),
        &[],
        &["the token may not view: ipam.vrf", "hint: give its user a permission"],
    ),
    (
        "a token that has expired",
        |_| {},
        &["--token-file", "expired"],
        &["Token expired", "hint: make a new token"],
    ),
    (
        "a plugin that is gone",
        |desk| desk.netbox.manners(|manners| manners.plugin = false),
        &[],
        &["the plugin netbox-bgp is gone from NetBox", "remove netbox-export.json"],
    ),
    (
        "a plugin that is older",
        |desk| {
            let old = |body: &mut Value| body["plugins"]["netbox_bgp"] = "0.15.0".into();
            hit(desk, On::every("status"), Fault::rewrite(old));
        },
        &[],
        &["netbox-bgp is 0.15.0, and was 0.19.0", "plugins/bgp/aspath-list", "remove netbox-export.json"],
    ),
    (
        "an endpoint that is gone: 404 with a page",
        |desk| hit(desk, On::every("ipam/fhrp-groups"), Fault::Html(404)),
        &[],
        &["does not exist (NetBox answers with a web page)"],
    ),
    (
        "404 in JSON",
        |desk| hit(desk, On::every("ipam/fhrp-groups"), Fault::not_found()),
        &[],
        &["ipam/fhrp-groups", "does not exist"],
    ),
    ("409", |desk| hit(desk, On::every("dcim/cables"), Fault::conflict()), &[], &["answered 409"]),
    (
        "500",
        |desk| hit(desk, On::every("dcim/cables"), Fault::Html(500)),
        &[],
        &["answered 500", "hint: NetBox's own log says more"],
    ),
    (
        "502 each time",
        |desk| hit(desk, On::every("dcim/cables"), Fault::Html(502)),
        &[],
        &["answered 502 5 times"],
    ),
    (
        "429 for longer than we wait",
        |desk| hit(desk, On::every("*"), Fault::TooMany(Some("900"))),
        &[],
        &["answered 429 1 times", "the server wants 900 s of rest"],
    ),
    (
        "503 for longer than we wait",
        |desk| hit(desk, On::every("dcim/cables"), Fault::Unavailable("900")),
        &[],
        &["answered 503"],
    ),
    (
        "an answer that stops in the middle",
        |desk| hit(desk, On::every("dcim/cables"), Fault::Stall),
        &["--timeout", "2s"],
        &["did not answer within 2 s"],
    ),
    (
        "a connection that breaks",
        |desk| hit(desk, On::every("dcim/cables"), Fault::Cut),
        &[],
        &["cannot be read: it broke off"],
    ),
    (
        "no answer at all",
        |desk| hit(desk, On::every("dcim/cables"), Fault::NoAnswer),
        &[],
        &["cannot reach http://127.0.0.1", "hint: check the address"],
    ),
    (
        "invalid JSON",
        |desk| hit(desk, On::every("dcim/cables"), Fault::NotJson),
        &[],
        &["the answer of http://127.0.0.1", "cannot be read"],
    ),
    (
        "a redirect to another host",
        |desk| hit(desk, On::every("dcim/cables"), Fault::Redirect("http://other.example/api/".to_owned())),
        &[],
        &["redirects to http://other.example/api/, which is not this NetBox"],
    ),
    (
        "a next page on another host",
        |desk| {
            desk.netbox.manners(|manners| manners.page_cap = 30);
            hit(desk, On::every("dcim/interfaces"), Fault::next_at("http://inner:8080"));
        },
        &[],
        &["is said to be http://inner:8080/api/dcim/interfaces/", "X-Forwarded-Proto"],
    ),
    (
        "a page that leads to itself",
        |desk| {
            desk.netbox.manners(|manners| manners.page_cap = 30);
            hit(desk, On::every("dcim/interfaces"), Fault::loops());
        },
        &[],
        &["dcim/interfaces"],
    ),
    (
        "a NetBox that does not stand still",
        |desk| {
            let rename = |netbox: &mut Netbox| {
                let name = format!("shop-{}", netbox.last_change());
                netbox.rename_vlan(10, &name);
            };
            hit(desk, On::every("core/object-changes"), Fault::before(rename));
        },
        &[],
        &["NetBox does not stand still", "hint: an import or a script may be running"],
    ),
    (
        "a NetBox that is too old",
        |desk| {
            let old = |body: &mut Value| body["netbox-version"] = "4.1.11".into();
            hit(desk, On::every("status"), Fault::rewrite(old));
        },
        &[],
        &["NetBox 4.1.11 is too old", "hint: the export reads NetBox from 4.2 on"],
    ),
    (
        "something that is no NetBox",
        |desk| hit(desk, On::every("*"), Fault::Html(200)),
        &[],
        &["is not the API of a NetBox"],
    ),
];

#[test]
fn whatever_is_not_whole_fails_with_a_text_and_commits_nothing() {
    // side by side: some wait for a busy NetBox as a person would
    std::thread::scope(|scope| {
        for cases in CASES.chunks(CASES.len().div_ceil(3)) {
            scope.spawn(move || fail_whole(cases));
        }
    });
}

fn fail_whole(cases: &[Case]) {
    let desk = Desk::exported();
    desk.write("limited", tokens::LIMITED);
    desk.write("expired", tokens::EXPIRED);
    // there is something to commit, and nothing of it may be
    desk.netbox.edit(|netbox| netbox.rename_vlan(20, "print"));
    let before = desk.bare().everything();
    for (case, prepare, arguments, told) in cases {
        prepare(&desk);
        let ran = desk.export(arguments);
        assert_eq!(ran.code, Some(1), "{case}: {}\n{}", ran.out, ran.err);
        assert_eq!(ran.out, "", "{case}");
        assert!(ran.err.starts_with("error: "), "{case}: {}", ran.err);
        for text in *told {
            assert!(ran.err.contains(text), "{case}: {text:?} is missing:\n{}", ran.err);
        }
        assert_eq!(desk.bare().everything(), before, "{case}");
        desk.netbox.heal();
        desk.netbox.manners(|manners| *manners = Manners::default());
    }
    desk.export(&[]).says("committed");
}

#[test]
fn the_next_netbox_in_its_other_shapes_is_exported_the_same() {
    let desk = Desk::exported();
    desk.netbox.manners(|manners| manners.version = Version::V4_7);
    desk.export(&[]).says("nothing to commit");
}
