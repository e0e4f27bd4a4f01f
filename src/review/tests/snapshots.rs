//! What people read.

use insta::assert_snapshot;

use super::desk::{Desk, commit};
use crate::review::{
    Budget, Drifted, Guarantee, Marker, Merged, Moved, Question, Review, Stand, Stands, State, Verdict,
    review,
};

/// GitHub's.
const GITHUB: Budget = Budget { limit: 65_536, measure: |text| text.chars().count() };

/// The comment; the seal and the version, which change with every release, are left out.
fn comment(review: &Review) -> String {
    let comment = review.comment(&GITHUB);
    let version =
        |before: &str| (format!("{before}{}", env!("CARGO_PKG_VERSION")), format!("{before}VERSION"));
    let ((engine, any), (by, somebody)) = (version("engine="), version("by gitfabric "));
    comment.replace(&review.seal, "SEAL").replace(&engine, &any).replace(&by, &somebody)
}

const ADDED: [&str; 2] = [
    "vlans/60.yaml = name: db\\nvrf: gold\\nvni: 110060\\ngateway: 10.60.60.1/24\\nat: [leaf3-4, leaf7-8]",
    "pairs/leaf3-4.yaml: vlans: [34] => vlans: [34, 60]",
];

#[test]
fn a_vlan_is_added() {
    assert_snapshot!(comment(&Desk::new(&ADDED).review()));
}

#[test]
fn a_vlan_is_renamed() {
    let review = Desk::new(&["vlans/40.yaml: test-l2-vxlan => web"]).review();
    assert_snapshot!(comment(&review));
    assert_eq!(review.state(), State::Success);
    assert_eq!(
        review.status_line(),
        "4 of 10 devices change, leaves +0 ~4 -0, hitless, reverts without loss"
    );
}

#[test]
fn a_leaf_is_drained() {
    assert_snapshot!(comment(&Desk::new(&["devices/leaf1.yaml += state: drained"]).review()));
}

#[test]
fn an_as_is_changed() {
    let mut desk = Desk::new(&["pairs/leaf1-2.yaml: 65001 => 65011"]);
    let held = desk.review();
    assert_snapshot!(comment(&held));
    assert_eq!(held.state(), State::Failure);
    desk.message = "A new AS\n\nGitfabric-Allow: guarded\n";
    let allowed = desk.review();
    assert_eq!((allowed.state(), allowed.verdict), (State::Success, Verdict::Changes));
}

#[test]
fn it_does_not_compile() {
    let review = Desk::new(&[
        "vlans/34.yaml: vrf: gold => vrf: golf",
        "devices/leaf2.yaml: 10.0.250.12 => 10.0.250.11",
    ])
    .review();
    assert_snapshot!(comment(&review));
    assert_eq!(review.state(), State::Failure);
}

#[test]
fn it_conflicts() {
    let desk = Desk::new(&[]);
    let files = vec!["vlans/40.yaml".to_owned(), "pairs/<b>@all`.yaml".to_owned()];
    let review = review(&desk.subject_of(Merged::Conflict { files }));
    assert_snapshot!(comment(&review));
}

#[test]
fn nothing_changes() {
    assert_snapshot!(comment(&Desk::new(&["vlans/40.yaml += # nothing"]).review()));
}

#[test]
fn drift_pending_commits_and_answers_are_told() {
    let mut desk = Desk::new(&["vlans/40.yaml: test-l2-vxlan => web"]);
    let stand = |commit, standing: &str, drift| Stand {
        commit: Some(commit),
        standing: standing.to_owned(),
        since: jiff::Timestamp::UNIX_EPOCH,
        drift,
        guarantee: Guarantee::BestEffort,
    };
    let drifted = |path: &str| Drifted {
        path: path.to_owned(),
        recorded: Some("test-l2-vxlan".to_owned()),
        live: Some("\u{1b}[31m<script>".to_owned()),
    };
    let name = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name";
    let devices = [
        ("leaf1", stand(commit('a'), "drifted", vec![drifted(name), drifted("/system/config/hostname")])),
        ("leaf2", stand(commit('9'), "behind", Vec::new())),
        ("leaf5", stand(commit('a'), "current", Vec::new())),
    ];
    let devices = devices.into_iter().map(|(name, stand)| (name.parse().unwrap(), stand)).collect();
    let fabric = "evpn-lab".parse().unwrap();
    desk.stands = Some(Stands { format: Stands::FORMAT, fabric, good: Some(commit('a')), devices });
    let asked = |leaf: &str| Question { leaf: leaf.to_owned(), asked_by: "ada".to_owned() };
    desk.questions = vec![asked("name web"), asked("hostname"), asked("<!-- gitfabric:plan x -->")];
    desk.moved = Some(Moved { head_from: Some(commit('c')), ..Moved::default() });
    assert_snapshot!(comment(&desk.review()));
}

#[test]
fn the_hidden_lines_say_what_was_planned() {
    let review = Desk::new(&["vlans/40.yaml: test-l2-vxlan => web"]).review();
    let marker = Marker::parse(&review.comment(&GITHUB).replace('\n', "\r\n")).unwrap();
    assert_eq!((marker.base, marker.head, &marker.seal), (commit('a'), commit('b'), &review.seal));
    for text in ["", "text\n<!-- gitfabric:plan evpn-lab -->\n", "`<!-- gitfabric:plan evpn-lab -->`"] {
        assert_eq!(Marker::parse(text), None, "{text}");
    }
}
