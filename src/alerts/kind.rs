//! The kinds of receivers, and how each is addressed.

use std::fmt;
use std::str::FromStr;

use crate::nearest;

/// What takes the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Slack: an incoming webhook.
    Slack,
    /// Discord: a channel's webhook.
    Discord,
    /// Microsoft Teams: a webhook of its app Workflows. The connectors of Office 365, which
    /// took other messages, are retired.
    Teams,
    /// Prometheus' Alertmanager, API version 2.
    Alertmanager,
    /// Anything that takes JSON: Kestra, Prefect, a program of one's own.
    Webhook,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Slack, Self::Discord, Self::Teams, Self::Alertmanager, Self::Webhook];

    /// Whether people read it as it comes: then a message for each of many devices is noise.
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Slack | Self::Discord | Self::Teams)
    }

    /// The word in the agent's configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Teams => "teams",
            Self::Alertmanager => "alertmanager",
            Self::Webhook => "webhook",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let meant = nearest::suggest(text, Self::ALL.map(Self::as_str));
            format!("{text:?} is no kind of receiver: {}", meant.unwrap_or_default())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_one_word_and_a_wrong_one_says_which_there_are() {
        for kind in Kind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!("slak".parse::<Kind>().unwrap_err().contains("did you mean `slack`?"));
        assert!("email".parse::<Kind>().unwrap_err().contains("`alertmanager`"));
    }
}
