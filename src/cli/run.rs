//! `gitfabric run` and `gitfabric apply`: the agent, and one pass of it.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::agent_file::AgentFile;
use super::{log, runtime};
use crate::agent::Agent;
use crate::agent::run::Report;
use crate::record::Standing;

/// Run the agent: follow the branch and make the network what its head says.
///
/// Without `mode: apply` in the configuration it only observes: it reads, plans and reports,
/// and sends nothing. Stops on Ctrl-C or SIGTERM; a Set that is under way is finished and
/// recorded first.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    agent: AgentFile,
}

/// Make one pass from here: fetch, plan, send, read back, record.
///
/// Does once what the agent does in a loop, with its configuration and record; refused while
/// an agent runs on the same state folder. A device that diverged at this commit is tried
/// again. What was changed by hand is put back whatever `drift:` says, unless it is held, and
/// corrections are counted anew. Exit code 1 unless every device in service is at the commit afterwards.
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    agent: AgentFile,
}

/// Runs `gitfabric run`.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Arc::new(args.agent.read()?);
    log::start(&config.log)?;
    runtime()?.block_on(async {
        let stop = CancellationToken::new();
        stop_on_signal(stop.clone())?;
        let agent = Agent::new(config, stop)?;
        agent.run(watch::Sender::new(Report::default())).await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Runs `gitfabric apply`.
pub fn apply(args: &ApplyArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = Arc::new(args.agent.read()?);
    log::start(&config.log)?;
    let report = runtime()?.block_on(async {
        let stop = CancellationToken::new();
        stop_on_signal(stop.clone())?;
        Agent::new(config, stop)?.once().await
    })?;
    super::status::print_report(&report, out)?;
    let settled = [Standing::Current, Standing::Staged, Standing::Paused, Standing::Released];
    let done = report.devices.iter().all(|device| settled.contains(&device.standing))
        && report.fabric.is_some_and(|fabric| fabric.verdict == crate::record::Verdict::Good);
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Cancels on the first Ctrl-C or SIGTERM; the second ends the process at once, as the
/// record is true after that too.
pub(super) fn stop_on_signal(stop: CancellationToken) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        let mut signalled = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        signalled().await;
        tracing::info!("stopping when what is under way is done; once more ends at once");
        stop.cancel();
        signalled().await;
        std::process::exit(1);
    });
    Ok(())
}
