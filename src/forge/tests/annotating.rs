//! Findings on lines, as each forge takes them.

use super::*;
use crate::forge::fixture::{APP_ID, BOT, Deed, On, Pem};
use crate::forge::{Annotated, Annotation, App, PullSummary, Severity};

const NAME: &str = "gitfabric/plan dc1";
/// Lines 2 and 3 of `vlans.yaml` are new, 1 and 4 are shown.
const DIFF: &str = "diff --git a/vlans.yaml b/vlans.yaml\nindex 1..2 100644\n--- a/vlans.yaml\n+++ b/vlans.yaml\n\
                    @@ -1,3 +1,4 @@\n vlans:\n-  - id: 10\n+  - id: 5000\n+    name: shop\n   - id: 20\n";

fn finding(line: u32, title: &str) -> Annotation {
    Annotation {
        path: "vlans.yaml".to_owned(),
        line,
        end_line: line,
        severity: Severity::Error,
        title: title.to_owned(),
        message: "an id is 1 to 4094\n```\n@ada <b>".to_owned(),
    }
}

fn story(kind: Kind) -> (FakeForge, Forge, PullSummary) {
    let fake = FakeForge::start(kind);
    let forge = client(&fake);
    fake.add(Entry { diff: DIFF.to_owned(), ..Entry::default() });
    let pull = forge.pull(1).unwrap();
    (fake, forge, pull)
}

fn lines(fake: &FakeForge) -> Vec<(u64, bool)> {
    fake.lines(1).iter().map(|line| (line.line, line.body.contains("5000"))).collect()
}

#[test]
fn findings_stand_on_lines_of_the_diff_are_renewed_in_place_and_go() {
    for kind in KINDS {
        let (fake, forge, pull) = story(kind);
        assert_eq!(forge.annotate(&pull, NAME, &[]).unwrap(), Annotated::default(), "{kind}");
        assert_eq!(fake.calls().writes, 0, "{kind}");

        let all = [finding(2, "5000 is no VLAN"), finding(4, "twice"), finding(40, "elsewhere")];
        let done = forge.annotate(&pull, NAME, &all).unwrap();
        assert_eq!(done, Annotated { shown: 2, left_out: 1, removed: 0 }, "{kind}");
        assert_eq!(lines(&fake), [(2, true), (4, false)], "{kind}");
        for line in fake.lines(1) {
            assert_eq!((line.author.as_str(), line.path.as_str()), (BOT, "vlans.yaml"), "{kind}");
            assert!(
                line.body.contains("````text\n") && line.body.ends_with("\n````"),
                "{kind}: {}",
                line.body
            );
        }

        fake.calls();
        assert_eq!(forge.annotate(&pull, NAME, &all).unwrap(), done, "{kind}");
        assert_eq!(fake.calls().writes, 0, "{kind}: they stand there already");

        let other = [finding(2, "5000 is reserved")];
        let done = forge.annotate(&pull, NAME, &other).unwrap();
        assert_eq!(done.shown, 1, "{kind}");
        assert_eq!(lines(&fake), [(2, true)], "{kind}");
        assert!(fake.lines(1)[0].body.contains("reserved"), "{kind}");

        assert_eq!(forge.annotate(&pull, NAME, &[]).unwrap().removed, 1, "{kind}");
        assert_eq!((lines(&fake).len(), fake.reviews(1).len()), (0, 0), "{kind}: none is left");
    }
}

#[test]
fn what_others_say_on_lines_and_other_fabrics_is_left_alone() {
    for kind in KINDS {
        let (fake, forge, pull) = story(kind);
        forge.annotate(&pull, "gitfabric/plan dc2", &[finding(2, "theirs")]).unwrap();
        // somebody copies our mark
        fake.world(|world| {
            world.on_lines[0].author = "ada".to_owned();
            for review in &mut world.reviews {
                review.author = "ada".to_owned();
            }
        });
        forge.annotate(&pull, "gitfabric/plan dc3", &[finding(3, "dc3's")]).unwrap();
        forge.annotate(&pull, NAME, &[finding(2, "ours")]).unwrap();
        forge.annotate(&pull, "gitfabric/plan dc2", &[]).unwrap();
        forge.annotate(&pull, NAME, &[]).unwrap();
        assert_eq!(fake.lines(1).iter().map(|line| line.line).collect::<Vec<_>>(), [2, 3], "{kind}");
    }
}

#[test]
fn there_is_never_a_flood() {
    for kind in KINDS {
        let (fake, forge, pull) = story(kind);
        let many: Vec<Annotation> = (0..70).map(|nth| finding(2, &format!("finding {nth}"))).collect();
        let done = forge.annotate(&pull, NAME, &many).unwrap();
        assert_eq!(done, Annotated { shown: 20, left_out: 50, removed: 0 }, "{kind}");
        assert_eq!(fake.lines(1).len(), 20, "{kind}");
    }
}

