//! `gitfabric discover`: one device, asked by hand.
//!
//! Here: the arguments and the calls. Elsewhere: how answers look (`show`), the client
//! itself (`gnmi`).

mod show;

use std::io::Write;
use std::path::{Path as File, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{ArgGroup, Subcommand, ValueEnum};
use serde_json::Value;

use super::agent_file::AgentFile;
use crate::agent::live;
use crate::gnmi::{
    Client, Credentials, DataType, Deadlines, EOS_PORT, Identity, SetOperations, SubscribeMode, Target, Tls,
    Transport, Trust,
};
use crate::names::DeviceName;
use crate::secret::SecretText;
use crate::yang::Path;

/// Where the password is looked for when no file is given. Never on the command line:
/// everybody on the machine can read that.
const PASSWORD_VARIABLE: &str = "GITFABRIC_PASSWORD";

/// Ask one device by hand: what it has, what it says, what it takes.
///
/// A device of the agent's fabric is called by its name, with the address, the trust, the user and
/// the password that the agent's configuration gives. Any other needs neither agent nor
/// repository; its password comes from the environment variable `GITFABRIC_PASSWORD` or from a
/// file.
///
/// Examples:
///
///   gitfabric discover --device leaf1 get '/interfaces/interface[name=Ethernet1]/config'
///
///   gitfabric discover --address leaf1:6030 --ca ca.pem --username admin capabilities
///
///   gitfabric discover --address leaf1 --ca ca.pem --username admin \
///       get '/interfaces/interface[name=Ethernet1]/config'
///
///   gitfabric discover --address leaf1 --ca ca.pem --username admin \
///       set --update '/system/config/hostname="leaf1"'
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    group = ArgGroup::new("whom").required(true).multiple(false),
    group = ArgGroup::new("trust").multiple(false)
)]
pub struct Args {
    /// A device of the intent, called as the agent calls it
    #[arg(long, value_name = "NAME", group = "whom", conflicts_with_all = ["trust", "server_name", "certificate", "username"])]
    device: Option<DeviceName>,
    #[command(flatten)]
    agent: AgentFile,
    /// Any device, as HOST or HOST:PORT; an IPv6 address with a port as `[HOST]:PORT`. Default port: 6030
    #[arg(long, value_name = "HOST[:PORT]", group = "whom", requires = "trust")]
    address: Option<String>,
    /// The authority that signed the device's certificate (PEM)
    #[arg(long, value_name = "FILE", group = "trust")]
    ca: Option<PathBuf>,
    /// Take any certificate: whoever answers gets the password. For labs
    #[arg(long, group = "trust")]
    insecure_skip_verify: bool,
    /// No TLS at all: whoever listens reads the password. For labs
    #[arg(long, group = "trust")]
    plaintext: bool,
    /// The name in the device's certificate, if it is not HOST
    #[arg(long, value_name = "NAME", conflicts_with = "plaintext")]
    server_name: Option<String>,
    /// Our own certificate (PEM), for devices that ask for one
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "plaintext")]
    certificate: Option<PathBuf>,
    /// The private key of our certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// The user on the device
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// A file whose first line is the password; else `GITFABRIC_PASSWORD` is used
    #[arg(long, value_name = "FILE", requires = "username")]
    password_file: Option<PathBuf>,
    /// Print JSON for machines (format 1); of a subscription one line an event
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    call: Call,
}

