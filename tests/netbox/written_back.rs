//! What is written to NetBox: fields and journals of devices, what is left out and told, what
//! is never sent twice, and that the export does not take its own echo for news.
//!
//! Elsewhere: when the agent writes (`tests/promises`), values of fields (beside the code).

use std::time::Duration;

use gitfabric::export::{Exporter, Job, Outcome, Proposals, Target};
use gitfabric::git::Repository;
use gitfabric::netbox::{Back, Fields, Kind, Known, NetBoxError, State};
use serde_json::{Value, json};

use crate::fake::{Denied, Fake, Fault, Netbox, On, synthetic, tokens};
use crate::reading::{client, client_as, told};

const FIELDS: [(&str, &str); 3] =
    [("gitfabric_commit", "text"), ("gitfabric_applied", "datetime"), ("gitfabric_state", "select")];

fn back(fake: &Fake, token: &str) -> Back {
    let [commit, applied, state] = FIELDS.map(|(name, _)| name.to_owned());
    Back::new(client_as(fake, token).0, Fields { commit, applied, state })
}

/// A fabric whose devices have all fields, and one that writes and knows a leaf.
fn with_fields() -> (Fake, Back, String) {
    let fake = Fake::fabric(4);
    fake.edit(|netbox| FIELDS.iter().for_each(|(name, kind)| netbox.define_device_field(name, kind)));
    let (mut back, leaf) = (back(&fake, tokens::ADMIN), synthetic::leaf(0));
    assert_eq!(back.look_up_fields().unwrap(), []);
    assert_eq!(back.look_up([leaf.as_str()].into_iter()).unwrap(), []);
    (fake, back, leaf)
}

fn state(commit: char) -> State {
    State {
        commit: Some(commit.to_string().repeat(40)),
        applied: Some("2026-11-21T07:10:00Z".parse().unwrap()),
        state: Some("current".to_owned()),
    }
}

fn fields(fake: &Fake, device: &str) -> Value {
    fake.look(|netbox| {
        netbox.get("dcim/devices", netbox.id_of("dcim/devices", device))["custom_fields"].clone()
    })
}

fn rename(fake: &Fake, from: &str, to: &str) {
    fake.edit(|netbox| {
        let id = netbox.id_of("dcim/devices", from);
        netbox.update("dcim/devices", id, |device| device["name"] = json!(to));
    });
}

#[test]
fn a_device_says_what_it_holds_and_is_not_written_to_again() {
    let (fake, mut back, leaf) = with_fields();
    let before = fields(&fake, &leaf);
    assert_eq!(back.known(&leaf, &state('a')), Known::Different);
    assert!(back.set(&leaf, &state('a')).unwrap());
    back.journal(&leaf, Kind::Success, "gitfabric: commit aaaaaaa applied").unwrap();
    assert!(!back.set(&leaf, &state('a')).unwrap(), "it says so already");

    let mut expected = before;
    expected["gitfabric_commit"] = json!("a".repeat(40));
    expected["gitfabric_applied"] = json!("2026-11-21T07:10:00Z");
    expected["gitfabric_state"] = json!("current");
    assert_eq!(fields(&fake, &leaf), expected, "no other field is touched");
    let writes = fake.writes();
    let seen: Vec<(&str, &str)> = writes
        .iter()
        .map(|write| (write.method.as_str(), write.endpoint.split('/').next().unwrap()))
        .collect();
    assert_eq!(seen, [("PATCH", "dcim"), ("POST", "extras")]);
    assert_eq!(writes[1].body["kind"], "success");
    assert_eq!(writes[1].body["assigned_object_type"], "dcim.device");

    // another process, later: NetBox itself tells that nothing is to be written
    let mut later = self::back(&fake, tokens::ADMIN);
    later.look_up_fields().unwrap();
    later.look_up([leaf.as_str()].into_iter()).unwrap();
    assert_eq!(later.known(&leaf, &state('a')), Known::Same);
    assert_eq!(later.known(&leaf, &state('b')), Known::Different);
}

#[test]
fn what_netbox_lacks_is_told_and_left_out() {
    let fake = Fake::fabric(4);
    fake.edit(|netbox| {
        netbox.define_device_field("gitfabric_commit", "integer");
        netbox.define_device_field("gitfabric_state", "text");
    });
    let mut back = back(&fake, tokens::ADMIN);
    let wrong: Vec<String> = back.look_up_fields().unwrap().iter().map(ToString::to_string).collect();
    let [unfit, undefined] = &wrong[..] else { panic!("{wrong:#?}") };
    for part in
        ["custom field gitfabric_commit", "its type is integer", "expected: text", "/extras/custom-fields/"]
    {
        assert!(unfit.contains(part), "{part}: {unfit}");
    }
    for part in
        ["no custom field gitfabric_applied", "/extras/custom-fields/add/", "DCIM > Device", "datetime"]
    {
        assert!(undefined.contains(part), "{part}: {undefined}");
    }
    assert!(!back.has_all_fields());

    let (leaf, spine) = (synthetic::leaf(0), synthetic::spine(0));
    rename(&fake, &synthetic::leaf(1), &spine);
    let names = [leaf.as_str(), spine.as_str(), "leaf-of-nobody"];
    let wrong = back.look_up(names.into_iter()).unwrap();
    let codes: Vec<&str> = wrong.iter().map(|objection| objection.code).collect();
    assert_eq!(codes, ["device-unknown", "device-name"]);
    for name in [spine.as_str(), "leaf-of-nobody"] {
        assert_eq!(back.known(name, &state('a')), Known::Unusable);
        assert!(!back.set(name, &state('a')).unwrap());
    }
    assert!(back.set(&leaf, &state('a')).unwrap());
    assert_eq!(fake.writes().len(), 1);
    assert_eq!(fake.writes()[0].body["custom_fields"], json!({"gitfabric_state": "current"}));
}

