//! `gitfabric alerts`: who is told what happens, what still waits, and what was given up.
//!
//! Elsewhere: telling them (`agent::alerts`), in which words (`alerts`).

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::{Context, bail};
use jiff::Timestamp;
use serde::Serialize;

use super::agent_file::AgentFile;
use super::output::print_json;
use super::table::{Cell, Table};
use crate::agent::config::{Config, Receiver};
use crate::agent::live;
use crate::agent::secrets::Secrets;
use crate::alerts::{Event, Outcome, Post, Sender, render};
use crate::names::{DeviceName, FabricName};
use crate::nearest;
use crate::phrase::on_one_line;
use crate::record::{DeliveryEntry, RecordError, Store};

/// Who is told what happens: each receiver, what waits for it, and what was given up.
///
/// What a receiver refuses (any answer of 4xx but 408, 425 and 429) is given up at once; what it
/// cannot take now is tried again for a day. Nothing of it holds up the network. Addresses are
/// secrets and are never shown. A receiver whose secret cannot be read from here, or that is for
/// devices or roles that the intent does not have, is said to be in trouble.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    agent: AgentFile,
    /// Print JSON for machines (format 1)
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Send each receiver, or one, a test now, and say what it answers
    ///
    /// The agent need not run. Exit code 1 if one of them does not take it.
    Test {
        /// Only this receiver
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
    /// Try again now what was given up, and what waits for its time
    Retry {
        /// Only this receiver
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
}

/// Runs `gitfabric alerts`.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = args.agent.read()?;
    match &args.what {
        None => list(&config, args.json, out),
        Some(What::Test { name }) => test(&config, name.as_deref(), out),
        Some(What::Retry { name }) => retry(&config, name.as_deref(), out),
    }
}

/// The receivers of the configuration, or the one of a name.
fn receivers<'c>(config: &'c Config, name: Option<&str>) -> anyhow::Result<Vec<&'c Receiver>> {
    let all: Vec<&Receiver> = config.alerts.iter().flat_map(|alerts| &alerts.receivers).collect();
    if all.is_empty() {
        bail!("nobody is told what happens: the agent's configuration has no `alerts.receivers`");
    }
    let Some(name) = name else { return Ok(all) };
    let found: Vec<&Receiver> = all.iter().copied().filter(|receiver| receiver.name == name).collect();
    if found.is_empty() {
        let meant = nearest::suggest(name, all.iter().map(|receiver| receiver.name.as_str()));
        bail!("there is no receiver `{name}`: {}", meant.unwrap_or_default());
    }
    Ok(found)
}

