//! The sections of a comment, in the order in which a reviewer reads them.

use super::detail::Detail;
use super::plan;
use crate::diagnostic::Severity;
use crate::plan::render::printable;
use crate::platform::effects::Effect;
use crate::review::report::{Group, Review, ReviewFinding, Risk, Verdict};
use crate::review::stands::Guarantee;
use crate::review::text::{block, code, counted, cut, devices, each};

/// A review with so much detail.
pub(super) fn draw(review: &Review, detail: &Detail) -> String {
    let whole = whole(review);
    let mut out = verdict(review);
    if let Some(moved) = moved(review, detail) {
        out.push_str(&moved);
    }
    if review.base_has_errors {
        out.push_str("\n_The base has errors itself: what is planned from it may not be all._\n");
    }
    match &review.verdict {
        Verdict::Conflict { files } => out.push_str(&conflict(review, files, detail)),
        Verdict::TooLarge { why } => out.push_str(&format!("\nNot planned: {}.\n", code(why))),
        Verdict::Errors { .. } => {}
        Verdict::Changes | Verdict::NoChanges | Verdict::Held { .. } => {
            out.push_str(&guarded(review, detail));
        }
    }
    out.push_str(&findings(review, detail));
    if !review.groups.is_empty() {
        out.push_str(&blast_radius(review, detail, &whole));
        out.push_str(&plans(review, detail, &whole));
    }
    out.push_str(&by_hand(review, detail));
    out.push_str(&drift(review, detail));
    out.push_str(&revert(review, detail));
    out.push_str(&answers(review, detail));
    out.push_str(&about(review, detail));
    out
}

/// Where the rest is, as the second half of a sentence.
fn whole(review: &Review) -> String {
    if link(review).is_some() {
        // the link itself stands once: it may be long
        return "the whole plan, linked above, has them".to_owned();
    }
    let (base, head) = (review.planned_from.as_ref().unwrap_or(&review.base), &review.head);
    format!("`gitfabric plan {} {}` has them", base.short(), head.short())
}

/// The link, if it can stand in Markdown as it is.
fn link(review: &Review) -> Option<&str> {
    let plain =
        |c: char| c.is_ascii_graphic() && !matches!(c, '(' | ')' | '<' | '>' | '"' | '\\' | '`' | '|');
    let good = |link: &&str| link.len() <= 400 && link.starts_with("http") && link.chars().all(plain);
    review.link.as_deref().filter(good)
}

fn verdict(review: &Review) -> String {
    let mark = match &review.verdict {
        Verdict::Changes if review.summary.effect > Some(Effect::Hitless) => "⚠️",
        Verdict::Changes | Verdict::NoChanges => "✅",
        Verdict::Held { .. } => "✋",
        Verdict::Errors { .. } | Verdict::Conflict { .. } | Verdict::TooLarge { .. } => "❌",
    };
    let link = link(review).map_or_else(String::new, |link| format!(" · [whole plan]({link})"));
    format!("### {mark} {}: {}{link}\n", code(review.fabric.as_str()), review.said())
}

fn moved(review: &Review, detail: &Detail) -> Option<String> {
    let moved = review.moved.as_ref()?;
    let mut words = Vec::new();
    if let Some(from) = &moved.base_from {
        words.push(format!("the base moved from `{}` to `{}`", from.short(), review.base.short()));
    }
    if let Some(from) = &moved.head_from {
        words.push(format!("the head moved from `{}` to `{}`", from.short(), review.head.short()));
    }
    if !moved.devices.is_empty() {
        let devices = devices(&moved.devices, detail.names, code);
        words.push(format!("{devices} stand otherwise in what the plan touches"));
    }
    (!words.is_empty()).then(|| format!("\n_Planned anew: {}._\n", words.join("; ")))
}

