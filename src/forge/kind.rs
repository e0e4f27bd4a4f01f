//! Which forge it is, and what is known of its kind.
//!
//! Here: [`Kind`], recognised by a remote's host, with its limits, its token's header and the
//! rights it asks for. Elsewhere: where its API is (`repository`), what is said to it (`github`,
//! `gitlab`, `gitea`).

use std::fmt;
use std::str::FromStr;

use super::repository::{Repository, without_user};

/// A kind of forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// GitHub, its Enterprise Cloud and Enterprise Server.
    GitHub,
    /// GitLab, the public one or one's own.
    GitLab,
    /// Gitea, and Forgejo, which speaks the same.
    Gitea,
}

/// Why a text names no kind of forge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no forge we know: one of github, gitlab, gitea, forgejo")]
pub struct UnknownKind(String);

impl Kind {
    /// The kind by the host of a remote: the public forges, and hosts that carry a forge's name
    /// as a label, such as `gitlab.example.net`. None for any other, and for a plain folder.
    pub fn of_remote(url: &str) -> Option<Self> {
        let repository = Repository::of_remote(url).ok()?;
        let host = repository.host().to_ascii_lowercase();
        if host == "codeberg.org" {
            return Some(Self::Gitea);
        }
        if host.ends_with(".ghe.com") {
            return Some(Self::GitHub);
        }
        host.split('.').find_map(|label| label.parse().ok())
    }

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub",
            Self::GitLab => "GitLab",
            Self::Gitea => "Gitea",
        }
    }

    /// The longest description or comment that it takes, as [`measure`](Self::measure) counts.
    ///
    /// GitHub answers a longer one with "body is too long (maximum is 65536 characters)". GitLab
    /// takes 1 MiB (its page "Issuable-like Rails models"), older versions took 1,000,000; the
    /// smaller holds for all. Gitea names no limit; the same is kept there.
    pub fn body_limit(self) -> usize {
        match self {
            Self::GitHub => 65_536,
            Self::GitLab | Self::Gitea => 1_000_000,
        }
    }

    /// The longest description of a commit status in characters: GitHub REST API "Commit
    /// statuses", GitLab REST API "Commits". Gitea names no limit; its page shows one line.
    pub fn status_limit(self) -> usize {
        match self {
            Self::GitHub => 140,
            Self::GitLab | Self::Gitea => 255,
        }
    }

    /// The length of a text as the forge counts it: characters on GitHub, bytes elsewhere.
    pub fn measure(self, text: &str) -> usize {
        match self {
            Self::GitHub => text.chars().count(),
            Self::GitLab | Self::Gitea => text.len(),
        }
    }

    /// What [`measure`](Self::measure) counts.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::GitHub => "characters",
            Self::GitLab | Self::Gitea => "bytes",
        }
    }

    /// The header that carries the token, and what stands before the token in it. GitHub REST
    /// API "Authenticating"; GitLab REST API "Authentication"; Gitea "API Usage".
    pub(super) fn token_header(self) -> (&'static str, &'static str) {
        match self {
            Self::GitHub => ("authorization", "Bearer "),
            Self::GitLab => ("private-token", ""),
            Self::Gitea => ("authorization", "token "),
        }
    }

    /// The least rights of a token that opens or reviews pull requests, for hints.
    pub fn least_rights(self) -> &'static str {
        match self {
            Self::GitHub => {
                "the token needs \"Pull requests: read and write\", and for reviews \"Commit statuses: read \
                 and write\", on this repository (a classic token: `repo`; a workflow: `permissions: \
                 pull-requests: write` and `statuses: write`, and that Actions may create pull requests in \
                 the repository's settings)"
            }
            Self::GitLab => {
                "the token needs the scope `api`, and its user the role Developer in this project"
            }
            Self::Gitea => {
                "the token needs the scope `write:repository`, and for reviews `write:issue` and `read:user`; \
                 its user the right to write to this repository"
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        match text.to_ascii_lowercase().as_str() {
            "github" => Ok(Self::GitHub),
            "gitlab" => Ok(Self::GitLab),
            "gitea" | "forgejo" => Ok(Self::Gitea),
            _ => Err(UnknownKind(without_user(text))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forge_is_known_by_the_host_of_its_remote() {
        for (case, url, expected) in [
            ("GitHub", "https://github.com/acme/net.git", Some(Kind::GitHub)),
            ("GitHub over ssh", "git@github.com:acme/net.git", Some(Kind::GitHub)),
            ("GitHub over port 443", "ssh://git@ssh.github.com:443/acme/net.git", Some(Kind::GitHub)),
            ("GitHub with data residency", "https://acme.ghe.com/acme/net", Some(Kind::GitHub)),
            ("GitLab", "https://gitlab.com/acme/dc/net", Some(Kind::GitLab)),
            ("a GitLab of one's own", "git@gitlab.example.net:acme/net.git", Some(Kind::GitLab)),
            ("Codeberg", "https://codeberg.org/acme/net", Some(Kind::Gitea)),
            ("a Forgejo of one's own", "https://forgejo.example.net:3000/acme/net", Some(Kind::Gitea)),
            ("a host that says nothing", "https://git.example.net/acme/net", None),
            ("a name inside a label", "https://mygithub.example.net/acme/net", None),
            ("a name in the path", "https://git.example.net/github/net", None),
            ("a folder", "/srv/github/net.git", None),
        ] {
            assert_eq!(Kind::of_remote(url), expected, "{case}");
        }
    }

    #[test]
    fn a_kind_is_named_as_people_name_it() {
        assert_eq!("Forgejo".parse(), Ok(Kind::Gitea));
        assert_eq!(
            "bitbucket".parse::<Kind>().unwrap_err().to_string(),
            "\"bitbucket\" is no forge we know: one of github, gitlab, gitea, forgejo"
        );
    }
}
