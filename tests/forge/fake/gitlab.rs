//! The fake forge's GitLab: notes, discussions on lines, commit statuses, members.

use serde_json::{Value, json};

use super::answering::{files, has_line, number, said, text};
use super::server::{Answer, Request};
use super::shapes;
use super::world::{BOT, OnLine, Role, Said, Stand, World, time};

/// Characters of a note.
const LONGEST: usize = 1_000_000;

pub(super) fn answer(world: &mut World, request: &Request, path: &[&str]) -> Answer {
    let body = request.json();
    let rest = match path {
        ["user"] => return Answer::json(200, &shapes::user(world, BOT)),
        ["projects", "acme/net", rest @ ..] => rest,
        _ => return said(404, "404 Project Not Found"),
    };
    match (request.method.as_str(), rest) {
        ("GET", ["merge_requests"]) => world.list_pulls(request),
        ("POST", ["merge_requests"]) => world.create_pull(&body),
        ("GET", ["merge_requests", n]) => world.get_pull(number(n)),
        ("PUT", ["merge_requests", n]) => world.edit_pull(number(n), &body),
        ("GET", ["merge_requests", n, "diffs"]) => diffs(world, request, number(n)),
        ("GET", ["merge_requests", n, "notes"]) => {
            let shown = world.said.iter().filter(|said| said.pull == number(n));
            let shown: Vec<Value> = shown.map(|said| show_said(world, said)).collect();
            world.paged(request, &shown)
        }
        ("POST", ["merge_requests", n, "notes"]) => note(world, number(n), &body),
        ("PUT", ["merge_requests", _, "notes", id]) => edit_note(world, number(id), &body),
        ("DELETE", ["merge_requests", _, "notes", id]) => delete_note(world, number(id)),
        ("GET", ["merge_requests", n, "discussions"]) => {
            let lines = world.on_lines.iter().filter(|line| line.pull == number(n));
            let lines: Vec<Value> = lines.map(|line| show_line(world, line)).collect();
            world.paged(request, &lines)
        }
        ("POST", ["merge_requests", n, "discussions"]) => discuss(world, number(n), &body),
        ("GET", ["repository", "commits", sha, "statuses"]) => {
            let mut newest: Vec<&Stand> = Vec::new();
            for stand in world.stands.iter().rev().filter(|stand| stand.sha == *sha) {
                if newest.iter().all(|known| known.context != stand.context) {
                    newest.push(stand);
                }
            }
            let shown: Vec<Value> = newest.into_iter().map(show_stand).collect();
            world.paged(request, &shown)
        }
        ("POST", ["statuses", sha]) => set_status(world, sha, &body),
        ("GET", ["members", "all", id]) => member(world, number(id)),
        _ => said(404, "404 Not Found"),
    }
}

fn show_said(world: &World, said: &Said) -> Value {
    json!({
        "id": said.id, "type": null, "body": said.body, "author": shapes::user(world, &said.author),
        "created_at": time(said.created), "updated_at": time(said.edited), "system": said.system,
        "noteable_type": "MergeRequest", "noteable_iid": said.pull, "resolvable": false,
    })
}

fn too_long(body: &str) -> Option<Answer> {
    let message = json!({ "note": ["is too long (maximum is 1000000 characters)"] });
    (body.chars().count() > LONGEST).then(|| Answer::json(400, &json!({ "message": message })))
}

fn note(world: &mut World, pull: u64, body: &Value) -> Answer {
    let body = text(body, "body");
    if world.entry(pull).is_none() {
        return said(404, "404 Not found");
    }
    if let Some(refusal) = too_long(&body) {
        return refusal;
    }
    let id = world.say(pull, BOT, &body);
    shown(world, 201, id)
}

fn edit_note(world: &mut World, id: u64, body: &Value) -> Answer {
    let body = text(body, "body");
    if let Some(refusal) = too_long(&body) {
        return refusal;
    }
    if let Some(place) = world.on_lines.iter().position(|line| line.id == id) {
        world.on_lines[place].body = body;
        let discussion = show_line(world, &world.on_lines[place]);
        return Answer::json(200, &discussion["notes"][0]);
    }
    if world.reword(id, &body) { shown(world, 200, id) } else { said(404, "404 Note Not Found") }
}

fn delete_note(world: &mut World, id: u64) -> Answer {
    let before = world.on_lines.len();
    world.on_lines.retain(|line| line.id != id);
    if world.unsay(id) || world.on_lines.len() != before {
        return Answer::of(204, "", "");
    }
    said(404, "404 Note Not Found")
}

fn shown(world: &World, status: u16, id: u64) -> Answer {
    let said = world.said.iter().find(|said| said.id == id);
    Answer::json(status, &said.map(|said| show_said(world, said)).unwrap_or_default())
}

fn show_line(world: &World, line: &OnLine) -> Value {
    json!({
        "id": format!("{:040x}", line.id), "individual_note": false,
        "notes": [{
            "created_at": time(0), "updated_at": time(0), "id": line.id, "type": "DiffNote", "body": line.body, "author": shapes::user(world, &line.author),
            "system": false, "resolvable": true, "resolved": false,
            "position": {
                "position_type": "text", "head_sha": line.commit, "old_path": line.path, "new_path": line.path,
                "old_line": null, "new_line": line.line,
            },
        }],
    })
}