#[derive(Debug, Subcommand)]
enum Call {
    /// Show version, encodings and YANG modules
    Capabilities,
    /// Read what is at some paths, such as '/interfaces/interface[name=Ethernet1]'
    Get {
        /// Where; all below it is read
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<Path>,
        /// Which part of the data; some devices know only `all`
        #[arg(long = "type", value_enum, default_value_t = Part::Config)]
        part: Part,
    },
    /// Change the device in one transaction, behind the agent's back
    ///
    /// Order: every delete, then every replace, then every update. What is the agent's there is
    /// drift then: it is told, and put back where policy says so.
    #[command(group = ArgGroup::new("operation").required(true).multiple(true))]
    Set {
        /// Remove a path with all below it
        #[arg(long, value_name = "PATH", group = "operation")]
        delete: Vec<Path>,
        /// Make a path exactly this JSON; PATH=@FILE reads it from a file
        #[arg(long, value_name = "PATH=JSON", group = "operation", value_parser = Assignment::parse)]
        replace: Vec<Assignment>,
        /// Merge this JSON into a path; PATH=@FILE reads it from a file
        #[arg(long, value_name = "PATH=JSON", group = "operation", value_parser = Assignment::parse)]
        update: Vec<Assignment>,
    },
    /// Follow what is at some paths, until Ctrl-C
    Subscribe {
        /// Where; all below it is followed
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<Path>,
        /// Everything once, then end
        #[arg(long)]
        once: bool,
        /// Everything once, then each change (the default)
        #[arg(long, conflicts_with = "once")]
        on_change: bool,
    },
}

/// `--type`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    /// What can be configured
    Config,
    /// What cannot be configured
    State,
    /// The part of the state that processes report
    Operational,
    /// Everything
    All,
}

/// Runs `gitfabric discover`.
pub async fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let client = Client::connect(&args.target()?).await?;
    match &args.call {
        Call::Capabilities => show::capabilities(out, &client.capabilities().await?, args.json)?,
        Call::Get { paths, part } => {
            let answers = client.get(paths, part.data_type()).await?;
            show::answers(out, &answers, args.json)?;
        }
        Call::Set { delete, replace, update } => {
            let operations = SetOperations {
                deletes: delete.clone(),
                replaces: values(replace)?,
                updates: values(update)?,
                ..SetOperations::default()
            };
            let outcome = client.set(&operations).await?;
            show::outcome(out, &outcome, delete.len() + replace.len() + update.len(), args.json)?;
        }
        Call::Subscribe { paths, once, on_change: _ } => {
            let mode = if *once { SubscribeMode::Once } else { SubscribeMode::OnChange };
            let mut subscription = client.subscribe(paths, mode).await?;
            while let Some(event) = subscription.next().await {
                show::event(out, &event?, args.json)?;
                // Whoever follows a change wants it now, also through a pipe.
                out.flush()?;
            }
            if !once {
                bail!("the device ended the subscription");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn target(&self) -> anyhow::Result<Target> {
        if let Some(device) = &self.device {
            return live::target(Arc::new(self.agent.read()?), device);
        }
        let address = self.address.as_deref().context("--device or --address is missing")?;
        let (host, port) = host_and_port(address)?;
        let device = host.parse().or_else(|_| "device".parse::<DeviceName>())?;
        Ok(Target {
            device,
            host,
            port,
            transport: self.transport()?,
            credentials: self.credentials()?,
            deadlines: Deadlines::default(),
        })
    }

    fn transport(&self) -> anyhow::Result<Transport> {
        let trust = match &self.ca {
            _ if self.plaintext => return Ok(Transport::Plaintext),
            Some(file) => Trust::Authority(read(file, "the certificate authority")?.into()),
            None => Trust::Anything,
        };
        let identity = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Some(Identity {
                certificate: read(certificate, "our certificate")?.into(),
                key: read(key, "our private key")?.into(),
            }),
            _ => None,
        };
        Ok(Transport::Tls(Tls { trust, server_name: self.server_name.clone(), identity }))
    }

    fn credentials(&self) -> anyhow::Result<Option<Credentials>> {
        let Some(username) = self.username.clone() else { return Ok(None) };
        let text = match &self.password_file {
            Some(file) => String::from_utf8(read(file, "the password")?)
                .map_err(|_| anyhow::anyhow!("{}: the password is not UTF-8 text", file.display()))?,
            None => match std::env::var(PASSWORD_VARIABLE) {
                Ok(password) => password,
                Err(_) => bail!(
                    "no password for {username}: set the environment variable {PASSWORD_VARIABLE} or give \
                     --password-file"
                ),
            },
        };
        let password = SecretText::new(text.lines().next().unwrap_or_default());
        Ok(Some(Credentials { username, password }))
    }
}

impl Part {
    fn data_type(self) -> DataType {
        match self {
            Self::Config => DataType::Config,
            Self::State => DataType::State,
            Self::Operational => DataType::Operational,
            Self::All => DataType::All,
        }
    }
}

fn read(file: &File, what: &str) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {what} from {}", file.display()))
}

