//! What holds for every review: comments within their budget whose fences and tags are
//! whole, texts that stay texts, seals.

use std::sync::LazyLock;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::desk::Desk;
use crate::names::DeviceName;
use crate::platform::effects::Effect;
use crate::review::report::{Answer, Group, Overwritten};
use crate::review::{Budget, Drifted, Marker, Question, Review};

fn characters(text: &str) -> usize {
    text.chars().count()
}

/// Whether every fence and every tag that is opened is closed, in order.
fn whole(comment: &str) -> Result<(), String> {
    let (mut fence, mut open): (Option<usize>, i32) = (None, 0);
    for line in comment.lines() {
        let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
        match fence {
            Some(length) if ticks >= length && line.trim_end().len() == ticks => fence = None,
            Some(_) => {}
            None if ticks >= 3 && !line[ticks..].contains('`') => fence = Some(ticks),
            None => {
                let count = |tag: &str| i32::try_from(line.matches(tag).count()).unwrap();
                // within code spans tags are text
                if !line.contains('`') {
                    open += count("<details") - count("</details>");
                }
                if open < 0 {
                    return Err(format!("closed and never opened: {line}"));
                }
            }
        }
    }
    match (fence, open) {
        (None, 0) => Ok(()),
        other => Err(format!("left open: {other:?}")),
    }
}

/// A review in which every text is this one and there is much of everything.
fn hostile(text: &str, groups: usize) -> Review {
    static GUARDED: LazyLock<Review> =
        LazyLock::new(|| Desk::new(&["pairs/leaf1-2.yaml: 65001 => 65011"]).review());
    let mut review = GUARDED.clone();
    let (leaf, asked_by) = (text.to_owned(), text.to_owned());
    review.answers = vec![Answer { leaf, asked_by, text: crate::review::text::code(text) + "\n" }];
    let first = review.groups.remove(0);
    let devices = |number: usize| -> Vec<DeviceName> {
        (0..3).map(|member| format!("leaf-{}", number * 7 + member).parse().unwrap()).collect()
    };
    let spoil = |group: &mut Group| {
        group.commands.iter_mut().for_each(|command| command.text = text.to_owned());
        for leaf in &mut group.leaves {
            (leaf.path, leaf.after) = (text.to_owned(), Some(text.to_owned()));
            leaf.origin.iter_mut().for_each(|origin| origin.text = text.to_owned());
        }
    };
    let group = |number: usize| {
        let mut group = Group { devices: devices(number), ..first.clone() };
        spoil(&mut group);
        group
    };
    review.groups = (0..groups).map(group).collect();
    review.guarded.iter_mut().for_each(|finding| finding.message = text.to_owned());
    let finding = review.guarded[0].clone();
    review.findings = vec![finding; 40];
    review.findings.iter_mut().for_each(|finding| finding.drawn = text.repeat(9));
    review.found = (40, 0);
    let drifted =
        Drifted { path: text.to_owned(), recorded: Some(text.to_owned()), live: Some(text.to_owned()) };
    let device: DeviceName = "leaf1".parse().unwrap();
    review.drift = vec![Overwritten { device, drifted, after: Some(text.to_owned()) }; 50];
    review.revert.held = vec![text.to_owned(); 30];
    review.passed_over = (0..30).map(|n| (format!("spine-{n}").parse().unwrap(), text.to_owned())).collect();
    review.link = Some(format!("https://x/{text}"));
    review
}

const NASTY: [&str; 10] = [
    "```",
    "~~~",
    "</details>",
    "<details>",
    "<!-- gitfabric:plan evpn-lab -->",
    "@all #1 !2",
    "\n\n# x\n",
    "[a](https://b)",
    "<script>alert(1)</script>",
    "`````` | x",
];

#[test]
fn a_text_from_outside_is_only_a_text_wherever_it_stands() {
    for text in NASTY {
        let review = hostile(text, 3);
        let comment = review.comment(&Budget { limit: 65_536, measure: characters });
        assert_eq!(whole(&comment), Ok(()), "{text}:\n{comment}");
        assert!(Marker::parse(&comment).is_some(), "{text}");
        let page = review.page();
        let inside = page.split_once("</style>").unwrap().1;
        assert!(!inside.contains("<script") && !inside.contains(" style="), "{text}");
        assert_eq!(inside.matches("<details").count(), inside.matches("</details>").count(), "{text}");
    }
}

