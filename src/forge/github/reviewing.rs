//! Reviews on GitHub.
//!
//! GitHub REST API: "Pulls" (list, get, list files), "Issue comments" (those on a pull request as
//! a whole), "Pull request review comments" (those on lines), "Commit statuses" (description of
//! at most 140 characters), "Collaborators" (get repository permissions for a user), "Users" (get
//! the authenticated user); GraphQL `viewer` for installations, which are no users. A pull
//! request's `updated_at` moves with a comment, as the list "sorted by updated" promises.
//! Elsewhere: check runs (`checks`), opening pull requests (`github`).

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::checks;
use crate::forge::annotate::lines::{self, FileDiff, LineComments, Standing, Wanted};
use crate::forge::annotate::{Annotated, Work};
use crate::forge::comments::Comment;
use crate::forge::error::{ForgeError, Problem};
use crate::forge::http::{Call, Http, Listed};
use crate::forge::people::User;
use crate::forge::pulls::PullSummary;
use crate::forge::reviewing::{LONGEST_LIST, Reviewing};
use crate::forge::statuses::{Status, StatusState, newest};
use crate::forge::{MOST_PAGES, State};
use crate::names::CommitId;

/// The most that GitHub gives on a page.
const PER_PAGE: (&str, &str) = ("per_page", "100");

/// A pull request as the list and the single call have it, as far as it is read.
#[derive(Deserialize, Clone)]
struct Pull {
    number: u64,
    html_url: String,
    state: String,
    title: String,
    #[serde(default)]
    draft: bool,
    /// None once the account is gone.
    user: Option<Account>,
    updated_at: String,
    merged_at: Option<String>,
    /// Of an open one: a merge for trial.
    merge_commit_sha: Option<String>,
    head: Branch,
    base: Branch,
}

#[derive(Deserialize, Clone)]
struct Branch {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    /// None once the fork is gone.
    repo: Option<Repo>,
}

#[derive(Deserialize, Clone)]
struct Repo {
    id: u64,
}

#[derive(Deserialize, Clone)]
struct Account {
    login: String,
    id: u64,
}

#[derive(Deserialize)]
struct IssueComment {
    id: u64,
    body: Option<String>,
    user: Option<Account>,
    created_at: String,
    updated_at: String,
    #[serde(default)]
    html_url: String,
}

#[derive(Deserialize)]
struct CommitStatus {
    state: String,
    context: String,
    description: Option<String>,
    target_url: Option<String>,
}

#[derive(Deserialize, Clone)]
struct Permission {
    permission: String,
}

#[derive(Deserialize)]
struct ReviewComment {
    id: u64,
    path: String,
    body: String,
    user: Option<Account>,
    /// None where a later push changed the line.
    line: Option<u32>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    previous_filename: Option<String>,
    /// None where the file is large, or no text.
    patch: Option<String>,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self { name: account.login, id: account.id }
    }
}

fn user(account: Option<Account>) -> User {
    account.map(User::from).unwrap_or_default()
}

impl From<IssueComment> for Comment {
    fn from(comment: IssueComment) -> Self {
        Self {
            id: comment.id,
            author: user(comment.user),
            body: comment.body.unwrap_or_default(),
            created_at: comment.created_at,
            updated_at: comment.updated_at,
            url: comment.html_url,
        }
    }
}

impl Pull {
    /// None without a head that can be read.
    fn summary(self) -> Option<PullSummary> {
        let state = match (self.state.as_str(), &self.merged_at) {
            (_, Some(_)) => State::Merged,
            ("open", None) => State::Open,
            _ => State::Closed,
        };
        let repository = |branch: &Branch| branch.repo.as_ref().map(|repo| repo.id);
        let own = repository(&self.base);
        Some(PullSummary {
            number: self.number,
            url: self.html_url,
            title: self.title,
            draft: self.draft,
            state,
            author: user(self.user),
            head: self.head.sha.parse().ok()?,
            from_fork: own.is_none() || repository(&self.head) != own,
            head_branch: self.head.name,
            base: self.base.name,
            updated_at: self.updated_at,
            merged_commit: self
                .merge_commit_sha
                .filter(|_| state == State::Merged)
                .and_then(|sha| sha.parse().ok()),
        })
    }
}

