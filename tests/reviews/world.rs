//! The agent's lab with a forge before it: a repository whose pull requests the fake forge shows.

use std::net::SocketAddr;
use std::sync::Mutex;

use gitfabric::forge::Kind;
use gitfabric::git::write::commit_files;
use gitfabric::names::CommitId;
use tokio::net::TcpSocket;

use crate::forge::{BOT, Calls, Entry, FakeForge, Said, TOKEN};
use crate::intent::Intent;
use crate::lab::{Lab, Settings, author};
use crate::running::{LOOK, PATIENCE, Running, until};

/// The forges.
pub(crate) const KINDS: [Kind; 3] = [Kind::GitHub, Kind::GitLab, Kind::Gitea];

/// A port for an agent to listen at, which nobody else gets as long as the socket lives: it never
/// listens itself, and lets others in who reuse addresses.
pub(crate) fn reserved_port() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A lab, and its forge.
pub(crate) struct World {
    pub(crate) lab: Lab,
    pub(crate) forge: FakeForge,
    /// What each branch holds, by the pull request's number.
    branches: Mutex<Vec<Intent>>,
}

impl World {
    /// One pair and a spine behind a forge of this kind.
    pub(crate) fn new(kind: Kind) -> Self {
        Self::with(kind, Intent::pair(), Settings::default(), "")
    }

    /// `more` are further lines of the agent's configuration.
    pub(crate) fn with(kind: Kind, intent: Intent, settings: Settings, more: &str) -> Self {
        let forge = FakeForge::start(kind);
        let name = kind.name().to_lowercase();
        let config = format!(
            "{}\nforge: {{ kind: {name}, repository: '{}', token: secret:forge/token, poll: 50ms }}\n{more}\n",
            settings.config,
            forge.remote()
        );
        let lab = Lab::with(intent, Settings { config: config.leak(), ..settings });
        lab.set_secret("forge/token", TOKEN);
        Self { lab, forge, branches: Mutex::default() }
    }

    /// The agent at work, every device at the head.
    pub(crate) async fn agent(&self) -> Running {
        let mut agent = Running::start(&self.lab);
        agent.settled(&self.lab.head()).await;
        agent
    }

    /// Somebody opens a pull request: a branch off main's head with an edit.
    pub(crate) fn opens(&self, edit: impl FnOnce(&mut Intent)) -> u64 {
        self.opens_as(Entry::default(), edit)
    }

    /// The same, with other particulars.
    pub(crate) fn opens_as(&self, entry: Entry, edit: impl FnOnce(&mut Intent)) -> u64 {
        let (main, files) = self.lab.history.lock().unwrap().last().unwrap().clone();
        let number = self.forge.entries().len() as u64 + 1;
        let mut after = files.clone();
        edit(&mut after);
        self.write_ref(&format!("refs/heads/pr-{number}"), &main);
        let sha = self.commit_on(number, &files, &after);
        self.branches.lock().unwrap().push(after);
        let head = format!("pr-{number}");
        assert_eq!(self.forge.add(Entry { head, sha: sha.to_string(), ..entry }), number);
        number
    }

    /// Somebody pushes to it.
    pub(crate) fn pushes(&self, number: u64, edit: impl FnOnce(&mut Intent)) -> CommitId {
        let mut branches = self.branches.lock().unwrap();
        let before = branches[usize::try_from(number).unwrap() - 1].clone();
        let mut after = before.clone();
        edit(&mut after);
        let sha = self.commit_on(number, &before, &after);
        branches[usize::try_from(number).unwrap() - 1] = after;
        self.forge.push(number, sha.as_str());
        sha
    }

    fn commit_on(&self, number: u64, before: &Intent, after: &Intent) -> CommitId {
        let edits = after.edits_from(before);
        let branch = format!("pr-{number}");
        let made = commit_files(&self.lab.repository(), &branch, &edits, "An edit", &author(), None);
        let sha = made.unwrap().expect("the edit changes nothing");
        let reference = match self.forge.kind {
            Kind::GitLab => format!("refs/merge-requests/{number}/head"),
            Kind::GitHub | Kind::Gitea => format!("refs/pull/{number}/head"),
        };
        self.write_ref(&reference, &sha);
        sha
    }

