//! The agent's lab, and receivers that keep what they are told.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use gitfabric::names::CommitId;
use gitfabric::record::{News, NewsKind, NewsLeaf, Store};
use jiff::Timestamp;
use serde_json::Value;

use crate::intent::Intent;
use crate::lab::{Lab, Settings, fabric_name};
use crate::running::{Running, until};
use crate::server::{Answer, Request, Server};

/// What nobody may read: the part of each address that is a key.
pub(crate) const KEY: &str = "T0SECRETKEY";
/// What webhooks are signed with.
pub(crate) const SIGN: &str = "sign-with-this";

/// A receiver: what it was told, and what it is to answer.
pub(crate) struct Receiver {
    server: Server,
    told: Arc<Mutex<Vec<Request>>>,
    /// Answers to come; afterwards `always`.
    answers: Arc<Mutex<VecDeque<Answer>>>,
    always: Arc<Mutex<Answer>>,
}

impl Receiver {
    pub(crate) fn start(tls: bool) -> Self {
        let told = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(VecDeque::new()));
        let always = Arc::new(Mutex::new(Answer::of(200, "text/plain", "ok")));
        let (kept, next, usual) = (Arc::clone(&told), Arc::clone(&answers), Arc::clone(&always));
        let server = Server::start(tls, move |request| {
            kept.lock().unwrap().push(request);
            let next: Option<Answer> = next.lock().unwrap().pop_front();
            Some(next.unwrap_or_else(|| usual.lock().unwrap().clone()))
        });
        Self { server, told, answers, always }
    }

    /// Its address, with a key in it.
    pub(crate) fn url(&self) -> String {
        format!("{}/services/{KEY}", self.server.url())
    }

    /// Its address without a path, as an Alertmanager has it.
    pub(crate) fn base(&self) -> String {
        self.server.url()
    }

    /// The authority of its certificate.
    pub(crate) fn authority(&self) -> &str {
        self.server.authority.as_deref().unwrap()
    }

    /// Answers so to the next requests.
    pub(crate) fn then(&self, answer: Answer) {
        self.answers.lock().unwrap().push_back(answer);
    }

    /// Answers so from now on.
    pub(crate) fn always(&self, status: u16, said: &str) {
        *self.always.lock().unwrap() = Answer::of(status, "text/plain", said);
    }

    /// Waits until it has heard whatever was sent to it before now, by a request of its own: it is
    /// told them in their order.
    pub(crate) fn catch_up(&self) {
        let mut stream = TcpStream::connect(self.server.url().trim_start_matches("http://")).unwrap();
        stream.write_all(b"POST /catch-up HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }

    /// All that it was told.
    pub(crate) fn told(&self) -> Vec<Request> {
        self.told.lock().unwrap().clone()
    }

    /// Waits until something was told that is so, and gives the first of it.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.until_request(what, |request| is_so(&request.json())).await.json()
    }

    /// The same, with the headers.
    pub(crate) async fn until_request(&self, what: &str, is_so: impl Fn(&Request) -> bool) -> Request {
        until(what, || self.told().into_iter().find(&is_so), || format!("{:#?}", self.bodies())).await
    }

    fn bodies(&self) -> Vec<Value> {
        self.told().iter().map(Request::json).collect()
    }

    /// The kinds of events of a webhook, in order.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.bodies().iter().map(|body| body["kind"].as_str().unwrap_or("-").to_owned()).collect()
    }
}

/// A pair and a spine, with `alerts:` of these lines.
pub(crate) fn lab(alerts: &str) -> Lab {
    lab_of(Intent::pair(), alerts)
}

/// The same of another intent.
pub(crate) fn lab_of(intent: Intent, alerts: &str) -> Lab {
    let config = format!("mode: apply\nalerts:\n{alerts}\n");
    let lab = Lab::with(intent, Settings { config: config.leak(), ..Settings::default() });
    lab.set_secret("sign", SIGN);
    lab
}

/// The same with one webhook that is told everything, signed.
pub(crate) fn lab_with(webhook: &Receiver, more: &str) -> Lab {
    lab_of_with(Intent::pair(), webhook, more)
}

/// The same of another intent.
pub(crate) fn lab_of_with(intent: Intent, webhook: &Receiver, more: &str) -> Lab {
    let one = "{ name: flows, kind: webhook, url: secret:flows, sign: secret:sign }";
    let lab = lab_of(intent, &format!("  receivers: [{one}]\n{more}"));
    lab.set_secret("flows", &webhook.url());
    lab
}

/// The agent at work, every device at the head.
pub(crate) async fn agent(lab: &Lab) -> Running {
    let mut agent = Running::start(lab);
    agent.settled(&lab.head()).await;
    agent
}

/// What others of the agent do when they find drift or put it back: they write it down.
pub(crate) fn tell(lab: &Lab, kind: NewsKind, device: &str, paths: &[&str]) {
    let leaf = |path: &&str| NewsLeaf {
        path: (*path).to_owned(),
        kind: "owned".to_owned(),
        recorded: Some("web".to_owned()),
        live: (kind == NewsKind::DriftFound).then(|| "oops".to_owned()),
        origin: Some("vlans/40.yaml:1".to_owned()),
    };
    let news = News {
        kind,
        device: Some(device.parse().unwrap()),
        commit: Some(lab.head()),
        at: Timestamp::now(),
        summary: format!("{device}: {}", kind.as_str()),
        detail: None,
        leaves: paths.iter().map(leaf).collect(),
        unlisted: 0,
    };
    Store::open(&lab.config().record()).unwrap().tell(&fabric_name(), &news).unwrap();
}

/// Changes a leaf of a device behind the agent's back.
pub(crate) fn by_hand(lab: &Lab, device: &str, path: &str, value: &str) {
    lab.device(device).edit(&[], &[(path.parse().unwrap(), value.into())]).unwrap();
}

/// What a device holds at a leaf.
pub(crate) fn held(lab: &Lab, device: &str, path: &str) -> String {
    match lab.device(device).config().get(&path.parse().unwrap()).map(|leaf| leaf.value.clone()) {
        Some(gitfabric::yang::Value::Scalar(text)) => text.as_str().to_owned(),
        other => panic!("{path}: {other:?}"),
    }
}

/// An event that a commit is everywhere.
pub(crate) fn is_applied(body: &Value, commit: &CommitId) -> bool {
    body["kind"] == "commit-applied" && body["commit"] == commit.as_str()
}
