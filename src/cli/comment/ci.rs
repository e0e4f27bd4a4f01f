//! Which pull request a CI job is about, from its environment.
//!
//! Pure: the environment and the event are given. GitHub Actions: "Variables reference" and the
//! webhook event `pull_request`; Gitea and Forgejo Actions set the same; GitLab CI: "Predefined
//! CI/CD variables". Elsewhere: what is done with it (`super`).

use serde::Deserialize;

use crate::forge::Kind;
use crate::names::CommitId;

/// What runs the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runner {
    GitHub,
    /// Gitea or Forgejo Actions.
    Gitea,
    GitLab,
    /// A person's terminal, or a CI that we do not know.
    None,
}

/// What a job knows of its pull request; what it does not is asked for by flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) runner: Runner,
    pub(super) kind: Option<Kind>,
    /// The repository, as a remote names it.
    pub(super) repository: Option<String>,
    pub(super) api: Option<String>,
    pub(super) number: Option<u64>,
    /// The branch that it is merged into.
    pub(super) target: Option<String>,
    /// That branch's commit, as of when the job was made.
    pub(super) base: Option<CommitId>,
    pub(super) head: Option<CommitId>,
    pub(super) from_fork: bool,
    /// The job's own page.
    pub(super) link: Option<String>,
    /// Where a summary of the job is written to.
    pub(super) summary: Option<String>,
}

/// Variables by name; empty ones are none.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The event of a pull request, as far as it is read.
#[derive(Deserialize)]
struct Event {
    pull_request: Pull,
}

#[derive(Deserialize)]
struct Pull {
    number: u64,
    head: Side,
    base: Side,
}

#[derive(Deserialize)]
struct Side {
    sha: String,
    #[serde(rename = "ref")]
    reference: String,
    repo: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

impl Job {
    /// What the environment says. `event` gives the text of the file that describes the event.
    pub(super) fn of(variables: Variables<'_>, event: &dyn Fn(&str) -> Option<String>) -> Self {
        let is = |name: &str| variables(name).is_some_and(|value| value == "true");
        // Gitea and Forgejo say that they are GitHub, too
        if is("GITEA_ACTIONS") || is("FORGEJO_ACTIONS") {
            Self::of_actions(Runner::Gitea, variables, event)
        } else if is("GITHUB_ACTIONS") {
            Self::of_actions(Runner::GitHub, variables, event)
        } else if is("GITLAB_CI") {
            Self::of_gitlab(variables)
        } else {
            Self::unknown(Runner::None, None)
        }
    }

    fn unknown(runner: Runner, kind: Option<Kind>) -> Self {
        Self {
            runner,
            kind,
            repository: None,
            api: None,
            number: None,
            target: None,
            base: None,
            head: None,
            from_fork: false,
            link: None,
            summary: None,
        }
    }

    fn of_actions(runner: Runner, variables: Variables<'_>, event: &dyn Fn(&str) -> Option<String>) -> Self {
        let kind = if runner == Runner::GitHub { Kind::GitHub } else { Kind::Gitea };
        let event = variables("GITHUB_EVENT_PATH").and_then(|file| event(&file));
        let pull = event.and_then(|text| serde_json::from_str::<Event>(&text).ok());
        let pull = pull.map(|event| event.pull_request);
        let page = variables("GITHUB_SERVER_URL").zip(variables("GITHUB_REPOSITORY"));
        let page = page.map(|(server, path)| format!("{}/{path}", server.trim_end_matches('/')));
        let run = page.as_ref().zip(variables("GITHUB_RUN_ID"));
        let name = |side: &Side| side.repo.as_ref().map(|repo| repo.full_name.clone());
        Self {
            link: run.map(|(page, run)| format!("{page}/actions/runs/{run}")),
            repository: page,
            api: variables("GITHUB_API_URL"),
            number: pull.as_ref().map(|pull| pull.number),
            target: pull.as_ref().map(|pull| pull.base.reference.clone()),
            base: pull.as_ref().and_then(|pull| pull.base.sha.parse().ok()),
            head: pull.as_ref().and_then(|pull| pull.head.sha.parse().ok()),
            // a fork that is gone has no repository
            from_fork: pull.as_ref().is_some_and(|pull| name(&pull.head) != name(&pull.base)),
            summary: variables("GITHUB_STEP_SUMMARY"),
            ..Self::unknown(runner, Some(kind))
        }
    }

