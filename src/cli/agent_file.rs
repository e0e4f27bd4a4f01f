//! `--config`: which agent a command is about.

use std::path::PathBuf;

use crate::agent::config::{Config, ConfigError};

/// The agent's configuration file. It may be named before and after a subcommand.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct AgentFile {
    /// The agent's configuration file
    #[arg(
        long,
        global = true,
        env = "GITFABRIC_CONFIG",
        default_value = "/etc/gitfabric/agent.yaml",
        value_name = "FILE"
    )]
    pub(super) config: PathBuf,
}

impl AgentFile {
    /// Reads it.
    pub(super) fn read(&self) -> Result<Config, ConfigError> {
        Config::read(&self.config)
    }
}
