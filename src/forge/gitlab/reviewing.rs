//! Reviews on GitLab.
//!
//! GitLab REST API: "Merge requests" (list project merge requests, get single MR, list diffs),
//! "Notes" (merge requests), "Discussions" (create a thread in the merge request diff: a line that
//! did not change is named by both its numbers), "Commits" (commit status: description and target
//! URL of at most 255 characters), "Members" (get a member of a project, inherited and invited
//! ones included; 30 is the Developer, who may push), "Users" (the current user).
//!
//! A comment moves `updated_at` at most once a minute (GitLab throttles it), so that the number of
//! comments, which the list has as well, is read along with it. Elsewhere: opening merge requests
//! (`gitlab`).

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::MARKS;
use crate::forge::annotate::lines::{self, FileDiff, LineComments, Standing, Wanted};
use crate::forge::annotate::{Annotated, Work};
use crate::forge::comments::Comment;
use crate::forge::error::{ForgeError, Problem};
use crate::forge::http::{Http, Listed};
use crate::forge::people::User;
use crate::forge::pulls::PullSummary;
use crate::forge::reviewing::{LONGEST_LIST, Reviewing};
use crate::forge::statuses::{Status, StatusState, newest};
use crate::forge::text::without_mark;
use crate::forge::{MOST_PAGES, State};
use crate::names::CommitId;

/// The most that GitLab gives on a page.
const PER_PAGE: (&str, &str) = ("per_page", "100");
/// The access level of a Developer.
const DEVELOPER: u64 = 30;

/// A merge request, as far as it is read.
#[derive(Deserialize, Clone)]
struct MergeRequest {
    iid: u64,
    web_url: String,
    state: String,
    title: String,
    author: Option<Account>,
    updated_at: String,
    #[serde(default)]
    user_notes_count: u64,
    source_branch: String,
    target_branch: String,
    /// None once the fork is gone.
    source_project_id: Option<u64>,
    target_project_id: u64,
    /// The head; none where it has no commits.
    sha: Option<String>,
    merge_commit_sha: Option<String>,
    squash_commit_sha: Option<String>,
    /// Only the single call has them.
    diff_refs: Option<DiffRefs>,
}

#[derive(Deserialize, Clone)]
struct DiffRefs {
    #[serde(rename = "base_sha")]
    base: String,
    #[serde(rename = "start_sha")]
    start: String,
    #[serde(rename = "head_sha")]
    head: String,
}

#[derive(Deserialize, Clone)]
struct Account {
    username: String,
    id: u64,
}

#[derive(Deserialize)]
struct Note {
    id: u64,
    /// `DiffNote` on a line.
    #[serde(rename = "type")]
    kind: Option<String>,
    body: String,
    author: Option<Account>,
    created_at: String,
    updated_at: String,
    #[serde(default)]
    system: bool,
}

#[derive(Deserialize)]
struct Discussion {
    notes: Vec<LineNote>,
}

#[derive(Deserialize)]
struct LineNote {
    id: u64,
    body: String,
    author: Option<Account>,
    position: Option<Position>,
}

#[derive(Deserialize)]
struct Position {
    new_path: Option<String>,
    new_line: Option<u32>,
    head_sha: Option<String>,
}

#[derive(Deserialize)]
struct Diff {
    old_path: String,
    new_path: String,
    #[serde(default, rename = "diff")]
    patch: String,
}

#[derive(Deserialize)]
struct CommitStatus {
    status: String,
    name: String,
    description: Option<String>,
    target_url: Option<String>,
}

#[derive(Deserialize, Clone)]
struct Member {
    access_level: u64,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self { name: account.username, id: account.id }
    }
}

fn user(account: Option<Account>) -> User {
    account.map(User::from).unwrap_or_default()
}

impl From<Note> for Comment {
    fn from(note: Note) -> Self {
        Self {
            id: note.id,
            author: user(note.author),
            body: note.body,
            created_at: note.created_at,
            updated_at: note.updated_at,
            url: String::new(), // the page of the merge request with `#note_ID`
        }
    }
}

impl MergeRequest {
    /// None without a head that can be read.
    fn summary(self) -> Option<PullSummary> {
        let (title, draft) = without_mark(&self.title, &MARKS);
        let state = match self.state.as_str() {
            "merged" => State::Merged,
            "closed" => State::Closed,
            _ => State::Open, // "opened", and "locked" while it is being merged
        };
        let head = self.sha?.parse().ok()?;
        // neither merged nor squashed: it was put on top, and its head is in the base
        let merged = self.merge_commit_sha.or(self.squash_commit_sha).and_then(|sha| sha.parse().ok());
        Some(PullSummary {
            number: self.iid,
            url: self.web_url,
            title: title.to_owned(),
            draft,
            state,
            author: user(self.author),
            merged_commit: (state == State::Merged).then(|| merged.unwrap_or_else(|| CommitId::clone(&head))),
            head,
            head_branch: self.source_branch,
            from_fork: self.source_project_id != Some(self.target_project_id),
            base: self.target_branch,
            updated_at: format!("{} with {} comments", self.updated_at, self.user_notes_count),
        })
    }
}

