//! The fake forge's Gitea: issue comments, reviews, statuses, permissions.

use serde_json::{Value, json};

use super::answering::{number, said, text};
use super::server::{Answer, Request};
use super::shapes;
use super::world::{BOT, OnLine, Review, Role, Said, Stand, World, time};

pub(super) fn answer(world: &mut World, request: &Request, path: &[&str]) -> Answer {
    let body = request.json();
    let rest = match path {
        ["user"] => return Answer::json(200, &shapes::user(world, BOT)),
        ["repos", "acme", "net", rest @ ..] => rest,
        _ => return said(404, "Not Found"),
    };
    match (request.method.as_str(), rest) {
        ("GET", ["pulls"]) => world.list_pulls(request),
        ("POST", ["pulls"]) => world.create_pull(&body),
        ("GET", ["pulls", n]) => match n.split_once('.') {
            Some((n, "diff")) => {
                let diff = world.entry(number(n)).map(|entry| entry.diff.clone());
                diff.map_or_else(|| said(404, "Not Found"), |diff| Answer::of(200, "text/plain", diff))
            }
            _ => world.get_pull(number(n)),
        },
        ("PATCH", ["pulls", n]) => world.edit_pull(number(n), &body),
        ("GET", ["pulls", n, "reviews"]) => {
            let shown = world.reviews.iter().filter(|review| review.pull == number(n));
            let shown: Vec<Value> = shown.map(|review| show_review(world, review)).collect();
            world.paged(request, &shown)
        }
        ("POST", ["pulls", n, "reviews"]) => review(world, number(n), &body),
        ("DELETE", ["pulls", _, "reviews", id]) => {
            let before = world.reviews.len();
            world.reviews.retain(|review| review.id != number(id));
            world.on_lines.retain(|line| line.review != number(id));
            gone_or_not(world.reviews.len() != before)
        }
        // all at once, whatever is asked for
        ("GET", ["issues", n, "comments"]) => {
            let shown = world.said.iter().filter(|said| said.pull == number(n));
            let shown: Vec<Value> = shown.map(|said| show_said(world, said)).collect();
            Answer::json(200, &json!(shown))
        }
        ("POST", ["issues", n, "comments"]) => {
            if world.entry(number(n)).is_none() {
                return said(404, "issue does not exist [id: 0]");
            }
            let id = world.say(number(n), BOT, &text(&body, "body"));
            shown(world, 201, id)
        }
        ("PATCH", ["issues", "comments", id]) => {
            let there = world.reword(number(id), &text(&body, "body"));
            if there { shown(world, 200, number(id)) } else { said(404, "Not Found") }
        }
        ("DELETE", ["issues", "comments", id]) => gone_or_not(world.unsay(number(id))),
        ("GET", ["commits", sha, "statuses"]) => {
            let shown: Vec<Value> =
                world.stands.iter().rev().filter(|stand| stand.sha == *sha).map(show_stand).collect();
            world.paged(request, &shown)
        }
        ("POST", ["statuses", sha]) => set_status(world, sha, &body),
        ("GET", ["collaborators", name, "permission"]) => permission(world, name),
        ("GET", ["assignees"]) => {
            let writers = world.people.iter().filter(|(_, role)| [Role::Write, Role::Admin].contains(role));
            let shown: Vec<Value> = writers.map(|(name, _)| shapes::user(world, name)).collect();
            Answer::json(200, &json!(shown))
        }
        _ => said(404, "Not Found"),
    }
}

fn gone_or_not(was_there: bool) -> Answer {
    if was_there { Answer::of(204, "", "") } else { said(404, "Not Found") }
}

fn show_said(world: &World, said: &Said) -> Value {
    json!({
        "id": said.id, "body": said.body, "user": shapes::user(world, &said.author), "assets": [],
        "html_url": format!("https://forge.test/acme/net/pulls/{}#issuecomment-{}", said.pull, said.id),
        "created_at": time(said.created), "updated_at": time(said.edited),
    })
}

fn shown(world: &World, status: u16, id: u64) -> Answer {
    let said = world.said.iter().find(|said| said.id == id);
    Answer::json(status, &said.map(|said| show_said(world, said)).unwrap_or_default())
}

fn show_stand(stand: &Stand) -> Value {
    json!({
        "id": 7, "status": stand.state, "context": stand.context, "creator": { "login": BOT, "id": 1 },
        "description": stand.description, "target_url": stand.link,
    })
}

fn set_status(world: &mut World, sha: &str, body: &Value) -> Answer {
    let state = text(body, "state");
    if !["error", "failure", "pending", "success", "warning"].contains(&state.as_str()) {
        return said(422, "[]: state is not valid");
    }
    let (context, description, link) =
        (text(body, "context"), text(body, "description"), text(body, "target_url"));
    let stand = Stand { sha: sha.to_owned(), context, state, description, link, of_ref: String::new() };
    let shown = show_stand(&stand);
    world.stands.push(stand);
    Answer::json(201, &shown)
}

/// Of others, only an administrator of the repository may ask.
fn permission(world: &World, name: &str) -> Answer {
    if name != BOT && world.role(BOT) != Role::Admin {
        return said(
            403,
            "Only admins can query all permissions, repo admins can query all repo permissions, collaborators can query only their own",
        );
    }
    if world.id_of(name) == 0 {
        return said(404, &format!("user does not exist [uid: 0, name: {name}]"));
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

fn show_review(world: &World, review: &Review) -> Value {
    json!({
        "id": review.id, "user": shapes::user(world, &review.author), "body": review.body, "state": "COMMENT",
        "commit_id": review.commit, "stale": false, "official": false, "dismissed": false,
        "comments_count": world.on_lines.iter().filter(|line| line.review == review.id).count(),
    })
}

fn review(world: &mut World, pull: u64, body: &Value) -> Answer {
    if world.entry(pull).is_none() {
        return said(404, "Not Found");
    }
    if text(body, "event") != "COMMENT" {
        return said(422, "review event is not one of those that the fake knows");
    }
    let (review, commit) = (world.id(), text(body, "commit_id"));
    for comment in body.get("comments").and_then(Value::as_array).into_iter().flatten() {
        let (id, author, path) = (world.id(), BOT.to_owned(), text(comment, "path"));
        let line = comment.get("new_position").and_then(Value::as_u64).unwrap_or_default();
        let (body, commit) = (text(comment, "body"), commit.clone());
        world.on_lines.push(OnLine { id, pull, author, body, path, line, start: None, commit, review });
    }
    world.reviews.push(Review { id: review, pull, author: BOT.to_owned(), body: text(body, "body"), commit });
    world.touch(pull);
    Answer::json(200, &world.reviews.last().map(|review| show_review(world, review)).unwrap_or_default())
}