#[test]
fn a_refusal_names_the_right_that_is_missing() {
    let (fake, _, leaf) = with_fields();
    let mut back = back(&fake, tokens::EXPORTER);
    back.look_up_fields().unwrap();
    back.look_up([leaf.as_str()].into_iter()).unwrap();
    let cases: [(&str, Result<(), NetBoxError>); 2] = [
        ("`change` on dcim.device", back.set(&leaf, &state('a')).map(|_| ())),
        ("`add` on extras.journalentry", back.journal(&leaf, Kind::Info, "x")),
    ];
    for (expected, result) in cases {
        let text = told(&result.unwrap_err());
        assert!(text.contains(expected) && text.contains("allowed to write"), "{text}");
    }
    assert_eq!(fake.writes(), []);
}

#[test]
fn a_patch_is_tried_again_and_a_journal_entry_only_where_none_was_made() {
    // what the fault is; whether the fields and the journal are written in the end
    for (case, fault, patched, journaled) in [
        ("the connection ends", Fault::NoAnswer, true, Some(false)),
        ("the answer breaks off", Fault::Cut, true, Some(false)),
        ("the proxy lost its server", Fault::Html(502), true, Some(false)),
        ("the proxy is busy", Fault::TooMany(None), true, Some(true)),
        ("NetBox restarts", Fault::Unavailable("0"), true, Some(true)),
        ("NetBox fails", Fault::Html(500), false, Some(false)),
        ("an invalid token", Fault::Denied(Denied::InvalidV1), false, None),
        ("a redirect", Fault::Redirect("https://netbox.example/login/".into()), false, None),
    ] {
        let (fake, mut back, leaf) = with_fields();
        fake.fault(On::every("dcim/devices/*").method("PATCH").times(1), fault.clone());
        assert_eq!(back.set(&leaf, &state('a')).is_ok(), patched, "{case}");
        fake.heal();
        fake.fault(On::first("extras/journal-entries"), fault);
        fake.forget_requests();
        let result = back.journal(&leaf, Kind::Info, "once");
        let posts = fake.requests().len();
        match journaled {
            Some(true) => assert!(result.is_ok() && posts == 2, "{case}: {result:?}"),
            Some(false) => {
                assert!(matches!(result, Err(NetBoxError::Doubtful { .. })), "{case}: {result:?}");
                assert_eq!(posts, 1, "{case}");
            }
            None => assert!(!matches!(result, Ok(()) | Err(NetBoxError::Doubtful { .. })), "{case}"),
        }
        let entries = fake.writes().iter().filter(|write| write.method == "POST").count();
        assert!(entries <= 1, "{case}: {entries} entries");
    }
}

#[test]
fn a_device_that_was_made_anew_is_found_by_its_name() {
    let (fake, mut back, leaf) = with_fields();
    let id = fake.look(|netbox| netbox.id_of("dcim/devices", &leaf));
    rename(&fake, &leaf, "gone");
    fake.fault(On::every(&format!("dcim/devices/{id}")), Fault::not_found());
    assert!(matches!(back.set(&leaf, &state('a')), Err(NetBoxError::Missing { .. })));
    rename(&fake, &synthetic::leaf(1), &leaf);
    assert_eq!(back.look_up([leaf.as_str()].into_iter()).unwrap(), []);
    assert!(back.set(&leaf, &state('a')).unwrap());
    assert_eq!(fields(&fake, &leaf)["gitfabric_state"], "current");
}

/// A write-back moves the change log and wakes the export, which finds nothing to commit; and
/// the next change that a person makes is still his alone.
#[test]
fn the_export_does_not_take_its_echo_for_news() {
    let (fake, mut back, leaf) = with_fields();
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().join("intent.git");
    gitfabric::git::write::init(&repository, "main").unwrap();
    let job = Job {
        target: Target::Folder { folder: repository.clone(), branch: Some("main".into()), push: false },
        path: None,
        mapping: None,
        committer: ("gitfabric".into(), "gitfabric@example.net".into()),
        proposals: Proposals::Never,
        overwrite_edits: false,
        dry_run: false,
        cache: None,
        whole_every: Duration::from_hours(1),
    };
    let mut exporter = Exporter::new(client(&fake), job);
    let first = exporter.export(&|_| {}).unwrap();
    assert!(matches!(first.outcome, Outcome::Committed { .. }), "{first:#?}");

    let logged = fake.look(Netbox::last_change);
    assert!(back.set(&leaf, &state('a')).unwrap());
    back.journal(&leaf, Kind::Success, "gitfabric: commit aaaaaaa applied").unwrap();
    assert!(fake.look(Netbox::last_change) > logged, "the log moved");
    let echo = exporter.export(&|_| {}).unwrap();
    assert!(matches!(echo.outcome, Outcome::Unchanged), "{echo:#?}");
    assert_eq!(echo.objections.iter().filter(|it| it.to_string().contains("gitfabric_")).count(), 0);

    fake.edit(|netbox| {
        netbox.by("ada@example.net", |netbox| {
            let vid = netbox.objects("ipam/vlans").next().unwrap()["vid"].as_u64().unwrap();
            netbox.rename_vlan(vid, "renamed");
        });
    });
    let next = exporter.export(&|_| {}).unwrap();
    let Outcome::Committed { commit, .. } = &next.outcome else { panic!("{next:#?}") };
    let commit = Repository::open(&repository).unwrap().commit(commit).unwrap();
    assert_eq!(commit.author, "ada@example.net", "{}", commit.message.body);
}
