//! `gitfabric export`: the NetBox export job, once or again and again.
//!
//! Here: the arguments, and what they become. Elsewhere: how a report looks (`show`), the
//! export itself (`crate::export`).

mod show;

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio_util::sync::CancellationToken;

use super::output::is_broken_pipe;
use super::run::stop_on_signal;
use super::{log, runtime};
use crate::agent::config::{Log, LogFormat, parse_duration};
use crate::export::{Exporter, ForgeTarget, Job, Proposals, Target, Token, secret_in};
use crate::forge::Kind;
use crate::git::{BlobId, Credential, Remote, Ssh, TokenSource};
use crate::names::RepoPath;
use crate::netbox::{Client, Config, Progress};
use crate::secret::SecretText;
use crate::web::{Debounce, HookSecret, Limits, NetboxHook, Server, Tls, Wakeups, Window, routes};

/// Read NetBox and commit what it says as intent: small, reviewable, revertible commits.
///
/// Nothing is committed unless NetBox was read whole: lists are counted, rights are checked,
/// and the result is loaded and compiled before a branch moves. Nothing changed gives no
/// commit. Files that people wrote stay; where people changed an exported file, or reverted
/// an export, the export becomes a pull request and never puts NetBox's word back silently.
///
/// The NetBox token is taken from the variable `NETBOX_TOKEN` or from --token-file; it needs
/// to read, and nothing more. How this NetBox says things that the defaults do not know stands
/// in `netbox.yaml` of the intent.
///
/// Examples:
///
///   gitfabric export --netbox https://netbox.example.net --repo ~/intent --dry-run
///
///   gitfabric export --netbox https://netbox.example.net --repo ~/intent --push
///
///   gitfabric export --netbox https://netbox.example.net \
///       --repo https://github.com/acme/intent.git --git-token-file token --pull-request \
///       --watch --listen 127.0.0.1:9911 --hook-secret-file hook-secret
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
#[allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "the examples are shell commands, as the terminal shows them"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// The address of NetBox
    #[arg(long, env = "NETBOX_URL", value_name = "URL")]
    netbox: String,
    /// A file with the NetBox token, read at each export; else the variable `NETBOX_TOKEN` is used
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Send the token over http to a NetBox that has no https. For labs
    #[arg(long)]
    clear_text: bool,
    /// The authority that signed the certificates of NetBox, Git server and forge (PEM)
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// How long one answer of NetBox may take
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    timeout: String,
    /// The repository: a clone or bare repository on this machine, or a URL
    #[arg(long, value_name = "DIR|URL")]
    repo: String,
    /// The branch [default: the one that is checked out; of a URL: main]
    #[arg(long)]
    branch: Option<String>,
    /// The folder of the intent inside the repository
    #[arg(long, default_value = ".", value_name = "PATH")]
    path: String,
    /// A mapping file from outside the repository, instead of its `netbox.yaml`
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Fetch from the clone's remote first and push to it; a URL is always pushed to
    #[arg(long)]
    push: bool,
    /// The private key for an ssh repository
    #[arg(long, value_name = "FILE")]
    ssh_key: Option<PathBuf>,
    /// The known hosts for an ssh repository
    #[arg(long, value_name = "FILE")]
    known_hosts: Option<PathBuf>,
    /// The user of an https repository
    #[arg(long, value_name = "NAME", default_value = "x-access-token")]
    git_username: String,
    /// A file with the token of an https repository; else `GITFABRIC_GIT_TOKEN` is used
    #[arg(long, value_name = "FILE")]
    git_token_file: Option<PathBuf>,
    /// Open a pull request, or renew the open one, instead of committing to the branch
    #[arg(long)]
    pull_request: bool,
    /// The branch of the pull request [default: netbox-export, with --path behind it]
    #[arg(long, value_name = "BRANCH")]
    pull_request_branch: Option<String>,
    /// What the forge is, where the URL does not tell: github, gitlab, gitea, forgejo
    #[arg(long, value_name = "KIND")]
    forge: Option<Kind>,
    /// The address of the repository on the forge, where the Git remote is another (a mirror, an
    /// ssh alias)
    #[arg(long, value_name = "URL")]
    forge_repository: Option<String>,
    /// The address of the forge's API, where it is not at its usual place
    #[arg(long, value_name = "URL")]
    forge_url: Option<String>,
    /// A file with the forge's token, read at each export; else `FORGE_TOKEN` is used. With a token, exports
    /// against what people wrote become pull requests
    #[arg(long, value_name = "FILE")]
    forge_token_file: Option<PathBuf>,
    /// Let NetBox's word count where people changed exported files
    #[arg(long)]
    overwrite_edits: bool,
    /// Show what would be committed, as a diff, and write nothing
    #[arg(long, conflicts_with = "watch")]
    dry_run: bool,
    /// Who commits
    #[arg(long, value_name = "NAME <ADDRESS>", default_value = "gitfabric export <gitfabric@localhost>")]
    author: String,
    /// Where the last reading is kept, so that only changes are read next time
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Read everything, whatever the cache holds
    #[arg(long, conflicts_with = "watch")]
    full: bool,
    /// Go on: look at NetBox's change log again and again
    #[arg(long)]
    watch: bool,
    /// How often to look
    #[arg(long, value_name = "DURATION", default_value = "30s", requires = "watch")]
    every: String,
    /// Listen for NetBox's webhooks here, such as 127.0.0.1:9911
    #[arg(long, value_name = "ADDRESS", requires = "watch", requires = "hook_secret_file")]
    listen: Option<SocketAddr>,
    /// A file with the secret that NetBox signs its webhooks with
    #[arg(long, value_name = "FILE", requires = "listen")]
    hook_secret_file: Option<PathBuf>,
    /// Our certificate for webhooks over https (PEM); without it they come over http
    #[arg(long, value_name = "FILE", requires = "listen_key")]
    listen_certificate: Option<PathBuf>,
    /// The private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "listen_certificate")]
    listen_key: Option<PathBuf>,
    /// Show each note, also of a run that changes nothing
    #[arg(long)]
    verbose: bool,
    /// Print JSON for machines (format 1)
    #[arg(long, conflicts_with = "watch")]
    json: bool,
}

