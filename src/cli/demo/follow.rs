//! `gitfabric demo`: what to try, what happens then, and the words that make things go wrong.
//!
//! Elsewhere: what runs (`lab`), the story that plays by itself (`tour`).

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use anstyle::Style;
use anyhow::Context;
use tokio::sync::mpsc;

use super::lab::Lab;
use super::news::{self, Newsreel};
use super::seen;
use crate::simulator::{Handle, SetFault};

/// A line typed into the demo.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    Down(String),
    Up(String),
    Refuse(String),
    Help,
    Quit,
}

/// What a person changes by hand: the first two are put back, as the example's `fabric.yaml` says.
const VLAN: &str = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=40]/config/name";
const PORT: &str = "/interfaces/interface[name=Ethernet1]/config/enabled";
const UPLINK: &str = "/interfaces/interface[name=Ethernet11]/config/description";

const HELP: &str = "Type here:
  down DEVICE     it does not answer any more
  up DEVICE       it is back
  refuse DEVICE   it refuses the next Set
  help            this
  quit            the end, like Ctrl-C";

/// Shows what can be tried, then what happens, until somebody says quit or the agent ends.
pub(super) async fn run(lab: &Lab, out: &mut dyn Write) -> anyhow::Result<()> {
    write!(out, "{}", introduction(lab, &std::env::current_exe()?))?;
    let mut words = std::io::stdin().is_terminal().then(read_lines);
    if words.is_some() {
        writeln!(out, "\n{HELP}")?;
    } else {
        writeln!(out, "\nCtrl-C ends the demo.")?;
    }
    writeln!(out)?;
    let mut reports = lab.reports.clone();
    let mut newsreel = Newsreel::from_now(&lab.config)?;
    let mut shown = String::new();
    loop {
        out.flush()?;
        tokio::select! {
            changed = reports.changed() => {
                changed.context("the agent has ended")?;
                let text = seen::text(&reports.borrow_and_update());
                for news in newsreel.next()? {
                    tell(out, &news::text(&lab.config, &news)?)?;
                }
                if text != shown {
                    tell(out, &text)?;
                    shown = text;
                }
            }
            line = next(&mut words) => match line.map(|line| parse(&line)) {
                None | Some(Ok(Some(Word::Quit))) => return Ok(()),
                Some(Ok(None)) => {}
                Some(word) => match word.and_then(|word| act(lab, word)) {
                    Ok(said) | Err(said) => writeln!(out, "{said}")?,
                },
            },
        }
    }
}

/// Prints what happened, with the time. What follows the first line is below it.
fn tell(out: &mut dyn Write, text: &str) -> std::io::Result<()> {
    let dim = Style::new().dimmed();
    writeln!(out, "{dim}{}{dim:#}  {text}", jiff::Zoned::now().strftime("%H:%M:%S"))
}

/// Lines from standard input; none after its end. The thread ends with the process.
fn read_lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

async fn next(words: &mut Option<mpsc::UnboundedReceiver<String>>) -> Option<String> {
    match words {
        Some(words) => words.recv().await,
        None => std::future::pending().await,
    }
}

/// Understands a line; none if it is empty.
fn parse(line: &str) -> Result<Option<Word>, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let word = match words[..] {
        [] => return Ok(None),
        ["down", device] => Word::Down(device.to_owned()),
        ["up", device] => Word::Up(device.to_owned()),
        ["refuse", device] => Word::Refuse(device.to_owned()),
        ["help" | "?"] => Word::Help,
        ["quit" | "exit" | "q"] => Word::Quit,
        [word @ ("down" | "up" | "refuse"), ..] => {
            return Err(format!("say `{word} DEVICE`, such as `{word} leaf8`"));
        }
        [word, ..] => return Err(format!("`{word}` is no word here; `help` shows those that are")),
    };
    Ok(Some(word))
}

/// Does what a line asks and says what was done.
fn act(lab: &Lab, word: Option<Word>) -> Result<String, String> {
    let find = |name: &str| -> Result<&Handle, String> {
        lab.devices.device(name).ok_or_else(|| {
            let all: Vec<&str> = lab.devices.devices().map(|device| device.name().as_str()).collect();
            format!("there is no device `{name}`; there are {}", all.join(", "))
        })
    };
    match word {
        Some(Word::Down(name)) => {
            find(&name)?.down();
            Ok(format!("{name} does not answer any more; push a commit that concerns it"))
        }
        Some(Word::Up(name)) => {
            find(&name)?.up().map_err(|error| format!("{name} cannot come back: {error}"))?;
            Ok(format!("{name} is back"))
        }
        Some(Word::Refuse(name)) => {
            let message = "the demo asked for a refusal".to_owned();
            find(&name)?.next_set(SetFault::Refuse { code: tonic::Code::InvalidArgument, message });
            Ok(format!("{name} will refuse its next Set; the commit after that finds it willing"))
        }
        Some(Word::Help | Word::Quit) | None => Ok(HELP.to_owned()),
    }
}

