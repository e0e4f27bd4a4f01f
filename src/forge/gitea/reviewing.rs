//! Reviews on Gitea and Forgejo.
//!
//! Gitea API: "repoListPullRequests" (`sort=recentupdate`), "repoGetPullRequest",
//! "repoDownloadPullDiffOrPatch", "issueGetComments" (all at once), "issueCreateComment",
//! "issueEditComment", "issueDeleteComment", "repoListStatuses", "repoCreateStatus",
//! "repoGetRepoPermissions" (of others, for an administrator of the repository alone),
//! "repoGetAssignees" (who may write), "repoListPullReviews", "repoCreatePullReview",
//! "repoDeletePullReview", "userGetCurrent". A comment moves a pull request's `updated_at`.
//!
//! A review's comments cannot be edited by this API: ours is one review, which is made again
//! where the findings are others. Elsewhere: opening pull requests (`gitea`).

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::MARKS;
use crate::forge::annotate::{Annotated, MOST_LINES, Work, hunks};
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

/// Gitea's own limit for a page, where nobody changed it.
const LIMIT: (&str, &str) = ("limit", "50");

/// A pull request, as far as it is read.
#[derive(Deserialize, Clone)]
struct Pull {
    number: u64,
    html_url: String,
    state: String,
    #[serde(default)]
    merged: bool,
    title: String,
    user: Option<Account>,
    updated_at: String,
    merge_commit_sha: Option<String>,
    head: Branch,
    base: Branch,
}

#[derive(Deserialize, Clone)]
struct Branch {
    /// The branch. (`ref` becomes `refs/pull/N/head` once the branch is gone.)
    label: String,
    #[serde(default)]
    sha: String,
    repo_id: i64,
}

#[derive(Deserialize, Clone)]
struct Account {
    login: String,
    /// Below zero for users of Gitea's own, such as that of a job's token.
    id: i64,
}

#[derive(Deserialize)]
struct IssueComment {
    id: u64,
    body: String,
    user: Option<Account>,
    created_at: String,
    updated_at: String,
    #[serde(default)]
    html_url: String,
}

#[derive(Deserialize)]
struct CommitStatus {
    status: String,
    context: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    target_url: String,
}

#[derive(Deserialize, Clone)]
struct Permission {
    permission: String,
}

#[derive(Deserialize)]
struct Review {
    id: u64,
    #[serde(default)]
    body: String,
    user: Option<Account>,
    #[serde(default)]
    comments_count: usize,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self { name: account.login, id: u64::try_from(account.id).unwrap_or_default() }
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
            body: comment.body,
            created_at: comment.created_at,
            updated_at: comment.updated_at,
            url: comment.html_url,
        }
    }
}

impl Pull {
    /// None without a head that can be read.
    fn summary(self) -> Option<PullSummary> {
        let (title, draft) = without_mark(&self.title, &MARKS);
        let state = match (self.state.as_str(), self.merged) {
            (_, true) => State::Merged,
            ("open", false) => State::Open,
            _ => State::Closed,
        };
        Some(PullSummary {
            number: self.number,
            url: self.html_url,
            title: title.to_owned(),
            draft,
            state,
            author: user(self.user),
            head: self.head.sha.parse().ok()?,
            head_branch: self.head.label,
            from_fork: self.head.repo_id != self.base.repo_id,
            base: self.base.label,
            updated_at: self.updated_at,
            merged_commit: self
                .merge_commit_sha
                .filter(|_| state == State::Merged)
                .and_then(|sha| sha.parse().ok()),
        })
    }
}

