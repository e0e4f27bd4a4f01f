//! How an export's report looks: for people, for machines, in the log.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::super::output::{hint, print_error, print_json};
use super::super::source::drawn;
use crate::diagnostic::{Finding, Findings, Severity};
use crate::export::{Contested, Outcome, Report};
use crate::git::difference::unified;
use crate::netbox::{Objection, Progress, Weight};

/// Lines of changes that are printed; a first export has thousands.
const LINES: usize = 40;

/// One line that is written over and over.
pub(super) fn progress(progress: Progress) {
    let Progress { objects, lists, of, .. } = progress;
    print_error(&format!("\rreading NetBox: {lists} of {of} lists, {objects} objects\x1b[K"));
}

/// Takes that line away.
pub(super) fn progress_is_over() {
    print_error("\r\x1b[K");
}

/// What a person asked to see.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// The changes line by line.
    pub(super) diff: bool,
    /// Each note, also of a run that changes nothing.
    pub(super) verbose: bool,
}

/// For a terminal: what is good to know, what changes, what is wrong, how it ended. Errors stand
/// last, nearest to the prompt.
pub(super) fn text(report: &Report, wanted: Wanted, out: &mut dyn Write) -> anyhow::Result<()> {
    notes(report, wanted.verbose);
    for contested in &report.contested {
        let yellow = AnsiColor::Yellow.on_default().bold();
        let title = format!(
            "{yellow}changed since the last export{yellow:#}: {} by {}",
            contested.change.path, contested.by
        );
        writeln!(out, "{title}")?;
        write!(out, "{}", unified(std::slice::from_ref(&contested.change), true))?;
    }
    if wanted.diff {
        write!(out, "{}", unified(&report.changes, true))?;
    }
    for line in report.words.iter().take(LINES) {
        writeln!(out, "  {line}")?;
    }
    if report.words.len() > LINES {
        writeln!(out, "  and {} more", report.words.len() - LINES)?;
    }
    if let Some(url) = &report.withdrawn {
        writeln!(out, "pull request withdrawn: {url}, nothing is left to propose")?;
    }
    // the errors come the other way, and after all of this
    out.flush()?;
    objections(report, |weight| weight == Weight::Error);
    drawn_with(report, Severity::Error);
    writeln!(out, "{} ({} requests, {:.1} s)", ended(report), report.requests, report.took.as_secs_f64())?;
    if let Outcome::Committed { stayed: Some(why), .. } = &report.outcome {
        print_error(&format!("note: it was pushed, and the files here did not follow: {why}\n"));
    }
    Ok(())
}

/// Everything that stops nothing. What is the same at every run is counted where nothing changed.
fn notes(report: &Report, verbose: bool) {
    let is_quiet = report.outcome == Outcome::Unchanged && !verbose;
    let known = report.objections.iter().filter(|objection| objection.weight == Weight::Note).count();
    let known = known + report.kept.len();
    if is_quiet && known > 0 {
        let plural = if known == 1 { "" } else { "s" };
        print_error(&format!("{known} note{plural}, as before: --verbose shows them\n"));
    }
    if !is_quiet {
        objections(report, |weight| weight == Weight::Note);
        for path in &report.kept {
            print_error(&format!("note: {path} was written by people and stays as it is\n"));
        }
    }
    for note in &report.notes {
        print_error(&format!("note: {note}\n"));
    }
    objections(report, |weight| weight == Weight::Warning);
    drawn_with(report, Severity::Warning);
}

fn objections(report: &Report, wanted: impl Fn(Weight) -> bool) {
    for objection in report.objections.iter().filter(|objection| wanted(objection.weight)) {
        print_error(&format!("{}\n\n", coloured(objection)));
    }
}

fn drawn_with(report: &Report, severity: Severity) {
    for (findings, snapshot) in &report.findings {
        let some: Findings =
            findings.iter().filter(|finding| finding.severity == severity).cloned().collect();
        print_error(&drawn(&some, snapshot, true));
    }
}

fn coloured(objection: &Objection) -> String {
    let style = match objection.weight {
        Weight::Error => AnsiColor::Red.on_default().bold(),
        Weight::Warning => AnsiColor::Yellow.on_default().bold(),
        Weight::Note => Style::new().bold(),
    };
    let text = objection.to_string();
    match text.split_once(':') {
        Some((head, rest)) => format!("{style}{head}{style:#}:{rest}"),
        None => text,
    }
}

/// How it ended, in a sentence.
fn ended(report: &Report) -> String {
    let files = report.changes.len();
    let files = format!("{files} file{}", if files == 1 { "" } else { "s" });
    match &report.outcome {
        Outcome::Unchanged => "nothing to commit: the branch says what NetBox says".to_owned(),
        Outcome::Shown => format!("dry run: {files} would change; nothing was written"),
        Outcome::Refused => refused(report),
        Outcome::Contested => format!(
            "nothing was committed: people changed {} exported file{}; say the same in NetBox, configure a forge \
             for a pull request (--pull-request), or let NetBox's word count (--overwrite-edits)",
            report.contested.len(),
            if report.contested.len() == 1 { "" } else { "s" },
        ),
        Outcome::Committed { commit, pushed, .. } => {
            format!("committed {} with {files}{}", commit.short(), if *pushed { ", pushed" } else { "" })
        }
        Outcome::Proposed { url, done, .. } => format!("pull request {done}: {url}, {files}"),
        Outcome::Declined { url } => {
            format!("nothing to do: a person closed the pull request with this content ({url})")
        }
    }
}