    fn write_ref(&self, name: &str, commit: &CommitId) {
        let path = self.lab.repository().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path.with_extension("lock"), format!("{commit}\n")).unwrap();
        std::fs::rename(path.with_extension("lock"), path).unwrap();
    }

    /// Somebody merges it, squashed: one commit on main with what the branch holds.
    pub(crate) fn merges(&self, number: u64) -> CommitId {
        let files = self.branches.lock().unwrap()[usize::try_from(number).unwrap() - 1].clone();
        // the forge says so first: its repository moves a moment later
        let commit = self.lab.commit(&format!("Squashed (#{number})"), |main| *main = files);
        self.forge.merge(number, commit.as_str());
        commit
    }

    /// The head of a pull request.
    pub(crate) fn head(&self, number: u64) -> String {
        self.forge.entries()[usize::try_from(number).unwrap() - 1].sha.clone()
    }

    /// Our comments on a pull request that begin so.
    pub(crate) fn ours(&self, number: u64, marker: &str) -> Vec<Said> {
        let mut ours = self.forge.comments(number);
        ours.retain(|said| said.author == BOT && said.body.starts_with(marker));
        ours
    }

    /// Waits until something is so, and gives it.
    pub(crate) async fn until<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let explain = || {
            format!(
                "the forge has {:#?} and {:#?}",
                self.forge.world(|world| world.said.clone()),
                self.forge.world(|world| world.stands.clone()),
            )
        };
        until(what, look, explain).await
    }

    /// Waits until the one comment with the plan says something.
    pub(crate) async fn comment(&self, number: u64, what: &str, says: impl Fn(&str) -> bool) -> Said {
        self.until(what, || {
            let ours = self.ours(number, "<!-- gitfabric:plan ");
            assert!(ours.len() <= 1, "{what}: there is never a second one: {ours:#?}");
            ours.into_iter().find(|said| says(&said.body))
        })
        .await
    }

    /// Waits for the comment on the pull request's head as it is.
    pub(crate) async fn reviewed(&self, number: u64) -> Said {
        let (head, base) = (self.head(number), self.lab.head());
        let of = format!("base={base} head={head} ");
        let said = self.comment(number, "it is reviewed", |body| body.contains(&of)).await;
        self.plan_status(number, |_| true).await;
        said
    }

    /// Waits until the status of the head is so, pending ones left aside; gives state and words.
    pub(crate) async fn plan_status(&self, number: u64, is_so: impl Fn(&str) -> bool) -> (String, String) {
        self.status(&self.head(number), "gitfabric/plan", is_so).await
    }

    /// Waits until the status of a commit is so, pending ones left aside.
    pub(crate) async fn status(
        &self,
        sha: &str,
        context: &str,
        is_so: impl Fn(&str) -> bool,
    ) -> (String, String) {
        self.until(&format!("{context} is told"), || {
            let stand = self.forge.status(sha, context)?;
            let is_over = !["pending", "running"].contains(&stand.state.as_str());
            (is_over && is_so(&stand.state)).then_some((stand.state, stand.description))
        })
        .await
    }

    /// Waits until the forge was asked for news so often, and gives what that took, begin and end
    /// of a look not cut.
    pub(crate) async fn looks(&self, count: usize) -> Calls {
        let mut calls = Calls::default();
        let mut looks = 0;
        let mut ticks = tokio::time::interval(LOOK);
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while looks < count {
            assert!(tokio::time::Instant::now() < deadline, "only {looks} looks within {PATIENCE:?}");
            ticks.tick().await;
            for request in self.forge.requests() {
                let is_list = request.target.contains("state=open");
                if is_list && looks == count {
                    return calls; // a slow machine sees several looks at a tick
                }
                looks += usize::from(is_list);
                calls.all += 1;
                let is_bare = request.method == "GET" && request.header("if-none-match").is_empty();
                calls.unconditional += usize::from(is_bare);
                calls.writes += usize::from(request.method != "GET");
            }
        }
        calls
    }
}