/// The path of something in the repository.
fn within<'a>(http: &'a Http, below: &[&'a str]) -> Vec<&'a str> {
    let (owner, name) = http.repository().split_once('/').unwrap_or_default();
    [&["repos", owner, name], below].concat()
}

impl Reviewing for super::Gitea {
    fn pulls(&self, http: &Http, base: &str) -> Result<Listed<PullSummary>, ForgeError> {
        let query = [("state", "open"), ("sort", "recentupdate"), ("base_branch", base), LIMIT];
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
        let call = http.get(doing, &within(http, &["issues", &number.to_string(), "comments"]), &[]);
        http.list(&call, 1, |comment: IssueComment| Some(comment.into()))
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
        let doing = || format!("read what {} may do", user.name);
        let call = http.get(doing(), &within(http, &["collaborators", &user.name, "permission"]), &[]);
        match http.remembered::<Permission>(&call) {
            Ok(found) => Ok(matches!(found.permission.as_str(), "owner" | "admin" | "write")),
            Err(error) if error.says_it_is_gone() => Ok(false),
            // we are no administrator; those who may write are also those whom one may assign
            Err(error) if matches!(error.problem(), Some(Problem::Forbidden { .. })) => {
                let call = http.get(doing(), &within(http, &["assignees"]), &[]);
                let writers = http.list(&call, 1, |account: Account| Some(User::from(account)))?;
                Ok(writers.items.iter().any(|writer| writer.is(user)))
            }
            Err(error) => Err(error),
        }
    }

    fn whoami(&self, http: &Http) -> Result<User, ForgeError> {
        let call = http.get("ask who we are".to_owned(), &["user"], &[]);
        http.remembered::<Account>(&call).map(Into::into)
    }

    fn statuses(&self, http: &Http, commit: &CommitId) -> Result<Vec<Status>, ForgeError> {
        let doing = format!("read the statuses of {}", commit.short());
        let path = ["commits", commit.as_str(), "statuses"];
        let call = http.get(doing, &within(http, &path), &[("sort", "recentupdate"), LIMIT]);
        let listed = http.list(&call, MOST_PAGES, |found: CommitStatus| {
            Some(Status {
                context: found.context,
                state: match found.status.as_str() {
                    "pending" => StatusState::Pending,
                    "success" | "warning" => StatusState::Success,
                    "failure" => StatusState::Failure,
                    _ => StatusState::Error,
                },
                description: found.description,
                link: Some(found.target_url).filter(|link| !link.is_empty()),
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
            "target_url": status.link.as_deref().unwrap_or_default(),
        });
        let doing = format!("set the status `{}` of {}", status.context, commit.short());
        // a second one says the same
        http.done(&http.post(doing, &within(http, &["statuses", commit.as_str()]), &body).repeatable())
    }

    fn annotate(&self, http: &Http, work: &Work<'_>) -> Result<Annotated, ForgeError> {
        let number = work.pull.number.to_string();
        let doing = format!("read the reviews of pull request #{number}");
        let call = http.get(doing, &within(http, &["pulls", &number, "reviews"]), &[LIMIT]);
        let listed = http.list(&call, LONGEST_LIST, |found: Review| {
            Some((user(found.user), found.id, found.body, found.comments_count))
        })?;
        let mark = work.mark();
        let ours = listed
            .items
            .into_iter()
            .filter(|(author, _, body, _)| author.is(&work.me) && body.starts_with(&mark));
        let mut earlier: Vec<(u64, String, usize)> =
            ours.map(|(_, id, body, comments)| (id, body, comments)).collect();
        if earlier.is_empty() && work.wanted.is_empty() {
            return Ok(Annotated::default());
        }
        let comments = if work.wanted.is_empty() { Vec::new() } else { on_lines(http, work)? };
        let (shown, left_out) = (comments.len(), work.wanted.len() - comments.len());
        let seal = format!("<!-- {} -->", work.digest());
        let stays = earlier.iter().position(|(_, body, count)| body.contains(&seal) && *count == shown);
        if let Some(place) = stays.filter(|_| shown > 0) {
            earlier.remove(place);
        } else if shown > 0 {
            let doing = format!("review pull request #{number}");
            let words = format!(
                "{mark}\n{seal}\ngitfabric: {shown} of {} findings on their lines.",
                work.wanted.len()
            );
            let body = json!({
                "event": "COMMENT", "commit_id": work.pull.head.as_str(), "body": words, "comments": comments,
            });
            http.done(&http.post(doing, &within(http, &["pulls", &number, "reviews"]), &body))?;
        }
        let mut removed = 0;
        for (id, _, count) in earlier {
            let doing = format!("delete a review of pull request #{number}");
            match http
                .done(&http.delete(doing, &within(http, &["pulls", &number, "reviews", &id.to_string()])))
            {
                Err(error) if error.says_it_is_gone() => {}
                done => done?,
            }
            removed += count;
        }
        Ok(Annotated { shown, left_out, removed })
    }
}

/// The comments of a review, on lines that the diff shows.
fn on_lines(http: &Http, work: &Work<'_>) -> Result<Vec<Value>, ForgeError> {
    let doing = format!("read the diff of pull request #{}", work.pull.number);
    let name = format!("{}.diff", work.pull.number);
    let diff = http.text(&http.get(doing, &within(http, &["pulls", &name]), &[]))?;
    let on_its_line = |wanted: &crate::forge::Annotation| {
        hunks::find(hunks::patch_of(&diff, &wanted.path)?, wanted.line)?;
        Some(
            json!({ "path": wanted.path, "new_position": wanted.line, "old_position": 0, "body": wanted.markdown() }),
        )
    };
    Ok(work.wanted.iter().filter_map(on_its_line).take(MOST_LINES).collect())
}
