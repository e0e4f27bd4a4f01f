//! The processes of one run, and what each can say of itself.
//!
//! Here: [`Role`], [`Peer`], [`start`], and the readings [`resident`] and [`worked`]. The bench
//! binary runs itself again with its part in the environment. Elsewhere: the parts (`server`,
//! `watchers`), who asks for them (`table`).

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const ROLE: &str = "GITFABRIC_BENCH_ROLE";
const PORT: &str = "GITFABRIC_BENCH_PORT";
const CERTIFICATE: &str = "GITFABRIC_BENCH_CERTIFICATE";
const KEY: &str = "GITFABRIC_BENCH_KEY";
const DEVICES: &str = "GITFABRIC_BENCH_DEVICES";

/// What a process of the run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Starts the others and prints.
    Table,
    /// All simulated devices.
    Server,
    /// One client for every device, all of one kind.
    Watchers(Kind),
}

/// How a device is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The generated client with tonic's own settings; what is heard is dropped.
    Bare,
    /// The same, and all that is heard is kept in a map.
    Naive,
    /// Our connection; what is heard is dropped.
    Connection,
    /// The watcher.
    Watcher,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Bare, Self::Naive, Self::Connection, Self::Watcher];

    /// Its name in the environment and in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare loop",
            Self::Naive => "naive cache",
            Self::Connection => "our connection",
            Self::Watcher => "watcher",
        }
    }
}

impl Role {
    /// What this process was started for; the table, if nobody said.
    pub(crate) fn of_this_process() -> Self {
        let Ok(role) = std::env::var(ROLE) else { return Self::Table };
        Kind::ALL.into_iter().find(|kind| kind.name() == role).map_or(Self::Server, Self::Watchers)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Server => "server",
            Self::Watchers(kind) => kind.name(),
        }
    }
}

/// What the processes of a run know of each other. The devices prove themselves by a
/// certificate that is made for the run.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// How many devices there are.
    pub(crate) devices: usize,
    /// Where all devices listen; 0 until the server has said it.
    pub(crate) port: u16,
    /// Their certificate, and the authority that it is trusted by.
    pub(crate) certificate: String,
    /// Its key; clients do without.
    pub(crate) key: String,
}

impl Peer {
    /// With a new certificate.
    pub(crate) fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        Self { devices: 0, port: 0, certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
    }

    /// What the table has told this process.
    pub(crate) fn of_this_process() -> Self {
        let read = |name| std::env::var(name).unwrap_or_default();
        let port = read(PORT).parse().expect("the port is told");
        let devices = setting(DEVICES).expect("their number is told");
        Self { devices, port, certificate: read(CERTIFICATE), key: read(KEY) }
    }
}

/// Starts this binary again in another part. It ends when its standard input does.
pub(crate) fn start(role: Role, peer: &Peer) -> Child {
    Command::new(std::env::current_exe().expect("this binary"))
        .env(ROLE, role.name())
        .env(DEVICES, peer.devices.to_string())
        .env(PORT, peer.port.to_string())
        .env(CERTIFICATE, &peer.certificate)
        .env(KEY, &peer.key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

/// A number of the environment, such as how many devices there are.
pub(crate) fn setting(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

/// The memory of this process that no file backs, in bytes.
pub(crate) fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kib.expect("RssAnon in kB") * 1024
}

/// How long all threads of this process have been on a processor: unlike the ticks of
/// `/proc/self/stat`, to the nanosecond.
pub(crate) fn worked() -> Duration {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let of_task = |task: fs::DirEntry| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
    };
    tasks.filter_map(Result::ok).filter_map(of_task).sum()
}
