//! Where the repository is, and how to be let in.
//!
//! Here: [`Remote`] (URL and branch), [`Credential`], [`Ssh`]. A credential
//! is never part of an argument, a log line or an error: what a URL carries is taken out of
//! it, and a token is read anew at each fetch, so that it can be rotated. Elsewhere: the
//! fetch itself (`mirror`).

use std::path::{Path, PathBuf};

use gix::bstr::{BString, ByteSlice};
use gix::url::Scheme;

use super::error::{Cause, GitError, scrub};
use crate::secret::SecretText;

/// Where a token comes from.
#[derive(Clone, Debug)]
pub enum TokenSource {
    /// A value that the caller resolved.
    Given(SecretText),
    /// An environment variable, read at each fetch.
    Environment(String),
    /// A file, read at each fetch; a line break at its end does not count.
    File(PathBuf),
}

/// A user and a token for an https repository.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The user; hosts that look at the token alone take any, such as `x-access-token`.
    pub username: String,
    /// The token.
    pub token: TokenSource,
}

impl Credential {
    /// The account as gix wants it.
    pub(super) fn account(&self, url: &str) -> Result<gix::sec::identity::Account, GitError> {
        let failed = |what: String, cause: Cause| GitError::Credential { url: url.to_owned(), what, cause };
        let password = match &self.token {
            TokenSource::Given(secret) => secret.expose().to_owned(),
            TokenSource::Environment(name) => std::env::var(name)
                .map_err(|cause| failed(format!("the token in the variable {name}"), Cause::new(cause)))?,
            TokenSource::File(path) => std::fs::read_to_string(path)
                .map_err(|cause| failed(format!("the token in {}", path.display()), Cause::new(cause)))?,
        };
        let password = password.trim_end_matches(['\r', '\n']).to_owned();
        if password.is_empty() {
            return Err(failed("the token".to_owned(), Cause::new("it is empty")));
        }
        Ok(gix::sec::identity::Account {
            username: self.username.clone(),
            password,
            oauth_refresh_token: None,
        })
    }
}

/// How the `ssh` program is called. It never asks: an unknown host or a wrong key fails.
#[derive(Clone, Debug, Default)]
pub struct Ssh {
    /// The private key; without it, what the user's agent and default files offer.
    pub key: Option<PathBuf>,
    /// The known hosts; without it, the user's own.
    pub known_hosts: Option<PathBuf>,
}

impl Ssh {
    /// The command line, for a shell. The path of a key is in it, a key never.
    fn command(&self) -> Result<String, GitError> {
        // A dead peer is noticed after 3 x 10 s, long after any router's reconvergence
        let mut command = "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=10 \
                           -o ServerAliveInterval=10 -o ServerAliveCountMax=3"
            .to_owned();
        if let Some(key) = &self.key {
            command.push_str(" -o IdentitiesOnly=yes -i ");
            command.push_str(&quoted(key, "")?);
        }
        if let Some(known_hosts) = &self.known_hosts {
            command.push_str(" -o ");
            command.push_str(&quoted(known_hosts, "UserKnownHostsFile=")?);
        }
        Ok(command)
    }
}

/// A path as one word of a shell. ssh splits the value of an option once more, so there the
/// path stands in quotes of its own.
fn quoted(path: &Path, option: &str) -> Result<String, GitError> {
    let bad = |reason: &str| GitError::BadRemote {
        given: path.to_string_lossy().into_owned(),
        reason: reason.to_owned(),
    };
    let text = path.to_str().ok_or_else(|| bad("the path is not UTF-8"))?;
    if text.contains(|c: char| c.is_control() || matches!(c, '\'' | '"' | '%' | '\\')) {
        return Err(bad(
            "quotes, backslashes, percent signs and control characters do not survive ssh's options",
        ));
    }
    Ok(if option.is_empty() { format!("'{text}'") } else { format!("'{option}\"{text}\"'") })
}

/// The branch of a repository that decides, and how to reach it.
#[derive(Clone, Debug)]
pub struct Remote {
    url: gix::Url,
    shown: String,
    branch: String,
    credential: Option<Credential>,
    ca: Option<PathBuf>,
    ssh: Ssh,
}