fn conflict(review: &Review, files: &[String], detail: &Detail) -> String {
    let listed = each(files.iter().take(detail.lines), |file| format!("- {}\n", code(file)));
    format!(
        "\nMerging `{}` into `{}` conflicts in:\n\n{listed}{}\nMerge the base into the branch, and it is planned.\n",
        review.head.short(),
        review.base.short(),
        more(files.len(), detail.lines)
    )
}

/// `- and 3 more` for a list that is cut.
fn more(all: usize, shown: usize) -> String {
    match all.saturating_sub(shown) {
        0 => String::new(),
        more => format!("- and {more} more\n"),
    }
}

fn guarded(review: &Review, detail: &Detail) -> String {
    if review.guarded.is_empty() {
        return String::new();
    }
    let mut out = "\n#### Never without a person's word\n\n".to_owned();
    for finding in review.guarded.iter().take(detail.lines) {
        let at = finding
            .at
            .as_ref()
            .map_or_else(String::new, |(file, line)| format!(" {}", code(&format!("{file}:{line}"))));
        out.push_str(&format!("- {}{at}\n", code(&finding.message)));
    }
    out.push_str(&more(review.guarded.len(), detail.lines));
    let words = |has: bool| -> Vec<String> {
        review.needs.iter().filter(|(_, granted)| **granted == has).map(|(word, _)| word.clone()).collect()
    };
    let (missing, granted) = (words(false), words(true));
    if !missing.is_empty() {
        out.push_str(&format!(
            "\nThe agent freezes at such a commit. If it is meant, let the last commit here say so, and the \
             merge commit too:\n\n{}",
            block("text", &[format!("Gitfabric-Allow: {}", missing.join(", "))])
        ));
    }
    if !granted.is_empty() {
        out.push_str(&format!(
            "\nThe head's message allows it (`Gitfabric-Allow: {}`). A merge commit has to say so itself.\n",
            granted.join(", ")
        ));
    }
    out
}

fn findings(review: &Review, detail: &Detail) -> String {
    let (errors, warnings) = review.found;
    if errors + warnings == 0 {
        return String::new();
    }
    let fresh = warnings.saturating_sub(review.known_warnings);
    let mut titles = Vec::new();
    if errors > 0 {
        titles.push(counted(errors, "error", "errors"));
    }
    if fresh > 0 {
        titles.push(counted(fresh, "new warning", "new warnings"));
    }
    if review.known_warnings > 0 {
        titles.push(format!("{} as in the base", counted(review.known_warnings, "warning", "warnings")));
    }
    let title = titles.join(", ");
    // what the base has too is known there, and in `gitfabric check`
    let news = review.findings.iter().filter(|it| it.fresh || it.severity == Severity::Error);
    let shown: Vec<String> = news.take(detail.findings).map(|it| finding(it, detail)).collect();
    let left_out = (errors + fresh).saturating_sub(shown.len());
    let rest = match left_out {
        0 => String::new(),
        _ => format!("\n_{left_out} left out; `gitfabric check` shows them all._\n"),
    };
    let shown = shown.concat();
    match (errors, fresh) {
        (0, 0) => format!("\n{title}.\n"),
        (0, _) => format!("\n<details><summary>{title}</summary>\n\n{shown}{rest}\n</details>\n"),
        _ => format!("\n#### {title}\n\n{shown}{rest}"),
    }
}

fn finding(finding: &ReviewFinding, detail: &Detail) -> String {
    let drawn = cut(&finding.drawn, detail.finding);
    let lines: Vec<String> = drawn.lines().map(str::to_owned).collect();
    block("text", &lines)
}

