//! What a subscription is told, without a socket.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

use super::super::device::Device;
use super::super::personality::Personality;
use super::super::set::run;
use super::super::subscribe::serve;
use super::{config, json_of, request, wire};
use crate::gnmi::proto::subscribe_request::Request as Asked;
use crate::gnmi::proto::subscribe_response::Response as Answer;
use crate::gnmi::proto::subscription_list::Mode;
use crate::gnmi::proto::{
    self, Encoding, Poll, SubscribeRequest, SubscribeResponse, Subscription, SubscriptionList,
    SubscriptionMode,
};

pub(super) const CONFIG: &str = "/interfaces/interface[name=Ethernet1]/config";

/// A call that is being served.
pub(super) struct Call {
    pub(super) device: Arc<Device>,
    requests: Option<mpsc::Sender<Result<SubscribeRequest, Status>>>,
    pub(super) answers: mpsc::Receiver<Result<SubscribeResponse, Status>>,
}

fn asked(request: Asked) -> SubscribeRequest {
    SubscribeRequest { request: Some(request), ..SubscribeRequest::default() }
}

/// A subscription to the configuration of one interface, on change.
pub(super) fn list() -> SubscriptionList {
    let subscription = Subscription {
        path: Some(wire(CONFIG)),
        mode: SubscriptionMode::OnChange.into(),
        ..Default::default()
    };
    SubscriptionList {
        subscription: vec![subscription],
        encoding: Encoding::JsonIetf.into(),
        ..SubscriptionList::default()
    }
}

impl Call {
    pub(super) fn start(personality: Personality) -> Self {
        let leaves = [
            ("/interfaces/interface[name=Ethernet1]/config/type", "iana-if-type:ethernetCsmacd"),
            ("/interfaces/interface[name=Ethernet1]/config/mtu", "9000"),
        ];
        let device = Arc::new(Device::new(config(personality, &leaves)));
        let (requests, incoming) = mpsc::channel(8);
        let (outgoing, answers) = mpsc::channel(8);
        tokio::spawn(serve(Arc::clone(&device), ReceiverStream::new(incoming), outgoing));
        Self { device, requests: Some(requests), answers }
    }

    pub(super) async fn ask(&self, request: Asked) {
        self.requests.as_ref().unwrap().send(Ok(asked(request))).await.unwrap();
    }

    pub(super) fn set(&self, text: &str) {
        run(&self.device, &request(text), None).unwrap();
    }

    /// The next answer in one line. On one thread, whoever has work gets to it when others
    /// yield often enough: then nothing is silence, and no clock is needed.
    pub(super) async fn next(&mut self) -> String {
        for _ in 0..1000 {
            match self.answers.try_recv() {
                Err(TryRecvError::Empty) => tokio::task::yield_now().await,
                Err(TryRecvError::Disconnected) => return "end".to_owned(),
                Ok(Err(status)) => return format!("{:?}", status.code()),
                Ok(Ok(response)) => {
                    return match response.response {
                        Some(Answer::Update(notification)) => line(&notification),
                        Some(Answer::SyncResponse(true)) => "sync".to_owned(),
                        other => format!("{other:?}"),
                    };
                }
            }
        }
        "silence".to_owned()
    }

    pub(super) async fn several(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..count {
            lines.push(self.next().await);
        }
        lines
    }
}

/// A notification by the last steps of its paths: `-mtu type=...`.
fn line(notification: &proto::Notification) -> String {
    let last = |path: &proto::Path| path.elem.last().map_or_else(String::new, |elem| elem.name.clone());
    let gone = notification.delete.iter().map(|path| format!("-{}", last(path)));
    let new = notification
        .update
        .iter()
        .map(|update| format!("{}={}", last(update.path.as_ref().unwrap()), json_of(update)));
    gone.chain(new).collect::<Vec<_>>().join(" ")
}

pub(super) const STATE: &str = "mtu=9000 type=\"iana-if-type:ethernetCsmacd\"";

#[tokio::test]
async fn each_mode_tells_what_it_should() {
    let mode = |mode: Mode| SubscriptionList { mode: mode.into(), ..list() };
    let updates_only = SubscriptionList { updates_only: true, ..list() };
    for (case, list, expected) in [
        ("stream", mode(Mode::Stream), vec![STATE, "sync", "silence"]),
        ("updates only", updates_only, vec!["sync", "silence"]),
        ("once", mode(Mode::Once), vec![STATE, "sync", "end"]),
        ("poll, unasked", mode(Mode::Poll), vec!["silence"]),
    ] {
        let mut call = Call::start(Personality::plain());
        call.ask(Asked::Subscribe(list)).await;
        assert_eq!(call.several(expected.len()).await, expected, "{case}");
    }
}

