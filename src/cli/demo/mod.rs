//! `gitfabric demo`: ten simulated devices, a Git repository and the agent, in one process.
//!
//! `example` (the embedded intent), `folder` (where it all lies), `worktree` (the clone
//! that people edit), `lab` (what runs), `follow` (the demo for people), `tour`, `steps`
//! and `by_hand` (the story that plays by itself), `story`, `seen`, `news` and `sets` (how it is
//! told, and what it is told from). Elsewhere: the devices (`simulator`), the agent (`agent`).

mod by_hand;
mod example;
mod folder;
mod follow;
mod lab;
mod news;
mod seen;
mod sets;
mod steps;
mod story;
mod tour;
mod worktree;

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::folder::Folder;
use self::lab::Lab;
use self::story::{NotTrue, Story};
use self::tour::Tour;

/// Try gitfabric without a network: ten simulated devices, a Git repository, the agent.
///
/// Prints five things to try and follows what happens, until Ctrl-C. Needs the git program
/// and nothing else; all that it writes is in one folder, which the next demo empties.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Play a story of six steps; exit with 0 only if each came true
    #[arg(long)]
    tour: bool,
    /// The demo's folder: new, empty, or an earlier demo's [default: gitfabric-demo among the
    /// temporary files]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs `gitfabric demo`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let folder = Folder::take(args.dir.as_deref())?;
    let log = folder.log();
    log_into(File::create(&log).with_context(|| format!("cannot write {}", log.display()))?);
    let played = super::runtime()?.block_on(play(args, folder, out));
    match played {
        Err(error) if error.is::<NotTrue>() => {
            writeln!(out, "\nThe tour ends here. What the agent did is in {}", log.display())?;
            Ok(ExitCode::FAILURE)
        }
        // whoever pipes a tour into `head` has not seen it come true
        Err(error) if args.tour && super::output::is_broken_pipe(&error) => Ok(ExitCode::FAILURE),
        other => other.with_context(|| format!("the demo ended early; its log is {}", log.display())),
    }
}

async fn play(args: &Args, folder: Folder, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut interrupts = Interrupts::new()?;
    writeln!(out, "gitfabric demo: ten simulated switches, one Git repository, one agent")?;
    out.flush()?;
    let path = folder.path().to_owned();
    let lab = tokio::select! {
        lab = start(folder) => lab?,
        () = interrupts.next() => return Ok(ExitCode::FAILURE),
    };
    let played = tokio::select! {
        played = follow_or_tour(args, &lab, out) => played,
        // a tour that was cut short did not come true; the demo ends no other way
        () = interrupts.next() => Ok(if args.tour { ExitCode::FAILURE } else { ExitCode::SUCCESS }),
    };
    let stopped = tokio::select! {
        stopped = lab.stop() => stopped,
        // a second Ctrl-C does not wait for the agent
        () = interrupts.next() => Ok(()),
    };
    // an agent that ended by itself is why the rest did not come true
    stopped.context("the agent failed")?;
    let code = played?;
    writeln!(out, "\nAgent and devices have ended. Repository, record and log stay in {}", path.display())?;
    Ok(code)
}

/// Starts the lab; says what is being done once that takes more than a moment.
async fn start(folder: Folder) -> anyhow::Result<Lab> {
    let starting = Lab::start(folder);
    tokio::pin!(starting);
    tokio::select! {
        lab = &mut starting => return lab,
        () = tokio::time::sleep(Duration::from_secs(1)) => {}
    }
    anstream::eprintln!("compiling the example and starting the devices …");
    starting.await
}

async fn follow_or_tour(args: &Args, lab: &Lab, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if !args.tour {
        follow::run(lab, out).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let began = Instant::now();
    let mut story = Story::new(out);
    Tour { lab, story: &mut story }.play().await?;
    let took = began.elapsed().as_secs_f32();
    story.line(&format!("\nAll six steps came true ({took:.1} s)."))?;
    Ok(ExitCode::SUCCESS)
}

/// The agent's log goes to a file: the terminal belongs to the story.
fn log_into(file: File) {
    let builder = tracing_subscriber::fmt().with_env_filter("info").with_writer(Mutex::new(file));
    // fails only where a subscriber is set already, which then has the log
    let _ = builder.with_ansi(false).with_target(false).try_init();
}

/// Ctrl-C and SIGTERM, from the first moment on.
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    fn new() -> anyhow::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
