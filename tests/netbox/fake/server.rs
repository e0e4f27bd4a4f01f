//! Sockets and answers: a thread a connection, one content behind all of them.
//!
//! Elsewhere: bytes (`http`), the rules of lists (`query`, `filters`), writes (`writes`).

use std::collections::{BTreeMap, HashMap};
use std::io::BufReader;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};

use super::content::{HOST, Netbox};
use super::faults::{Fault, Faults, Gate};
use super::http::{self, Answer, Body, Incoming, Request};
use super::manners::{Manners, Version};
use super::recorded::State;
use super::tokens::Auth;
use super::{filters, query, writes};

/// What the threads share.
pub(super) struct Shared {
    pub(super) address: SocketAddr,
    pub(super) world: Mutex<World>,
    /// Woken when a request came or an answer left.
    moved: Condvar,
    stopping: AtomicBool,
    /// Opened at the end, for bodies that stall.
    end: Gate,
}

/// Everything that changes.
pub(super) struct World {
    pub(super) netbox: Netbox,
    pub(super) manners: Manners,
    pub(super) faults: Faults,
    /// The recording, as long as nobody edited its content.
    pub(super) recorded: Option<State>,
    /// Whether lists still are as recorded.
    pub(super) pristine: bool,
    pub(super) requests: Vec<Request>,
    pub(super) writes: Vec<writes::Write>,
    in_flight: usize,
    pub(super) most_in_flight: usize,
    connections: BTreeMap<usize, TcpStream>,
    /// This server's own address, with the path below which NetBox stands.
    pub(super) url: String,
    /// NetBox's `BASE_PATH`: empty, or `/inventory`.
    pub(super) base: String,
    /// Lists that were asked for, until something changes.
    cache: HashMap<(Auth, String), Answer>,
}

impl World {
    pub(super) fn new(netbox: Netbox, recorded: Option<State>) -> Self {
        Self {
            netbox,
            manners: Manners::default(),
            faults: Faults::default(),
            recorded,
            pristine: true,
            requests: Vec::new(),
            writes: Vec::new(),
            in_flight: 0,
            most_in_flight: 0,
            connections: BTreeMap::new(),
            url: String::new(),
            base: String::new(),
            cache: HashMap::new(),
        }
    }

    /// Must follow every change of content or manners.
    pub(super) fn changed(&mut self) {
        self.cache.clear();
    }

    /// Edits the content; lists are no longer as recorded.
    pub(super) fn edit<T>(&mut self, edit: impl FnOnce(&mut Netbox) -> T) -> T {
        self.pristine = false;
        self.changed();
        edit(&mut self.netbox)
    }

    /// The right answer, with the host of the recording in it.
    fn answer(&mut self, request: &Request) -> Answer {
        if !request.path.ends_with('/') {
            let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
            return Answer::html(301).with("Location", &format!("{}{}/{query}", self.base, request.path));
        }
        let endpoint = request.endpoint().to_owned();
        let as_recorded = self.manners.as_recorded() && (self.pristine || !self.is_content(&endpoint));
        let recorded = self.recorded.as_ref().filter(|_| as_recorded);
        if let Some(answer) = recorded.and_then(|state| state.answer(request)) {
            return self.rehosted(answer);
        }
        if let Some(detail) = request.auth.refusal() {
            let old = self.manners.version < Version::V4_5 && detail.starts_with("Invalid");
            let detail = if old { "Invalid token" } else { detail };
            return self.as_api(Answer::json(403, &json!({"detail": detail})));
        }
        if request.auth == Auth::ExporterV2 && self.manners.version < Version::V4_5 {
            return self.as_api(Answer::json(403, &json!({"detail": "Invalid token"})));
        }
        if !self.manners.has(&endpoint) {
            return self.as_api(Answer::html(404));
        }
        let answer = match (request.method.as_str(), endpoint.as_str()) {
            ("GET", "status") => Answer::json(200, &status(&self.manners)),
            ("GET", "authentication-check") => Answer::json(200, &authentication(request.auth)),
            ("GET", _) => self.read(request, &endpoint),
            _ => writes::write(self, request, &endpoint),
        };
        self.rehosted(self.as_api(answer))
    }

    /// Puts this server's address in place of the recording's.
    fn rehosted(&self, mut answer: Answer) -> Answer {
        if let Ok(text) = std::str::from_utf8(&answer.body)
            && text.contains(HOST)
        {
            answer.body = Body::new(text.replace(HOST, &self.url).into_bytes());
        }
        answer
    }

