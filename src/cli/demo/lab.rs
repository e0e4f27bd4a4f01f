//! What a demo consists of: devices, a repository, an agent, all of them running.
//!
//! Here: [`Lab`]. Elsewhere: what people do with it (`follow`), the story (`tour`).

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use base64::Engine as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::example;
use super::folder::Folder;
use super::worktree::Worktree;
use crate::agent::Agent;
use crate::agent::config::Config;
use crate::agent::run::Report;
use crate::compile::{Build, Engine};
use crate::git::write::{Author, init_with};
use crate::git::{Repository, Snapshot};
use crate::gnmi;
use crate::intent::Fabric;
use crate::names::{CommitId, DeviceName};
use crate::simulator::{DeviceConfig, Login, SimulatedFabric};

/// The user that the devices know.
const USER: &str = "gitfabric";

/// The password's name. Not one that somebody's environment may already give a value to,
/// for that would win over the file.
const PASSWORD: &str = "demo/password";

/// The running demo. Dropping it ends the devices; [`Lab::stop`] ends the agent first.
pub(super) struct Lab {
    pub(super) folder: Folder,
    pub(super) worktree: Worktree,
    pub(super) fabric: Arc<Fabric>,
    pub(super) devices: SimulatedFabric,
    /// The first commit.
    pub(super) first: CommitId,
    /// The agent's configuration.
    pub(super) config: Arc<Config>,
    pub(super) reports: watch::Receiver<Report>,
    agent: JoinHandle<anyhow::Result<()>>,
    stop: CancellationToken,
}

impl Lab {
    /// Makes the repository, starts the devices as `bootstrap` leaves them, and the agent.
    pub(super) async fn start(folder: Folder) -> anyhow::Result<Self> {
        gnmi::install_crypto();
        // compiling and starting ten devices is work that would hold up everything else
        let made = tokio::task::spawn_blocking(move || {
            let (worktree, first, build) = make_repository(&folder)?;
            let (fabric, devices) = start_devices(&folder, build)?;
            anyhow::Ok((folder, worktree, first, fabric, devices))
        });
        let (folder, worktree, first, fabric, devices) = made.await??;
        fs::write(folder.configuration(), configuration(&devices.addresses()))?;

        let stop = CancellationToken::new();
        let config = Arc::new(Config::read(&folder.configuration())?);
        let agent = Agent::new(Arc::clone(&config), stop.clone())?;
        let (sender, reports) = watch::channel(Report::default());
        let agent = tokio::spawn(agent.run(sender));
        Ok(Self { folder, worktree, fabric, devices, first, config, reports, agent, stop })
    }

    /// Ends the agent, which finishes and records a Set that is under way, then the devices.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.agent.await?
    }
}

/// The bare repository with the example as its first commit, its clone, and what the
/// example asks of the devices.
fn make_repository(folder: &Folder) -> anyhow::Result<(Worktree, CommitId, Build)> {
    let author = Author {
        name: "gitfabric demo".to_owned(),
        email: "demo@example.net".to_owned(),
        when: jiff::Timestamp::now(),
    };
    let message = "the lab: two spines, eight leafs in four pairs\n";
    let first = init_with(&folder.repository(), "main", &example::edits()?, message, &author)?;
    let worktree = Worktree::clone(&folder.repository(), folder.worktree())?;
    let snapshot = Snapshot::of_commit(&Repository::open(&folder.repository())?, &first, None)?;
    Ok((worktree, first, Engine::new().build(&snapshot)))
}

/// The devices of the example with what bootstrap leaves on them, and the files by which the
/// agent trusts them and is let in.
fn start_devices(folder: &Folder, build: Build) -> anyhow::Result<(Arc<Fabric>, SimulatedFabric)> {
    let fabric = build.fabric.context("the example has no fabric.yaml")?;
    let login = Login { username: USER.to_owned(), password: password()? };
    let devices = build.devices.into_iter().map(|(name, build)| {
        let bootstrap = build.bootstrap.as_ref().clone();
        let config = DeviceConfig::new(name, Arc::clone(&build.schema), bootstrap);
        DeviceConfig { login: login.clone(), ..config }
    });
    let devices = SimulatedFabric::start(devices)?;
    fs::write(folder.authority(), devices.authority_pem())?;
    folder.write_secret(PASSWORD, &login.password)?;
    Ok((fabric, devices))
}

/// A new one for each demo: nothing that is known in advance listens on this machine.
fn password() -> anyhow::Result<String> {
    let random: ring::rand::Random<[u8; 18]> = ring::rand::generate(&ring::rand::SystemRandom::new())
        .map_err(|_| anyhow::anyhow!("the system gives no random bytes"))?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random.expose()))
}

/// The agent's configuration, as a person would write it.
fn configuration(addresses: &BTreeMap<DeviceName, SocketAddr>) -> String {
    let addresses: String = addresses
        .iter()
        .fold(String::new(), |lines, (device, address)| lines + &format!("    {device}: \"{address}\"\n"));
    format!(
        "# The demo's agent, also for `gitfabric status --config THIS-FILE`.\n\
         state: state\n\
         mode: apply\n\
         repository: {{ url: intent.git, branch: main, poll: 2s }}\n\
         secrets: {{ directory: secrets }}\n\
         devices:\n  username: {USER}\n  password: secret:{PASSWORD}\n  tls: {{ ca: ca.pem }}\n  \
         addresses:\n{addresses}"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_configuration_is_one_that_the_agent_takes() {
        let leaf1: DeviceName = "leaf1".parse().unwrap();
        let addresses = BTreeMap::from([(leaf1.clone(), "127.0.0.1:50001".parse().unwrap())]);
        let config = Config::parse(&configuration(&addresses), Path::new("/demo")).unwrap();
        assert_eq!(config.mode, crate::agent::config::Mode::Apply);
        assert_eq!(config.address_of(&leaf1), Some("127.0.0.1:50001"));
        assert_eq!(config.repository.url, "/demo/intent.git");
    }
}