fn discuss(world: &mut World, pull: u64, body: &Value) -> Answer {
    let Some(entry) = world.entry(pull) else { return said(404, "404 Not found") };
    let position = body.get("position").cloned().unwrap_or_default();
    let (path, commit) = (text(&position, "new_path"), text(&position, "head_sha"));
    let line = position.get("new_line").and_then(Value::as_u64).unwrap_or_default();
    let refs = shapes::show(world, entry);
    let is_of_this_version = ["base_sha", "start_sha", "head_sha"]
        .iter()
        .all(|name| refs.pointer(&format!("/diff_refs/{name}")) == position.get(name));
    // a line that is not changed has a number on both sides
    let is_changed = changed(&entry.diff, &path, line);
    let fits = is_changed != position.get("old_line").is_some_and(Value::is_u64);
    if !is_of_this_version || !has_line(&entry.diff, &path, line) || !fits {
        let message =
            "400 Bad request - Note {:line_code=>[\"can't be blank\", \"must be a valid line code\"]}";
        return said(400, message);
    }
    let (id, author, body) = (world.id(), BOT.to_owned(), text(body, "body"));
    world.on_lines.push(OnLine { id, pull, author, body, path, line, start: None, commit, review: 0 });
    let shown = world.on_lines.last().map(|line| show_line(world, line)).unwrap_or_default();
    Answer::json(201, &shown)
}

/// Whether a line of the new file was added.
fn changed(diff: &str, path: &str, wanted: u64) -> bool {
    let all = files(diff);
    let Some((_, hunks)) = all.iter().find(|(file, _)| file == path) else { return false };
    let mut at = 0;
    hunks.lines().any(|line| {
        if let Some(hunk) = line.strip_prefix("@@ ") {
            let new = hunk.split('+').nth(1).unwrap_or_default();
            at = number(new.split([',', ' ']).next().unwrap_or_default());
            return false;
        }
        at += u64::from(!line.starts_with(['-', '\\']));
        line.starts_with('+') && at == wanted + 1
    })
}

fn diffs(world: &World, request: &Request, pull: u64) -> Answer {
    let Some(entry) = world.entry(pull) else { return said(404, "404 Not found") };
    let shown: Vec<Value> = files(&entry.diff)
        .into_iter()
        .map(|(path, patch)| json!({ "old_path": path, "new_path": path, "diff": patch, "deleted_file": false }))
        .collect();
    world.paged(request, &shown)
}

fn show_stand(stand: &Stand) -> Value {
    json!({
        "id": 7, "sha": stand.sha, "ref": stand.of_ref, "status": stand.state, "name": stand.context,
        "description": if stand.description.is_empty() { Value::Null } else { json!(stand.description) },
        "target_url": if stand.link.is_empty() { Value::Null } else { json!(stand.link) },
    })
}

/// A status is a job of a pipeline: it goes from one state to another, never to the same. What
/// else is new about it is kept before that is looked at.
fn set_status(world: &mut World, sha: &str, body: &Value) -> Answer {
    let (state, context, description) = (text(body, "state"), text(body, "name"), text(body, "description"));
    if !["pending", "running", "success", "failed", "canceled"].contains(&state.as_str()) {
        return said(400, "state does not have a valid value");
    }
    if description.chars().count() > 255 {
        return Answer::json(
            400,
            &json!({ "message": { "description": ["is too long (maximum is 255 characters)"] } }),
        );
    }
    let is_of_fork = world.entries.iter().any(|entry| entry.sha == sha && entry.of_fork);
    let of_ref = text(body, "ref");
    if is_of_fork && of_ref.is_empty() {
        return said(404, "404 References for commit Not Found");
    }
    let (link, sha) = (text(body, "target_url"), sha.to_owned());
    let last = world.stands.iter().rposition(|stand| stand.sha == sha && stand.context == context);
    let going = last.filter(|at| ["pending", "running"].contains(&world.stands[*at].state.as_str()));
    if let Some(at) = going {
        let stand = &mut world.stands[at];
        (stand.description, stand.link) = (description.clone(), link.clone());
        let from = stand.state.clone();
        let event = if state == "pending" { "enqueue" } else { "run" };
        if from == state || (from == "running" && state == "pending") {
            return said(
                400,
                &format!(
                    "Cannot transition status via :{event} from :{from} (Reason(s): Status cannot transition via \"{event}\")"
                ),
            );
        }
    }
    let stand = Stand { sha, context, state, description, link, of_ref };
    let shown = show_stand(&stand);
    world.stands.push(stand);
    Answer::json(201, &shown)
}

fn member(world: &World, id: u64) -> Answer {
    let Some((name, role)) = usize::try_from(id).ok().and_then(|id| world.people.get(id.checked_sub(1)?))
    else {
        return said(404, "404 Not found");
    };
    let level = match role {
        Role::Nothing => return said(404, "404 Not found"),
        Role::Read => 20,
        Role::Write => 30,
        Role::Admin => 50,
    };
    let mut shown = shapes::user(world, name);
    shown["access_level"] = json!(level);
    shown["expires_at"] = Value::Null;
    Answer::json(200, &shown)
}