fn blast_radius(review: &Review, detail: &Detail, whole: &str) -> String {
    let mut out = "\n#### Blast radius\n\n".to_owned();
    if detail.rows > 0 {
        out.push_str("| devices | leaves | effect | because |\n|---|---|---|---|\n");
        for group in review.groups.iter().take(detail.rows) {
            let names = devices(&group.devices, detail.names, code);
            let count =
                if group.devices.len() > 2 { format!(" ({})", group.devices.len()) } else { String::new() };
            let (added, modified, deleted) = group.counts;
            let grave = group.effects.iter().filter(|cause| cause.effect == group.effect);
            let reasons: Vec<&str> = grave.map(|cause| cause.reason).take(3).collect();
            let effect = effects(group);
            out.push_str(&format!(
                "| {names}{count} | +{added} ~{modified} -{deleted} | {effect} | {} |\n",
                reasons.join("; ")
            ));
        }
    }
    let left_out = review.groups.len().saturating_sub(detail.rows);
    if left_out > 0 {
        let rest = review.groups.iter().skip(detail.rows).map(|group| group.devices.len()).sum();
        let (groups, devices) = (counted(left_out, "group", "groups"), counted(rest, "device", "devices"));
        out.push_str(&format!("\n_{groups} of {devices} left out; {whole}._\n"));
    }
    out.push('\n');
    out.push_str(&risks(review, detail));
    out.push_str(&others(review, detail));
    out
}

/// Every effect of a group with the number of its leaves, the gravest first.
fn effects(group: &Group) -> String {
    let mut shown = Vec::new();
    for effect in Effect::ALL.into_iter().rev() {
        let leaves: usize =
            group.effects.iter().filter(|cause| cause.effect == effect).map(|cause| cause.leaves).sum();
        let bold = if effect == Effect::Hitless { "" } else { "**" };
        if leaves > 0 {
            shown.push(format!("{bold}{effect}{bold} ({leaves})"));
        }
    }
    shown.join(", ")
}

fn risks(review: &Review, detail: &Detail) -> String {
    let line = |risk: &Risk| match risk {
        Risk::Dark { devices: dark } => format!(
            "- **Redundancy:** nothing carries traffic after this: {} are all out of service\n",
            devices(dark, detail.names, code)
        ),
        Risk::Single { device, gone } => format!(
            "- **Redundancy:** {} carries alone after this, for {} too\n",
            code(device.as_str()),
            devices(gone, detail.names, code)
        ),
        Risk::Pairs { pairs, effect } => {
            let shown = devices(pairs, detail.names, code);
            let (pairs, of) = if pairs.len() == 1 { ("pair", "its") } else { ("pairs", "each pair's") };
            format!(
                "- **Redundancy:** both members of {pairs} {shown}: {effect} at least, {of} members one after the other\n"
            )
        }
        Risk::Spines { devices: spines, effect } => format!(
            "- **Redundancy:** all spines in service ({}): {effect}, one after the other\n",
            devices(spines, detail.names, code)
        ),
        Risk::Alone { device, partner, why, effect } => format!(
            "- **Redundancy:** {}: {effect}, while its partner {} is {}\n",
            code(device.as_str()),
            code(partner.as_str()),
            printable(why)
        ),
    };
    let lines: String = review.risks.iter().take(detail.lines).map(line).collect();
    lines + &more(review.risks.len(), detail.lines)
}

/// What is left as it is, passed over, coming or going.
fn others(review: &Review, detail: &Detail) -> String {
    let mut out = String::new();
    let untouched = &review.untouched;
    if !untouched.devices.is_empty() {
        let count = counted(untouched.devices.len(), "device", "devices");
        let names = devices(&untouched.devices, detail.names, code);
        out.push_str(&format!("- Untouched: {count} ({names})"));
        if !untouched.areas.is_empty() {
            out.push_str(&format!("; on every device {}", untouched.areas.join(", ")));
        }
        out.push('\n');
    } else if !untouched.areas.is_empty() {
        out.push_str(&format!("- Untouched on every device: {}\n", untouched.areas.join(", ")));
    }
    if !review.entering.is_empty() {
        let names = devices(&review.entering, detail.names, code);
        out.push_str(&format!("- Enter service, and are written once they were read: {names}\n"));
    }
    if !review.leaving.is_empty() {
        let names = devices(&review.leaving, detail.names, code);
        out.push_str(&format!("- Leave the intent, and keep what they hold: {names}\n"));
    }
    let lines = review.passed_over.iter().take(detail.lines);
    out.extend(
        lines.map(|(name, why)| format!("- Not written: {}, {}\n", code(name.as_str()), printable(why))),
    );
    out.push_str(&more(review.passed_over.len(), detail.lines));
    out
}

