//! From a Git remote to the repository's name on its forge, and to the address of the API.
//!
//! Here: [`Repository`], and where each kind of forge has its API. Elsewhere: fetching and
//! pushing, which read the same remotes in gix's way (`git::remote`).

use std::fmt;

use reqwest::Url;

use super::error::ForgeError;
use super::kind::Kind;

/// A repository on a forge: the forge's host, and the path below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// `https://HOST[:PORT]`; `http` only if the remote is.
    web: String,
    host: String,
    path: String,
    /// Whether the remote is an http one, whose path is the path in the browser.
    is_web: bool,
}

impl Repository {
    /// Reads `https://HOST/OWNER/NAME.git`, `ssh://git@HOST:PORT/OWNER/NAME.git` or
    /// `git@HOST:OWNER/NAME.git`. User information is dropped. An ssh remote tells no port of
    /// the web pages: they are taken to be on 443.
    pub fn of_remote(url: &str) -> Result<Self, ForgeError> {
        let text = url.trim();
        let bad = |reason| ForgeError::BadRemote { given: without_user(text), reason };
        let (web, host, path, is_web) = match text.split_once("://") {
            Some(("https" | "http" | "ssh", _)) => {
                let parsed = Url::parse(text).map_err(|_| bad("it is not a URL"))?;
                let host = parsed.host_str().ok_or_else(|| bad("it names no host"))?;
                let host = web_host(host).to_owned();
                let is_web = parsed.scheme() != "ssh";
                let web = match parsed.port() {
                    Some(port) if is_web => format!("{}://{host}:{port}", parsed.scheme()),
                    _ if is_web => format!("{}://{host}", parsed.scheme()),
                    _ => format!("https://{host}"),
                };
                (web, host, parsed.path().to_owned(), is_web)
            }
            Some(_) => return Err(bad("only https, http and ssh remotes are on a forge")),
            None => {
                let (host, path) = scp(text).ok_or_else(|| bad("a folder is on no forge"))?;
                let host = web_host(host);
                (format!("https://{host}"), host.to_owned(), path.to_owned(), false)
            }
        };
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path).to_owned();
        let is_name = |part: &str| {
            !matches!(part, "" | "." | "..")
                && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '~'))
        };
        if path.split('/').count() < 2 || !path.split('/').all(is_name) {
            return Err(bad("its path is not OWNER/NAME (on GitLab GROUP/…/NAME)"));
        }
        Ok(Self { web, host, path, is_web })
    }

    /// The host, without a port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path, such as `acme/net`, on GitLab with all groups.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The API's address, and the repository's path as the API names it.
    ///
    /// GitHub: `api.github.com`, `api.SUBDOMAIN.ghe.com` (GitHub "About GitHub Enterprise Cloud
    /// with data residency") or `HOST/api/v3` (GitHub Enterprise Server, REST API "Getting
    /// started"). GitLab: `HOST/api/v4`, Gitea: `HOST/api/v1`. A forge may live in a folder of
    /// its host: then an `api` that is given says so, and Gitea's fixed depth tells it as well.
    pub(super) fn locate(&self, kind: Kind, api: Option<&str>) -> Result<(Url, String), ForgeError> {
        let (folder, path) = self.divide(kind, api)?;
        let address = match (api, kind) {
            (Some(api), _) => api.trim_end_matches('/').to_owned(),
            (None, Kind::GitHub) if self.host == "github.com" => "https://api.github.com".to_owned(),
            (None, Kind::GitHub) if self.host.ends_with(".ghe.com") => format!("https://api.{}", self.host),
            (None, Kind::GitHub) => format!("{}/api/v3", self.web),
            (None, Kind::GitLab) => format!("{}/api/v4", self.web),
            (None, Kind::Gitea) => format!("{}{folder}/api/v1", self.web),
        };
        let url = Url::parse(&address).ok().filter(|url| {
            matches!(url.scheme(), "https" | "http")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        let url = url.ok_or_else(|| ForgeError::BadApi { given: without_user(&address) })?;
        Ok((url, path))
    }

    /// The folder that the forge lives in (empty, or `/git`), and the repository's path there.
    fn divide(&self, kind: Kind, api: Option<&str>) -> Result<(String, String), ForgeError> {
        if let Some(folder) = api.and_then(|api| self.folder_of(api)) {
            let path = self.path.strip_prefix(&format!("{folder}/")).unwrap_or(&self.path);
            return Ok((format!("/{folder}"), path.to_owned()));
        }
        let parts: Vec<&str> = self.path.split('/').collect();
        match (kind, parts.as_slice()) {
            (Kind::GitLab, _) | (_, [_, _]) => Ok((String::new(), self.path.clone())),
            (Kind::Gitea, [folders @ .., owner, name]) if self.is_web => {
                Ok((format!("/{}", folders.join("/")), format!("{owner}/{name}")))
            }
            _ => Err(ForgeError::BadRemote {
                given: format!("{}/{}", self.web, self.path),
                reason: "its path is not OWNER/NAME",
            }),
        }
    }

    /// `gitlab` of an API at `https://HOST/gitlab/api/v4` on the remote's own host.
    fn folder_of(&self, api: &str) -> Option<String> {
        let url = Url::parse(api).ok().filter(|url| url.host_str() == Some(&self.host) && self.is_web)?;
        let folder = url.path().split("/api/").next()?.trim_matches('/').to_owned();
        self.path.starts_with(&format!("{folder}/")).then_some(folder).filter(|folder| !folder.is_empty())
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.path)
    }
}