/// `HOST`, `HOST:PORT`, `[IPV6]:PORT`, or an IPv6 address alone.
fn host_and_port(address: &str) -> anyhow::Result<(String, u16)> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            // what is no port is refused below
            Some((host, port)) => (host, Some(port.strip_prefix(':').unwrap_or_default())),
            None => bail!("--address {address}: `]` is missing after the IPv6 address"),
        },
        None if address.matches(':').count() > 1 => (address, None),
        None => address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() {
        bail!("--address {address}: the host is missing; write HOST:PORT");
    }
    let port = match port {
        None => EOS_PORT,
        Some(port) => port
            .parse()
            .ok()
            .filter(|&port| port > 0)
            .with_context(|| format!("--address {address}: a port is a number from 1 to 65535"))?,
    };
    Ok((host.to_owned(), port))
}

/// `PATH=JSON` or `PATH=@FILE`.
#[derive(Clone, Debug)]
struct Assignment {
    path: Path,
    value: String,
}

impl Assignment {
    fn parse(text: &str) -> Result<Self, String> {
        let Some((path, value)) = split_assignment(text) else {
            return Err("`=` and a JSON value are missing after the path".to_owned());
        };
        let path = path.parse().map_err(|error: crate::yang::path::PathError| error.to_string())?;
        Ok(Self { path, value: value.to_owned() })
    }

    fn json(&self) -> anyhow::Result<Value> {
        let text = match self.value.strip_prefix('@') {
            Some(file) => String::from_utf8(read(File::new(file), "the value")?)
                .with_context(|| format!("{file} is not UTF-8 text"))?,
            None => self.value.clone(),
        };
        serde_json::from_str(&text).with_context(|| {
            format!("the value of {} is not JSON; a text needs its own quotes: '{0}=\"text\"'", self.path)
        })
    }
}

fn values(assignments: &[Assignment]) -> anyhow::Result<Vec<(Path, Value)>> {
    assignments.iter().map(|it| Ok((it.path.clone(), it.json()?))).collect()
}

