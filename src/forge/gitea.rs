//! Pull requests of Gitea and Forgejo.
//!
//! Gitea API, "repoListPullRequests" (no filter by head; one by `base_branch`, which older
//! versions ignore), "repoCreatePullRequest", "repoEditPullRequest". A pull request by base and
//! head ("repoGetPullRequestByBaseHead") is not asked for: of several it gives any. A draft is a
//! title that begins with `WIP:` (Gitea docs, "Pull request": work in progress). Elsewhere: the
//! common part (`forge`), reviews (`reviewing`), the way there (`http`).

mod reviewing;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::error::ForgeError;
use super::http::{Call, Http};
use super::text::without_mark;
use super::{Branches, Dialect, New, PullRequest, State};

/// Gitea's own limit for a page, where nobody changed it; less than asked for is no error.
const PER_PAGE: &str = "50";
/// All open ones of a repository.
const OPEN_PAGES: usize = 40;
/// The newest of all; those of which a person could still want to hear are among them.
const NEWEST_PAGES: usize = 4;
/// How a draft's title begins; the first is the one that we write.
const MARKS: [&str; 2] = ["WIP:", "[WIP]"];

pub(super) struct Gitea;

/// A pull request, as far as it is read.
#[derive(Deserialize)]
struct Pull {
    number: u64,
    html_url: String,
    state: String,
    #[serde(default)]
    merged: bool,
    title: String,
    #[serde(default)]
    body: String,
    head: Branch,
    base: Branch,
}

#[derive(Deserialize)]
struct Branch {
    /// The branch. (`ref` becomes `refs/pull/N/head` once the branch is gone.)
    label: String,
    #[serde(default)]
    sha: String,
    repo_id: i64,
}

impl Pull {
    fn joins(&self, branches: Branches<'_>) -> bool {
        self.head.label == branches.head
            && self.base.label == branches.base
            && self.head.repo_id == self.base.repo_id
    }
}

impl From<Pull> for PullRequest {
    fn from(pull: Pull) -> Self {
        let (title, draft) = without_mark(&pull.title, &MARKS);
        let state = match (pull.state.as_str(), pull.merged) {
            (_, true) => State::Merged,
            ("open", false) => State::Open,
            _ => State::Closed,
        };
        Self {
            number: pull.number,
            url: pull.html_url,
            state,
            title: title.to_owned(),
            body: pull.body,
            draft,
            head: pull.head.sha.parse().ok(),
        }
    }
}

fn list(http: &Http, branches: Branches<'_>, state: &str) -> Call {
    let (owner, name) = http.repository().split_once('/').unwrap_or_default();
    let query = [("state", state), ("base_branch", branches.base), ("limit", PER_PAGE)];
    let doing = format!("find the pull request of `{}`", branches.head);
    http.get(doing, &["repos", owner, name, "pulls"], &query)
}

fn marked(title: &str, draft: bool) -> String {
    if draft { format!("{} {title}", MARKS[0]) } else { title.to_owned() }
}

impl Dialect for Gitea {
    fn open(&self, http: &Http, branches: Branches<'_>) -> Result<Option<PullRequest>, ForgeError> {
        let wanted = |pull: Pull| pull.joins(branches).then(|| pull.into());
        http.first_of(list(http, branches, "open"), OPEN_PAGES, wanted)
    }

    fn newest(&self, http: &Http, branches: Branches<'_>) -> Result<Option<PullRequest>, ForgeError> {
        let wanted = |pull: Pull| pull.joins(branches).then(|| pull.into());
        http.first_of(list(http, branches, "all"), NEWEST_PAGES, wanted)
    }

    fn create(&self, http: &Http, new: &New) -> Result<PullRequest, ForgeError> {
        let (owner, name) = http.repository().split_once('/').unwrap_or_default();
        let body = json!({
            "head": new.head, "base": new.base, "title": marked(&new.title, new.draft), "body": new.body,
        });
        let doing = format!("open a pull request for `{}`", new.head);
        let call = http.post(doing, &["repos", owner, name, "pulls"], &body).repeatable();
        http.json::<Pull>(&call).map(Into::into)
    }

    fn edit(
        &self,
        http: &Http,
        found: &PullRequest,
        title: &str,
        body: &str,
    ) -> Result<PullRequest, ForgeError> {
        let (owner, name) = http.repository().split_once('/').unwrap_or_default();
        let number = found.number.to_string();
        let doing = format!("renew pull request #{number}");
        let path = ["repos", owner, name, "pulls", &number];
        let body = json!({ "title": marked(title, found.draft), "body": body });
        let call = http.change(doing, Method::PATCH, &path, &body);
        http.json::<Pull>(&call).map(Into::into)
    }
}
