//! The command line: one file a subcommand.
//!
//! The doc comment of a subcommand's `Args` is its help text. `output` and `table` hold
//! what goes to the terminal, `agent_file` which agent a command is about.

mod agent_file;
mod log;
mod output;
mod source;
mod table;

pub mod alerts;
pub mod bootstrap;
pub mod check;
pub mod comment;
pub mod compile;
pub mod demo;
pub mod discover;
pub mod drift;
pub mod export;
pub mod history;
pub mod hold;
pub mod plan;
pub mod run;
pub mod schema;
pub mod simulate;
pub mod status;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// GitOps for data-centre fabrics: git push changes the network, git revert takes it back.
#[derive(Debug, Parser)]
#[command(name = "gitfabric", version, propagate_version = true, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Run(run::Args),
    Check(check::Args),
    Compile(compile::Args),
    Plan(plan::Args),
    Comment(Box<comment::Args>),
    Apply(run::ApplyArgs),
    Drift(drift::Args),
    Status(status::Args),
    History(history::Args),
    Hold(hold::Args),
    Alerts(alerts::Args),
    Bootstrap(bootstrap::Args),
    Export(Box<export::Args>),
    Discover(discover::Args),
    Schema(schema::Args),
    Simulate(simulate::Args),
}

/// Reads the arguments, runs the command, and tells what went wrong.
///
/// Exit codes: 0 done, 1 any error, usage included; with `--detailed-exitcode` `plan` gives 2 when
/// there are changes, and `drift` when something differs.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; usage is an error like any other.
            let code = if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
            let _ = error.print();
            return code;
        }
    };
    let mut out = anstream::stdout().lock();
    let done =
        execute(&arguments.command, &mut out).and_then(|code| out.flush().map(|()| code).map_err(Into::into));
    match done {
        Ok(code) => code,
        // as if SIGPIPE had ended us: what was asked is not known to be done
        Err(error) if output::is_broken_pipe(&error) => ExitCode::from(141),
        Err(error) => {
            output::report(&error);
            ExitCode::FAILURE
        }
    }
}

fn execute(command: &Command, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(args) => demo::run(args, out),
        Command::Run(args) => run::run(args),
        Command::Check(args) => check::run(args, out),
        Command::Compile(args) => compile::run(args, out),
        Command::Plan(args) => plan::run(args, out),
        Command::Comment(args) => comment::run(args, out),
        Command::Apply(args) => run::apply(args, out),
        Command::Drift(args) => drift::run(args, out),
        Command::Status(args) => status::run(args, out),
        Command::History(args) => history::run(args, out),
        Command::Hold(args) => hold::run(args, out),
        Command::Alerts(args) => alerts::run(args, out),
        Command::Bootstrap(args) => bootstrap::run(args, out),
        Command::Export(args) => export::run(args, out),
        Command::Discover(args) => wait(discover::run(args, out)),
        Command::Schema(args) => schema::run(args, out),
        Command::Simulate(args) => simulate::run(args, out),
    }
}

/// Runs a command that talks to the network, on this thread.
fn wait<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

/// The threads of an agent.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_agents_configuration_may_be_named_before_and_after_a_subcommand() {
        Arguments::command().debug_assert();
        for line in [
            "status --config F",
            "alerts --config F",
            "alerts --config F test noc",
            "alerts test --config F noc",
            "alerts retry noc --config F",
            "drift leaf1 --config F",
            "drift --config F accept leaf1 /a",
            "drift accept leaf1 /a --config F",
            "discover --device leaf1 --config F capabilities",
            "discover --device leaf1 capabilities --config F",
        ] {
            let words = std::iter::once("gitfabric").chain(line.split(' '));
            let matches = Arguments::command().try_get_matches_from(words).unwrap();
            let mut at = matches.subcommand().unwrap().1;
            loop {
                let file = at.get_one::<PathBuf>("config").unwrap();
                assert_eq!(file, &PathBuf::from("F"), "{line}");
                match at.subcommand() {
                    Some((_, below)) => at = below,
                    None => break,
                }
            }
        }
    }
}