/// Splits at the first `=` that is not inside a key.
fn split_assignment(text: &str) -> Option<(&str, &str)> {
    let (mut in_key, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_key => escaped = true,
            '[' => in_key = true,
            ']' => in_key = false,
            '=' if !in_key => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use clap::Parser;

    use super::*;
    use crate::gnmi::loopback::{Device, Guard, PASSWORD};

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn parse(line: &str) -> Result<Args, clap::Error> {
        let words = ["discover"].into_iter().chain(line.split(' '));
        Line::try_parse_from(words).map(|line| line.args)
    }

    async fn discover(device: &Device, call: &str) -> Result<String, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "{PASSWORD}").unwrap();
        let (address, file) = (device.address, file.path().display());
        let line = format!("--address {address} --plaintext --username admin --password-file {file} {call}");
        let mut out = Vec::new();
        match run(&parse(&line).unwrap(), &mut out).await {
            Ok(_) => Ok(String::from_utf8(out).unwrap()),
            Err(error) => Err(format!("{error:#}")),
        }
    }

    #[test]
    fn an_address_is_a_host_and_perhaps_a_port() {
        for (address, expected) in [
            ("leaf1", Some(("leaf1", 6030))),
            ("leaf1:57400", Some(("leaf1", 57400))),
            ("10.0.0.1:9339", Some(("10.0.0.1", 9339))),
            ("2001:db8::1", Some(("2001:db8::1", 6030))),
            ("[2001:db8::1]", Some(("2001:db8::1", 6030))),
            ("[2001:db8::1]:9339", Some(("2001:db8::1", 9339))),
            ("[2001:db8::1", None),
            ("[2001:db8::1]x", None),
            ("[2001:db8::1]:", None),
            (":6030", None),
            ("leaf1:0", None),
            ("leaf1:gnmi", None),
        ] {
            let seen = host_and_port(address).ok();
            assert_eq!(seen.as_ref().map(|(host, port)| (host.as_str(), *port)), expected, "{address}");
        }
    }

    #[test]
    fn an_assignment_is_split_behind_the_keys() {
        for (text, expected) in [
            ("/a=1", Some(("/a", "1"))),
            ("/a/b[k=1]/c={\"d\":\"e=f\"}", Some(("/a/b[k=1]/c", "{\"d\":\"e=f\"}"))),
            (r#"/a[k=x\]=y]="v""#, Some((r"/a[k=x\]=y]", "\"v\""))),
            ("/a[k=1]", None),
            ("/a", None),
        ] {
            assert_eq!(split_assignment(text), expected, "{text}");
        }
    }

    #[test]
    fn nobody_is_trusted_without_a_word() {
        let error = parse("--address leaf1 capabilities").unwrap_err().to_string();
        assert!(error.contains("--ca") && error.contains("--plaintext"), "{error}");
        assert!(parse("--address leaf1 --ca ca.pem --plaintext capabilities").is_err(), "two at once");
        assert!(parse("--address leaf1 --plaintext set").is_err(), "a Set without operation");
        assert!(parse("--plaintext capabilities").is_err(), "nobody to call");
        assert!(parse("--device leaf1 capabilities").is_ok(), "the agent's configuration says it");
        for more in ["--plaintext", "--address leaf2", "--username admin"] {
            assert!(parse(&format!("--device leaf1 {more} capabilities")).is_err(), "{more} beside it");
        }
        let error = parse("--address leaf1 --plaintext get /a[k").unwrap_err().to_string();
        assert!(error.contains("character 5: expected `=`"), "{error}");
    }

    #[tokio::test]
    async fn answers_are_shown_to_people_and_machines() {
        let device = Device::start(&Guard::default());
        for (call, expected) in [
            ("capabilities", "gNMI version  0.7.0\nencodings     JSON_IETF\nmodels        0\n"),
            ("get /a/b", "/a/b\n  {\n    \"a\": 1\n  }\n"),
            ("get /absent", "no data\n"),
            ("set --delete /a --update /b=1", "done: 2 operations in one transaction\n"),
        ] {
            assert_eq!(discover(&device, call).await.as_deref(), Ok(expected), "{call}");
        }
        let json = discover(&device, "--json get /a/b").await.unwrap();
        let json: Value = serde_json::from_str(&json).unwrap();
        let answers = serde_json::json!([{"path": "/a/b", "value": {"a": 1}}]);
        assert_eq!(json, serde_json::json!({"format": 1, "answers": answers}));
    }

    #[tokio::test]
    async fn what_goes_wrong_is_told_with_a_hint() {
        let device = Device::start(&Guard::default());
        for (call, expected) in [
            ("get /forbidden", "Get: not permitted: OpenConfig.Get is not authorized"),
            ("set --update /b=text", "the value of /b is not JSON; a text needs its own quotes"),
            ("set --update /b=@/does/not/exist", "cannot read the value from /does/not/exist"),
        ] {
            let error = discover(&device, call).await.unwrap_err();
            assert!(error.contains(expected), "{call}: {error}");
        }
    }
}