#[test]
fn after_a_push_findings_move_along() {
    for kind in [Kind::GitHub, Kind::GitLab] {
        let (fake, forge, pull) = story(kind);
        forge.annotate(&pull, NAME, &[finding(2, "5000 is no VLAN")]).unwrap();
        fake.push(1, &"b".repeat(40));
        let moved = forge.pull(1).unwrap();
        forge.annotate(&moved, NAME, &[finding(3, "5000 is no VLAN")]).unwrap();
        assert_eq!(lines(&fake), [(3, true)], "{kind}");
    }
}

#[test]
fn a_line_that_the_forge_refuses_is_left_out() {
    for (kind, part, status) in [(Kind::GitHub, "/comments", 422), (Kind::GitLab, "/discussions", 400)] {
        let (fake, forge, pull) = story(kind);
        let refusal =
            Answer::json(status, &serde_json::json!({ "message": "line must be part of the diff" }));
        fake.on(On::next("POST", part), Deed::Answer(refusal));
        let done = forge.annotate(&pull, NAME, &[finding(2, "a"), finding(3, "b")]).unwrap();
        assert_eq!(done, Annotated { shown: 1, left_out: 1, removed: 0 }, "{kind}");
    }
}

/// A client with the key of the forge's App.
fn app(fake: &FakeForge) -> Forge {
    let key = crate::secret::SecretText::new(Pem::Pkcs1.text());
    let credential = Credential::App(App { id: APP_ID.to_owned(), key, installation: None });
    let repository = Repository::of_remote(&fake.remote()).unwrap();
    let clock = Clock::standing(std::time::SystemTime::now(), |_| {});
    Forge::with_clock(&Config { credential, ..Config::new(fake.kind, repository) }, clock).unwrap()
}

#[test]
fn a_github_app_makes_a_check_in_batches_and_renews_it() {
    let (fake, _, pull) = story(Kind::GitHub);
    let forge = app(&fake);
    assert_eq!(forge.annotate(&pull, NAME, &[]).unwrap(), Annotated::default());
    let sha = "a".repeat(40);
    assert!(fake.runs(&sha).is_empty(), "nothing found, and nothing there: nothing is made");

    // of any line, whether the diff shows it or not
    let many: Vec<Annotation> = (1..=230).map(|line| finding(line, "no VLAN")).collect();
    let done = forge.annotate(&pull, NAME, &many).unwrap();
    assert_eq!(done, Annotated { shown: 200, left_out: 30, removed: 0 });
    let run = fake.runs(&sha).remove(0);
    assert_eq!(
        (run.name.as_str(), run.conclusion.as_str(), run.annotations.len()),
        ("gitfabric/plan dc1 findings", "failure", 200)
    );
    assert_eq!(run.title, "230 findings");
    assert_eq!(run.annotations[0]["annotation_level"], "failure");
    assert_eq!(
        (&run.annotations[199]["start_line"], &run.annotations[199]["end_line"]),
        (&200.into(), &200.into())
    );

    fake.calls();
    assert_eq!(forge.annotate(&pull, NAME, &many).unwrap(), done);
    assert_eq!(fake.calls().writes, 0, "the same is there");

    let done = forge.annotate(&pull, NAME, &[]).unwrap();
    assert_eq!(done, Annotated { shown: 0, left_out: 0, removed: 200 });
    assert_eq!(fake.runs(&sha).last().unwrap().conclusion, "success");
}

#[test]
fn a_check_that_was_left_unfinished_is_made_again() {
    let many: Vec<Annotation> = (1..=60).map(|line| finding(line, "no VLAN")).collect();
    for (case, deed, expected) in
        [("not done", Deed::Break, &[50, 60][..]), ("done, and the answer lost", Deed::Lose, &[60])]
    {
        let (fake, _, pull) = story(Kind::GitHub);
        let forge = app(&fake);
        fake.on(On::next("PATCH", "/check-runs"), deed);
        assert!(forge.annotate(&pull, NAME, &many).unwrap_err().may_be_done(), "{case}");
        assert_eq!(forge.annotate(&pull, NAME, &many).unwrap().shown, 60, "{case}");
        let runs = fake.runs(&"a".repeat(40));
        assert_eq!(runs.iter().map(|run| run.annotations.len()).collect::<Vec<_>>(), expected, "{case}");
    }
}

#[test]
fn an_app_without_the_right_to_make_checks_comments_on_lines() {
    let (fake, _, pull) = story(Kind::GitHub);
    let refusal =
        Answer::json(403, &serde_json::json!({ "message": "Resource not accessible by integration" }));
    fake.on(On::next("GET", "/check-runs"), Deed::Answer(refusal));
    assert_eq!(app(&fake).annotate(&pull, NAME, &[finding(2, "x")]).unwrap().shown, 1);
    assert_eq!((fake.lines(1).len(), fake.runs(&"a".repeat(40)).len()), (1, 0));
}