impl Remote {
    /// A local path, `file://`, `https://`, `http://` (without credentials), `ssh://` or
    /// `user@host:path`, and a branch without `refs/heads/`. User information in an http
    /// URL becomes the credential.
    pub fn new(url: &str, branch: &str) -> Result<Self, GitError> {
        let bad = |reason: String| GitError::BadRemote { given: scrub(url), reason };
        if url.trim().is_empty() {
            return Err(bad("the URL is empty".to_owned()));
        }
        let mut url = gix::url::parse(url).map_err(|error| bad(Cause::of(&error).to_string()))?;
        let credential = match url.scheme {
            Scheme::Http | Scheme::Https => take_credential(&mut url),
            Scheme::Ssh => {
                url.set_password(None);
                None
            }
            Scheme::File => None,
            _ => return Err(bad("only local paths, https, http and ssh are supported".to_owned())),
        };
        let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch);
        if gix::validate::reference::name(format!("refs/heads/{branch}").as_str().into()).is_err()
            || branch.contains('*')
        {
            return Err(GitError::BadRemote {
                given: branch.to_owned(),
                reason: "it is not the name of a branch".to_owned(),
            });
        }
        // what is left of user information now is the user of ssh, who is no secret
        let shown = url.to_bstring().to_str_lossy().into_owned();
        Ok(Self { url, shown, branch: branch.to_owned(), credential, ca: None, ssh: Ssh::default() })
    }

    /// Adds the credential of an https repository.
    #[must_use]
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// Trusts the authorities in a PEM file, beside those of the system.
    #[must_use]
    pub fn with_ca(mut self, pem: PathBuf) -> Self {
        self.ca = Some(pem);
        self
    }

    /// Sets how ssh is called.
    #[must_use]
    pub fn with_ssh(mut self, ssh: Ssh) -> Self {
        self.ssh = ssh;
        self
    }

    /// The repository as it may be shown: without credentials.
    pub fn url(&self) -> &str {
        &self.shown
    }

    /// The branch, without `refs/heads/`.
    pub fn branch(&self) -> &str {
        &self.branch
    }

    /// The folder of a repository on this machine: such a one can be watched.
    pub fn local_path(&self) -> Option<PathBuf> {
        (self.url.scheme == Scheme::File).then(|| PathBuf::from(self.url.path.to_string()))
    }

    pub(super) fn gix_url(&self) -> gix::Url {
        self.url.clone()
    }

    pub(super) fn is_http(&self) -> bool {
        matches!(self.url.scheme, Scheme::Http | Scheme::Https)
    }

    /// What is offered when the server asks; refuses to send it in clear text.
    pub(super) fn account(&self) -> Result<Option<gix::sec::identity::Account>, GitError> {
        match &self.credential {
            Some(_) if self.url.scheme == Scheme::Http => {
                Err(GitError::ClearText { url: self.shown.clone() })
            }
            Some(credential) if self.is_http() => credential.account(&self.shown).map(Some),
            _ => Ok(None),
        }
    }

    /// The own authorities, read at each fetch.
    pub(super) fn ca(&self) -> Result<Vec<reqwest::Certificate>, GitError> {
        let Some(path) = &self.ca else { return Ok(Vec::new()) };
        let failed = |cause: Cause| GitError::Credential {
            url: self.shown.clone(),
            what: format!("the authority in {}", path.display()),
            cause,
        };
        let pem = std::fs::read(path).map_err(|cause| failed(Cause::new(cause)))?;
        let found = reqwest::Certificate::from_pem_bundle(&pem).map_err(|cause| failed(Cause::new(cause)))?;
        if found.is_empty() {
            return Err(failed(Cause::new("it holds no certificate in PEM form")));
        }
        Ok(found)
    }

    /// How the `git` program is let in: variables of its process, never arguments.
    pub(super) fn environment(&self) -> Result<Vec<(String, String)>, GitError> {
        let mut variables = Vec::new();
        // no helper of the user's is asked, and no header follows to another host
        let mut settings = vec![
            ("credential.helper".to_owned(), String::new()),
            ("http.followRedirects".to_owned(), "false".to_owned()),
            // a server that went silent is given up
            ("http.lowSpeedLimit".to_owned(), "1".to_owned()),
            ("http.lowSpeedTime".to_owned(), "60".to_owned()),
        ];
        if let Some(account) = self.account()? {
            use base64::Engine as _;
            let pair = format!("{}:{}", account.username, account.password);
            let pair = base64::engine::general_purpose::STANDARD.encode(pair);
            settings
                .push((format!("http.{}.extraHeader", self.shown), format!("Authorization: Basic {pair}")));
        }
        if let Some(ca) = &self.ca {
            self.ca()?; // says what is wrong with the file, which `git` would not
            variables.push(("GIT_SSL_CAINFO".to_owned(), ca.display().to_string()));
        }
        if self.url.scheme == Scheme::Ssh {
            variables.push(("GIT_SSH_COMMAND".to_owned(), self.ssh.command()?));
        }
        variables.push(("GIT_CONFIG_COUNT".to_owned(), settings.len().to_string()));
        for (index, (key, value)) in settings.into_iter().enumerate() {
            variables.push((format!("GIT_CONFIG_KEY_{index}"), key));
            variables.push((format!("GIT_CONFIG_VALUE_{index}"), value));
        }
        Ok(variables)
    }

    /// Configuration of the connection in Git's own words.
    pub(super) fn overrides(&self) -> Result<Vec<BString>, GitError> {
        if self.url.scheme != Scheme::Ssh {
            return Ok(Vec::new());
        }
        let command = self.ssh.command()?;
        Ok(vec![format!("core.sshCommand={command}").into(), "ssh.variant=ssh".into()])
    }
}

