//! What people and machines see of a plan, as snapshots.

use insta::assert_snapshot;

use super::*;
use crate::plan::DevicePlan;
use crate::plan::fixture::fabric_plan;

#[test]
fn a_plan_is_drawn_for_a_terminal_without_colour() {
    assert_snapshot!(text(&fabric_plan(), Style::default()));
}

#[test]
fn a_plan_is_drawn_with_colour_and_all_that_is_foreign_when_asked() {
    let style = Style { colour: true, foreign: true };
    let drawn = text(&fabric_plan(), style);
    assert_snapshot!(drawn.replace('\u{1b}', "^"));
}

#[test]
fn a_plan_is_drawn_for_a_pull_request() {
    assert_snapshot!(markdown(&fabric_plan()));
}

#[test]
fn a_plan_is_written_for_machines() {
    let written = json(&fabric_plan());
    assert_snapshot!(written);
    let read: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(read["format"], 1);
}

#[test]
fn a_plan_without_changes_says_so() {
    let mut plan = fabric_plan();
    plan.devices.values_mut().for_each(|device| *device = DevicePlan::default());
    plan.waves.clear();
    plan.passed_over.clear();
    let drawn = text(&plan, Style::default());
    assert_eq!(drawn, "fabric lab, devices to 3f2c9e1\n\nNo changes: 3 devices as the intent says.\n");
}

#[test]
fn nothing_that_a_device_says_steers_a_terminal_or_leaves_its_block() {
    let plan = fabric_plan();
    assert!(!text(&plan, Style::default()).contains('\u{1b}'));
    let drawn = markdown(&plan);
    assert!(drawn.contains("````diff"), "the fence is longer than the backticks inside");
}
