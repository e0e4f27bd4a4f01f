//! Devices on TLS sockets, called by the project's own client.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tonic::Code;

use super::super::fabric::SimulatedFabric;
use super::super::faults::{SetFault, SetOutcome};
use super::super::personality::Personality;
use super::super::server::SimulatedDevice;
use super::{config, path};
use crate::gnmi::{
    Client, Credentials, DataType, Deadlines, ErrorKind, Event, Refusal, SetOperations, SubscribeMode,
    Subscription, Target, Tls, Transport, Trust,
};
use crate::secret::SecretText;

pub(super) const DESCRIPTION: &str = "/interfaces/interface[name=Ethernet1]/config/description";
pub(super) const MTU: &str = "/interfaces/interface[name=Ethernet1]/config/mtu";

pub(super) fn fabric(personality: Personality) -> SimulatedFabric {
    let leaves = [
        ("/interfaces/interface[name=Ethernet1]/config/name", "Ethernet1"),
        ("/interfaces/interface[name=Ethernet1]/config/type", "iana-if-type:ethernetCsmacd"),
        ("/interfaces/interface[name=Ethernet1]/config/description", "old"),
    ];
    SimulatedFabric::start([config(personality, &leaves)]).unwrap()
}

pub(super) fn target(fabric: &SimulatedFabric, password: &str) -> Target {
    let device = fabric.device("leaf1").unwrap();
    Target {
        device: device.name().clone(),
        host: device.address().ip().to_string(),
        port: device.address().port(),
        transport: Transport::Tls(Tls {
            trust: Trust::Authority(fabric.authority_pem().into_bytes().into()),
            server_name: Some("leaf1".to_owned()),
            identity: None,
        }),
        credentials: Some(Credentials { username: "admin".to_owned(), password: SecretText::new(password) }),
        deadlines: Deadlines { connect: Duration::from_secs(90), ..Deadlines::default() },
    }
}

pub(super) async fn connect(fabric: &SimulatedFabric) -> Client {
    Client::connect(&target(fabric, "admin")).await.unwrap()
}

pub(super) fn update(at: &str, json: Json) -> SetOperations {
    SetOperations { updates: vec![(path(at), json)], ..SetOperations::default() }
}

pub(super) async fn read(client: &Client, at: &str) -> Option<Json> {
    let answers = client.get(&[path(at)], DataType::Config).await.unwrap();
    answers.into_iter().next().map(|answer| answer.json)
}

#[tokio::test]
async fn a_device_says_what_it_speaks() {
    let fabric = fabric(Personality::eos());
    let client = connect(&fabric).await;
    let capabilities = client.capabilities().await.unwrap();
    assert!(
        capabilities
            .models
            .iter()
            .any(|model| { model.name == "openconfig-interfaces" && model.version == "2024-12-05" })
    );
    assert_eq!(capabilities.encodings, ["JSON", "JSON_IETF", "ASCII"]);
}

#[tokio::test]
async fn a_wrong_password_is_refused_at_the_first_call() {
    let fabric = fabric(Personality::eos());
    let error = Client::connect(&target(&fabric, "guess")).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unauthenticated { .. }), "{error}");
}

