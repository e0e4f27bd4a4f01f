//! What can go wrong with a forge: what was tried, where, why, and what to do.
//!
//! Here: [`ForgeError`] and, for a call that failed, its [`Problem`]. No message holds a token:
//! addresses come without user information, and what a forge says is scrubbed before it gets
//! here (`http`). Elsewhere: which answers become which problem (`http::judge`).

use std::path::PathBuf;
use std::time::Duration;

use super::kind::Kind;

/// Why a forge could not be used. Displays what was tried; the cause is its `source()`, what to
/// do its [`hint`](ForgeError::hint).
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// The remote is no repository on a forge.
    #[error("{given:?} is no repository on a forge: {reason}")]
    BadRemote {
        /// The remote, without user information.
        given: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The address of the API cannot be one.
    #[error("{given:?} is not the address of an API: https://HOST/PATH, without user, query and fragment")]
    BadApi {
        /// The address, without user information.
        given: String,
    },
    /// The token cannot stand in a header.
    #[error("the token for {api} is empty or holds characters that no token has")]
    BadToken {
        /// The API's address.
        api: String,
    },
    /// The key of a GitHub App cannot be used.
    #[error("the private key of the GitHub App for {api} cannot be used: {reason}")]
    BadKey {
        /// The API's address.
        api: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A token would cross the network readable by anyone.
    #[error("no token is sent to {api}: http is not encrypted")]
    ClearText {
        /// The API's address.
        api: String,
    },
    /// The file of the authorities cannot be used.
    #[error("the authority in {} for {api} cannot be read", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// The API's address.
        api: String,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The client could not be made at all.
    #[error("cannot prepare connections to {api}")]
    Client {
        /// The API's address.
        api: String,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// A call failed.
    #[error("cannot {doing} in {repository} at {api}")]
    Call {
        /// What was tried, in words: "open a pull request for `branch`".
        doing: String,
        /// The repository's path.
        repository: String,
        /// The API's address.
        api: String,
        /// The forge, for the hint.
        kind: Kind,
        /// Why.
        #[source]
        problem: Box<Problem>,
    },
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// 401.
    #[error("{} (401: {said})", if *token { "the token was refused" } else { "no token was given" })]
    Unauthorized {
        /// Whether a token was sent.
        token: bool,
        /// What the forge said.
        said: String,
    },
    /// 403 for want of rights.
    #[error("the token may not do this (403: {said})")]
    Forbidden {
        /// What the forge said.
        said: String,
    },
    /// 429, or 403 because of too many requests.
    #[error("too many requests (said: {said}){}", after_that(*after))]
    RateLimited {
        /// For how long the forge wants no more of them, from now on, where it tells.
        after: Option<Duration>,
        /// What the forge said.
        said: String,
    },
    /// 404.
    #[error("there is no such thing, or the token may not see it (404: {said})")]
    NotFound {
        /// What the forge said.
        said: String,
    },
    /// Another 4xx.
    #[error("the forge refused it ({status}: {said})")]
    Refused {
        /// The status.
        status: u16,
        /// What the forge said.
        said: String,
    },
    /// 5xx, after the tries.
    #[error("the forge is in trouble ({status} at {tries} tries: {said})")]
    Broken {
        /// The status.
        status: u16,
        /// How often it was asked.
        tries: u32,
        /// What the forge said.
        said: String,
    },
    /// Nobody answered, or the connection broke.
    #[error("no answer at {tries} tries")]
    Unreachable {
        /// How often it was asked.
        tries: u32,
        /// What the network said.
        #[source]
        cause: Cause,
    },
    /// The certificate was not signed by an authority that we trust.
    #[error("the certificate is not trusted")]
    UntrustedCertificate {
        /// Which check it failed.
        #[source]
        cause: Cause,
    },
    /// It was sent to another place, where the token must not go.
    #[error("it was redirected ({status}) to {to}, and is not followed there")]
    Redirected {
        /// The status.
        status: u16,
        /// Where to, without user information and query.
        to: String,
    },
    /// The answer is no JSON, or not of the shape that the API describes.
    #[error("the answer ({content_type}) is not what the API describes: {reason}; it begins {start:?}")]
    Unreadable {
        /// Its content type.
        content_type: String,
        /// What is wrong.
        reason: String,
        /// Its first characters.
        start: String,
    },
    /// The answer is larger than any that is meant for us.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
}

fn after_that(after: Option<Duration>) -> String {
    after.map_or_else(String::new, |after| format!("; the forge wants none for {} s", after.as_secs()))
}

impl ForgeError {
    /// Why a call failed; none where none was made.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Call { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// What a person can do about it; none where the message says it already.
    pub fn hint(&self) -> Option<&'static str> {
        let (kind, problem) = match self {
            Self::BadRemote { .. } => return Some("name a remote such as https://github.com/acme/net.git"),
            Self::ClearText { .. } => return Some("use https, and `ca` if its authority is your own"),
            Self::BadToken { .. } => {
                return Some("is it the token itself, and not the name of its file or variable?");
            }
            Self::BadKey { .. } => {
                return Some("give the file that GitHub made at the App's settings, \"Private keys\"");
            }
            Self::Call { kind, problem, .. } => (*kind, &**problem),
            Self::BadApi { .. } | Self::Authority { .. } | Self::Client { .. } => return None,
        };
        Some(match problem {
            Problem::Unauthorized { .. }
            | Problem::Forbidden { .. }
            | Problem::NotFound { .. }
            | Problem::Refused { status: 423 | 451, .. } => kind.least_rights(),
            Problem::RateLimited { .. } => "wait, or use a token that nobody else uses",
            Problem::Refused { .. } if self.is_about_opening() => {
                "are both branches pushed, and is there a commit between them?"
            }
            Problem::Refused { .. } => "is the pull request locked, or the repository archived?",
            Problem::Broken { .. } => "the next run tries again; if this stays, look at the forge's state",
            Problem::Unreachable { .. } => {
                "the next run tries again; if this stays, check name, port, route and proxy"
            }
            Problem::UntrustedCertificate { .. } => "name the authority that signed it as `ca`",
            Problem::Redirected { .. } => {
                "give the new address: the repository has moved, or the API has another host or wants https"
            }
            Problem::Unreadable { .. } | Problem::TooLarge { .. } => {
                "is this the address of the API, and the forge of this kind? a web page means that it is not"
            }
        })
    }

    fn is_about_opening(&self) -> bool {
        matches!(self, Self::Call { doing, .. } if doing.starts_with("open a "))
    }

    /// Whether trying again may help without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.problem(),
            Some(Problem::RateLimited { .. } | Problem::Broken { .. } | Problem::Unreachable { .. })
        )
    }

    /// Whether what was to be made may be there all the same: the call was sent, and its answer
    /// was lost, or came from something in between.
    pub fn may_be_done(&self) -> bool {
        matches!(
            self.problem(),
            Some(
                Problem::Broken { .. }
                    | Problem::Unreachable { .. }
                    | Problem::Unreadable { .. }
                    | Problem::TooLarge { .. }
            )
        )
    }

    /// Whether what was to be read, edited or deleted is not there.
    pub fn says_it_is_gone(&self) -> bool {
        matches!(self.problem(), Some(Problem::NotFound { .. } | Problem::Refused { status: 410, .. }))
    }

    /// Whether somebody else changed the same thing at the same time. Gitea has no word for it but
    /// 500; what may be done may also have been undone.
    pub(super) fn says_it_moved(&self) -> bool {
        matches!(
            self.problem(),
            Some(Problem::Refused { status: 409 | 412, .. } | Problem::Broken { status: 500, .. })
        )
    }

    /// Whether a pull request could not be opened because it is open already. GitHub says so in
    /// words within a 422 ("A pull request already exists for …"); GitLab, which translates its
    /// words, and Gitea have 409 for nothing else.
    pub(super) fn says_it_exists(&self) -> bool {
        match self.problem() {
            Some(Problem::Refused { status: 409, .. }) => true,
            Some(Problem::Refused { status: 422, said }) => said.contains("already exists"),
            _ => false,
        }
    }
}

/// What a library said, as one line of text without a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Cause(String);

impl Cause {
    /// An error with all that stands below it.
    pub(super) fn of(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut below = error.source();
        while let Some(error) = below {
            let part = error.to_string();
            if !text.contains(&part) {
                text = format!("{text}: {part}");
            }
            below = error.source();
        }
        Self::new(text)
    }

    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn contains(&self, words: &str) -> bool {
        self.0.contains(words)
    }
}