fn test(config: &Config, name: Option<&str>, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let receivers = receivers(config, name)?;
    let secrets = Secrets::of_system(config.secrets.directory.clone());
    let fabric = fabric(config)?;
    let mut table = Table::default();
    let mut all_well = true;
    for receiver in receivers {
        let sent = send(receiver, &secrets, &fabric);
        all_well &= matches!(sent, Ok(Outcome::Taken(_)));
        let (said, colour) = match sent {
            Ok(Outcome::Taken(status)) => (format!("took it ({status})"), AnsiColor::Green),
            Ok(Outcome::Later { why, .. }) => (format!("may take it later: {why}"), AnsiColor::Yellow),
            Ok(Outcome::Refused(why)) => (format!("refuses it: {why}"), AnsiColor::Red),
            Err(why) => (format!("not sent: {why}"), AnsiColor::Red),
        };
        let style = colour.on_default();
        table.row([receiver.name.as_str().into(), receiver.kind.as_str().into(), Cell::styled(said, style)]);
    }
    write!(out, "{table}")?;
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn send(receiver: &Receiver, secrets: &Secrets, fabric: &FabricName) -> Result<Outcome, String> {
    let now = Timestamp::now();
    let event = Event::test(fabric.clone(), &receiver.name, now);
    let rendered = render(receiver.kind, &event, receiver.template.as_ref());
    let secret = |name| secrets.get(name).map_err(|error| error.to_string());
    let (url, sign) = (secret(&receiver.url)?, receiver.sign.as_ref().map(secret).transpose()?);
    Ok(Sender::new(receiver.ca.as_deref())?.post(&Post {
        kind: receiver.kind,
        url: &url,
        sign: sign.as_ref(),
        body: &rendered.body,
        headers: &rendered.headers,
        now,
    }))
}

/// The record's fabric; before there is one, a name that says so.
fn fabric(config: &Config) -> anyhow::Result<FabricName> {
    match Store::open_to_read(&config.record()) {
        Ok(store) => {
            let entry = store.fabrics()?.into_iter().max_by_key(|fabric| fabric.good.is_some());
            entry.map_or_else(|| Ok("unnamed".parse()?), |entry| Ok(entry.fabric))
        }
        Err(RecordError::Missing { .. }) => Ok("unnamed".parse()?),
        Err(error) => Err(error.into()),
    }
}

fn retry(config: &Config, name: Option<&str>, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    receivers(config, name)?;
    // must be there: an agent made it
    drop(open(config)?);
    let count = Store::open(&config.record())?.retry_deliveries(name)?;
    let those = if count == 1 { "1 message is" } else { &format!("{count} messages are") };
    writeln!(out, "{those} tried again by the agent")?;
    Ok(ExitCode::SUCCESS)
}

fn open(config: &Config) -> anyhow::Result<Store> {
    Store::open_to_read(&config.record())
        .context("no agent has worked from this state folder yet: start `gitfabric run`")
}

fn list(config: &Config, json: bool, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let receivers = receivers(config, None)?;
    let deliveries = match Store::open_to_read(&config.record()) {
        Ok(store) => store.deliveries()?,
        Err(RecordError::Missing { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let troubles = troubles(config, &receivers);
    if json {
        print_json(out, &to_json(&receivers, &deliveries, &troubles))?;
        return Ok(ExitCode::SUCCESS);
    }
    // a column that says nothing of any receiver is left out
    let trouble = troubles.values().any(|troubles| !troubles.is_empty()).then_some("trouble");
    let mut table = Table::with_heading(
        &["receiver", "kind", "waiting", "given up"].into_iter().chain(trouble).collect::<Vec<_>>(),
    );
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for entry in &deliveries {
        let (waiting, dead) = counts.entry(&entry.receiver).or_default();
        *(if entry.is_dead { dead } else { waiting }) += 1;
    }
    for receiver in &receivers {
        let (waiting, dead) = counts.get(receiver.name.as_str()).copied().unwrap_or_default();
        let style = if dead > 0 { AnsiColor::Red.on_default() } else { Style::new() };
        table.row([
            receiver.name.as_str().into(),
            receiver.kind.as_str().into(),
            waiting.to_string().into(),
            Cell::styled(dead.to_string(), style),
            Cell::styled(troubles[receiver.name.as_str()].join("; "), AnsiColor::Red.on_default()),
        ]);
    }
    write!(out, "{table}")?;
    if !deliveries.is_empty() {
        writeln!(out)?;
        write!(out, "{}", letters(&deliveries))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Why receivers are not told what their configuration says, as far as that is seen from here.
fn troubles<'r>(config: &Config, receivers: &[&'r Receiver]) -> BTreeMap<&'r str, Vec<String>> {
    let secrets = Secrets::of_system(config.secrets.directory.clone());
    // before the first good commit nobody knows what the intent has
    let fabric = live::intended(config).ok();
    let of = |receiver: &'r Receiver| {
        let secret = |name| secrets.get(name).err().map(|error| format!("{error:#}"));
        let names = [Some(&receiver.url), receiver.sign.as_ref()];
        let unread = names.into_iter().flatten().filter_map(secret);
        let unread = unread.chain(Sender::new(receiver.ca.as_deref()).err());
        let mut troubles: Vec<String> = unread.map(|why| format!("not told from here: {why}")).collect();
        troubles.extend(fabric.iter().flat_map(|fabric| receiver.unknown(fabric)));
        (receiver.name.as_str(), troubles)
    };
    receivers.iter().copied().map(of).collect()
}

/// The most messages that are listed for people.
const LISTED: usize = 50;

fn letters(deliveries: &[DeliveryEntry]) -> String {
    let mut table = Table::with_heading(&["receiver", "event", "device", "when", "tries", "state", "why"]);
    for entry in deliveries.iter().take(LISTED) {
        let state = if entry.is_dead {
            Cell::styled("given up", AnsiColor::Red.on_default())
        } else {
            Cell::styled("waits", AnsiColor::Yellow.on_default())
        };
        table.row([
            entry.receiver.as_str().into(),
            entry.kind.as_str().into(),
            entry.device.as_ref().map_or("-", |device| device.as_str()).into(),
            entry.at.strftime("%Y-%m-%d %H:%M:%SZ").to_string().into(),
            entry.attempts.to_string().into(),
            state,
            entry.error.clone().unwrap_or_default().into(),
        ]);
    }
    let more = deliveries.len().saturating_sub(LISTED);
    let more = if more > 0 { format!("and {more} more\n") } else { String::new() };
    format!("{table}{more}")
}

/// What was given up.
pub(super) fn given_up(store: &Store) -> anyhow::Result<Vec<DeliveryEntry>> {
    Ok(store.deliveries()?.into_iter().filter(|entry| entry.is_dead).collect())
}

/// A line for `gitfabric status`; empty if nothing was given up.
pub(super) fn dead_letters(dead: &[DeliveryEntry]) -> String {
    let Some(last) = dead.last() else { return String::new() };
    let red = AnsiColor::Red.on_default();
    let those = if dead.len() == 1 { "1 alert was" } else { &format!("{} alerts were", dead.len()) };
    let why = last.error.as_deref().unwrap_or("no reason is on record");
    let why = on_one_line(why);
    format!("{red}{those} given up{red:#}, the last for {}: {why}; see `gitfabric alerts`\n", last.receiver)
}

#[derive(Serialize)]
struct Json<'a> {
    format: u32,
    receivers: Vec<ReceiverJson<'a>>,
    messages: Vec<MessageJson<'a>>,
}

#[derive(Serialize)]
struct ReceiverJson<'a> {
    name: &'a str,
    kind: &'a str,
    waiting: usize,
    given_up: usize,
    /// Why it is not told what the configuration says; empty if nothing is known against it.
    trouble: &'a [String],
}