#[tokio::test]
async fn another_authority_is_not_trusted() {
    let (fabric, other) = (fabric(Personality::eos()), self::fabric(Personality::eos()));
    let Transport::Tls(tls) = target(&other, "admin").transport else { panic!("TLS") };
    let target = Target { transport: Transport::Tls(tls), ..target(&fabric, "admin") };
    let error = Client::connect(&target).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn what_is_set_is_read_back() {
    let fabric = fabric(Personality::eos());
    let client = connect(&fabric).await;
    let outcome = client.set(&update(DESCRIPTION, json!("new"))).await.unwrap();
    assert!(!outcome.results_missing);
    assert_eq!(read(&client, DESCRIPTION).await, Some(json!("new")));
    assert_eq!(fabric.sets_received(), BTreeMap::from([("leaf1".parse().unwrap(), 1)]));
}

/// The next event that is about configuration, as a line. An event that never comes is a
/// failure and not a test that hangs.
pub(super) async fn next(subscription: &mut Subscription) -> String {
    loop {
        let event = tokio::time::timeout(Duration::from_secs(90), subscription.next()).await.unwrap();
        match event.unwrap().unwrap() {
            Event::Update(path, json) if !path.to_string().contains("/state/") => {
                return format!("{path} {json}");
            }
            Event::Update(..) | Event::Committed { .. } => {}
            Event::Delete(path) if path.to_string().contains("/state") => {}
            Event::Delete(path) => return format!("gone {path}"),
            Event::Synced => return "synced".to_owned(),
        }
    }
}

#[tokio::test]
async fn a_subscription_tells_the_state_then_changes_and_deletes() {
    let fabric = fabric(Personality { ports: Vec::new(), ..Personality::eos() });
    let device = fabric.device("leaf1").unwrap();
    let client = connect(&fabric).await;
    let mut events = client.subscribe(&[path("/interfaces")], SubscribeMode::OnChange).await.unwrap();
    let mut seen = Vec::new();
    while seen.last().is_none_or(|line| line != "synced") {
        seen.push(next(&mut events).await);
    }
    let e1 = "/interfaces/interface[name=Ethernet1]";
    assert_eq!(
        seen,
        [
            format!("{e1}/config/description \"old\""),
            format!("{e1}/config/name \"Ethernet1\""),
            format!("{e1}/config/type \"iana-if-type:ethernetCsmacd\""),
            format!("{e1}/name \"Ethernet1\""),
            "synced".to_owned(),
        ]
    );
    device.edit(&[], &[(path(DESCRIPTION), json!("by hand"))]).unwrap();
    assert_eq!(next(&mut events).await, format!("{DESCRIPTION} \"by hand\""));
    device.edit(&[path(DESCRIPTION)], &[]).unwrap();
    assert_eq!(next(&mut events).await, format!("gone {DESCRIPTION}"));
    device.edit(&[path(e1)], &[]).unwrap();
    assert_eq!(next(&mut events).await, "gone /interfaces", "the highest branch that is gone");
}

#[tokio::test]
async fn an_unknown_path_is_refused_and_an_absent_one_waits() {
    let fabric = fabric(Personality::eos());
    let client = connect(&fabric).await;
    let error = match client.subscribe(&[path("/nowhere")], SubscribeMode::OnChange).await {
        Ok(mut events) => events.next().await.unwrap().unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error.kind, ErrorKind::Refused { code: Refusal::Unimplemented, .. }), "{error}");
    let mut events = client.subscribe(&[path(MTU)], SubscribeMode::OnChange).await.unwrap();
    assert_eq!(next(&mut events).await, "synced");
    client.set(&update(MTU, json!(1500))).await.unwrap();
    assert_eq!(next(&mut events).await, format!("{MTU} 1500"));
}

#[tokio::test]
async fn an_unreachable_device_comes_back_on_its_port() {
    let fabric = fabric(Personality::eos());
    let device = fabric.device("leaf1").unwrap();
    let client = connect(&fabric).await;
    let address = device.address();
    for _ in 0..3 {
        device.down();
        assert!(!device.is_up());
        client.get(&[path(DESCRIPTION)], DataType::Config).await.unwrap_err();
        Client::connect(&target(&fabric, "admin")).await.unwrap_err();
        device.up().unwrap();
        assert_eq!(device.address(), address);
        let again = connect(&fabric).await;
        assert_eq!(read(&again, DESCRIPTION).await, Some(json!("old")));
    }
}

#[tokio::test]
async fn going_down_ends_open_subscriptions() {
    let fabric = fabric(Personality::eos());
    let client = connect(&fabric).await;
    let mut events = client.subscribe(&[path(MTU)], SubscribeMode::OnChange).await.unwrap();
    assert_eq!(next(&mut events).await, "synced");
    fabric.device("leaf1").unwrap().down();
    assert!(!matches!(events.next().await, Some(Ok(_))), "the subscription ends");
}

