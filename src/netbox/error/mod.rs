//! What can go wrong between us and NetBox: at which address, why, and what to do.
//!
//! Here: [`NetBoxError`]. A token is part of no message: it travels in a header, and what the
//! server says is cut. Elsewhere: what a person can do about it (`hint`), findings on what
//! NetBox holds (`objection`).

mod hint;

use std::time::Duration;

use crate::phrase;

/// Why NetBox could not be read whole, or written to. Displays the failure; the cause is its `source()`,
/// what to do its [`hint`](NetBoxError::hint). Nothing of a failed read is ever used.
#[derive(Debug, thiserror::Error)]
pub enum NetBoxError {
    /// The address, the token or the authority cannot be used at all.
    #[error("{what} cannot be used: {reason}")]
    Unusable {
        /// What was given: "the address `…`", "the token".
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The token would cross the network readable by anyone.
    #[error("no token is sent to {url}: http is not encrypted")]
    ClearText {
        /// The NetBox.
        url: String,
    },
    /// The server's certificate was not signed by an authority that we trust.
    #[error("the certificate of {url} is not trusted")]
    UntrustedCertificate {
        /// What was asked.
        url: String,
        /// Which check it failed.
        #[source]
        cause: Cause,
    },
    /// Nobody answers, or the connection breaks again and again.
    #[error("cannot reach {url}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What the network said.
        #[source]
        cause: Cause,
    },
    /// The answer took longer than it may.
    #[error("{url} did not answer within {} s", after.as_secs_f32())]
    TimedOut {
        /// What was asked.
        url: String,
        /// How long it was given.
        after: Duration,
    },
    /// 403: the token is not taken, or may not see this.
    #[error("{url} is refused: {said}")]
    Refused {
        /// What was asked.
        url: String,
        /// NetBox's own words: they alone tell a bad token from a missing right.
        said: String,
    },
    /// 403 at a write, with a token that is good.
    #[error("writing to {url} is refused: {said}")]
    ReadOnly {
        /// What was to be written to.
        url: String,
        /// NetBox's own words.
        said: String,
        /// The right that it takes: "`change` on dcim.device".
        needs: &'static str,
    },
    /// 400 at a write: NetBox does not take the values.
    #[error("{url} does not take what was written: {said}")]
    NotTaken {
        /// What was to be written to.
        url: String,
        /// NetBox's own words.
        said: String,
    },
    /// A write that must not be done twice, and nobody knows whether it was done.
    #[error("{url} may or may not have taken what was written")]
    Doubtful {
        /// What was written to.
        url: String,
        /// What came instead of an answer.
        #[source]
        cause: Box<NetBoxError>,
    },
    /// The token's user may not view some of the lists.
    #[error("the token may not view: {}", lists.join(", "))]
    NotPermitted {
        /// The object types, as permissions name them: `dcim.cable`.
        lists: Vec<String>,
    },
    /// 404 at a list: the endpoint or the whole plugin is gone.
    #[error("{url} does not exist{}", if *html { " (NetBox answers with a web page)" } else { "" })]
    Missing {
        /// What was asked.
        url: String,
        /// Whether a web page came: NetBox has no such endpoint.
        html: bool,
        /// Whether it is a plugin's.
        plugin: bool,
    },
    /// What answers is something else.
    #[error("{url} is not the API of a NetBox: {said}")]
    NotNetBox {
        /// What was asked.
        url: String,
        /// What came instead.
        said: String,
    },
    /// Any other status than 200.
    #[error("{url} answered {status}: {said}")]
    Status {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The beginning of the answer.
        said: String,
    },
    /// 429, 502 or 503, each time.
    #[error("{url} answered {status} {tries} times")]
    Busy {
        /// What was asked.
        url: String,
        /// The last status.
        status: u16,
        /// How often it was asked.
        tries: u32,
        /// How long the server wants us to wait, where that is longer than we do.
        wait: Option<Duration>,
    },
    /// More than any page has.
    #[error("the answer of {url} has more than {limit} bytes")]
    TooLarge {
        /// What was asked.
        url: String,
        /// The bound in bytes.
        limit: u64,
    },
    /// The answer is cut off or not of the form that NetBox has.
    #[error("the answer of {url} cannot be read: {what}")]
    Garbled {
        /// What was asked.
        url: String,
        /// What is wrong, with its place in the answer.
        what: String,
    },
    /// A redirect to somewhere else, where the token must not go.
    #[error("{url} redirects to {to}, which is not this NetBox")]
    Redirected {
        /// What was asked.
        url: String,
        /// Where it points.
        to: String,
    },
    /// The next page of a list is said to be somewhere else.
    #[error("the page after {url} is said to be {next}, which is not this NetBox")]
    NextElsewhere {
        /// What was asked.
        url: String,
        /// The address of the next page as it came.
        next: String,
    },
    /// Objects came that were not asked for: a filter was not understood.
    #[error("{url} answered with objects that were not asked for")]
    FilterIgnored {
        /// What was asked.
        url: String,
    },
    /// The objects of a list lack a field that every version has that we know.
    #[error("NetBox has no field `{field}` in its answer for {list}")]
    NoField {
        /// The list.
        list: String,
        /// The field.
        field: &'static str,
    },
    /// A list never had as many objects as it says.
    #[error(
        "{list} says that it has {count} objects, and {ids} came{}",
        if *tries > 1 { format!(", {tries} times") } else { String::new() }
    )]
    Uncounted {
        /// The list.
        list: String,
        /// Its own count.
        count: u64,
        /// Distinct objects that came.
        ids: usize,
        /// How often it was read.
        tries: u32,
    },
    /// NetBox was changed again each time we looked.
    #[error("NetBox does not stand still: it changed {times} times while it was read")]
    Restless {
        /// How often.
        times: u32,
    },
    /// A version whose API is another one.
    #[error("NetBox {version} is too old")]
    TooOld {
        /// Its version.
        version: String,
    },
    /// The last export had BGP sessions, and the plugin that lists them is gone.
    #[error("the plugin netbox-bgp is gone from NetBox")]
    PluginGone,
    /// NetBox or the plugin is older than what the last export read.
    #[error("{what} is {now}, and was {before} at the last export: it no longer has {}", lost.join(", "))]
    Downgraded {
        /// Which of them.
        what: &'static str,
        /// Its version then.
        before: String,
        /// Its version now.
        now: String,
        /// The lists and fields that are lost.
        lost: Vec<String>,
    },
    /// Objects that the change log knows and NetBox does not show, though nobody deleted them.
    #[error(
        "{list} does not show {} that the change log knows, and nobody deleted: {}",
        if ids.len() == 1 { "an object" } else { "objects" },
        some(ids)
    )]
    NotShown {
        /// The list.
        list: String,
        /// Their ids.
        ids: Vec<u64>,
    },
    /// A list lost objects that nobody deleted.
    #[error(
        "{list} had {before} objects and has {now}, and the change log knows of {deleted} deletions and {created} \
         new ones"
    )]
    Hidden {
        /// The list.
        list: String,
        /// Objects at the last export.
        before: usize,
        /// Objects now.
        now: usize,
        /// Objects that came since and stayed, as the change log has them.
        created: usize,
        /// Objects that were there and were deleted since, as the change log has them.
        deleted: usize,
    },
}

/// The chain of causes as one text: errors of the network have no variants that we need.
#[derive(Debug)]
pub struct Cause(String);

impl Cause {
    /// Joins an error and its causes; one that only repeats what stands above it is left out.
    pub(super) fn of(error: &dyn std::error::Error) -> Self {
        let mut text = String::new();
        let mut next = Some(error);
        while let Some(error) = next {
            let said = error.to_string();
            if !text.contains(&said) {
                if !text.is_empty() {
                    text.push_str(": ");
                }
                text.push_str(&said);
            }
            next = error.source();
        }
        Self(text)
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

impl NetBoxError {
    /// Whether trying again may help without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::TimedOut { .. }
                | Self::Busy { .. }
                | Self::Garbled { .. }
                | Self::Uncounted { .. }
                | Self::Restless { .. }
                | Self::Status { status: 500.., .. }
        )
    }

    /// Whether it says nothing of what the server did before it came.
    pub(super) fn leaves_open(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::TooLarge { .. } | Self::Status { status: 500.., .. })
    }
}

/// The first few of many ids.
fn some(ids: &[u64]) -> String {
    phrase::first_of(ids.iter().map(|id| format!("id {id}")), 10)
}