/// A message that waits or was given up.
#[derive(Serialize)]
pub(super) struct MessageJson<'a> {
    receiver: &'a str,
    event: &'a str,
    device: Option<&'a str>,
    at: String,
    tries: u32,
    given_up: bool,
    next_at: Option<String>,
    why: Option<&'a str>,
}

fn to_json<'a>(
    receivers: &[&'a Receiver],
    deliveries: &'a [DeliveryEntry],
    troubles: &'a BTreeMap<&str, Vec<String>>,
) -> Json<'a> {
    let count = |name: &str, is_dead: bool| {
        deliveries.iter().filter(|entry| entry.receiver == name && entry.is_dead == is_dead).count()
    };
    let receiver = |receiver: &&'a Receiver| ReceiverJson {
        name: &receiver.name,
        kind: receiver.kind.as_str(),
        waiting: count(&receiver.name, false),
        given_up: count(&receiver.name, true),
        trouble: &troubles[receiver.name.as_str()],
    };
    Json {
        format: 1,
        receivers: receivers.iter().map(receiver).collect(),
        messages: deliveries.iter().map(message_json).collect(),
    }
}

/// A message for programs.
pub(super) fn message_json(entry: &DeliveryEntry) -> MessageJson<'_> {
    MessageJson {
        receiver: &entry.receiver,
        event: &entry.kind,
        device: entry.device.as_ref().map(DeviceName::as_str),
        at: entry.at.to_string(),
        tries: entry.attempts,
        given_up: entry.is_dead,
        next_at: entry.next_at.map(|at| at.to_string()),
        why: entry.error.as_deref(),
    }
}