    /// Whether an answer depends on the content.
    fn is_content(&self, endpoint: &str) -> bool {
        let list = endpoint.rsplit_once('/').map_or(endpoint, |(list, _)| list);
        self.netbox.has(endpoint) || self.netbox.has(list)
    }

    fn as_api(&self, answer: Answer) -> Answer {
        let Version(major, minor) = self.manners.version;
        answer.with("API-Version", &format!("{major}.{minor}"))
    }

    /// A list or one object.
    fn read(&mut self, request: &Request, endpoint: &str) -> Answer {
        if let Some((list, id)) =
            endpoint.rsplit_once('/').and_then(|(list, id)| Some((list, id.parse().ok()?)))
            && self.netbox.has(list)
        {
            return self.one(request, list, id);
        }
        if !self.netbox.has(endpoint) {
            return Answer::html(404);
        }
        if !request.auth.may_view(endpoint) {
            return denied();
        }
        let key = (request.auth, format!("{endpoint}?{}", request.query));
        if let Some(answer) = self.cache.get(&key) {
            return answer.clone();
        }
        let answer = self.rehosted(self.list(request, endpoint));
        self.cache.insert(key, answer.clone());
        answer
    }

    fn one(&self, request: &Request, list: &str, id: u64) -> Answer {
        let object = self.netbox.get(list, id);
        if !request.auth.may_view(list) {
            return denied();
        }
        if object.is_null() {
            return Answer::json(404, &json!({"detail": "No object matches the given query."}));
        }
        let body = query::project(object, list, &request.query(), &self.manners);
        let answer = Answer::json(200, &body);
        match object["last_updated"].as_str() {
            Some(time) if self.manners.version >= Version::V4_6 => {
                answer.with("ETag", &format!("W/\"{}\"", time.replace('Z', "+00:00")))
            }
            _ => answer,
        }
    }

    fn list(&self, request: &Request, endpoint: &str) -> Answer {
        let asked = request.query();
        let constrained = request.auth == Auth::Constrained && endpoint == "dcim/devices";
        let visible = |object: &&Value| !constrained || object["role"]["slug"] == "leaf";
        let objects = self.netbox.objects(endpoint).filter(visible);
        let page = filters::select(&self.netbox, endpoint, objects, &asked).and_then(|objects| {
            // entries that were not recorded are older than all that were
            let all =
                endpoint == "core/object-changes" && objects.len() == self.netbox.objects(endpoint).count();
            let uncounted = if all && asked.get("id__gt").is_none() { self.netbox.unseen } else { 0 };
            query::page(endpoint, objects, uncounted, &asked, &self.manners)
        });
        let page = match page {
            Ok(page) => page,
            Err(body) => return Answer::json(400, &body),
        };
        let link = |query: Option<String>| match query {
            Some(query) => json!(format!("{HOST}/api/{endpoint}/{query}")),
            None => Value::Null,
        };
        let mut body = format!(
            "{{\"count\":{},\"next\":{},\"previous\":{},\"results\":[",
            page.count,
            link(page.next),
            link(page.previous)
        );
        for (number, object) in page.results.iter().enumerate() {
            body.push_str(if number > 0 { "," } else { "" });
            body.push_str(&object.to_string());
        }
        body.push_str("]}");
        Answer::new(200, "application/json", body)
            .with("Allow", "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS")
    }
}

pub(super) fn denied() -> Answer {
    Answer::json(403, &json!({"detail": "You do not have permission to perform this action."}))
}

fn status(manners: &Manners) -> Value {
    let version = manners.version.full();
    let plugins = if manners.plugin { json!({"netbox_bgp": manners.version.plugin()}) } else { json!({}) };
    let mut status = json!({
        "django-version": "5.2.8",
        "netbox-version": version,
        "netbox-full-version": version,
        "plugins": plugins,
        "python-version": "3.12.1",
        "rq-workers-running": 1,
    });
    if manners.version >= Version::V4_4 {
        status["hostname"] = json!("netbox");
    }
    status
}

/// The user of a token and what it may do. Constraints are not shown.
fn authentication(auth: Auth) -> Value {
    let (types, actions) = match auth {
        Auth::Limited => (vec!["dcim.site"], json!(["view"])),
        Auth::Constrained => (vec!["dcim.device", "dcim.interface"], json!(["view"])),
        Auth::Admin => (super::models::all(), json!(["view", "add", "change", "delete"])),
        _ => (super::models::all(), json!(["view"])),
    };
    json!({
        "id": 2,
        "url": format!("{HOST}/api/users/users/2/"),
        "display": auth.user(),
        "username": auth.user(),
        "is_active": true,
        "groups": [],
        "permissions": [{
            "id": 1,
            "url": format!("{HOST}/api/users/permissions/1/"),
            "display": "read",
            "name": "read",
            "description": "",
            "enabled": true,
            "object_types": types,
            "actions": actions,
        }],
    })
}

