//! Pull requests of GitHub, its Enterprise Cloud and Enterprise Server.
//!
//! GitHub REST API, "Pulls": list (`head=OWNER:BRANCH`, `base`, `state`, `sort=created`), create,
//! update. A `head` that GitHub cannot read is ignored, and the list is that of all: what comes
//! back is looked at once more. Elsewhere: the common part (`forge`), reviews (`reviewing`), the way there (`http`).

mod checks;
mod reviewing;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::error::ForgeError;
use super::http::{Call, Http};
use super::{Branches, Dialect, New, PullRequest, State};

/// One page of answers that may be 256 KiB each.
const PER_PAGE: &str = "30";
/// A branch has one open pull request onto a base; others come up only in answers that were not
/// asked for.
const PAGES: usize = 10;

pub(super) struct GitHub;

/// A pull request as the lists and the single calls have it, as far as it is read.
#[derive(Deserialize)]
struct Pull {
    number: u64,
    html_url: String,
    state: String,
    merged_at: Option<String>,
    title: String,
    body: Option<String>,
    #[serde(default)]
    draft: bool,
    head: Branch,
    base: Branch,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    /// None once the fork is gone.
    repo: Option<Repo>,
}

#[derive(Deserialize)]
struct Repo {
    id: u64,
}

impl Pull {
    fn joins(&self, branches: Branches<'_>) -> bool {
        let repository = |branch: &Branch| branch.repo.as_ref().map(|repo| repo.id);
        self.head.name == branches.head
            && self.base.name == branches.base
            && repository(&self.head).is_some()
            && repository(&self.head) == repository(&self.base)
    }
}

impl From<Pull> for PullRequest {
    fn from(pull: Pull) -> Self {
        let state = match (pull.state.as_str(), pull.merged_at) {
            (_, Some(_)) => State::Merged,
            ("open", None) => State::Open,
            _ => State::Closed,
        };
        Self {
            number: pull.number,
            url: pull.html_url,
            state,
            title: pull.title,
            body: pull.body.unwrap_or_default(),
            draft: pull.draft,
            head: pull.head.sha.parse().ok(),
        }
    }
}

fn list(http: &Http, branches: Branches<'_>, state: &str) -> Call {
    let (owner, name) = http.repository().split_once('/').unwrap_or_default();
    let query = [
        ("head", &*format!("{owner}:{}", branches.head)),
        ("base", branches.base),
        ("state", state),
        ("sort", "created"),
        ("direction", "desc"),
        ("per_page", PER_PAGE),
    ];
    let doing = format!("find the pull request of `{}`", branches.head);
    http.get(doing, &["repos", owner, name, "pulls"], &query)
}

impl Dialect for GitHub {
    fn open(&self, http: &Http, branches: Branches<'_>) -> Result<Option<PullRequest>, ForgeError> {
        let wanted = |pull: Pull| (pull.state == "open" && pull.joins(branches)).then(|| pull.into());
        http.first_of(list(http, branches, "open"), PAGES, wanted)
    }

    fn newest(&self, http: &Http, branches: Branches<'_>) -> Result<Option<PullRequest>, ForgeError> {
        let wanted = |pull: Pull| pull.joins(branches).then(|| pull.into());
        http.first_of(list(http, branches, "all"), PAGES, wanted)
    }

    fn create(&self, http: &Http, new: &New) -> Result<PullRequest, ForgeError> {
        let (owner, name) = http.repository().split_once('/').unwrap_or_default();
        let body = json!({
            "head": new.head, "base": new.base, "title": new.title, "body": new.body, "draft": new.draft,
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
        let call = http.change(doing, Method::PATCH, &path, &json!({ "title": title, "body": body }));
        http.json::<Pull>(&call).map(Into::into)
    }
}
