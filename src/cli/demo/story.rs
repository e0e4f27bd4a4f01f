//! How a tour is told: headings, commands, and what came true or did not.
//!
//! Elsewhere: what is told (`tour`).

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};

/// Something that the tour expected and did not see. It has been printed.
#[derive(Debug, thiserror::Error)]
#[error("did not come true: {0}")]
pub(super) struct NotTrue(pub(super) String);

/// Takes the place of the line before: the start of the line, emptied (ECMA-48 EL).
const REWIND: &str = "\r\x1b[K";

/// A story on its way out. Every line is shown at once.
pub(super) struct Story<'a> {
    out: &'a mut dyn Write,
    /// Whether lines can be taken back.
    terminal: bool,
    /// Whether the last line is one that will be taken back.
    passing: bool,
}

impl<'a> Story<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, terminal: std::io::stdout().is_terminal(), passing: false }
    }

    /// What a step is about.
    pub(super) fn heading(&mut self, text: &str) -> anyhow::Result<()> {
        let bold = Style::new().bold();
        self.line(&format!("\n{bold}{text}{bold:#}"))
    }

    /// What was typed.
    pub(super) fn command(&mut self, command: &str, remark: &str) -> anyhow::Result<()> {
        let dim = Style::new().dimmed();
        let remark = if remark.is_empty() { String::new() } else { format!("  {dim}{remark}{dim:#}") };
        self.line(&format!("   $ {command}{remark}"))
    }

    /// Something worth knowing.
    pub(super) fn note(&mut self, text: &str) -> anyhow::Result<()> {
        for line in text.lines() {
            let line = format!("     {line}");
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    /// Tells whether what was expected is so; if not, what was seen, and that ends the tour.
    pub(super) fn check(
        &mut self,
        expected: &str,
        is_so: bool,
        seen: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        if is_so {
            let green = AnsiColor::Green.on_default();
            return self.line(&format!("   {green}✓{green:#} {expected}"));
        }
        let red = AnsiColor::Red.on_default().bold();
        self.line(&format!("   {red}✗{red:#} {expected}"))?;
        self.note(&format!("seen: {}", seen()))?;
        Err(NotTrue(expected.to_owned()).into())
    }

    /// Shows on a terminal what is being waited for, until the next line.
    pub(super) fn waiting(&mut self, text: &str) -> anyhow::Result<()> {
        if self.terminal {
            let first = text.lines().next().unwrap_or_default();
            // a line that wraps could not be taken back whole
            let short: String = first.chars().take(70).collect();
            write!(self.out, "{REWIND}   … {short}")?;
            self.out.flush()?;
            self.passing = true;
        }
        Ok(())
    }

    pub(super) fn line(&mut self, text: &str) -> anyhow::Result<()> {
        if std::mem::take(&mut self.passing) {
            write!(self.out, "{REWIND}")?;
        }
        writeln!(self.out, "{text}")?;
        self.out.flush()?;
        Ok(())
    }
}
