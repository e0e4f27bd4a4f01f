//! Check runs with annotations, as GitHub Apps make them.
//!
//! GitHub REST API, "Check runs": create, update, list for a Git reference. A request carries at
//! most 50 annotations; those of later ones are added. A newer run of the same name takes the
//! place of the one before, so that annotations are never taken away singly. Elsewhere: review
//! comments, for those who are no App (`reviewing`).

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::reviewing::within;
use crate::forge::annotate::{Annotated, Annotation, Severity, Work};
use crate::forge::error::ForgeError;
use crate::forge::http::Http;

/// Annotations of one request.
const BATCH: usize = 50;
/// Annotations of one run.
const MOST: usize = 200;
/// Characters of a title.
const TITLE: usize = 255;

#[derive(Deserialize)]
struct Runs {
    check_runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    id: u64,
    /// What we called it.
    external_id: Option<String>,
    output: Output,
}

#[derive(Deserialize)]
struct Output {
    #[serde(default)]
    annotations_count: usize,
}

/// Makes a run with these annotations, unless the newest on this head has them.
pub(super) fn renew(http: &Http, work: &Work<'_>) -> Result<Annotated, ForgeError> {
    let shown = work.wanted.len().min(MOST);
    let done = Annotated { shown, left_out: work.wanted.len() - shown, removed: 0 };
    let id = format!("gitfabric:{}", work.digest());
    let last = newest(http, work)?;
    let removed = match &last {
        None if work.wanted.is_empty() => return Ok(done),
        Some(last) if last.external_id.as_deref() == Some(&id) => return Ok(done),
        Some(last) => last.output.annotations_count,
        None => 0,
    };
    let mut batches = work.wanted.get(..shown).unwrap_or_default().chunks(BATCH);
    let (first, is_one) = (batches.next().unwrap_or_default(), shown <= BATCH);
    // until all are there it has a name that no set of annotations has
    let run = create(http, work, if is_one { &id } else { "gitfabric:unfinished" }, first)?;
    let mut batches = batches.peekable();
    while let Some(batch) = batches.next() {
        let finished = batches.peek().is_none().then_some(id.as_str());
        add(http, work, run, finished, batch)?;
    }
    Ok(Annotated { removed, ..done })
}

/// What the check is called: other than the commit status that stands beside it.
fn name(work: &Work<'_>) -> String {
    format!("{} findings", work.name)
}

fn newest(http: &Http, work: &Work<'_>) -> Result<Option<Run>, ForgeError> {
    let name = name(work);
    let query = [("check_name", name.as_str()), ("filter", "latest"), ("per_page", "100")];
    let doing = format!("read the check `{name}` of {}", work.pull.head.short());
    let path = within(http, &["commits", work.pull.head.as_str(), "check-runs"]);
    let runs: Runs = http.json(&http.get(doing, &path, &query))?;
    let is_ours = |run: &Run| run.external_id.as_deref().is_some_and(|id| id.starts_with("gitfabric:"));
    Ok(runs.check_runs.into_iter().filter(is_ours).max_by_key(|run| run.id))
}

fn create(http: &Http, work: &Work<'_>, id: &str, batch: &[Annotation]) -> Result<u64, ForgeError> {
    let worst = work.wanted.iter().map(|wanted| wanted.severity).min();
    let conclusion = match worst {
        Some(Severity::Error) => "failure",
        Some(Severity::Warning | Severity::Notice) => "neutral",
        None => "success",
    };
    let body = json!({
        "name": name(work), "head_sha": work.pull.head.as_str(), "external_id": id,
        "status": "completed", "conclusion": conclusion, "output": output(work, batch),
    });
    let doing = format!("make the check `{}` of {}", name(work), work.pull.head.short());
    // a second one would take the place of the first, and says the same
    let call = http.post(doing, &within(http, &["check-runs"]), &body).repeatable();
    http.json::<Run>(&call).map(|run| run.id)
}

fn add(
    http: &Http,
    work: &Work<'_>,
    run: u64,
    finished: Option<&str>,
    batch: &[Annotation],
) -> Result<(), ForgeError> {
    let mut body = json!({ "output": output(work, batch) });
    if let (Some(id), Some(body)) = (finished, body.as_object_mut()) {
        body.insert("external_id".to_owned(), json!(id));
    }
    let doing = format!("add to the check `{}` of {}", name(work), work.pull.head.short());
    let path = ["check-runs", &run.to_string()];
    http.done(&http.change(doing, Method::PATCH, &within(http, &path), &body).once())
}

fn output(work: &Work<'_>, batch: &[Annotation]) -> Value {
    let (all, shown) = (work.wanted.len(), work.wanted.len().min(MOST));
    let title = match all {
        0 => "nothing found".to_owned(),
        1 => "1 finding".to_owned(),
        _ => format!("{all} findings"),
    };
    let summary =
        if shown < all { format!("The first {shown} of {all} stand on their lines.") } else { title.clone() };
    let annotations: Vec<Value> = batch.iter().map(annotation).collect();
    json!({ "title": title, "summary": summary, "annotations": annotations })
}

fn annotation(wanted: &Annotation) -> Value {
    let level = match wanted.severity {
        Severity::Error => "failure",
        Severity::Warning => "warning",
        Severity::Notice => "notice",
    };
    json!({
        "path": wanted.path, "start_line": wanted.line, "end_line": wanted.end_line.max(wanted.line),
        "annotation_level": level, "message": wanted.text(),
        "title": wanted.title.chars().take(TITLE).collect::<String>(),
    })
}