/// The user information of an http URL, taken out of it.
fn take_credential(url: &mut gix::Url) -> Option<Credential> {
    let (user, password) = (url.set_user(None), url.set_password(None));
    let (username, token) = match (user, password) {
        (user, Some(password)) => (user.unwrap_or_default(), password),
        // `https://TOKEN@host` is how some hosts show it; nobody else can tell it from a name
        (Some(token), None) => ("x-access-token".to_owned(), token),
        (None, None) => return None,
    };
    Some(Credential { username, token: TokenSource::Given(SecretText::new(token)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_url_carries_is_used_and_never_shown() {
        for (case, url, shown, user) in [
            ("a local path", "/srv/a.git", "/srv/a.git", None),
            ("a file URL", "file:///srv/a.git", "file:///srv/a.git", None),
            ("https", "https://git.example/a.git", "https://git.example/a.git", None),
            ("user and password", "https://u:hunter2@git.example/a", "https://git.example/a", Some("u")),
            (
                "a token alone",
                "https://hunter2@git.example/a",
                "https://git.example/a",
                Some("x-access-token"),
            ),
            ("ssh", "git@git.example:net/a.git", "git@git.example:net/a.git", None),
            ("ssh with a password", "ssh://git:hunter2@h/a", "ssh://git@h/a", None),
        ] {
            let remote = Remote::new(url, "main").unwrap();
            assert_eq!(remote.url(), shown, "{case}");
            assert_eq!(remote.credential.as_ref().map(|c| c.username.as_str()), user, "{case}");
            assert!(!format!("{remote:?}").contains("hunter2"), "{case}");
        }
    }

    #[test]
    fn an_unusable_remote_is_told_why() {
        for (case, url, branch, expected) in [
            ("git://", "git://h/a", "main", "only local paths"),
            ("a helper", "ext::sh -c date", "main", "only local paths"),
            ("nothing", " ", "main", "empty"),
            ("a pattern", "/a", "*", "not the name of a branch"),
            ("a climbing branch", "/a", "../x", "not the name of a branch"),
            ("an empty branch", "/a", "", "not the name of a branch"),
        ] {
            let error = Remote::new(url, branch).unwrap_err().to_string();
            assert!(error.contains(expected), "{case}: {error}");
        }
    }

    #[test]
    fn a_credential_is_not_sent_in_clear_text_and_an_empty_one_is_none() {
        let clear = Remote::new("http://u:hunter2@h/a", "main").unwrap().account().unwrap_err();
        assert_eq!(clear.to_string(), "no credential is sent to http://h/a: http is not encrypted");

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let account = |text: &str| {
            std::fs::write(&file, text).unwrap();
            let token = TokenSource::File(file.clone());
            let remote = Remote::new("https://h/a", "main").unwrap();
            remote.with_credential(Credential { username: "u".into(), token }).account()
        };
        assert_eq!(account("hunter2\n").unwrap().unwrap().password, "hunter2");
        assert!(matches!(account("\n"), Err(GitError::Credential { .. })));
    }

    #[test]
    fn ssh_is_called_without_questions_and_with_quoted_paths() {
        let ssh = Ssh { key: Some("/etc/my keys/id".into()), known_hosts: Some("/etc/my hosts".into()) };
        let command = ssh.command().unwrap();
        assert!(command.contains(" -o BatchMode=yes "), "{command}");
        assert!(
            command.ends_with(" -i '/etc/my keys/id' -o 'UserKnownHostsFile=\"/etc/my hosts\"'"),
            "{command}"
        );
        for path in ["/a'; rm -rf '", "/a\"b", "/a\nb", "/%h"] {
            assert!(Ssh { key: Some(path.into()), known_hosts: None }.command().is_err(), "{path}");
        }
    }
}
