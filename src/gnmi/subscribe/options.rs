//! How a subscription is asked for.
//!
//! Here: [`Subscribe`] and its [`SubscribeMode`], and the request made of them. Elsewhere:
//! what the device tells then (`subscribe`).

use std::time::Duration;

use crate::yang::Path;

use super::super::capabilities::Encoding;
use super::super::proto::gnmi_ext::{
    ConfigSubscription, ConfigSubscriptionStart, Extension, config_subscription, extension,
};
use super::super::proto::subscription_list::Mode;
use super::super::{path, proto};

/// How long a subscription lives, and when the device tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscribeMode {
    /// Everything once, then it ends. For trees too large for a Get.
    Once,
    /// Everything once, then each change.
    OnChange,
    /// Everything once, then everything again after each interval. A device may refuse an
    /// interval; deletes need not be told.
    Sample(Duration),
}

/// What is asked of a device for one subscription (gNMI specification §3.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscribe {
    /// When it tells.
    pub mode: SubscribeMode,
    /// Whether it shall tell nothing but configuration and the end of each commit
    /// (`ConfigSubscription`, gnmi-config-subscriptions 0.1.0). Devices that do not know the
    /// extension pass over it: then state is told too, and [`super::Event::Committed`] never
    /// comes.
    pub commits: bool,
    /// After how long without a change everything shall be told again, in mode
    /// [`SubscribeMode::OnChange`]. Keeps an idle stream alive.
    pub heartbeat: Option<Duration>,
    /// Whether what is there at the start is left out (§3.5.1.2, `updates_only`). Whoever
    /// has seen nothing yet must not ask so.
    pub updates_only: bool,
}

impl Subscribe {
    /// A mode, and nothing beyond it.
    pub const fn new(mode: SubscribeMode) -> Self {
        Self { mode, commits: false, heartbeat: None, updates_only: false }
    }

    /// The first message of the call.
    pub(super) fn request(&self, paths: &[Path], encoding: Encoding) -> proto::SubscribeRequest {
        let (list_mode, mode, sample_interval) = match self.mode {
            // In every mode: the default would leave the choice to the device.
            SubscribeMode::Once => (Mode::Once, proto::SubscriptionMode::OnChange, 0),
            SubscribeMode::OnChange => (Mode::Stream, proto::SubscriptionMode::OnChange, 0),
            SubscribeMode::Sample(interval) => {
                (Mode::Stream, proto::SubscriptionMode::Sample, nanoseconds(interval))
            }
        };
        let heartbeat = self.heartbeat.filter(|_| self.mode == SubscribeMode::OnChange);
        let subscription = paths.iter().map(|path| proto::Subscription {
            path: Some(path::to_wire(path)),
            mode: mode.into(),
            sample_interval,
            heartbeat_interval: heartbeat.map_or(0, nanoseconds),
            ..proto::Subscription::default()
        });
        let list = proto::SubscriptionList {
            subscription: subscription.collect(),
            mode: list_mode.into(),
            encoding: encoding.to_wire().into(),
            updates_only: self.updates_only,
            ..proto::SubscriptionList::default()
        };
        let start = config_subscription::Action::Start(ConfigSubscriptionStart {});
        let start = extension::Ext::ConfigSubscription(ConfigSubscription { action: Some(start) });
        proto::SubscribeRequest {
            request: Some(proto::subscribe_request::Request::Subscribe(list)),
            extension: self.commits.then_some(Extension { ext: Some(start) }).into_iter().collect(),
        }
    }
}

impl From<SubscribeMode> for Subscribe {
    fn from(mode: SubscribeMode) -> Self {
        Self::new(mode)
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_asking_is_said_on_the_wire() {
        let second = Duration::from_secs(1);
        let beating = Subscribe { heartbeat: Some(second), ..Subscribe::new(SubscribeMode::OnChange) };
        let sampled = SubscribeMode::Sample(second);
        let stream = Mode::Stream;
        let (on_change, sample) = (proto::SubscriptionMode::OnChange, proto::SubscriptionMode::Sample);
        for (case, asked, list_mode, mode, interval, heartbeat) in [
            ("once", SubscribeMode::Once.into(), Mode::Once, on_change, 0, 0),
            ("on change", SubscribeMode::OnChange.into(), stream, on_change, 0, 0),
            ("sampled", sampled.into(), stream, sample, 1_000_000_000, 0),
            ("with a heartbeat", beating, stream, on_change, 0, 1_000_000_000),
            (
                "no heartbeat of samples",
                Subscribe { mode: sampled, ..beating },
                stream,
                sample,
                1_000_000_000,
                0,
            ),
        ] {
            let request = asked.request(&["/a".parse().unwrap()], Encoding::JsonIetf);
            let Some(proto::subscribe_request::Request::Subscribe(list)) = request.request else {
                panic!("{case}: no list")
            };
            let one = &list.subscription[0];
            assert_eq!((list.mode(), one.mode()), (list_mode, mode), "{case}");
            assert_eq!((one.sample_interval, one.heartbeat_interval), (interval, heartbeat), "{case}");
            assert_eq!(request.extension, [], "{case}");
        }
    }

    #[test]
    fn commits_are_asked_for_by_an_extension() {
        let asked = Subscribe { commits: true, ..Subscribe::new(SubscribeMode::OnChange) };
        let request = asked.request(&[], Encoding::JsonIetf);
        let start = config_subscription::Action::Start(ConfigSubscriptionStart {});
        let expected = extension::Ext::ConfigSubscription(ConfigSubscription { action: Some(start) });
        assert_eq!(request.extension, [Extension { ext: Some(expected) }]);
    }
}