#[tokio::test]
async fn each_fault_does_what_it_says_and_only_once() {
    let refuse = || SetFault::Refuse { code: Code::Aborted, message: "busy".to_owned() };
    for (case, fault, answered, expected, outcome) in [
        ("refused", refuse(), false, "old", SetOutcome::Refused(Code::Aborted)),
        ("answer lost", SetFault::LoseAnswer, false, "new", SetOutcome::Applied { changed: true }),
        ("request lost", SetFault::LoseRequest, false, "old", SetOutcome::Lost),
        ("not taken", SetFault::NotTaken(None), true, "old", SetOutcome::Applied { changed: false }),
        (
            "a path not taken",
            SetFault::NotTaken(Some(path(DESCRIPTION))),
            true,
            "old",
            SetOutcome::Applied { changed: false },
        ),
        (
            "another path not taken",
            SetFault::NotTaken(Some(path(MTU))),
            true,
            "new",
            SetOutcome::Applied { changed: true },
        ),
    ] {
        let fabric = fabric(Personality::eos());
        let device = fabric.device("leaf1").unwrap();
        device.next_set(fault);
        let client = connect(&fabric).await;
        let seen = client.set(&update(DESCRIPTION, json!("new"))).await;
        assert_eq!(seen.is_ok(), answered, "{case}: {seen:?}");
        let again = connect(&fabric).await;
        assert_eq!(read(&again, DESCRIPTION).await, Some(json!(expected)), "{case}");
        assert_eq!(device.sets()[0].outcome, outcome, "{case}");
        again.set(&update(DESCRIPTION, json!("newer"))).await.unwrap();
        assert_eq!(read(&again, DESCRIPTION).await, Some(json!("newer")), "{case}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_an_unknown_outcome_to_the_client() {
    let fabric = fabric(Personality::eos());
    fabric.device("leaf1").unwrap().next_set(SetFault::LoseAnswer);
    let client = connect(&fabric).await;
    let error = client.set(&update(DESCRIPTION, json!("new"))).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::OutcomeUnknown { .. }), "{error}");
}

#[tokio::test]
async fn a_gate_holds_sets_until_it_is_opened() {
    let fabric = fabric(Personality::eos());
    let device = fabric.device("leaf1").unwrap();
    let client = connect(&fabric).await;
    let gate = device.hold_sets();
    let (first, second) = (update(DESCRIPTION, json!("new")), update(MTU, json!(1500)));
    let sets = async { tokio::join!(client.set(&first), client.set(&second)) };
    let open = async {
        device.wait_for_sets(2).await;
        assert_eq!(device.generation(), 0, "nothing is applied yet");
        gate.open();
    };
    let ((one, two), ()) = tokio::join!(sets, open);
    one.unwrap();
    two.unwrap();
    assert_eq!((device.generation(), device.most_sets_at_once()), (2, 2));
}

#[tokio::test]
async fn a_reboot_forgets_what_nobody_saved() {
    let fabric = fabric(Personality::eos());
    let client = connect(&fabric).await;
    client.set(&update(DESCRIPTION, json!("new"))).await.unwrap();
    fabric.device("leaf1").unwrap().reboot();
    let again = connect(&fabric).await;
    assert_eq!(read(&again, DESCRIPTION).await, Some(json!("old")));
}

#[tokio::test]
async fn a_device_serves_any_stream_that_is_handed_to_it() {
    let loopback = ([127, 0, 0, 1], 0).into();
    let device = SimulatedDevice::start(config(Personality::eos(), &[]), loopback, None).unwrap();
    device.down();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target {
        port: listener.local_addr().unwrap().port(),
        transport: Transport::Plaintext,
        ..target(&fabric(Personality::eos()), "admin")
    };
    let hand_over = async { device.serve(listener.accept().await.unwrap().0).await };
    let (client, ()) = tokio::join!(Client::connect(&target), hand_over);
    assert_eq!(read(&client.unwrap(), MTU).await, None);
}
