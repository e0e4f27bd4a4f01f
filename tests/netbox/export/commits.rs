//! What an export commits: everything once, then only what changed, and never without need.

use serde_json::json;

use super::desk::Desk;
use crate::fake::Fake;

/// Users of VLAN 99 once it is on a port: the VLAN's own file and the manifest.
const VLAN: [&str; 2] = ["M netbox-export.json", "A vlans/99.yaml"];

#[test]
fn the_first_export_fills_an_empty_repository_by_folder_and_by_url_alike() {
    let desk = Desk::new();
    desk.export(&[]).says("committed");
    let bare = desk.bare();
    assert_eq!(bare.run(&["rev-list", "--count", "main"]), "1");
    assert_eq!(bare.run(&["fsck", "--strict"]), "");
    let files = bare.files("main");
    for file in ["fabric.yaml", "netbox-export.json", "devices/north-l1.yaml", "vlans/10.yaml"] {
        assert!(files.iter().any(|known| known == file), "{file} is not among {files:#?}");
    }
    let subject = bare.run(&["log", "-1", "--format=%s|%an <%ae>|%cn <%ce>"]);
    let exporter = "gitfabric export <gitfabric@localhost>";
    let expected = format!("netbox: first export, {} files|{exporter}|{exporter}", files.len() - 1);
    assert_eq!(subject, expected);

    let served = desk.path("served.git");
    desk.bare().run(&["init", "-q", "--bare", "-b", "main", served.to_str().unwrap()]);
    let url = format!("file://{}", served.display());
    desk.export_into(&url, &[]).says("pushed");
    let served = super::desk::Git(served);
    assert_eq!(served.run(&["rev-parse", "main^{tree}"]), bare.run(&["rev-parse", "main^{tree}"]));
    desk.export_into(&url, &[]).says("nothing to commit");
}

#[test]
fn nothing_that_the_intent_holds_changed_gives_no_commit() {
    let desk = Desk::exported();
    let before = desk.bare().everything();
    desk.export(&[]).says("nothing to commit: the branch says what NetBox says");
    // the change log moves, counts move, and so does the order of every answer
    desk.netbox.edit(|netbox| {
        netbox.create("extras/tags", json!({"name": "unused", "slug": "unused"}));
    });
    desk.netbox.manners(|manners| {
        manners.shuffle = Some(7);
        manners.page_cap = 30;
    });
    desk.export(&[]).says("nothing to commit");
    assert_eq!(desk.bare().everything(), before);
}

#[test]
fn a_vlan_is_one_small_commit_that_says_who_asked_for_it() {
    let desk = Desk::exported();
    desk.person(
        "Name the authors",
        &[("netbox.yaml", Some("authors:\n  ada: Ada Lovelace <ada@example.net>\n"))],
    );
    desk.netbox.edit(|netbox| netbox.by("ada", |netbox| netbox.add_vlan(99, "backup", 20_099)));
    desk.export(&[]).says("vlan 99 backup added");
    let bare = desk.bare();
    assert_eq!(bare.changed(), VLAN);
    assert_eq!(bare.run(&["log", "-1", "--format=%an <%ae>"]), "Ada Lovelace <ada@example.net>");
    assert_eq!(bare.run(&["log", "-1", "--format=%cn"]), "gitfabric export");
    insta::assert_snapshot!(Desk::timeless(&bare.run(&["log", "-1", "--format=%B"])));
    let trailers = bare.run(&["log", "-1", "--format=%(trailers:only,unfold)"]);
    assert_eq!(trailers.lines().count(), 5, "{trailers}");

    // who changed what is not in the commit did not ask for it
    desk.netbox.edit(|netbox| {
        netbox.by("bo@example.net", |netbox| netbox.rename_vlan(20, "other"));
        netbox.by("bo@example.net", |netbox| netbox.rename_vlan(20, "press"));
        netbox.by("ada", |netbox| netbox.rename_vlan(99, "backups"));
    });
    desk.export(&[]).says("vlan 99 name: backup → backups");
    assert_eq!(bare.run(&["log", "-1", "--format=%an"]), "Ada Lovelace");
    assert_eq!(bare.run(&["log", "-1", "--format=%(trailers:key=NetBox-User,valueonly)"]).trim(), "ada");
    // a user name that is an address needs no mapping; two users are nobody's commit
    for (users, author) in [
        (&["bo@example.net"][..], "bo@example.net <bo@example.net>"),
        (&["ada", "bo@example.net"], "gitfabric export <gitfabric@localhost>"),
    ] {
        for user in users {
            let name = format!("backup-{}-{}", users.len(), user.split('@').next().unwrap_or_default());
            desk.netbox.edit(|netbox| netbox.by(user, |netbox| netbox.rename_vlan(99, &name)));
        }
        desk.export(&[]).says("committed");
        assert_eq!(bare.run(&["log", "-1", "--format=%an <%ae>"]), author);
        assert_eq!(bare.changed(), ["M netbox-export.json", "M vlans/99.yaml"]);
    }
}