    fn of_gitlab(variables: Variables<'_>) -> Self {
        let commit = |name: &str| variables(name).and_then(|text| text.parse().ok());
        let source = variables("CI_MERGE_REQUEST_SOURCE_PROJECT_ID");
        Self {
            // of a merge request out of a fork, the project that it is merged into
            repository: variables("CI_MERGE_REQUEST_PROJECT_URL").or_else(|| variables("CI_PROJECT_URL")),
            api: variables("CI_API_V4_URL"),
            number: variables("CI_MERGE_REQUEST_IID").and_then(|text| text.parse().ok()),
            target: variables("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
            base: commit("CI_MERGE_REQUEST_TARGET_BRANCH_SHA"),
            // set in pipelines of merged results, where the job's own commit is the merge
            head: commit("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA").or_else(|| commit("CI_COMMIT_SHA")),
            from_fork: source.is_some() && source != variables("CI_MERGE_REQUEST_PROJECT_ID"),
            link: variables("CI_JOB_URL"),
            ..Self::unknown(Runner::GitLab, Some(Kind::GitLab))
        }
    }

    /// Where the token is looked for when no flag says it.
    pub(super) fn token_variables(&self) -> &'static [&'static str] {
        match self.runner {
            Runner::GitHub => &["FORGE_TOKEN", "GITHUB_TOKEN"],
            Runner::Gitea => &["FORGE_TOKEN", "GITEA_TOKEN", "FORGEJO_TOKEN", "GITHUB_TOKEN"],
            Runner::GitLab => &["FORGE_TOKEN", "GITLAB_TOKEN"],
            Runner::None => &["FORGE_TOKEN"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"action": "synchronize", "number": 7, "pull_request": {"number": 7,
        "head": {"sha": "HEAD", "ref": "vlan", "repo": {"full_name": "SOURCE"}},
        "base": {"sha": "BASE", "ref": "main", "repo": {"full_name": "acme/net"}}}}"#;

    fn event(source: &str) -> String {
        EVENT.replace("HEAD", &"a".repeat(40)).replace("BASE", &"b".repeat(40)).replace("SOURCE", source)
    }

    fn job(variables: &[(&str, &str)], event: Option<&str>) -> Job {
        let find = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Job::of(&find, &|file| event.filter(|_| file == "/event.json").map(str::to_owned))
    }

    #[test]
    fn a_job_of_each_runner_knows_its_pull_request() {
        let actions = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_API_URL", "https://api.github.com"),
            ("GITHUB_REPOSITORY", "acme/net"),
            ("GITHUB_RUN_ID", "12"),
            ("GITHUB_EVENT_PATH", "/event.json"),
        ];
        let github = job(&actions, Some(&event("acme/net")));
        let expected = Job {
            runner: Runner::GitHub,
            kind: Some(Kind::GitHub),
            repository: Some("https://github.com/acme/net".into()),
            api: Some("https://api.github.com".into()),
            number: Some(7),
            target: Some("main".into()),
            base: Some("b".repeat(40).parse().unwrap()),
            head: Some("a".repeat(40).parse().unwrap()),
            from_fork: false,
            link: Some("https://github.com/acme/net/actions/runs/12".into()),
            summary: None,
        };
        assert_eq!(github, expected);
        assert!(job(&actions, Some(&event("mallory/net"))).from_fork);

        let gitea = job(&[&actions[..], &[("GITEA_ACTIONS", "true")]].concat(), Some(&event("acme/net")));
        assert_eq!(gitea, Job { runner: Runner::Gitea, kind: Some(Kind::Gitea), ..expected });

        let gitlab = job(
            &[
                ("GITLAB_CI", "true"),
                ("CI_API_V4_URL", "https://gitlab.example.net/api/v4"),
                ("CI_PROJECT_URL", "https://gitlab.example.net/mallory/net"),
                ("CI_MERGE_REQUEST_PROJECT_URL", "https://gitlab.example.net/acme/net"),
                ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
                ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "2"),
                ("CI_MERGE_REQUEST_IID", "7"),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
                ("CI_COMMIT_SHA", &"a".repeat(40)),
                ("CI_JOB_URL", "https://gitlab.example.net/acme/net/-/jobs/3"),
            ],
            None,
        );
        assert_eq!(
            (gitlab.repository.as_deref(), gitlab.number, gitlab.from_fork),
            (Some("https://gitlab.example.net/acme/net"), Some(7), true)
        );
        assert_eq!(gitlab.head, Some("a".repeat(40).parse().unwrap()));
    }

    #[test]
    fn what_is_missing_or_broken_is_left_to_the_flags() {
        for (case, variables, event) in [
            ("no CI", vec![], None),
            ("a push", vec![("GITHUB_ACTIONS", "true")], None),
            (
                "no JSON",
                vec![("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_PATH", "/event.json")],
                Some("{".to_owned()),
            ),
            ("GitLab without a merge request", vec![("GITLAB_CI", "true")], None),
        ] {
            let job = job(&variables, event.as_deref());
            assert_eq!((job.number, job.base, job.head), (None, None, None), "{case}");
        }
    }
}