/// Where things are, and five things to try, with the commands to paste.
fn introduction(lab: &Lab, binary: &Path) -> String {
    let folder = &lab.folder;
    let bold = Style::new().bold();
    let title = |text: &str| format!("{bold}{text}{bold:#}");
    let ports: Vec<String> = lab
        .devices
        .addresses()
        .iter()
        .map(|(device, address)| format!("{device} :{}", address.port()))
        .collect();
    let half = ports.len().div_ceil(2);
    format!(
        "\n  devices     {}\n              {}  (gNMI over TLS on 127.0.0.1)\n  \
         repository  {}\n  your clone  {}\n  agent       {}, log {}\n\n\
         {}\n   export PATH={}:\"$PATH\" GITFABRIC_CONFIG={}\n   cd {}\n\n{}",
        ports[..half].join("  "),
        ports[half..].join("  "),
        folder.repository().display(),
        folder.worktree().display(),
        folder.configuration().display(),
        folder.log().display(),
        title("In another terminal:"),
        quoted(binary.parent().unwrap_or(Path::new("."))),
        quoted(&folder.configuration()),
        quoted(&folder.worktree()),
        to_try(&quoted(Path::new(binary.file_name().unwrap_or("gitfabric".as_ref()))), &title),
    )
}

/// Each thing to try, with its commands.
fn to_try(gitfabric: &str, title: &dyn Fn(&str) -> String) -> String {
    let things = [
        (
            "1. Edit a VLAN, see what that would change, and push",
            vec![
                "sed 's/^name:.*/name: blue/' vlans/40.yaml > blue && mv blue vlans/40.yaml".to_owned(),
                format!("{gitfabric} plan"),
                "git commit -am 'vlans: 40 is blue' && git push".to_owned(),
            ],
        ),
        ("2. Take it back", vec!["git revert --no-edit HEAD && git push".to_owned()]),
        (
            "3. Rename it on leaf1 by hand and shut a port: you read here whose lines they are, and both are put back",
            vec![
                format!("{gitfabric} discover --device leaf1 set \\"),
                format!("  --update '{VLAN}=\"oops\"' \\"),
                format!("  --update '{PORT}=false'"),
            ],
        ),
        (
            "4. Change what the agent only tells of (`drift` in fabric.yaml): it stays, and can be accepted",
            vec![
                format!("{gitfabric} discover --device leaf1 set --update '{UPLINK}=\"patched anew\"'"),
                format!("{gitfabric} drift --live"),
                format!("{gitfabric} drift accept leaf1 '{UPLINK}' --branch patched"),
                "git pull --quiet origin patched && git push".to_owned(),
            ],
        ),
        (
            "5. Look: where every device stands, what the last commit changed, what was done, and to leaf1",
            ["status", "plan HEAD~1 HEAD", "history", "history leaf1"]
                .map(|command| format!("{gitfabric} {command}"))
                .to_vec(),
        ),
    ];
    let text = |(heading, commands): &(&str, Vec<String>)| {
        format!("{}\n   {}\n", title(heading), commands.join("\n   "))
    };
    things.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// A path as a POSIX shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%".contains(c);
    if text.chars().all(is_plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_word_or_says_what_would_be_one() {
        for (line, expected) in [
            ("", Ok(None)),
            ("  down  leaf8 ", Ok(Some(Word::Down("leaf8".to_owned())))),
            ("up leaf8", Ok(Some(Word::Up("leaf8".to_owned())))),
            ("refuse leaf1", Ok(Some(Word::Refuse("leaf1".to_owned())))),
            ("help", Ok(Some(Word::Help))),
            ("quit", Ok(Some(Word::Quit))),
            ("down", Err("say `down DEVICE`, such as `down leaf8`".to_owned())),
            ("reboot leaf8", Err("`reboot` is no word here; `help` shows those that are".to_owned())),
        ] {
            assert_eq!(parse(line), expected, "{line:?}");
        }
    }

    #[test]
    fn paths_can_be_pasted_into_a_shell() {
        for (path, expected) in [
            ("/tmp/gitfabric-demo", "/tmp/gitfabric-demo"),
            ("/a b/it's", r"'/a b/it'\''s'"),
            ("/$x", "'/$x'"),
        ] {
            assert_eq!(quoted(Path::new(path)), expected);
        }
    }
}
