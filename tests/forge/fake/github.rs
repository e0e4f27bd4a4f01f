//! The fake forge's GitHub: issue comments, statuses, permissions, review comments, check runs.

use gitfabric::forge::State;
use serde_json::{Value, json};

use super::answering::{files, has_line, number, said, text};
use super::server::{Answer, Request};
use super::world::{BOT, CheckRun, OnLine, Role, Said, Stand, World, time};
use super::{app, shapes};

/// Characters of a comment.
const LONGEST: usize = 65_536;
/// Annotations that one request may bring.
const ANNOTATIONS: usize = 50;

pub(super) fn answer(world: &mut World, request: &Request, path: &[&str]) -> Answer {
    let body = request.json();
    let me = app::caller(world, request);
    let rest = match path {
        // an installation's token is nobody's
        ["user"] if me != BOT => return said(403, "Resource not accessible by integration"),
        ["user"] => return Answer::json(200, &shapes::user(world, BOT)),
        ["repos", "acme", "net", rest @ ..] => rest,
        _ => return said(404, "Not Found"),
    };
    match (request.method.as_str(), rest) {
        ("GET", ["pulls"]) => world.list_pulls(request),
        ("POST", ["pulls"]) => world.create_pull(&body),
        ("GET", ["pulls", n]) => world.get_pull(number(n)),
        ("PATCH", ["pulls", n]) => world.edit_pull(number(n), &body),
        ("GET", ["pulls", n, "files"]) => pull_files(world, request, number(n)),
        ("GET", ["pulls", n, "comments"]) => {
            let lines = world.on_lines.iter().filter(|line| line.pull == number(n));
            let lines: Vec<Value> = lines.map(|line| show_line(world, line)).collect();
            world.paged(request, &lines)
        }
        ("POST", ["pulls", n, "comments"]) => comment_on_line(world, number(n), &me, &body),
        ("PATCH", ["pulls", "comments", id]) => edit_line(world, number(id), &body),
        ("DELETE", ["pulls", "comments", id]) => {
            let before = world.on_lines.len();
            world.on_lines.retain(|line| line.id != number(id));
            gone_or_not(before != world.on_lines.len())
        }
        ("GET", ["issues", n, "comments"]) => {
            let shown = world.said.iter().filter(|said| said.pull == number(n));
            let shown: Vec<Value> = shown.map(|said| show_said(world, said)).collect();
            world.paged(request, &shown)
        }
        ("POST", ["issues", n, "comments"]) => comment(world, number(n), &me, &body),
        ("PATCH", ["issues", "comments", id]) => edit_comment(world, number(id), &body),
        ("DELETE", ["issues", "comments", id]) => gone_or_not(world.unsay(number(id))),
        ("GET", ["commits", sha, "statuses"]) => {
            let shown: Vec<Value> =
                world.stands.iter().rev().filter(|stand| stand.sha == *sha).map(show_stand).collect();
            world.paged(request, &shown)
        }
        ("POST", ["statuses", sha]) => set_status(world, sha, &body),
        ("GET", ["collaborators", name, "permission"]) => permission(world, name),
        ("GET", ["commits", sha, "check-runs"]) => list_runs(world, request, sha),
        ("POST", ["check-runs"]) if me == BOT => said(403, "You must authenticate via a GitHub App."),
        ("POST", ["check-runs"]) => create_run(world, &body),
        ("PATCH", ["check-runs", id]) => edit_run(world, number(id), &body),
        _ => said(404, "Not Found"),
    }
}

/// GraphQL, as far as somebody asks who they are.
pub(super) fn viewer(world: &World, request: &Request) -> Answer {
    let me = app::caller(world, request);
    let viewer = json!({ "login": me, "databaseId": world.id_of(&me) });
    Answer::json(200, &json!({ "data": { "viewer": viewer } }))
}

fn gone_or_not(was_there: bool) -> Answer {
    if was_there { Answer::of(204, "", "") } else { said(404, "Not Found") }
}