#[test]
fn a_dry_run_shows_the_difference_and_writes_nothing() {
    let desk = Desk::exported();
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    let before = desk.bare().everything();
    let ran = desk.export(&["--dry-run"]);
    ran.says("--- a/vlans/10.yaml").says("-name: shop-web").says("+name: shop");
    ran.says("dry run: 1 file would change; nothing was written");
    assert_eq!(desk.bare().everything(), before);
    // not even into an empty repository
    let empty = Desk::new();
    let before = empty.bare().everything();
    empty.export(&["--dry-run"]).says("nothing was written");
    assert_eq!(empty.bare().everything(), before);
}

#[test]
fn machines_get_json() {
    let desk = Desk::exported();
    let json = |arguments: &[&str]| {
        let ran = desk.export(&[&["--json"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(value["format"], 1);
        (value, ran.out)
    };
    assert_eq!(json(&[]).0["outcome"], "unchanged");
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    assert_eq!(json(&["--dry-run"]).0["outcome"], "dry-run");
    let (value, text) = json(&[]);
    assert_eq!(value["commit"], desk.bare().head());
    let text = regex::Regex::new(r#""requests": \d+"#).unwrap().replace(&text, r#""requests": REQUESTS"#);
    insta::assert_snapshot!(Desk::timeless(&text));
}

#[test]
fn a_mapping_that_is_wrong_is_told_with_its_place_before_netbox_is_asked() {
    let desk = Desk::exported();
    let head = desk.person("Map it", &[("netbox.yaml", Some("lacp: active\nstates:\n  planned: asleep\n"))]);
    let ran = desk.export(&[]);
    ran.fails("netbox.yaml:3:12").fails("asleep");
    assert_eq!(desk.netbox.requests().len(), 0);
    assert_eq!(desk.bare().head(), head);
    // the same of a file outside, and of what NetBox does not have
    let outside = desk.write("mapping.yaml", "rolls: {}\n");
    desk.export(&["--mapping", outside.to_str().unwrap()]).fails("mapping.yaml:1:1").fails("`rolls`");
    desk.write("mapping.yaml", "devices:\n  sites: [nowhere]\n");
    desk.export(&["--mapping", outside.to_str().unwrap()]).fails("mapping.yaml:2:11").fails("nowhere");
    assert_eq!(desk.bare().head(), head);
}

#[test]
fn the_intent_may_be_a_folder_of_a_branch_that_is_not_checked_out() {
    let desk = Desk::new();
    desk.person("Begin", &[("README.md", Some("ours\n"))]);
    let clone = desk.clone("clone");
    clone.run(&["branch", "site/north/intent"]);
    clone.run(&["checkout", "-q", "--detach"]);
    let ran = desk.export_into("clone", &[]);
    ran.fails("no branch is checked out; name one with --branch");
    let arguments = ["--branch", "site/north/intent", "--path", "fabrics/north"];
    desk.export_into("clone", &arguments).says("committed");
    assert_eq!(clone.run(&["status", "--porcelain"]), "");
    let files = clone.files("site/north/intent");
    assert!(files.iter().all(|file| file == "README.md" || file.starts_with("fabrics/north/")), "{files:#?}");
    desk.export_into("clone", &arguments).says("nothing to commit");
    assert_eq!(clone.run(&["rev-list", "--count", "site/north/intent"]), "2");
}

#[test]
fn the_next_run_reads_by_the_change_log_and_commits_the_same() {
    let desk = Desk::exported();
    desk.export(&["--cache", "cache"]).says("nothing to commit");
    desk.bare().run(&["clone", "-q", "--bare", ".", desk.path("other.git").to_str().unwrap()]);
    desk.netbox.edit(|netbox| netbox.by("ada", |netbox| netbox.rename_vlan(10, "shop")));
    desk.netbox.forget_requests();
    desk.export(&["--cache", "cache"]).says("committed");
    let asked = desk.netbox.requests().len();
    assert!(asked <= 10, "{asked} requests: {:#?}", desk.netbox.counts());
    desk.export_into("other.git", &[]).says("committed");
    let both = ["intent.git", "other.git"]
        .map(|name| super::desk::Git(desk.path(name)).run(&["log", "-1", "--format=%T %an %ae %B"]));
    assert_eq!(both[0], both[1]);
    // a cache that cannot be used costs a whole reading, and is told
    desk.write("cache/netbox.json", "{");
    let ran = desk.export(&["--cache", "cache"]);
    assert!(ran.err.contains("damaged"), "{}", ran.err);
    ran.says("nothing to commit");
}

#[test]
fn the_recorded_fabric_is_exported_and_its_second_state_is_a_small_commit() {
    let Some(netbox) = Fake::recorded(1) else { return };
    let desk = Desk::beside(netbox);
    desk.export(&[]).says("committed");
    desk.netbox.state(2);
    desk.export(&[]).says("committed");
    let bare = desk.bare();
    assert_eq!(bare.run(&["rev-list", "--count", "main"]), "2");
    assert!(bare.changed().len() < 30, "{:#?}", bare.changed());
    assert_eq!(bare.run(&["fsck", "--strict"]), "");
}