/// `HOST` and `PATH` of `[USER@]HOST:PATH`, as Git takes them: the colon stands before any `/`.
fn scp(text: &str) -> Option<(&str, &str)> {
    let (before, path) = text.split_once(':')?;
    let host = before.rsplit_once('@').map_or(before, |(_, host)| host);
    let is_host =
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    is_host.then_some((host, path))
}

/// The host of the web pages where ssh has one of its own, to pass firewalls on port 443.
fn web_host(host: &str) -> &str {
    match host {
        "ssh.github.com" => "github.com",
        "altssh.gitlab.com" => "gitlab.com",
        _ => host,
    }
}

/// A remote that may be shown: whatever stands before the last `@`, a token perhaps, is gone,
/// and so is a query.
pub(super) fn without_user(url: &str) -> String {
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = shown.split_once("://").map_or(("", shown), |(scheme, rest)| (scheme, rest));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let text = if scheme.is_empty() { rest.to_owned() } else { format!("{scheme}://{rest}") };
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_remote_names_the_repository_and_the_api() {
        for (case, kind, url, expected) in [
            ("https", Kind::GitHub, "https://github.com/acme/net.git", "https://api.github.com/ acme/net"),
            (
                "a token in it",
                Kind::GitHub,
                "https://x:hunter2@github.com/acme/net/",
                "https://api.github.com/ acme/net",
            ),
            ("scp-like", Kind::GitHub, "git@github.com:acme/net.git", "https://api.github.com/ acme/net"),
            (
                "ssh behind a firewall",
                Kind::GitHub,
                "ssh://git@ssh.github.com:443/acme/net",
                "https://api.github.com/ acme/net",
            ),
            (
                "data residency",
                Kind::GitHub,
                "https://acme.ghe.com/acme/net",
                "https://api.acme.ghe.com/ acme/net",
            ),
            (
                "Enterprise",
                Kind::GitHub,
                "https://code.example/acme/net",
                "https://code.example/api/v3 acme/net",
            ),
            (
                "groups",
                Kind::GitLab,
                "git@gitlab.com:acme/dc/net.git",
                "https://gitlab.com/api/v4 acme/dc/net",
            ),
            ("a port", Kind::GitLab, "https://g.example:8443/a/b", "https://g.example:8443/api/v4 a/b"),
            (
                "a port of ssh",
                Kind::Gitea,
                "ssh://git@g.example:2222/a/b.git",
                "https://g.example/api/v1 a/b",
            ),
            (
                "Gitea in a folder",
                Kind::Gitea,
                "https://g.example/git/a/b",
                "https://g.example/git/api/v1 a/b",
            ),
            ("clear text", Kind::Gitea, "http://127.0.0.1:3000/a/b", "http://127.0.0.1:3000/api/v1 a/b"),
        ] {
            let (api, path) = Repository::of_remote(url).unwrap().locate(kind, None).unwrap();
            assert_eq!(format!("{api} {path}"), expected, "{case}");
        }
    }

    #[test]
    fn an_api_that_is_given_is_taken() {
        for (case, url, api, expected) in [
            ("elsewhere", "git@g.example:a/b.git", "https://api.example/v4/", "https://api.example/v4 a/b"),
            (
                "in a folder",
                "https://g.example/lab/a/b",
                "https://g.example/lab/api/v4",
                "https://g.example/lab/api/v4 a/b",
            ),
            (
                "a group, no folder",
                "https://g.example/a/b",
                "https://g.example/api/v4",
                "https://g.example/api/v4 a/b",
            ),
        ] {
            let (api, path) = Repository::of_remote(url).unwrap().locate(Kind::GitLab, Some(api)).unwrap();
            assert_eq!(format!("{api} {path}"), expected, "{case}");
        }
        for api in
            ["g.example/api", "ftp://g.example", "https://u:hunter2@g.example", "https://g.example/?a=b"]
        {
            let error =
                Repository::of_remote("https://g.example/a/b").unwrap().locate(Kind::GitLab, Some(api));
            let error = error.unwrap_err().to_string();
            assert!(error.contains("is not the address of an API") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_is_on_no_forge_is_told_why_and_shows_no_secret() {
        for (case, url, expected) in [
            ("a folder", "/srv/net.git", "a folder is on no forge"),
            ("a relative folder", "../net:1", "a folder is on no forge"),
            ("a file URL", "file:///srv/net.git", "only https, http and ssh"),
            ("an owner alone", "https://x:hunter2@github.com/acme", "OWNER/NAME"),
            ("nothing", "", "a folder is on no forge"),
            ("a climbing path", "git@github.com:../net", "OWNER/NAME"),
            ("a space", "https://github.com/acme/n et", "OWNER/NAME"),
            ("no host", "https://", "it is not a URL"),
        ] {
            let error = Repository::of_remote(url).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("hunter2"), "{case}: {error}");
        }
        let deep = Repository::of_remote("https://github.com/a/b/c").unwrap();
        assert!(deep.locate(Kind::GitHub, None).is_err(), "GitHub has no groups");
    }

    proptest! {
        #[test]
        fn no_remote_panics(text in "(https://|ssh://|git@)?\\PC{0,40}", api in "(https://)?\\PC{0,30}") {
            for kind in [Kind::GitHub, Kind::GitLab, Kind::Gitea] {
                let _ = Kind::of_remote(&text);
                let _ = Repository::of_remote(&text).and_then(|it| it.locate(kind, Some(&api)));
            }
        }
    }
}
