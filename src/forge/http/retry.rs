//! Whether a failed call is made again, and after how long.
//!
//! Here: what a status and its headers ask for; pure. Elsewhere: the waiting itself, and how
//! much of it there is patience for (`http`).

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::forge::error::Problem;
use crate::forge::kind::Kind;

/// How often a call is made at most.
pub(super) const TRIES: u32 = 4;

/// A call that failed, and the pause after which it is worth another try.
pub(super) struct Failure {
    pub(super) problem: Problem,
    pub(super) again: Option<Duration>,
    /// The forge's clock, in seconds of the epoch, where it answered.
    pub(super) date: Option<i64>,
}

impl Failure {
    /// A failure that the same call would meet again.
    pub(super) fn last(problem: Problem) -> Self {
        Self { problem, again: None, date: None }
    }
}

/// What an answer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// Too many requests. The call was not carried out. With the pause that was asked for, if
    /// one was, and the one to make.
    Limit { asked: Option<Duration>, pause: Duration },
    /// The forge, or a proxy before it, is in trouble: nobody knows whether the call was
    /// carried out, unless the answer says when to come back.
    Trouble { asked: bool, pause: Duration },
}

impl Pause {
    /// The pause, if the call may be made again after it.
    pub(super) fn worth_it(self, repeatable: bool) -> Option<Duration> {
        match self {
            Self::Limit { pause, .. } => Some(pause),
            Self::Trouble { asked, pause } => (asked || repeatable).then_some(pause),
        }
    }
}

/// 1, 2, 4 seconds: a restart of a proxy is over by then.
pub(super) fn back_off(tries: u32) -> Duration {
    Duration::from_secs(1 << (tries.clamp(1, 6) - 1))
}

/// What a failure asks for; none where the same call would fail again.
///
/// GitHub REST API, "Rate limits": 403 or 429; `retry-after`, or else `x-ratelimit-reset` where
/// `x-ratelimit-remaining` is 0, or else a minute. GitLab "Rate limits": 429 with `Retry-After`
/// and `RateLimit-Reset`. RFC 9110 section 10.2.3: `Retry-After` in seconds or as a date.
pub(super) fn pause(
    kind: Kind,
    status: u16,
    headers: &HeaderMap,
    said: &str,
    tries: u32,
    now: SystemTime,
) -> Option<Pause> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let spent = header("x-ratelimit-remaining").or(header("ratelimit-remaining")) == Some("0");
    let reset = header("x-ratelimit-reset").or(header("ratelimit-reset")).filter(|_| spent);
    let asked = header(RETRY_AFTER.as_str()).and_then(|value| retry_after(value, now));
    let asked = asked.or_else(|| reset.and_then(|value| until(value.parse().ok()?, now)));
    let words = said.to_ascii_lowercase();
    let limited = match status {
        429 => true,
        403 => spent || asked.is_some() || words.contains("rate limit") || words.contains("abuse detection"),
        _ => false,
    };
    if limited {
        let unasked = if kind == Kind::GitHub { Duration::from_mins(1) } else { back_off(tries) };
        return Some(Pause::Limit { asked, pause: asked.unwrap_or(unasked) });
    }
    matches!(status, 502..=504).then(|| Pause::Trouble {
        asked: status == 503 && asked.is_some(),
        pause: asked.unwrap_or_else(|| back_off(tries)),
    })
}

fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    until(u64::try_from(date(value)?).ok()?, now)
}

/// A date of HTTP in seconds of the epoch.
pub(super) fn date(value: &str) -> Option<i64> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(date.as_second())
}

/// From now to a second of the epoch; nothing if it is over. A second is added, because the
/// forge's clock and ours are cut off at different places.
fn until(epoch: u64, now: SystemTime) -> Option<Duration> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    Some(Duration::from_secs(epoch.saturating_sub(now).saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    /// 2023-11-14 22:13:20 UTC
    const NOW: u64 = 1_700_000_000;

    fn asked(
        kind: Kind,
        status: u16,
        headers: &[(&'static str, &str)],
        said: &str,
    ) -> Option<(Duration, bool)> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        pause(kind, status, &headers.collect(), said, 2, now).map(|pause| match pause {
            Pause::Limit { pause, .. } => (pause, true),
            Pause::Trouble { pause, .. } => (pause, false),
        })
    }

    #[test]
    fn an_answer_says_how_long_to_wait() {
        let limit = |seconds| Some((Duration::from_secs(seconds), true));
        let trouble = |seconds| Some((Duration::from_secs(seconds), false));
        let github = Kind::GitHub;
        for (case, kind, status, headers, said, expected) in [
            ("seconds", github, 429, &[("retry-after", "7")][..], "", limit(7)),
            ("a date", github, 429, &[("retry-after", "Tue, 14 Nov 2023 22:13:30 GMT")], "", limit(11)),
            (
                "GitHub's primary limit",
                github,
                403,
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1700000030")],
                "API rate limit exceeded",
                limit(31),
            ),
            (
                "GitHub's secondary limit",
                github,
                403,
                &[],
                "You have exceeded a secondary rate limit",
                limit(60),
            ),
            ("GitLab without a word", Kind::GitLab, 429, &[], "Retry later", limit(2)),
            (
                "GitLab with a reset",
                Kind::GitLab,
                429,
                &[("ratelimit-remaining", "0"), ("ratelimit-reset", "1700000004")],
                "",
                limit(5),
            ),
            (
                "a reset that is over",
                github,
                429,
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")],
                "",
                limit(1),
            ),
            (
                "a limit that is not reached",
                github,
                403,
                &[("x-ratelimit-remaining", "9"), ("x-ratelimit-reset", "1700000030")],
                "Resource not accessible",
                None,
            ),
            ("nonsense", github, 429, &[("retry-after", "soon")], "", limit(60)),
            ("a proxy", Kind::Gitea, 502, &[], "", trouble(2)),
            ("maintenance", Kind::GitLab, 503, &[("retry-after", "20")], "", trouble(20)),
            ("an error of its own", Kind::GitLab, 500, &[("retry-after", "20")], "", None),
            ("a refusal", Kind::GitLab, 422, &[], "rate limit", None),
        ] {
            assert_eq!(asked(kind, status, headers, said), expected, "{case}");
        }
    }

    #[test]
    fn what_may_have_been_done_is_not_done_twice() {
        let pause = Duration::from_secs(1);
        for (case, what, repeatable, expected) in [
            ("a limit", Pause::Limit { asked: None, pause }, false, Some(pause)),
            ("a gateway", Pause::Trouble { asked: false, pause }, false, None),
            ("a gateway, and harmless", Pause::Trouble { asked: false, pause }, true, Some(pause)),
            ("maintenance", Pause::Trouble { asked: true, pause }, false, Some(pause)),
        ] {
            assert_eq!(what.worth_it(repeatable), expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(status in 400u16..600, value in "[ -~]{0,30}|[0-9]{1,25}", said in "\\PC{0,20}") {
            for name in ["retry-after", "x-ratelimit-reset"] {
                let headers = [(name, value.as_str()), ("x-ratelimit-remaining", "0")];
                let _ = asked(Kind::GitHub, status, &headers, &said);
            }
        }
    }
}