/// How many errors are in the way, and the first of them, which may have scrolled away.
fn refused(report: &Report) -> String {
    let objected = report.objections.iter().filter(|objection| objection.weight == Weight::Error);
    let objected = objected.map(|objection| match &objection.about {
        Some(about) => format!("{} {}: {}", about.kind, about.name, objection.message),
        None => objection.message.clone(),
    });
    let found = report.findings.iter().flat_map(|(findings, _)| findings.iter());
    let found = found.filter(|finding| finding.severity == Severity::Error).map(placed);
    let errors: Vec<String> = objected.chain(found).collect();
    match errors.as_slice() {
        [] => "nothing was committed".to_owned(),
        [only] => format!("nothing was committed: {only}"),
        [first, ..] => format!("nothing was committed: {} errors, the first: {first}", errors.len()),
    }
}

fn placed(finding: &Finding) -> String {
    let place = finding.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    format!("{place}{}", finding.message)
}

/// For machines, where there is no report: nothing was committed.
pub(super) fn json_failed(error: &anyhow::Error, out: &mut dyn Write) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Failed {
        format: u32,
        outcome: &'static str,
        error: String,
        causes: Vec<String>,
        hint: Option<String>,
    }
    let causes = error.chain().skip(1).map(ToString::to_string).collect();
    let hint = hint(error).map(std::borrow::Cow::into_owned);
    print_json(out, &Failed { format: 1, outcome: "failed", error: error.to_string(), causes, hint })
}

#[derive(Serialize)]
struct Json<'a> {
    format: u32,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_request: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<&'a str>,
    changes: Vec<Change<'a>>,
    words: &'a [String],
    contested: Vec<&'a str>,
    kept: Vec<&'a str>,
    objections: Vec<&'a Objection>,
    findings: Vec<&'a Finding>,
    notes: &'a [String],
    requests: usize,
    seconds: f64,
}

#[derive(Serialize)]
struct Change<'a> {
    file: &'a str,
    kind: &'static str,
}

/// For machines.
pub(super) fn json(report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    let (outcome, commit, pull_request) = match &report.outcome {
        Outcome::Unchanged => ("unchanged", None, None),
        Outcome::Shown => ("dry-run", None, None),
        Outcome::Refused => ("refused", None, None),
        Outcome::Contested => ("contested", None, None),
        Outcome::Committed { commit, pushed, .. } => {
            (if *pushed { "pushed" } else { "committed" }, Some(commit.as_str()), None)
        }
        Outcome::Proposed { commit, url, .. } => ("proposed", Some(commit.as_str()), Some(url.as_str())),
        Outcome::Declined { url } => ("declined", None, Some(url.as_str())),
    };
    let changes = report.changes.iter().map(|change| Change {
        file: change.path.as_str(),
        kind: match (&change.old, &change.new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        },
    });
    print_json(
        out,
        &Json {
            format: 1,
            outcome,
            commit,
            pull_request,
            withdrawn: report.withdrawn.as_deref(),
            changes: changes.collect(),
            words: &report.words,
            contested: report.contested.iter().map(|contested| contested.change.path.as_str()).collect(),
            kept: report.kept.iter().map(crate::names::RepoPath::as_str).collect(),
            objections: report.objections.iter().collect(),
            findings: report.findings.iter().flat_map(|(findings, _)| findings.iter()).collect(),
            notes: &report.notes,
            requests: report.requests,
            seconds: report.took.as_secs_f64(),
        },
    )
}

/// What the log of `--watch` told last: what repeats itself is told once.
#[derive(Debug, Default)]
pub(super) struct Told {
    ended: Option<String>,
    details: Vec<String>,
}

impl Told {
    /// Logs how an export ended.
    pub(super) fn log(&mut self, result: &anyhow::Result<Report>) {
        let (text, details) = match result {
            Ok(report) => (ended(report), details(report)),
            Err(error) => {
                let hint = hint(error).map(|hint| format!(" ({hint})")).unwrap_or_default();
                // what was told of the last reading still holds when NetBox is back
                (format!("the export failed: {error:#}{hint}"), self.details.clone())
            }
        };
        let before = std::mem::replace(&mut self.details, details);
        let news: Vec<&String> = self.details.iter().filter(|line| !before.contains(line)).collect();
        for line in &news {
            tracing::warn!("{line}");
        }
        if news.is_empty() && self.ended.as_ref() == Some(&text) {
            return;
        }
        match result {
            Ok(report) if report.is_done() => {
                for word in report.words.iter().take(LINES) {
                    tracing::info!("{word}");
                }
                if let Some(url) = &report.withdrawn {
                    tracing::info!("pull request withdrawn: {url}, nothing is left to propose");
                }
                tracing::info!(requests = report.requests, "{text}");
            }
            _ => tracing::error!("{text}"),
        }
        self.ended = Some(text);
    }
}

/// What is not as it should be, a line each.
fn details(report: &Report) -> Vec<String> {
    let heard = report.objections.iter().filter(|objection| objection.weight != Weight::Note);
    let mut lines: Vec<String> = heard.map(ToString::to_string).collect();
    for finding in report.findings.iter().flat_map(|(findings, _)| findings.iter()) {
        lines.push(placed(finding));
    }
    for Contested { change, by } in &report.contested {
        lines.push(format!("{}: changed since the last export by {by}", change.path));
    }
    lines.extend(report.notes.iter().cloned());
    if let Outcome::Committed { stayed: Some(why), .. } = &report.outcome {
        lines.push(format!("it was pushed, and the files here did not follow: {why}"));
    }
    lines
}