/// How often everything is read again, whatever the change log says.
const WHOLE_EVERY: Duration = Duration::from_hours(24);

/// Runs `gitfabric export`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match args.run(out) {
        Err(error) if args.json && !is_broken_pipe(&error) => {
            show::json_failed(&error, out)?;
            Ok(ExitCode::FAILURE)
        }
        ended => ended,
    }
}

impl Args {
    fn run(&self, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        let (client, token) = self.client()?;
        let exporter = Exporter::new(client, self.job()?).with_token(token);
        if self.watch { self.watch(exporter) } else { self.once(exporter, out) }
    }

    fn once(&self, mut exporter: Exporter, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        // what a forge or NetBox makes us wait for is told as it happens
        log::start(&Log { format: LogFormat::Human, filter: Some("warn".to_owned()) })?;
        let is_terminal = std::io::stderr().is_terminal();
        let progress = |progress: Progress| {
            if is_terminal {
                show::progress(progress);
            }
        };
        let report = exporter.export(&progress);
        if is_terminal {
            show::progress_is_over();
        }
        let report = report?;
        if self.json {
            show::json(&report, out)?;
        } else {
            show::text(&report, show::Wanted { diff: self.dry_run, verbose: self.verbose }, out)?;
        }
        Ok(if report.is_done() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn client(&self) -> anyhow::Result<(Client, Token)> {
        let Some(token) = token(self.token_file.as_deref(), "NETBOX_TOKEN")? else {
            bail!("there is no NetBox token: set NETBOX_TOKEN, or name a file with --token-file")
        };
        let timeout = duration("--timeout", &self.timeout)?;
        let (ca, clear_text) = (self.ca.clone(), self.clear_text);
        let config = Config { ca, timeout, clear_text, ..Config::new(&self.netbox, token.read()?) };
        Ok((Client::new(&config)?, token))
    }

    fn job(&self) -> anyhow::Result<Job> {
        let Some((name, email)) = self.author.strip_suffix('>').and_then(|text| text.split_once('<')) else {
            bail!("--author: `{}` is not of the form `NAME <ADDRESS>`", self.author)
        };
        let forge = ForgeTarget {
            kind: self.forge,
            repository: self.forge_repository.clone(),
            api: self.forge_url.clone(),
            token: token(self.forge_token_file.as_deref(), "FORGE_TOKEN")?,
            ca: self.ca.clone(),
            branch: Some(self.proposed_branch()),
        };
        if self.pull_request && forge.token.is_none() {
            bail!(
                "--pull-request needs the forge's token: set FORGE_TOKEN, or name a file with --forge-token-file"
            )
        }
        let proposals = match (self.pull_request, &forge.token) {
            (true, _) => Proposals::Always(Box::new(forge)),
            (false, Some(_)) => Proposals::AgainstPeople(Box::new(forge)),
            (false, None) => Proposals::Never,
        };
        let target = self.target()?;
        let cache = match (&self.cache, &target) {
            (Some(folder), _) => Some(folder.join("netbox.json")),
            // shared by all exports of this user
            (None, Target::Url { cache, .. }) => {
                let name = format!("netbox-{}.json", id_of(&self.netbox)?);
                cache.parent().map(|folder| folder.join(name))
            }
            (None, Target::Folder { .. }) => None,
        };
        if let Some(folder) = cache.as_deref().and_then(Path::parent) {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        Ok(Job {
            target,
            path: self
                .folder()
                .map(|path| path.parse::<RepoPath>().with_context(|| format!("--path {path}")))
                .transpose()?,
            mapping: self.mapping.clone(),
            committer: (name.trim().to_owned(), email.trim().to_owned()),
            proposals,
            overwrite_edits: self.overwrite_edits,
            dry_run: self.dry_run,
            cache,
            whole_every: if self.full { Duration::ZERO } else { WHOLE_EVERY },
        })
    }

    /// The branch of the pull request: one for each folder, as one must not overwrite another.
    fn proposed_branch(&self) -> String {
        self.pull_request_branch.clone().unwrap_or_else(|| match self.folder() {
            None => "netbox-export".to_owned(),
            Some(folder) => format!("netbox-export-{}", folder.replace('/', "-")),
        })
    }

    /// `--path`; none is the top of the repository.
    fn folder(&self) -> Option<&str> {
        Some(self.path.trim_start_matches("./").trim_end_matches('/'))
            .filter(|path| !matches!(*path, "." | ""))
    }

    fn target(&self) -> anyhow::Result<Target> {
        let folder = Path::new(&self.repo);
        let is_url = self.repo.contains("://") || (self.repo.contains(':') && !folder.exists());
        if !is_url {
            // a pull request needs the other side as much as a push does
            let push = self.push || self.pull_request;
            return Ok(Target::Folder { folder: folder.to_owned(), branch: self.branch.clone(), push });
        }
        let mut remote = Remote::new(&self.repo, self.branch.as_deref().unwrap_or("main"))?;
        // read anew at each fetch and push, so that it can be rotated under a watch
        let variable = "GITFABRIC_GIT_TOKEN";
        let token = match &self.git_token_file {
            Some(file) => Some(TokenSource::File(file.clone())),
            None => std::env::var_os(variable).map(|_| TokenSource::Environment(variable.to_owned())),
        };
        if let Some(token) = token {
            remote = remote.with_credential(Credential { username: self.git_username.clone(), token });
        }
        if let Some(ca) = &self.ca {
            remote = remote.with_ca(ca.clone());
        }
        let ssh = Ssh { key: self.ssh_key.clone(), known_hosts: self.known_hosts.clone() };
        let id = id_of(&format!("{} {}", remote.url(), remote.branch()))?;
        let cache = self.cache_folder()?.join(format!("{id}.git"));
        Ok(Target::Url { remote: Box::new(remote.with_ssh(ssh)), cache })
    }

    fn cache_folder(&self) -> anyhow::Result<PathBuf> {
        if let Some(folder) = &self.cache {
            return Ok(folder.clone());
        }
        let of = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let base = of("XDG_CACHE_HOME").or_else(|| Some(of("HOME")?.join(".cache")));
        match base {
            Some(base) => Ok(base.join("gitfabric/export")),
            None => bail!("a repository by URL needs a cache: name a folder with --cache"),
        }
    }

    fn watch(&self, exporter: Exporter) -> anyhow::Result<ExitCode> {
        log::start(&Log::default())?;
        let every = duration("--every", &self.every)?;
        let mut told = show::Told::default();
        let told = move |result: &_| told.log(result);
        let runtime = runtime()?;
        let ended = runtime.block_on(async {
            let stop = CancellationToken::new();
            stop_on_signal(stop.clone())?;
            let wakeups = self.listen(&stop).await?;
            crate::export::watch(exporter, every, wakeups, stop, told).await
        });
        // a thread that still reads NetBox is not waited for: it moves nothing any more
        runtime.shutdown_background();
        ended.map(|()| ExitCode::SUCCESS)
    }

    /// Serves webhooks until `stop`, if an address is given.
    async fn listen(&self, stop: &CancellationToken) -> anyhow::Result<Option<Wakeups>> {
        let (Some(address), Some(file)) = (self.listen, &self.hook_secret_file) else { return Ok(None) };
        let secret = HookSecret::new(&secret_in(file)?)?;
        let read =
            |file: &Path| std::fs::read(file).with_context(|| format!("cannot read {}", file.display()));
        let tls = match (&self.listen_certificate, &self.listen_key) {
            (Some(certificate), Some(key)) => Some(Tls::from_pem(&read(certificate)?, &read(key)?)?),
            _ => None,
        };
        let (hook, wakeups) = NetboxHook::new(secret, Window::default(), Debounce::default());
        let server = Server::listen(address, tls, Limits::default()).await?;
        tracing::info!(address = %server.address(), "listening for webhooks at /hooks/netbox");
        tokio::spawn(server.serve(routes([hook.routes()]), stop.clone()));
        Ok(Some(wakeups))
    }
}

/// What a flag says of time.
fn duration(flag: &str, text: &str) -> anyhow::Result<Duration> {
    match parse_duration(text) {
        Some(duration) => Ok(duration),
        None => bail!("{flag}: `{text}` is not a duration such as 30s, 5m or 1h"),
    }
}

/// A name for what is kept of an address: none evicts another's.
fn id_of(address: &str) -> anyhow::Result<BlobId> {
    BlobId::of(address.trim_end_matches('/').as_bytes())
        .map_err(|error| anyhow::anyhow!("cannot name the cache: {error}"))
}

/// Where a token comes from: a file, or else a variable; none if neither is there.
fn token(file: Option<&Path>, variable: &str) -> anyhow::Result<Option<Token>> {
    let token = match (file, std::env::var(variable)) {
        (Some(file), _) => Token::File(file.to_owned()),
        (None, Ok(value)) if !value.trim().is_empty() => {
            Token::Given(SecretText::new(value.trim().to_owned()))
        }
        _ => return Ok(None),
    };
    // what is wrong with it is told before anybody is asked
    token.read()?;
    Ok(Some(token))
}