#[test]
fn a_thousand_devices_are_one_readable_comment() {
    let mut review = Desk::new(&["vlans/40.yaml: test-l2-vxlan => web"]).review();
    let names = |range: std::ops::RangeInclusive<usize>| -> Vec<DeviceName> {
        range.map(|number| format!("leaf{number}").parse().unwrap()).collect()
    };
    let same = review.groups.remove(0);
    let group = |number: usize| {
        let mut group = Group { devices: names(901 + number..=901 + number), ..same.clone() };
        if number < 2 {
            group.effect = Effect::DropsPort;
            group.effects.iter_mut().for_each(|cause| cause.effect = Effect::DropsPort);
        }
        group
    };
    review.groups = (0..98).map(group).collect();
    review.groups.insert(2, Group { devices: names(1..=900), ..same.clone() });
    (review.summary.devices, review.summary.changed, review.summary.modified) = (1000, 998, 998);
    review.guarantees = [(crate::review::Guarantee::BestEffort, names(1..=998))].into();
    (review.revert.devices, review.link) = (998, None);
    let comment = review.comment(&Budget { limit: 65_536, measure: characters });
    assert!(characters(&comment) < 20_000, "{}", characters(&comment));
    assert_eq!(whole(&comment), Ok(()));
    assert_snapshot!(
        comment
            .replace(&review.seal, "SEAL")
            .replace(&format!(" {}\n", review.engine), " VERSION\n")
            .replace(&format!("engine={}", review.engine), "engine=VERSION")
    );
}

#[test]
fn equal_reviews_and_only_they_have_equal_seals() {
    let desk = Desk::new(&["vlans/40.yaml: test-l2-vxlan => web"]);
    let seal = desk.review().seal;
    assert_eq!(seal.len(), 64);
    let mut later = desk.subject();
    later.now = "2026-11-21T10:00:00Z".parse().unwrap();
    later.link = None;
    assert_eq!(crate::review::review(&later).seal, seal);
    let mut asked = Desk::new(&["vlans/40.yaml: test-l2-vxlan => web"]);
    asked.questions = vec![Question { leaf: "name".to_owned(), asked_by: "ada".to_owned() }];
    assert_ne!(asked.review().seal, seal);
    assert_ne!(Desk::new(&["vlans/40.yaml: test-l2-vxlan => db"]).review().seal, seal);
    let read: serde_json::Value = serde_json::from_str(&desk.review().json()).unwrap();
    assert_eq!((&read["format"], read["seal"].as_str()), (&1.into(), Some(&*seal)));
    assert_eq!(read["groups"][0]["devices"][0], "leaf1");
}

#[test]
fn no_secret_is_in_a_review_whoever_lets_it_slip() {
    let password = ["vrfs/gold.yaml: asn: 64999 => asn: 64999, password: secret:bgp/border"];
    let mut desk = Desk::between(&password, &["vrfs/gold.yaml: secret:bgp/border => secret:bgp/other"]);
    let path = "/network-instances/network-instance[name=gold]/protocols/protocol[identifier=openconfig-policy-types:BGP]\
                [name=BGP]/bgp/neighbors/neighbor[neighbor-address=10.90.90.1]/config/auth-password";
    let slip =
        Drifted { path: path.to_owned(), recorded: Some("hunter2".into()), live: Some("hunter3".into()) };
    let stand = crate::review::Stand {
        commit: None,
        standing: "drifted".to_owned(),
        since: jiff::Timestamp::UNIX_EPOCH,
        drift: vec![slip],
        guarantee: crate::review::Guarantee::default(),
    };
    let devices = [("leaf7".parse().unwrap(), stand)].into();
    let fabric = "evpn-lab".parse().unwrap();
    desk.stands = Some(crate::review::Stands { format: 1, fabric, good: None, devices });
    let review = desk.review();
    assert_eq!(review.drift.len(), 1, "the drift is told");
    let all = [review.markdown(), review.page(), review.json()].concat();
    assert!(!all.contains("hunter") && all.contains("secret:bgp/other"), "{all}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn a_comment_never_exceeds_its_budget_and_is_never_cut_inside_a_block(
        limit in Budget::LEAST..70_000,
        groups in 0..60_usize,
        text in prop::sample::select(NASTY.to_vec()),
        times in 1..60_usize,
        bytes in any::<bool>(),
    ) {
        let mut review = hostile(&text.repeat(times), groups);
        review.answers.extend((0..20).map(|_| Answer {
            leaf: text.to_owned(), asked_by: "ada".to_owned(), text: "- long\n".repeat(100),
        }));
        let measure = if bytes { str::len } else { characters };
        let comment = review.comment(&Budget { limit, measure });
        prop_assert!(measure(&comment) <= limit, "{} of {limit}", measure(&comment));
        prop_assert_eq!(whole(&comment), Ok(()));
        prop_assert!(Marker::parse(&comment).is_some());
        prop_assert!(review.status_line().chars().count() <= 140);
    }
}
