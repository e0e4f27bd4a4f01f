//! Reviews beside all else: devices that drift, secrets, a second agent, webhooks.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use gitfabric::agent::Agent;
use gitfabric::agent::config::Config;
use gitfabric::agent::run::Report;
use gitfabric::forge::Kind;
use ring::hmac;
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::forge::TOKEN;
use crate::intent::Intent;
use crate::lab::Settings;
use crate::world::{KINDS, World, reserved_port};

const PASSWORD: &str = "n0t-to-be-t0ld";

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_on_a_device_is_told_where_a_plan_would_overwrite_it() {
    let settings = Settings { config: "mode: apply\nfull-read-back: 500ms", ..Settings::default() };
    let world = World::with(Kind::GitHub, Intent::pair(), settings, "");
    let agent = world.agent().await;
    let number = world.opens(|files| files.rename_vlan("ventas"));
    let before = world.reviewed(number).await;
    assert!(!before.body.contains("by-hand"), "{}", before.body);
    let name = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name";
    world.lab.device("leaf1").edit(&[], &[(name.parse().unwrap(), json!("by-hand"))]).unwrap();
    // nobody pushed anything: the plan is renewed as the device moved
    let after = world.comment(number, "the drift is told", |body| body.contains("by-hand")).await;
    assert_eq!(after.id, before.id);
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_token_is_in_anything_that_the_forge_is_told() {
    for kind in KINDS {
        let mut intent = Intent::border();
        intent.replace("vrfs/gold.yaml", "asn: 64999", "asn: 64999, password: secret:bgp/border");
        let world = World::with(kind, intent, Settings::default(), "");
        world.lab.set_secret("bgp/border", PASSWORD);
        world.lab.set_secret("bgp/other", PASSWORD);
        let mut agent = world.agent().await;
        let number =
            world.opens(|files| files.replace("vrfs/gold.yaml", "secret:bgp/border", "secret:bgp/other"));
        let said = world.reviewed(number).await;
        assert!(said.body.contains("secret:bgp/other"), "{kind}: it is named: {}", said.body);
        world.forge.says(number, "ada", "/gitfabric explain password");
        world.comment(number, "it is answered", |body| body.contains("asked about")).await;
        let commit = world.merges(number);
        agent.settled(&commit).await;
        world.status(commit.as_str(), "gitfabric/apply", |_| true).await;
        agent.end().await;
        let requests = world.forge.requests();
        assert!(requests.iter().any(|request| request.method != "GET"), "{kind}");
        for request in requests {
            let body = String::from_utf8_lossy(&request.body);
            for secret in [PASSWORD, TOKEN] {
                assert!(!body.contains(secret), "{kind}: {} {}", request.method, request.target);
                assert!(!request.target.contains(secret), "{kind}: {}", request.target);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_agents_at_once_end_with_one_comment() {
    for kind in KINDS {
        let world = World::new(kind);
        // both are there from the first moment, and see it at the same time
        let number = world.opens(|files| files.rename_vlan("ventas"));
        let text = std::fs::read_to_string(world.lab.path("agent.yaml")).unwrap();
        let other = text.replace("state: state", "state: other").replace("mode: apply", "mode: observe");
        std::fs::write(world.lab.path("other.yaml"), other).unwrap();
        let config = Arc::new(Config::read(&world.lab.path("other.yaml")).unwrap());
        let stop = CancellationToken::new();
        let second = Agent::new(config, stop.clone()).unwrap();
        let second = tokio::spawn(second.run(watch::Sender::new(Report::default())));
        let agent = world.agent().await;
        world.plan_status(number, |state| state == "success").await;
        world.looks(8).await;
        agent.end().await;
        stop.cancel();
        second.await.unwrap().unwrap();
        assert_eq!(world.ours(number, "<!-- gitfabric:plan").len(), 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_wakes_and_one_that_is_not_signed_does_not() {
    let (_port, address) = reserved_port();
    let web =
        format!("web: {{ listen: '{address}', hook-secret: secret:forge/hook, url: 'http://{address}' }}");
    let world = World::with(Kind::GitHub, Intent::pair(), Settings::default(), &web);
    world.lab.set_secret("forge/hook", "what the forge signs with");
    let file = world.lab.path("agent.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, text.replace("poll: 50ms", "poll: 1h")).unwrap();
    let agent = world.agent().await;
    let lists = || world.forge.requests().iter().any(|request| request.target.contains("state=open"));
    world.until("it looked once", || lists().then_some(())).await;

    let number = world.opens(|files| files.rename_vlan("ventas"));
    assert_eq!(deliver(address, "another"), 401);
    assert_eq!(world.forge.comments(number), []);
    assert_eq!(deliver(address, "what the forge signs with") / 100, 2);
    let said = world.reviewed(number).await;

    // the whole plan is behind the link
    let at = said.body.find(&format!("http://{address}/plans/")).expect("a link to the plan");
    let path: String = said.body[at + format!("http://{address}").len()..]
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '/')
        .collect();
    let page = ask(address, &format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), b"");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("ventas"), "{page}");
    agent.end().await;
}

/// Delivers a webhook signed with a secret; gives the status of the answer.
fn deliver(address: SocketAddr, secret: &str) -> u16 {
    let body = br#"{"action": "opened"}"#;
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body);
    let hex = signature.as_ref().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let head = format!(
        "POST /hooks/forge HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         X-GitHub-Event: pull_request\r\nX-GitHub-Delivery: {hex:.32}\r\nX-Hub-Signature-256: sha256={hex}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    let answer = ask(address, &head, body);
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

fn ask(address: SocketAddr, head: &str, body: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(head.as_bytes()).unwrap();
    socket.write_all(body).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