fn invalid(resource: &str, field: &str, message: &str) -> Answer {
    let errors =
        json!([{ "resource": resource, "code": "unprocessable", "field": field, "message": message }]);
    Answer::json(422, &json!({ "message": "Validation Failed", "errors": errors, "status": "422" }))
}

fn show_said(world: &World, said: &Said) -> Value {
    json!({
        "id": said.id, "body": said.body, "user": shapes::user(world, &said.author),
        "html_url": format!("https://forge.test/acme/net/pull/{}#issuecomment-{}", said.pull, said.id),
        "created_at": time(said.created), "updated_at": time(said.edited), "author_association": "NONE",
    })
}

fn comment(world: &mut World, pull: u64, me: &str, body: &Value) -> Answer {
    let body = text(body, "body");
    if world.entry(pull).is_none() {
        return said(404, "Not Found");
    }
    if body.chars().count() > LONGEST {
        return invalid("IssueComment", "data", "Body is too long (maximum is 65536 characters)");
    }
    let id = world.say(pull, me, &body);
    shown(world, 201, id)
}

fn edit_comment(world: &mut World, id: u64, body: &Value) -> Answer {
    let body = text(body, "body");
    if body.chars().count() > LONGEST {
        return invalid("IssueComment", "data", "Body is too long (maximum is 65536 characters)");
    }
    if world.reword(id, &body) { shown(world, 200, id) } else { said(404, "Not Found") }
}

fn shown(world: &World, status: u16, id: u64) -> Answer {
    let said = world.said.iter().find(|said| said.id == id);
    Answer::json(status, &said.map(|said| show_said(world, said)).unwrap_or_default())
}

fn show_stand(stand: &Stand) -> Value {
    json!({
        "state": stand.state, "context": stand.context, "creator": { "login": BOT, "id": 1 },
        "description": if stand.description.is_empty() { Value::Null } else { json!(stand.description) },
        "target_url": if stand.link.is_empty() { Value::Null } else { json!(stand.link) },
    })
}

fn set_status(world: &mut World, sha: &str, body: &Value) -> Answer {
    let state = text(body, "state");
    if !["error", "failure", "pending", "success"].contains(&state.as_str()) {
        return invalid("Status", "state", "State is not included in the list");
    }
    let description = text(body, "description");
    if description.chars().count() > 140 {
        return invalid("Status", "description", "Description is too long (maximum is 140 characters)");
    }
    let (context, link) = (text(body, "context"), text(body, "target_url"));
    let stand = Stand { sha: sha.to_owned(), context, state, description, link, of_ref: String::new() };
    let shown = show_stand(&stand);
    world.stands.push(stand);
    Answer::json(201, &shown)
}

fn permission(world: &World, name: &str) -> Answer {
    if world.id_of(name) == 0 {
        return said(404, &format!("{name} is not a user"));
    }
    let permission = match world.role(name) {
        Role::Nothing => "none",
        Role::Read => "read",
        Role::Write => "write",
        Role::Admin => "admin",
    };
    Answer::json(
        200,
        &json!({ "permission": permission, "role_name": permission, "user": shapes::user(world, name) }),
    )
}

fn pull_files(world: &World, request: &Request, pull: u64) -> Answer {
    let Some(entry) = world.entry(pull) else { return said(404, "Not Found") };
    let shown: Vec<Value> = files(&entry.diff)
        .into_iter()
        .map(|(path, patch)| json!({ "filename": path, "status": "modified", "patch": patch.trim_end() }))
        .collect();
    world.paged(request, &shown)
}

fn show_line(world: &World, line: &OnLine) -> Value {
    let is_current =
        world.entry(line.pull).is_some_and(|entry| entry.state == State::Open && entry.sha == line.commit);
    // a comment on a line that a later push changed stands on none
    let at = if is_current { json!(line.line) } else { Value::Null };
    json!({
        "id": line.id, "body": line.body, "path": line.path, "line": at, "original_line": line.line,
        "start_line": line.start, "commit_id": line.commit, "user": shapes::user(world, &line.author),
    })
}