#[tokio::test]
async fn a_poll_is_answered_each_time() {
    let mut call = Call::start(Personality::plain());
    call.ask(Asked::Subscribe(SubscriptionList { mode: Mode::Poll.into(), ..list() })).await;
    for _ in 0..2 {
        call.ask(Asked::Poll(Poll {})).await;
        assert_eq!(call.several(2).await, [STATE, "sync"]);
    }
}

#[tokio::test]
async fn what_cannot_be_subscribed_is_refused() {
    let with = |change: &dyn Fn(&mut SubscriptionList)| {
        let mut list = list();
        change(&mut list);
        Asked::Subscribe(list)
    };
    let strange = |list: &mut SubscriptionList| list.subscription[0].mode = 9;
    let targeted = |list: &mut SubscriptionList| {
        list.subscription[0].mode = SubscriptionMode::TargetDefined.into();
        list.subscription[0].sample_interval = 1;
    };
    let unknown = |list: &mut SubscriptionList| list.subscription[0].path = Some(wire("/nowhere"));
    for (case, asked, expected) in [
        ("a poll first", Asked::Poll(Poll {}), Code::InvalidArgument),
        ("no path at all", with(&|list| list.subscription.clear()), Code::InvalidArgument),
        ("a mode of its own", with(&strange), Code::InvalidArgument),
        ("the target's choice with an interval", with(&targeted), Code::InvalidArgument),
        ("an unknown path", with(&unknown), Code::Unimplemented),
        ("no such mode", with(&|list| list.mode = 9), Code::InvalidArgument),
        ("bytes", with(&|list| list.encoding = Encoding::Bytes.into()), Code::Unimplemented),
    ] {
        let mut call = Call::start(Personality::plain());
        call.ask(asked).await;
        assert_eq!(call.several(2).await, [format!("{expected:?}"), "end".to_owned()], "{case}");
    }
    let mut call = Call::start(Personality::plain());
    call.ask(Asked::Subscribe(list())).await;
    call.ask(Asked::Subscribe(list())).await;
    assert_eq!(call.several(4).await, [STATE, "sync", "InvalidArgument", "end"], "a second one");
}

#[tokio::test]
async fn a_change_is_one_notification_of_what_is_gone_and_what_is_new() {
    for (branch_deletes, expected) in [(true, "-interfaces"), (false, "-description -type")] {
        let mut call = Call::start(Personality { branch_deletes, ..Personality::plain() });
        call.ask(Asked::Subscribe(SubscriptionList {
            subscription: vec![Subscription {
                path: Some(wire("/interfaces")),
                mode: SubscriptionMode::OnChange.into(),
                ..Subscription::default()
            }],
            ..list()
        }))
        .await;
        call.several(2).await;
        call.set(&format!("delete {CONFIG}/mtu\nupdate {CONFIG}/description \"new\""));
        assert_eq!(call.next().await, "-mtu -mtu description=\"new\" description=\"new\"", "state as well");
        call.set("delete /interfaces");
        let seen = call.next().await;
        assert!(seen.starts_with(expected), "{seen}");
        call.set(&format!("update {CONFIG} {}", json!({"type": "iana-if-type:ethernetCsmacd"})));
        call.set(&format!("update {CONFIG}/mtu 1500"));
        let seen = call.several(2).await;
        assert!(seen[0].contains("type=") && !seen[0].contains("mtu="), "each change by itself: {seen:?}");
        assert_eq!(seen[1], "mtu=1500 mtu=1500");
    }
}

#[tokio::test]
async fn the_ways_of_a_device_show_in_its_subscriptions() {
    let mut silent = Call::start(Personality { syncs: false, ..Personality::plain() });
    silent.ask(Asked::Subscribe(list())).await;
    assert_eq!(silent.several(2).await, [STATE, "silence"], "it never says that all is told");

    for (survives_half_close, expected) in [(true, "mtu=1500"), (false, "end")] {
        let mut call = Call::start(Personality { survives_half_close, ..Personality::plain() });
        call.ask(Asked::Subscribe(list())).await;
        call.several(2).await;
        call.requests = None;
        assert_eq!(call.next().await, if survives_half_close { "silence" } else { "end" });
        call.set(&format!("update {CONFIG}/mtu 1500"));
        assert_eq!(call.next().await, expected);
    }
}
