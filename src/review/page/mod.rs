//! The whole plan as one page of HTML: no scripts, nothing loaded, light and dark.
//!
//! The page asks nothing of who serves it but to allow its own style: no attribute holds
//! style or script. Here: the page; `picture` (the fabric), `plan` (one group). Elsewhere:
//! serving it (`web`), escaping (`text`).

mod picture;
mod plan;

use super::comment::{said, time};
use super::report::{Review, ReviewFinding, Risk, Verdict};
use super::text::{counted, devices, each, html};
use crate::platform::effects::Effect;

const STYLE: &str = include_str!("style.css");

/// How many groups are open at once when there are few.
const OPEN: usize = 3;

impl Review {
    /// All of it as one page of HTML, without scripts.
    pub fn page(&self) -> String {
        let fabric = html(self.fabric.as_str());
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"robots\" content=\"noindex\">\n<title>{fabric}: {}</title>\n\
             <style>\n{STYLE}</style>\n<main>\n",
            html(&self.said())
        );
        out.push_str(&self.head());
        out.push_str(&picture::svg(self));
        out.push_str(&self.held());
        out.push_str(&self.faults());
        out.push_str(&self.radius());
        if !self.groups.is_empty() {
            out.push_str("<h2>Plan</h2>\n");
            let open = self.groups.len() <= OPEN;
            self.groups.iter().for_each(|group| out.push_str(&plan::group(group, open)));
        }
        out.push_str(&self.hands());
        out.push_str(&self.around());
        out.push_str(&self.back());
        out.push_str(&self.about());
        out + "</main>\n</html>\n"
    }

    fn head(&self) -> String {
        let (class, word) = match &self.verdict {
            Verdict::NoChanges => ("good", "no changes"),
            Verdict::Changes if self.summary.effect > Some(Effect::Hitless) => ("warn", "changes traffic"),
            Verdict::Changes => ("good", "hitless"),
            Verdict::Held { .. } => ("warn", "held"),
            Verdict::Errors { .. } => ("bad", "does not compile"),
            Verdict::Conflict { .. } => ("bad", "conflict"),
            Verdict::TooLarge { .. } => ("bad", "too large"),
        };
        let summary = &self.summary;
        let tile = |big: &str, small: &str| format!("<div class=\"tile\"><b>{big}</b>{small}</div>");
        let effect = summary.effect.map_or("none", Effect::as_str);
        let back = match (self.revert.computed, self.reverts(), self.revert.held.is_empty()) {
            (false, ..) => "not computed",
            (true, true, true) => "without loss",
            (true, true, false) => "without loss, held",
            (true, false, _) => "not whole",
        };
        // what does not compile or merge was not planned: nothing is counted, and nothing is safe
        let planned = !matches!(
            self.verdict,
            Verdict::Errors { .. } | Verdict::Conflict { .. } | Verdict::TooLarge { .. }
        );
        let (devices, leaves, gravest) = if planned {
            (
                format!("{} / {}", summary.changed, summary.devices),
                format!("+{} ~{} −{}", summary.added, summary.modified, summary.deleted),
                format!(
                    "<span class=\"{}\">{effect}</span>",
                    plan::class(summary.effect.unwrap_or(Effect::Hitless))
                ),
            )
        } else {
            let none = || "not planned".to_owned();
            (none(), none(), none())
        };
        format!(
            "<p><span class=\"verdict {class}\">{word}</span></p>\n<h1>{}</h1>\n<p class=\"soft\">{} · <code>{}</code> into \
             <code>{}</code> · {}</p>\n<div class=\"tiles\">{}{}{}{}</div>\n",
            html(self.fabric.as_str()),
            html(&self.said()),
            self.head.short(),
            self.base.short(),
            html(&time(self)),
            tile(&devices, "devices change"),
            tile(&leaves, "leaves"),
            tile(&gravest, "gravest effect"),
            tile(back, "revert"),
        )
    }

    fn held(&self) -> String {
        let mut out = String::new();
        match &self.verdict {
            Verdict::Conflict { files } => {
                let files = each(files, |file| format!("<li><code>{}</code></li>", html(file)));
                out.push_str(&format!("<h2>Conflicts</h2>\n<ul>{files}</ul>\n"));
            }
            Verdict::TooLarge { why } => out.push_str(&format!("<h2>Too large</h2>\n<p>{}</p>\n", html(why))),
            _ => {}
        }
        if !self.guarded.is_empty() {
            let lines = each(&self.guarded, |it| format!("<li>{}</li>", html(&it.message)));
            let words: Vec<&str> = self.needs.keys().map(String::as_str).collect();
            out.push_str(&format!(
                "<h2>Never without a person's word</h2>\n<div class=\"box\"><ul>{lines}</ul><p>Needs \
                 <code>Gitfabric-Allow: {}</code> in the commit that is merged.</p></div>\n",
                html(&words.join(", "))
            ));
        }
        out
    }

    fn faults(&self) -> String {
        if self.findings.is_empty() {
            return String::new();
        }
        let drawn = |finding: &ReviewFinding| {
            let lines: Vec<String> = finding.drawn.lines().map(html).collect();
            format!("<pre>{}</pre>\n", lines.join("\n"))
        };
        let (news, known): (Vec<_>, Vec<_>) = self.findings.iter().partition(|finding| finding.fresh);
        let mut out = String::new();
        if !news.is_empty() {
            out.push_str("<h2>Findings</h2>\n");
            out.extend(news.into_iter().map(drawn));
        }
        if !known.is_empty() {
            let count = counted(known.len(), "finding", "findings");
            let known: String = known.into_iter().map(drawn).collect();
            out.push_str(&format!("<details><summary>{count} as in the base</summary>\n{known}</details>\n"));
        }
        let left_out = (self.found.0 + self.found.1).saturating_sub(self.findings.len());
        if left_out > 0 {
            out.push_str(&format!(
                "<p class=\"soft\">{left_out} left out; <code>gitfabric check</code> shows them all.</p>\n"
            ));
        }
        out
    }

    fn radius(&self) -> String {
        if self.groups.is_empty() {
            return String::new();
        }
        let mut rows = String::new();
        for group in &self.groups {
            let (added, modified, deleted) = group.counts;
            let causes: Vec<String> = group
                .effects
                .iter()
                .map(|it| {
                    let leaves = counted(it.leaves, "leaf", "leaves");
                    format!(
                        "<span class=\"{}\">{}</span>: {} <span class=\"soft\">({leaves})</span>",
                        plan::class(it.effect),
                        it.effect,
                        html(it.reason)
                    )
                })
                .collect();
            rows.push_str(&format!(
                "<tr><td>{} <span class=\"soft\">({})</span></td><td>+{added} ~{modified} −{deleted}</td><td>{}</td></tr>\n",
                devices(&group.devices, 60, |name| format!("<code>{}</code>", html(name))),
                group.devices.len(),
                causes.join("<br>")
            ));
        }
        let risks = each(&self.risks, |it| format!("<li>{}</li>", risk(it)));
        let risks = if risks.is_empty() {
            risks
        } else {
            format!("<div class=\"box\"><b>Redundancy at risk</b><ul>{risks}</ul></div>\n")
        };
        format!(
            "<h2>Blast radius</h2>\n{risks}<div class=\"scroll\"><table><tr><th>devices</th><th>leaves</th><th>effect, and why</th></tr>\n{rows}\
             </table></div>\n{}",
            self.others()
        )
    }

    fn others(&self) -> String {
        let name: fn(&str) -> String = |name| format!("<code>{}</code>", html(name));
        let mut lines = Vec::new();
        if !self.untouched.devices.is_empty() {
            let count = counted(self.untouched.devices.len(), "device", "devices");
            lines.push(format!("Untouched: {count} ({})", devices(&self.untouched.devices, 60, name)));
        }
        if !self.untouched.areas.is_empty() {
            lines.push(format!("Untouched on every device: {}", html(&self.untouched.areas.join(", "))));
        }
        if !self.entering.is_empty() {
            lines.push(format!("Enter service: {}", devices(&self.entering, 60, name)));
        }
        if !self.leaving.is_empty() {
            lines.push(format!(
                "Leave the intent, and keep what they hold: {}",
                devices(&self.leaving, 60, name)
            ));
        }
        let rest = self.passed_over.iter();
        lines.extend(
            rest.map(|(device, why)| format!("Not written: {}, {}", name(device.as_str()), html(why))),
        );
        if self.waves.len() > 1 {
            lines.push(format!("{} waves; members of a pair never together", self.waves.len()));
        }
        each(lines, |line| format!("<p>{line}</p>\n"))
    }

    fn hands(&self) -> String {
        let mut out = String::new();
        for hand in &self.by_hand {
            let names = devices(&hand.devices, 60, |name| format!("<code>{}</code>", html(name)));
            let lines: Vec<String> =
                hand.lines.iter().map(|(sign, text)| format!("{sign} {}", html(text))).collect();
            out.push_str(&format!("<p>{names}</p><pre>{}</pre>\n", lines.join("\n")));
        }
        if out.is_empty() {
            return out;
        }
        format!("<h2>By hand</h2>\n<p>This is never sent; somebody has to type it.</p>\n{out}")
    }

    fn around(&self) -> String {
        let code = |text: &str| format!("<code>{}</code>", html(text));
        let value = |text: &Option<String>| text.as_deref().map_or_else(|| "nothing".to_owned(), code);
        let mut out = String::new();
        if !self.drift.is_empty() {
            let row = |over: &super::report::Overwritten| {
                format!(
                    "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                    code(over.device.as_str()),
                    code(&over.drifted.path),
                    value(&over.drifted.live),
                    value(&over.after)
                )
            };
            let rows: String = self.drift.iter().map(row).collect();
            out.push_str(&format!(
                "<h2>Drift that this overwrites</h2>\n<div class=\"scroll\"><table><tr><th>device</th><th>leaf</th><th>holds</th>\
                 <th>will hold</th></tr>\n{rows}</table></div>\n"
            ));
        }
        if !self.pending.is_empty() {
            let line = |pending: &super::report::Pending| {
                let holds = pending.holds.as_ref().map_or("no commit of ours", |commit| commit.short());
                let names = devices(&pending.devices, 60, |name| format!("<code>{}</code>", html(name)));
                format!("<li>{names}: {holds} ({})</li>", html(&pending.standing))
            };
            let lines: String = self.pending.iter().map(line).collect();
            out.push_str(&format!(
                "<h2>Comes along</h2>\n<p>These devices do not hold the base yet.</p><ul>{lines}</ul>\n"
            ));
        }
        out
    }

    fn back(&self) -> String {
        let proof = &self.revert;
        if !proof.computed || self.groups.is_empty() {
            return String::new();
        }
        let on = counted(proof.devices, "device", "devices");
        let mut lines = vec![match (proof.lost.is_empty(), proof.at_default) {
            (true, 0) => {
                format!("Computed on {on}: after the change and its revert every leaf is byte-identical.")
            }
            (true, stay) => format!(
                "Computed on {on}: every leaf is as it was, but for {} at the default.",
                counted(stay, "leaf that stays", "leaves that stay")
            ),
            (false, _) => format!("Computed on {on}: a revert does not bring everything back."),
        }];
        for lost in &proof.lost {
            let paths: Vec<String> =
                lost.paths.iter().map(|path| format!("<code>{}</code>", html(path))).collect();
            let names = devices(&lost.devices, 60, |name| format!("<code>{}</code>", html(name)));
            lines.push(format!("{names}: {}: {}", html(lost.why), paths.join(", ")));
        }
        if proof.secrets > 0 {
            lines.push("Secrets are written again, as the store has them then.".to_owned());
        }
        lines.extend(proof.held.iter().map(|why| format!("The revert itself would be held: {}", html(why))));
        if !proof.needs.is_empty() {
            lines.push(format!("It needs <code>Gitfabric-Allow: {}</code>.", html(&proof.needs.join(", "))));
        }
        let lines = each(lines, |line| format!("<p>{line}</p>\n"));
        format!("<h2>Revert</h2>\n{lines}")
    }

    fn about(&self) -> String {
        let mut lines = vec![
            format!(
                "Planned: the merge of <code>{}</code> into <code>{}</code>, made in memory",
                self.head, self.base
            ),
            format!("At {} by gitfabric {}", html(&time(self)), html(&self.engine)),
        ];
        lines.extend(
            self.planned_from.iter().map(|from| format!("From <code>{from}</code>, the last good commit")),
        );
        lines.extend(self.guarantees.iter().map(|(guarantee, of)| {
            let names = devices(of, 60, |name| format!("<code>{}</code>", html(name)));
            format!("{names}: {}", html(said(*guarantee)))
        }));
        lines.push(format!("Seal <code>{}</code>", self.seal));
        let lines = each(lines, |line| format!("<p class=\"soft\">{line}</p>\n"));
        format!("<h2>About this plan</h2>\n{lines}")
    }
}

fn risk(risk: &Risk) -> String {
    let code = |text: &str| format!("<code>{}</code>", html(text));
    match risk {
        Risk::Dark { devices: dark } => format!(
            "Nothing carries traffic after this: {} are all out of service",
            devices(dark, 60, |name| format!("<code>{}</code>", html(name)))
        ),
        Risk::Single { device, gone } => format!(
            "{} carries alone after this, for {} too",
            code(device.as_str()),
            devices(gone, 60, |name| format!("<code>{}</code>", html(name)))
        ),
        Risk::Pairs { pairs, effect } => {
            let pairs = devices(pairs, 60, |name| format!("<code>{}</code>", html(name)));
            format!("Both members of {pairs}: {effect} at least, one after the other")
        }
        Risk::Spines { devices: spines, effect } => {
            format!(
                "All spines in service ({}): {effect}, one after the other",
                devices(spines, 60, |name| format!("<code>{}</code>", html(name)))
            )
        }
        Risk::Alone { device, partner, why, effect } => {
            format!(
                "{}: {effect}, while its partner {} is {}",
                code(device.as_str()),
                code(partner.as_str()),
                html(why)
            )
        }
    }
}
