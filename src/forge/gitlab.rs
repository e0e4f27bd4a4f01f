//! Merge requests of GitLab, the public one or one's own.
//!
//! GitLab REST API, "Merge requests": list project merge requests (`source_branch`,
//! `target_branch`, `state`, newest first by default), create, update. The project is named by
//! its path, escaped as one segment ("Namespaced paths"). A draft is a title that begins with
//! `Draft:` (GitLab docs, "Draft merge requests"). Elsewhere: the common part (`forge`), reviews
//! (`reviewing`), the way there (`http`).

mod reviewing;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::error::ForgeError;
use super::http::{Call, Http};
use super::text::without_mark;
use super::{Branches, Dialect, New, PullRequest, State};

/// One page of answers that may be 1 MiB each.
const PER_PAGE: &str = "20";
/// Merge requests of forks, whose branch may have the same name, come up as well.
const PAGES: usize = 10;
/// How a draft's title begins; the first is the one that we write.
const MARKS: [&str; 3] = ["Draft:", "[Draft]", "(Draft)"];

pub(super) struct GitLab;

/// A merge request, as far as it is read.
#[derive(Deserialize)]
struct MergeRequest {
    iid: u64,
    web_url: String,
    state: String,
    title: String,
    description: Option<String>,
    source_branch: String,
    target_branch: String,
    /// None once the fork is gone.
    source_project_id: Option<u64>,
    target_project_id: u64,
    sha: Option<String>,
}

impl MergeRequest {
    fn joins(&self, branches: Branches<'_>) -> bool {
        self.source_branch == branches.head
            && self.target_branch == branches.base
            && self.source_project_id == Some(self.target_project_id)
    }
}

impl From<MergeRequest> for PullRequest {
    fn from(request: MergeRequest) -> Self {
        let (title, draft) = without_mark(&request.title, &MARKS);
        let state = match request.state.as_str() {
            "merged" => State::Merged,
            "closed" => State::Closed,
            _ => State::Open, // "opened", and "locked" while it is being merged
        };
        Self {
            number: request.iid,
            url: request.web_url,
            state,
            title: title.to_owned(),
            body: request.description.unwrap_or_default(),
            draft,
            head: request.sha.and_then(|sha| sha.parse().ok()),
        }
    }
}

fn list(http: &Http, branches: Branches<'_>, state: &str) -> Call {
    let query = [
        ("source_branch", branches.head),
        ("target_branch", branches.base),
        ("state", state),
        ("order_by", "created_at"),
        ("sort", "desc"),
        ("per_page", PER_PAGE),
    ];
    let doing = format!("find the merge request of `{}`", branches.head);
    http.get(doing, &["projects", http.repository(), "merge_requests"], &query)
}

fn marked(title: &str, draft: bool) -> String {
    if draft { format!("{} {title}", MARKS[0]) } else { title.to_owned() }
}

impl Dialect for GitLab {
    fn open(&self, http: &Http, branches: Branches<'_>) -> Result<Option<PullRequest>, ForgeError> {
        let wanted = |request: MergeRequest| request.joins(branches).then(|| request.into());
        http.first_of(list(http, branches, "opened"), PAGES, wanted)
    }

    fn newest(&self, http: &Http, branches: Branches<'_>) -> Result<Option<PullRequest>, ForgeError> {
        let wanted = |request: MergeRequest| request.joins(branches).then(|| request.into());
        http.first_of(list(http, branches, "all"), PAGES, wanted)
    }

    fn create(&self, http: &Http, new: &New) -> Result<PullRequest, ForgeError> {
        let body = json!({
            "source_branch": new.head,
            "target_branch": new.base,
            "title": marked(&new.title, new.draft),
            "description": new.body,
        });
        let doing = format!("open a merge request for `{}`", new.head);
        let path = ["projects", http.repository(), "merge_requests"];
        let call = http.post(doing, &path, &body).repeatable();
        http.json::<MergeRequest>(&call).map(Into::into)
    }

    fn edit(
        &self,
        http: &Http,
        found: &PullRequest,
        title: &str,
        body: &str,
    ) -> Result<PullRequest, ForgeError> {
        let number = found.number.to_string();
        let doing = format!("renew merge request !{number}");
        let path = ["projects", http.repository(), "merge_requests", &number];
        let body = json!({ "title": marked(title, found.draft), "description": body });
        let call = http.change(doing, Method::PUT, &path, &body);
        http.json::<MergeRequest>(&call).map(Into::into)
    }
}