/// The path of something in the project.
fn within<'a>(http: &'a Http, below: &[&'a str]) -> Vec<&'a str> {
    [&["projects", http.repository()], below].concat()
}

fn one(http: &Http, number: u64) -> Result<MergeRequest, ForgeError> {
    let doing = format!("read merge request !{number}");
    http.remembered(&http.get(doing, &within(http, &["merge_requests", &number.to_string()]), &[]))
}

impl MergeRequest {
    /// The ref of which this project has the head: the branch whose pipelines the page shows, or,
    /// as a fork's branch is not here, the one that GitLab keeps of each merge request.
    fn head_ref(&self) -> String {
        if self.source_project_id == Some(self.target_project_id) {
            return self.source_branch.clone();
        }
        format!("refs/merge-requests/{}/head", self.iid)
    }
}

impl Reviewing for super::GitLab {
    fn pulls(&self, http: &Http, base: &str) -> Result<Listed<PullSummary>, ForgeError> {
        let query = [
            ("target_branch", base),
            ("state", "opened"),
            ("order_by", "updated_at"),
            ("sort", "desc"),
            PER_PAGE,
        ];
        let doing = format!("list the merge requests onto `{base}`");
        let call = http.get(doing, &within(http, &["merge_requests"]), &query);
        let wanted = |found: MergeRequest| {
            found.summary().filter(|pull| pull.base == base && pull.state == State::Open)
        };
        http.list(&call, MOST_PAGES, wanted)
    }

    fn pull(&self, http: &Http, number: u64) -> Result<PullSummary, ForgeError> {
        let doing = format!("read merge request !{number}");
        let call = http.get(doing, &within(http, &["merge_requests", &number.to_string()]), &[]);
        let found: MergeRequest = http.remembered(&call)?;
        found.summary().ok_or_else(|| http.lacks(&call, "it has no head"))
    }

    fn comments(&self, http: &Http, number: u64) -> Result<Listed<Comment>, ForgeError> {
        let doing = format!("read the comments on merge request !{number}");
        let path = ["merge_requests", &number.to_string(), "notes"];
        let query = [("order_by", "created_at"), ("sort", "asc"), PER_PAGE];
        let call = http.get(doing, &within(http, &path), &query);
        let is_comment = |note: &Note| !note.system && note.kind.as_deref() != Some("DiffNote");
        http.list(&call, LONGEST_LIST, |note: Note| is_comment(&note).then(|| note.into()))
    }

    fn comment(&self, http: &Http, number: u64, body: &str) -> Result<Comment, ForgeError> {
        let path = ["merge_requests", &number.to_string(), "notes"];
        let doing = format!("comment on merge request !{number}");
        let call = http.post(doing, &within(http, &path), &json!({ "body": body }));
        http.json::<Note>(&call).map(Into::into)
    }

    fn edit_comment(&self, http: &Http, number: u64, id: u64, body: &str) -> Result<Comment, ForgeError> {
        let path = ["merge_requests", &number.to_string(), "notes", &id.to_string()];
        let doing = format!("edit the comment on merge request !{number}");
        let call = http.change(doing, Method::PUT, &within(http, &path), &json!({ "body": body }));
        http.json::<Note>(&call).map(Into::into)
    }

    fn delete_comment(&self, http: &Http, number: u64, id: u64) -> Result<(), ForgeError> {
        let path = ["merge_requests", &number.to_string(), "notes", &id.to_string()];
        let doing = format!("delete a comment on merge request !{number}");
        http.done(&http.delete(doing, &within(http, &path)))
    }

    fn may_write(&self, http: &Http, user: &User) -> Result<bool, ForgeError> {
        let doing = format!("read what {} may do", user.name);
        let call = http.get(doing, &within(http, &["members", "all", &user.id.to_string()]), &[]);
        match http.remembered::<Member>(&call) {
            Err(error) if error.says_it_is_gone() => Ok(false),
            found => found.map(|member| member.access_level >= DEVELOPER),
        }
    }

    fn whoami(&self, http: &Http) -> Result<User, ForgeError> {
        let call = http.get("ask who we are".to_owned(), &["user"], &[]);
        http.remembered::<Account>(&call).map(Into::into)
    }

    fn statuses(&self, http: &Http, commit: &CommitId) -> Result<Vec<Status>, ForgeError> {
        let doing = format!("read the statuses of {}", commit.short());
        let path = ["repository", "commits", commit.as_str(), "statuses"];
        let call = http.get(doing, &within(http, &path), &[PER_PAGE]);
        let listed = http.list(&call, MOST_PAGES, |found: CommitStatus| {
            Some(Status {
                context: found.name,
                state: match found.status.as_str() {
                    "success" | "skipped" => StatusState::Success,
                    "failed" => StatusState::Failure,
                    "canceled" => StatusState::Error,
                    _ => StatusState::Pending,
                },
                description: found.description.unwrap_or_default(),
                link: found.target_url,
            })
        })?;
        Ok(newest(listed.items))
    }

    /// A status is a job of a pipeline, which goes from pending to running and from there to its
    /// end, and never to the state that it has: GitLab keeps the new words then, and answers 400.
    /// So pending with other words is running, and what is running already is told.
    fn set_status(
        &self,
        http: &Http,
        commit: &CommitId,
        pull: Option<u64>,
        status: &Status,
    ) -> Result<(), ForgeError> {
        let of_ref = pull.map(|number| one(http, number)).transpose()?.map(|found| found.head_ref());
        let set = |state: &str| {
            let mut body = json!({
                "state": state, "name": status.context, "description": status.description,
                "target_url": status.link,
            });
            if let (Some(of_ref), Some(body)) = (&of_ref, body.as_object_mut()) {
                body.insert("ref".to_owned(), json!(of_ref));
            }
            let doing = format!("set the status `{}` of {}", status.context, commit.short());
            http.done(&http.post(doing, &within(http, &["statuses", commit.as_str()]), &body).repeatable())
        };
        let has_no_way = |error: &ForgeError| match error.problem() {
            Some(Problem::Refused { status: 400, said }) => said.contains("Cannot transition status"),
            _ => false,
        };
        let ways: &[&str] = match status.state {
            StatusState::Pending => &["pending", "running"],
            StatusState::Success => &["success"],
            StatusState::Failure => &["failed"],
            StatusState::Error => &["canceled"],
        };
        for state in ways {
            match set(state) {
                Err(error) if has_no_way(&error) => {}
                done => return done,
            }
        }
        Ok(())
    }

    fn annotate(&self, http: &Http, work: &Work<'_>) -> Result<Annotated, ForgeError> {
        lines::sync(self, http, work)
    }
}

impl LineComments for super::GitLab {
    fn standing(&self, http: &Http, work: &Work<'_>) -> Result<Vec<Standing>, ForgeError> {
        let mark = work.mark();
        let path = ["merge_requests", &work.pull.number.to_string(), "discussions"];
        let doing = format!("read the discussions of merge request !{}", work.pull.number);
        let call = http.get(doing, &within(http, &path), &[PER_PAGE]);
        let listed = http.list(&call, LONGEST_LIST, |found: Discussion| {
            let note = found.notes.into_iter().next()?;
            let position = note.position?;
            let standing = Standing {
                id: note.id,
                path: position.new_path.unwrap_or_default(),
                line: position.new_line,
                body: note.body,
            };
            Some((user(note.author), position.head_sha, standing))
        })?;
        let ours = listed
            .items
            .into_iter()
            .filter(|(author, _, standing)| author.is(&work.me) && standing.body.starts_with(&mark));
        Ok(ours.map(|(_, _, standing)| standing).collect())
    }

    fn diffs(&self, http: &Http, work: &Work<'_>) -> Result<Vec<FileDiff>, ForgeError> {
        let path = ["merge_requests", &work.pull.number.to_string(), "diffs"];
        let doing = format!("read the diff of merge request !{}", work.pull.number);
        let call = http.get(doing, &within(http, &path), &[PER_PAGE]);
        http.all(call, LONGEST_LIST, |found: Diff| {
            let is_wanted = work.wanted.iter().any(|wanted| wanted.path == found.new_path);
            is_wanted.then_some(FileDiff {
                path: found.new_path,
                old_path: found.old_path,
                patch: found.patch,
            })
        })
    }

    fn put(&self, http: &Http, work: &Work<'_>, wanted: &Wanted) -> Result<(), ForgeError> {
        let number = work.pull.number.to_string();
        // GitLab makes them a moment after a push; without them there is no line yet
        let Some(refs) = one(http, work.pull.number)?.diff_refs else { return Ok(()) };
        let mut position = json!({
            "position_type": "text", "base_sha": refs.base, "start_sha": refs.start,
            "head_sha": refs.head, "old_path": wanted.old_path, "new_path": wanted.path,
            "new_line": wanted.line,
        });
        if let (Some(line), Some(position)) = (wanted.old_line, position.as_object_mut()) {
            position.insert("old_line".to_owned(), json!(line));
        }
        let doing = format!("comment on line {} of {}", wanted.line, wanted.path);
        let body = json!({ "body": wanted.body, "position": position });
        http.done(&http.post(doing, &within(http, &["merge_requests", &number, "discussions"]), &body))
    }

    fn reword(&self, http: &Http, work: &Work<'_>, id: u64, body: &str) -> Result<(), ForgeError> {
        self.edit_comment(http, work.pull.number, id, body).map(drop)
    }

    fn take(&self, http: &Http, work: &Work<'_>, id: u64) -> Result<(), ForgeError> {
        self.delete_comment(http, work.pull.number, id)
    }
}