fn plans(review: &Review, detail: &Detail, whole: &str) -> String {
    let mut out = "\n#### Plan\n\n".to_owned();
    let few = review.groups.len() == 1;
    let shown = review.groups.iter().take(detail.groups);
    let shown: Vec<String> = shown.map(|group| plan::group(group, detail, few, whole)).collect();
    out.push_str(&shown.join("\n"));
    let left_out = review.groups.len().saturating_sub(detail.groups);
    if left_out > 0 {
        let groups = counted(left_out, "group", "groups");
        out.push_str(&format!("\n_The plan of {groups} is left out; {whole}._\n"));
    }
    if review.waves.len() > 1 {
        out.push_str(&format!("\nIn {} waves; members of a pair never together.\n", review.waves.len()));
    }
    out
}

fn by_hand(review: &Review, detail: &Detail) -> String {
    if review.by_hand.is_empty() {
        return String::new();
    }
    let mut out =
        "\n#### By hand\n\nThis is never sent; somebody has to type it (`gitfabric bootstrap`).\n".to_owned();
    for hand in review.by_hand.iter().take(detail.lines.min(6)) {
        let lines: Vec<String> = hand
            .lines
            .iter()
            .take(2 * detail.lines.min(20))
            .map(|(sign, text)| format!("{sign} {}", cut(text, 200)))
            .collect();
        let names = devices(&hand.devices, detail.names, code);
        out.push_str(&format!("\n{names}\n\n{}", block("diff", &lines)));
    }
    let left_out = review.by_hand.len().saturating_sub(detail.lines.min(6));
    if left_out > 0 {
        out.push_str(&format!("\n_{} left out._\n", counted(left_out, "group", "groups")));
    }
    out
}

fn drift(review: &Review, detail: &Detail) -> String {
    let mut out = String::new();
    if !review.drift.is_empty() {
        out.push_str("\n#### Drift that this overwrites\n\n");
        let value =
            |text: &Option<String>| text.as_ref().map_or_else(|| "nothing".to_owned(), |text| code(text));
        for over in review.drift.iter().take(detail.lines) {
            out.push_str(&format!(
                "- {} {}: holds {}, was left with {}, will hold {}\n",
                code(over.device.as_str()),
                code(&over.drifted.path),
                value(&over.drifted.live),
                value(&over.drifted.recorded),
                value(&over.after)
            ));
        }
        out.push_str(&more(review.drift.len(), detail.lines));
    }
    if !review.pending.is_empty() {
        out.push_str("\n#### Comes along\n\nThese devices do not hold the base yet; what is between goes to them too.\n\n");
        for pending in review.pending.iter().take(detail.lines) {
            let holds = pending.holds.as_ref().map_or_else(
                || "hold no commit of ours".to_owned(),
                |commit| format!("hold `{}`", commit.short()),
            );
            let names = devices(&pending.devices, detail.names, code);
            out.push_str(&format!("- {names}: {holds} ({})\n", code(&pending.standing)));
        }
        out.push_str(&more(review.pending.len(), detail.lines));
    }
    out
}