/// The path of something in the repository.
pub(super) fn within<'a>(http: &'a Http, below: &[&'a str]) -> Vec<&'a str> {
    let (owner, name) = http.repository().split_once('/').unwrap_or_default();
    [&["repos", owner, name], below].concat()
}

fn on_pull(http: &Http, number: u64, what: &str) -> Call {
    let number = number.to_string();
    let doing = format!("read the {what} of pull request #{number}");
    http.get(doing, &within(http, &["pulls", &number, what]), &[PER_PAGE])
}

impl Reviewing for super::GitHub {
    fn pulls(&self, http: &Http, base: &str) -> Result<Listed<PullSummary>, ForgeError> {
        let query = [("base", base), ("state", "open"), ("sort", "updated"), ("direction", "desc"), PER_PAGE];
        let doing = format!("list the pull requests onto `{base}`");
        let call = http.get(doing, &within(http, &["pulls"]), &query);
        let wanted =
            |pull: Pull| pull.summary().filter(|pull| pull.base == base && pull.state == State::Open);
        http.list(&call, MOST_PAGES, wanted)
    }

    fn pull(&self, http: &Http, number: u64) -> Result<PullSummary, ForgeError> {
        let doing = format!("read pull request #{number}");
        let call = http.get(doing, &within(http, &["pulls", &number.to_string()]), &[]);
        let pull: Pull = http.remembered(&call)?;
        pull.summary().ok_or_else(|| http.lacks(&call, "it has no head"))
    }

    fn comments(&self, http: &Http, number: u64) -> Result<Listed<Comment>, ForgeError> {
        let doing = format!("read the comments on pull request #{number}");
        let call = http.get(doing, &within(http, &["issues", &number.to_string(), "comments"]), &[PER_PAGE]);
        http.list(&call, LONGEST_LIST, |comment: IssueComment| Some(comment.into()))
    }

    fn comment(&self, http: &Http, number: u64, body: &str) -> Result<Comment, ForgeError> {
        let path = ["issues", &number.to_string(), "comments"];
        let doing = format!("comment on pull request #{number}");
        let call = http.post(doing, &within(http, &path), &json!({ "body": body }));
        http.json::<IssueComment>(&call).map(Into::into)
    }

    fn edit_comment(&self, http: &Http, number: u64, id: u64, body: &str) -> Result<Comment, ForgeError> {
        let doing = format!("edit the comment on pull request #{number}");
        let path = ["issues", "comments", &id.to_string()];
        let call = http.change(doing, Method::PATCH, &within(http, &path), &json!({ "body": body }));
        http.json::<IssueComment>(&call).map(Into::into)
    }

    fn delete_comment(&self, http: &Http, number: u64, id: u64) -> Result<(), ForgeError> {
        let doing = format!("delete a comment on pull request #{number}");
        http.done(&http.delete(doing, &within(http, &["issues", "comments", &id.to_string()])))
    }

    fn may_write(&self, http: &Http, user: &User) -> Result<bool, ForgeError> {
        let doing = format!("read what {} may do", user.name);
        let call = http.get(doing, &within(http, &["collaborators", &user.name, "permission"]), &[]);
        // `maintain` is said as `write`
        let may = |found: Permission| matches!(found.permission.as_str(), "admin" | "maintain" | "write");
        match http.remembered(&call) {
            Err(error) if error.says_it_is_gone() => Ok(false),
            found => found.map(may),
        }
    }

    fn whoami(&self, http: &Http) -> Result<User, ForgeError> {
        if !http.is_app() {
            let call = http.get("ask who we are".to_owned(), &["user"], &[]);
            match http.remembered::<Account>(&call) {
                // the token of a workflow is one of an installation, and is no user
                Err(error) if matches!(error.problem(), Some(Problem::Forbidden { .. })) => {}
                answer => return answer.map(Into::into),
            }
        }
        let call = http.graphql("ask who we are".to_owned(), "{viewer{login databaseId}}");
        let answer: Value = http.json(&call)?;
        let viewer = answer.pointer("/data/viewer");
        let login = viewer.and_then(|viewer| viewer.get("login")).and_then(Value::as_str);
        let id = viewer.and_then(|viewer| viewer.get("databaseId")).and_then(Value::as_u64);
        match login {
            Some(login) => Ok(User { name: login.to_owned(), id: id.unwrap_or_default() }),
            None => Err(http.lacks(&call, "`data.viewer.login` is missing")),
        }
    }

    fn statuses(&self, http: &Http, commit: &CommitId) -> Result<Vec<Status>, ForgeError> {
        let doing = format!("read the statuses of {}", commit.short());
        let call = http.get(doing, &within(http, &["commits", commit.as_str(), "statuses"]), &[PER_PAGE]);
        let listed = http.list(&call, MOST_PAGES, |status: CommitStatus| {
            Some(Status {
                context: status.context,
                state: match status.state.as_str() {
                    "pending" => StatusState::Pending,
                    "success" => StatusState::Success,
                    "failure" => StatusState::Failure,
                    _ => StatusState::Error,
                },
                description: status.description.unwrap_or_default(),
                link: status.target_url,
            })
        })?;
        Ok(newest(listed.items))
    }

    fn set_status(
        &self,
        http: &Http,
        commit: &CommitId,
        _pull: Option<u64>,
        status: &Status,
    ) -> Result<(), ForgeError> {
        let state = match status.state {
            StatusState::Pending => "pending",
            StatusState::Success => "success",
            StatusState::Failure => "failure",
            StatusState::Error => "error",
        };
        let body = json!({
            "state": state, "context": status.context, "description": status.description,
            "target_url": status.link,
        });
        let doing = format!("set the status `{}` of {}", status.context, commit.short());
        // a second one says the same
        http.done(&http.post(doing, &within(http, &["statuses", commit.as_str()]), &body).repeatable())
    }

    fn annotate(&self, http: &Http, work: &Work<'_>) -> Result<Annotated, ForgeError> {
        if http.is_app() {
            match checks::renew(http, work) {
                // an App, or a workflow, that was given no right to make checks
                Err(error) if matches!(error.problem(), Some(Problem::Forbidden { .. })) => {}
                done => return done,
            }
        }
        lines::sync(self, http, work)
    }
}

impl LineComments for super::GitHub {
    fn standing(&self, http: &Http, work: &Work<'_>) -> Result<Vec<Standing>, ForgeError> {
        let mark = work.mark();
        let listed =
            http.list(&on_pull(http, work.pull.number, "comments"), LONGEST_LIST, |found: ReviewComment| {
                let author = user(found.user);
                let ReviewComment { id, path, line, body, .. } = found;
                Some((author, Standing { id, path, line, body }))
            })?;
        let ours = listed
            .items
            .into_iter()
            .filter(|(author, standing)| author.is(&work.me) && standing.body.starts_with(&mark));
        Ok(ours.map(|(_, standing)| standing).collect())
    }

    fn diffs(&self, http: &Http, work: &Work<'_>) -> Result<Vec<FileDiff>, ForgeError> {
        let call = on_pull(http, work.pull.number, "files");
        http.all(call, LONGEST_LIST, |file: File| {
            let is_wanted = work.wanted.iter().any(|wanted| wanted.path == file.filename);
            let patch = file.patch.filter(|_| is_wanted)?;
            let old_path = file.previous_filename.unwrap_or_else(|| file.filename.clone());
            Some(FileDiff { path: file.filename, old_path, patch })
        })
    }

    fn put(&self, http: &Http, work: &Work<'_>, wanted: &Wanted) -> Result<(), ForgeError> {
        let number = work.pull.number.to_string();
        let mut body = json!({
            "body": wanted.body, "commit_id": work.pull.head.as_str(), "path": wanted.path,
            "line": wanted.line, "side": "RIGHT",
        });
        if let (Some(start), Some(body)) = (wanted.start, body.as_object_mut()) {
            body.insert("start_line".to_owned(), json!(start));
            body.insert("start_side".to_owned(), json!("RIGHT"));
        }
        let doing = format!("comment on line {} of {}", wanted.line, wanted.path);
        http.done(&http.post(doing, &within(http, &["pulls", &number, "comments"]), &body))
    }

    fn reword(&self, http: &Http, _: &Work<'_>, id: u64, body: &str) -> Result<(), ForgeError> {
        let path = ["pulls", "comments", &id.to_string()];
        let doing = "edit a comment on a line".to_owned();
        http.done(&http.change(doing, Method::PATCH, &within(http, &path), &json!({ "body": body })))
    }

    fn take(&self, http: &Http, _: &Work<'_>, id: u64) -> Result<(), ForgeError> {
        let path = ["pulls", "comments", &id.to_string()];
        http.done(&http.delete("delete a comment on a line".to_owned(), &within(http, &path)))
    }
}
