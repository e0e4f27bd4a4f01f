//! The agent at work: in this process, or as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use gitfabric::agent::Agent;
use gitfabric::agent::run::Report;
use gitfabric::names::CommitId;
use gitfabric::record::{Lock, Standing, Verdict};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::lab::Lab;

/// How long a test waits for something that must happen: long enough for a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
/// How often it looks meanwhile for what nothing tells of.
pub(crate) const LOOK: Duration = Duration::from_millis(10);

/// The agent in this process.
pub(crate) struct Running {
    reports: watch::Receiver<Report>,
    stop: CancellationToken,
    state: PathBuf,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Starts the agent of a lab.
    pub(crate) fn start(lab: &Lab) -> Self {
        let stop = CancellationToken::new();
        let agent = Agent::new(lab.config(), stop.clone()).unwrap();
        let (sender, reports) = watch::channel(Report::default());
        let state = agent.state();
        Self { reports, stop, state, task: tokio::spawn(agent.run(sender)) }
    }

    /// Waits until a report is so, at the end of a turn or between two. Those from the middle of a
    /// turn are left aside: what it finds of one device is on record before what it finds of others.
    pub(crate) async fn until(&mut self, what: &str, is_so: impl Fn(&Report) -> bool) -> Report {
        self.reported(what, |report| !report.under_way && is_so(report)).await
    }

    /// Waits until a report from the middle of a turn is so.
    pub(crate) async fn meanwhile(&mut self, what: &str, is_so: impl Fn(&Report) -> bool) -> Report {
        self.reported(what, |report| report.under_way && is_so(report)).await
    }

    async fn reported(&mut self, what: &str, is_so: impl Fn(&Report) -> bool) -> Report {
        let mut reports = self.reports.clone();
        let found = tokio::time::timeout(PATIENCE, reports.wait_for(is_so)).await;
        let Ok(found) = found.map(|found| found.map(|report| report.clone())) else {
            panic!("{what}: not within {PATIENCE:?}; last report: {:#?}", self.reports.borrow());
        };
        let Ok(report) = found else { panic!("{what}: the agent ended: {:?}", (&mut self.task).await) };
        report
    }

    /// Waits until every device is current at a commit.
    pub(crate) async fn settled(&mut self, commit: &CommitId) -> Report {
        self.until("every device is current", |report| {
            let good = report.fabric.as_ref().and_then(|fabric| fabric.good.as_ref()) == Some(commit);
            let at = |device: &gitfabric::record::DeviceEntry| {
                device.standing == Standing::Current && device.commit.as_ref() == Some(commit)
            };
            good && !report.devices.is_empty() && report.devices.iter().all(at)
        })
        .await
    }

    /// Waits until a head was judged so, and gives the reason.
    pub(crate) async fn judged(&mut self, commit: &CommitId, verdict: Verdict) -> Report {
        self.until("the head is judged", |report| {
            report
                .fabric
                .as_ref()
                .is_some_and(|fabric| fabric.head.as_ref() == Some(commit) && fabric.verdict == verdict)
        })
        .await
    }

    /// Waits until a device stands so.
    pub(crate) async fn stands(&mut self, name: &str, standing: Standing) -> String {
        let report = self
            .until(&format!("{name} is {standing:?}"), |report| {
                report
                    .devices
                    .iter()
                    .any(|device| device.device.as_str() == name && device.standing == standing)
            })
            .await;
        reason_of(&report, name)
    }

    /// Waits until a device stands so, for a reason that says this. A device may stand so before,
    /// for another: a watcher and the pass that follows it both say how it is.
    pub(crate) async fn stands_for(&mut self, name: &str, standing: Standing, why: &str) -> String {
        let wanted = |report: &Report| {
            report.devices.iter().any(|device| {
                device.device.as_str() == name
                    && device.standing == standing
                    && device.reason.as_deref().is_some_and(|reason| reason.contains(why))
            })
        };
        let report = self.until(&format!("{name} is {standing:?}: {why}"), wanted).await;
        reason_of(&report, name)
    }

    /// Asks for a clean end, and waits for it.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.task).await;
        ended.expect("the agent does not end").unwrap().unwrap();
        // A process that another test starts just now has all files of this one open, the
        // lock too, until it runs its own program.
        let free = async {
            while Lock::take(&self.state).is_err() {
                tokio::task::yield_now().await;
            }
        };
        soon("the state folder is free", free).await;
    }
}

/// Why a device stands as it does.
pub(crate) fn reason_of(report: &Report, name: &str) -> String {
    let entry = report.devices.iter().find(|device| device.device.as_str() == name);
    entry.and_then(|entry| entry.reason.clone()).unwrap_or_default()
}

/// `gitfabric run` as a process. Killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    /// All that it has logged.
    log: watch::Receiver<String>,
}

impl Process {
    /// Starts it for a lab.
    pub(crate) fn start(lab: &Lab) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gitfabric"))
            .args(["run", "--config"])
            .arg(lab.path("agent.yaml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, log) = watch::channel(String::new());
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                sender.send_modify(|log| log.extend([line.as_str(), "\n"]));
            }
        });
        Self { child, log }
    }

    /// Waits until it has logged a text.
    pub(crate) async fn logs(&self, text: &str) {
        let mut log = self.log.clone();
        soon(text, log.wait_for(|log| log.contains(text))).await.unwrap();
    }

    /// `kill -9`, and its end.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its end; gives its exit code and its log.
    pub(crate) async fn ended(mut self) -> (ExitStatus, String) {
        let mut log = self.log.clone();
        // standard error ends with the process
        soon("the end of the process", async { while log.changed().await.is_ok() {} }).await;
        let log = log.borrow().clone();
        (self.child.wait().unwrap(), log)
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // it may have ended already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something at a device that must happen.
pub(crate) async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, event).await.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}"))
}

/// Looks until there is something, and gives it.
pub(crate) async fn until<T>(what: &str, look: impl Fn() -> Option<T>, explain: impl Fn() -> String) -> T {
    let found = async {
        let mut ticks = tokio::time::interval(LOOK);
        loop {
            ticks.tick().await;
            if let Some(found) = look() {
                return found;
            }
        }
    };
    let found = tokio::time::timeout(PATIENCE, found).await;
    found.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}; {}", explain()))
}