fn revert(review: &Review, detail: &Detail) -> String {
    let proof = &review.revert;
    if !proof.computed || review.groups.is_empty() {
        return String::new();
    }
    let on = counted(proof.devices, "device", "devices");
    let mut out = "\n#### Revert\n\n".to_owned();
    out.push_str(&match (proof.lost.len(), proof.at_default) {
        (0, 0) => {
            format!("Computed on {on}: this change and then its `git revert` leave every leaf byte-identical.\n")
        }
        (0, stay) => format!(
            "Computed on {on}: this change and then its `git revert` leave every leaf as it was, but for {} at \
             the default.\n",
            counted(stay, "leaf that stays", "leaves that stay")
        ),
        _ => format!("Computed on {on}: `git revert` does not bring everything back.\n\n"),
    });
    for lost in &proof.lost {
        let names = devices(&lost.devices, detail.names, code);
        let leaves = counted(lost.count, "leaf", "leaves");
        out.push_str(&format!("- {leaves} on {names}: {}\n", lost.why));
        for path in lost.paths.iter().take(detail.lines) {
            out.push_str(&format!("  - {}\n", code(path)));
        }
        let more = lost.paths.len().saturating_sub(detail.lines);
        if more > 0 {
            out.push_str(&format!("  - and {more} more\n"));
        }
    }
    let mut notes = Vec::new();
    if proof.secrets > 0 {
        let secrets = counted(proof.secrets, "secret is", "secrets are");
        notes.push(format!("{secrets} written again, as the store has them then"));
    }
    if !review.by_hand.is_empty() {
        notes.push("what was typed by hand is taken back by hand".to_owned());
    }
    if !proof.needs.is_empty() {
        notes.push(format!("the revert needs `Gitfabric-Allow: {}`", proof.needs.join(", ")));
    }
    if !notes.is_empty() {
        out.push_str(&format!("\nBut: {}.\n", notes.join("; ")));
    }
    if !proof.held.is_empty() {
        out.push_str("\nThe revert itself would be held:\n\n");
        out.extend(proof.held.iter().take(detail.lines).map(|why| format!("- {}\n", code(why))));
        out.push_str(&more(proof.held.len(), detail.lines));
    }
    out
}

fn answers(review: &Review, detail: &Detail) -> String {
    if review.answers.is_empty() {
        return String::new();
    }
    let mut out = "\n<details open><summary>Answers</summary>\n".to_owned();
    let first = review.answers.len().saturating_sub(detail.answers);
    if first > 0 {
        let questions = counted(first, "question", "questions");
        out.push_str(&format!("\n_The answers to {questions} are left out._\n"));
    }
    for answer in review.answers.iter().skip(first) {
        out.push_str(&format!(
            "\n{} asked about {}:\n\n{}",
            code(&answer.asked_by),
            code(&answer.leaf),
            answer.text
        ));
    }
    out.push_str("\n</details>\n");
    out
}

fn about(review: &Review, detail: &Detail) -> String {
    let mut lines = vec![format!(
        "Planned: the merge of head `{}` into base `{}`, made in memory",
        review.head.short(),
        review.base.short()
    )];
    if let Some(from) = &review.planned_from {
        lines.push(format!("From: `{}`, the last commit that was good; the base has errors", from.short()));
    }
    lines.push(format!("At: {} by gitfabric {}", time(review), printable(&review.engine)));
    let known = if review.stands_known {
        "as the agent last knew them"
    } else {
        "taken to hold the base; how they stand was not known"
    };
    lines.push(format!("Devices: {known}"));
    for (guarantee, of) in &review.guarantees {
        lines.push(format!("Guarantee for {}: {}", devices(of, detail.names, code), said(*guarantee)));
    }
    lines.push(format!("Seal: `{}`", review.seal));
    let list = each(lines, |line| format!("- {line}\n"));
    format!("\n<details><summary>About this plan</summary>\n\n{list}\n</details>\n")
}

/// When it was made, to the second.
pub(in crate::review) fn time(review: &Review) -> String {
    let text = review.now.to_string();
    let cut = text.split('.').next().unwrap_or_default().trim_end_matches('Z');
    format!("{}Z", cut.replace('T', " "))
}

/// What becomes of a device whose commit is bad.
pub(in crate::review) fn said(guarantee: Guarantee) -> &'static str {
    match guarantee {
        Guarantee::DeviceGuarded => "it goes back by itself unless the agent confirms",
        Guarantee::AgentGuarded => "the agent puts back what it held",
        Guarantee::BestEffort => {
            "best effort: read back after each Set; a revert or the next commit puts it right"
        }
    }
}