impl Shared {
    pub(super) fn start(mut world: World) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        world.url = format!("http://{address}");
        let shared = Arc::new(Self {
            address,
            world: Mutex::new(world),
            moved: Condvar::new(),
            stopping: AtomicBool::new(false),
            end: Gate::new(),
        });
        let server = Arc::clone(&shared);
        std::thread::spawn(move || server.accept(&listener));
        shared
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for (number, stream) in listener.incoming().enumerate() {
            if self.stopping.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let server = Arc::clone(self);
            std::thread::spawn(move || {
                // a client that leaves is no fault of the server
                let _ = server.serve(stream, number);
                if let Some(stream) = server.lock().connections.remove(&number) {
                    let _ = stream.shutdown(Shutdown::Both);
                }
            });
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(super) fn url(&self) -> String {
        self.lock().url.clone()
    }

    /// Ends all connections and threads.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.end.open();
        let world = self.lock();
        world.faults.open_gates();
        for connection in world.connections.values() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        drop(world);
        // wakes the thread that accepts
        let _ = TcpStream::connect(self.address);
    }

    /// Returns when this holds of the world.
    pub(super) fn wait(&self, what: &str, holds: impl Fn(&World) -> bool) {
        let world = self.lock();
        let wait = Duration::from_secs(90);
        let (_world, timeout) = self.moved.wait_timeout_while(world, wait, |world| !holds(world)).unwrap();
        assert!(!timeout.timed_out(), "the fake NetBox waited in vain for {what}");
    }

    fn serve(&self, stream: TcpStream, number: usize) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        self.lock().connections.insert(number, stream.try_clone()?);
        let mut writer = stream.try_clone()?;
        let mut reader = BufReader::new(stream);
        loop {
            let request = match http::read(&mut reader, number)? {
                Incoming::Request(request) => self.below_base(request),
                Incoming::TooLong(length) => {
                    let text = format!(
                        "<html><body><h1>Bad Request</h1>Request Line is too large ({length} &gt; 4094)</body></html>"
                    );
                    let answer = Answer::new(400, "text/html", text).with("Connection", "close");
                    http::write(&mut writer, &answer, usize::MAX)?;
                    return Ok(());
                }
                Incoming::End => return Ok(()),
            };
            let goes_on = self.respond(&mut writer, &request);
            self.lock().in_flight -= 1;
            self.moved.notify_all();
            if !goes_on? {
                return Ok(());
            }
        }
    }

    /// The request with its path below NetBox's base path; one beside that finds nothing.
    fn below_base(&self, mut request: Request) -> Request {
        let inner = request.path.strip_prefix(&self.lock().base).unwrap_or("/not-netbox/").to_owned();
        request.path = inner;
        request
    }

    /// Answers one request. False if the connection ends with it.
    fn respond(&self, writer: &mut TcpStream, request: &Request) -> std::io::Result<bool> {
        let faults = {
            let mut world = self.lock();
            world.in_flight += 1;
            world.most_in_flight = world.most_in_flight.max(world.in_flight);
            world.requests.push(request.clone());
            world.faults.of(request)
        };
        self.moved.notify_all();
        let mut instead = None;
        for fault in &faults {
            match fault {
                Fault::Held(gate) => gate.pass(),
                Fault::Before(edit) => self.lock().edit(|netbox| edit(netbox)),
                Fault::NoAnswer => return Ok(false),
                other => instead = instead.or_else(|| other.instead()),
            }
        }
        let right = || self.lock().answer(request);
        let mut answer = instead.unwrap_or_else(right);
        for fault in &faults {
            let half = answer.body.len() / 2;
            match fault {
                Fault::Rewrite(change) => {
                    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
                    change(&mut body);
                    answer.body = Body::new(body.to_string().into_bytes());
                }
                Fault::NotJson => answer.body = Body::new(answer.body[..half].to_vec()),
                Fault::Cut => {
                    http::write(writer, &answer, half)?;
                    return Ok(false);
                }
                Fault::Stall => {
                    http::write(writer, &answer, half)?;
                    self.end.pass();
                    return Ok(false);
                }
                _ => {}
            }
        }
        http::write(writer, &answer, usize::MAX)?;
        Ok(true)
    }
}

/// How often each endpoint was asked for.
pub(super) fn counts(requests: &[Request]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in requests {
        *counts.entry(request.endpoint().to_owned()).or_insert(0) += 1;
    }
    counts
}