fn comment_on_line(world: &mut World, pull: u64, me: &str, body: &Value) -> Answer {
    let Some(entry) = world.entry(pull) else { return said(404, "Not Found") };
    let count = |key: &str| body.get(key).and_then(Value::as_u64);
    let (path, at) = (text(body, "path"), count("line").unwrap_or_default());
    let start = count("start_line");
    let is_in = |line| has_line(&entry.diff, &path, line);
    if text(body, "commit_id") != entry.sha || !is_in(at) || !start.is_none_or(is_in) {
        return invalid("PullRequestReviewComment", "line", "line must be part of the diff");
    }
    let commit = entry.sha.clone();
    let (id, author, body) = (world.id(), me.to_owned(), text(body, "body"));
    world.on_lines.push(OnLine { id, pull, author, body, path, line: at, start, commit, review: 0 });
    world.touch(pull);
    let shown = world.on_lines.last().map(|line| show_line(world, line)).unwrap_or_default();
    Answer::json(201, &shown)
}

fn edit_line(world: &mut World, id: u64, body: &Value) -> Answer {
    let Some(place) = world.on_lines.iter().position(|line| line.id == id) else {
        return said(404, "Not Found");
    };
    world.on_lines[place].body = text(body, "body");
    Answer::json(200, &show_line(world, &world.on_lines[place]))
}

fn show_run(run: &CheckRun) -> Value {
    json!({
        "id": run.id, "head_sha": run.sha, "name": run.name, "external_id": run.external_id,
        "status": "completed", "conclusion": run.conclusion, "app": { "id": app::APP_ID.parse::<u64>().unwrap() },
        "output": { "title": run.title, "summary": run.summary, "annotations_count": run.annotations.len() },
    })
}

fn list_runs(world: &World, request: &Request, sha: &str) -> Answer {
    let name = request.parameter("check_name");
    let of_name = |run: &&CheckRun| run.sha == sha && (name.is_empty() || run.name == name);
    let mut runs: Vec<&CheckRun> = world.runs.iter().rev().filter(of_name).collect();
    if request.parameter("filter") != "all" {
        runs.dedup_by(|later, earlier| later.name == earlier.name);
    }
    let shown: Vec<Value> = runs.into_iter().map(show_run).collect();
    Answer::json(200, &json!({ "total_count": shown.len(), "check_runs": shown }))
}

fn create_run(world: &mut World, body: &Value) -> Answer {
    let Some(annotations) = annotations(body) else { return too_many() };
    let id = world.id();
    let output = body.get("output").cloned().unwrap_or_default();
    world.runs.push(CheckRun {
        id,
        sha: text(body, "head_sha"),
        name: text(body, "name"),
        external_id: text(body, "external_id"),
        conclusion: text(body, "conclusion"),
        title: text(&output, "title"),
        summary: text(&output, "summary"),
        annotations,
    });
    Answer::json(201, &world.runs.last().map(show_run).unwrap_or_default())
}

/// Later annotations are added to earlier ones.
fn edit_run(world: &mut World, id: u64, body: &Value) -> Answer {
    let Some(annotations) = annotations(body) else { return too_many() };
    let Some(run) = world.runs.iter_mut().find(|run| run.id == id) else { return said(404, "Not Found") };
    run.annotations.extend(annotations);
    if body.get("conclusion").is_some() {
        run.conclusion = text(body, "conclusion");
    }
    if body.get("external_id").is_some() {
        run.external_id = text(body, "external_id");
    }
    Answer::json(200, &show_run(run))
}

fn annotations(body: &Value) -> Option<Vec<Value>> {
    let given = body.pointer("/output/annotations").and_then(Value::as_array).cloned().unwrap_or_default();
    (given.len() <= ANNOTATIONS).then_some(given)
}

fn too_many() -> Answer {
    said(422, "Invalid request. No more than 50 items are allowed; 51 were supplied.")
}
