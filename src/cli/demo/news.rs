//! What the agent tells people of changes by hand, read from its record as it happens.
//!
//! Elsewhere: bringing it to people outside of the demo (`alerts`), a line that asked for
//! something else (`cli::drift`).

use crate::agent::config::Config;
use crate::cli::drift;
use crate::record::{News, NewsKind, Store};

/// The news of one agent, each given once.
pub(super) struct Newsreel {
    store: Store,
    /// The number of the last one that was given.
    last: i64,
}

impl Newsreel {
    /// What comes from now on.
    pub(super) fn from_now(config: &Config) -> anyhow::Result<Self> {
        let mut newsreel = Self { store: Store::open_to_read(&config.record())?, last: 0 };
        newsreel.next()?;
        Ok(newsreel)
    }

    /// What came since the last time and is about changes by hand, oldest first.
    pub(super) fn next(&mut self) -> anyhow::Result<Vec<News>> {
        let came = self.store.news_since(self.last)?;
        self.last = came.last().map_or(self.last, |(number, _)| *number);
        Ok(came.into_iter().map(|(_, news)| news).filter(is_of_drift).collect())
    }
}

/// What becomes of commits and devices is seen in the agent's report.
fn is_of_drift(news: &News) -> bool {
    let of_drift = [
        NewsKind::DriftFound,
        NewsKind::DriftCorrected,
        NewsKind::DriftAccepted,
        NewsKind::DriftGone,
        NewsKind::CorrectionGivenUp,
    ];
    of_drift.contains(&news.kind)
}

/// A piece of news for people: a line, and what is to be known of it below.
pub(super) fn text(config: &Config, news: &News) -> anyhow::Result<String> {
    let device = news.device.as_ref().map_or_else(String::new, ToString::to_string);
    Ok(match news.kind {
        NewsKind::DriftFound => {
            let leaves = drift::told(config, news)?;
            format!("{device} was changed behind the agent's back\n{}", leaves.trim_end())
        }
        NewsKind::CorrectionGivenUp => {
            let why = news.detail.as_ref().map_or_else(String::new, |why| format!("\n  {why}"));
            format!("{}{why}", news.summary)
        }
        _ => news.summary.clone(),
    })
}
