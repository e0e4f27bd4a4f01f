//! A plan for a terminal, or for a file that people read.

use anstyle::{AnsiColor, Style as Ansi};

use super::{
    command, drifted, note, origin, origin_of_command, plural, printable, revisions, short_counts, sign,
    summary, values,
};
use crate::names::DeviceName;
use crate::plan::commands::Commands;
use crate::plan::device::{Change, DevicePlan};
use crate::plan::fabric::Plan;
use crate::platform::cli::{CliLine, Sign};

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// With ANSI escapes.
    pub colour: bool,
    /// With a line for each leaf that is not ours, instead of their number.
    pub foreign: bool,
}

/// Draws the whole plan, devices without changes only where there is something to note.
pub fn text(plan: &Plan, style: Style) -> String {
    draw(plan, style, &|_, device| draw_changes(device, Paint(style.colour)))
}

/// Draws the whole plan with the commands of each device in place of its leaves.
pub fn text_commands(plan: &Plan, commands: &Commands, style: Style) -> String {
    draw(plan, style, &|name, device| {
        let lines = commands.get(name).map(Vec::as_slice).unwrap_or_default();
        draw_commands(lines, device, Paint(style.colour))
    })
}

/// The plan around what changes on a device, which a closure says in lines.
fn draw(plan: &Plan, style: Style, lines_of: &dyn Fn(&DeviceName, &DevicePlan) -> Vec<String>) -> String {
    let paint = Paint(style.colour);
    let mut out = format!("fabric {}, {}\n", plan.fabric, revisions(plan));
    for (name, device) in plan.in_natural_order() {
        let foreign = style.foreign && !device.foreign.is_empty();
        if !device.is_empty() || !device.notes.is_empty() || foreign {
            out.push('\n');
            let title = paint.with(Ansi::new().bold(), name.as_str());
            out.push_str(&format!("{title}  {}\n", short_counts(device.counts())));
            for line in lines_of(name, device) {
                out.push_str(&format!("  {line}\n"));
            }
            draw_rest(&mut out, device, style);
        }
    }
    if !plan.passed_over.is_empty() {
        out.push_str("\nnot planned\n");
        for (name, why) in &plan.passed_over {
            out.push_str(&format!("  {name}: {}\n", printable(why)));
        }
    }
    if !plan.waves.is_empty() {
        out.push_str("\nwaves\n");
        for (number, wave) in plan.waves.iter().enumerate() {
            let names: Vec<&str> = wave.iter().map(crate::names::DeviceName::as_str).collect();
            out.push_str(&format!("  {} {}\n", number + 1, names.join(", ")));
        }
    }
    out.push_str(&format!("\n{}\n", paint.with(Ansi::new().bold(), &summary(plan))));
    out
}

fn draw_changes(device: &DevicePlan, paint: Paint) -> Vec<String> {
    let red = AnsiColor::Red.on_default();
    let whole = |entry| paint.with(red, &format!("- {} (the whole entry)", printable(entry)));
    let changes = device.changes.iter().map(|change| draw_change(change, paint));
    changes.chain(device.removed.iter().map(whole)).collect()
}

fn draw_commands(lines: &[CliLine], device: &DevicePlan, paint: Paint) -> Vec<String> {
    let drifted = drifted(device);
    let draw_command = |line: &CliLine| {
        let text = format!("{} {}", line.sign.as_char(), command(line));
        let colour = match line.sign {
            Sign::Context => return text,
            Sign::Add => AnsiColor::Green,
            Sign::Change => AnsiColor::Yellow,
            Sign::Remove => AnsiColor::Red,
        };
        let drift = line.leaves.iter().any(|path| drifted.contains(path));
        annotated(paint.with(colour.on_default(), &text), drift, origin_of_command(line), paint)
    };
    lines.iter().map(draw_command).collect()
}

/// What is not the plan's own: notes, and what is not ours.
fn draw_rest(out: &mut String, device: &DevicePlan, style: Style) {
    let paint = Paint(style.colour);
    for line in device.notes.iter().map(note) {
        out.push_str(&format!("  {} {line}\n", paint.with(AnsiColor::Cyan.on_default(), "note:")));
    }
    if style.foreign {
        for path in &device.foreign {
            out.push_str(&format!(
                "  {}\n",
                paint.with(Ansi::new().dimmed(), &format!("  {} (not ours)", printable(path)))
            ));
        }
    } else if !device.foreign.is_empty() {
        let count = plural(device.foreign.len(), "leaf").replace("leafs", "leaves");
        out.push_str(&format!("  {}\n", paint.with(Ansi::new().dimmed(), &format!("  {count} not ours"))));
    }
}

fn draw_change(change: &Change, paint: Paint) -> String {
    let colour = match sign(change) {
        '+' => AnsiColor::Green,
        '~' => AnsiColor::Yellow,
        _ => AnsiColor::Red,
    };
    let line = format!("{} {} {}", sign(change), printable(&change.path), values(change));
    annotated(paint.with(colour.on_default(), &line), change.drift, origin(change), paint)
}

/// With whether it is drift, and where the intent says so.
fn annotated(mut drawn: String, drift: bool, origin: Option<String>, paint: Paint) -> String {
    if drift {
        drawn.push_str(&paint.with(AnsiColor::Magenta.on_default(), "  drift"));
    }
    if let Some(origin) = origin {
        drawn.push_str(&paint.with(Ansi::new().dimmed(), &format!("  {origin}")));
    }
    drawn
}

/// Puts colour on, or does not.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, style: Ansi, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
