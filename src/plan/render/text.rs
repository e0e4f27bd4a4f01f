//! A plan for a terminal, or for a file that people read.

use anstyle::{AnsiColor, Style as Ansi};

use super::{note, origin, plural, printable, revisions, short_counts, sign, summary, values};
use crate::plan::device::{Change, DevicePlan};
use crate::plan::fabric::Plan;

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
    let paint = Paint(style.colour);
    let mut out = format!("fabric {}, {}\n", plan.fabric, revisions(plan));
    for (name, device) in plan.in_natural_order() {
        let foreign = style.foreign && !device.foreign.is_empty();
        if !device.is_empty() || !device.notes.is_empty() || foreign {
            out.push('\n');
            let title = paint.with(Ansi::new().bold(), name.as_str());
            out.push_str(&format!("{title}  {}\n", short_counts(device.counts())));
            draw_device(&mut out, device, style);
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

fn draw_device(out: &mut String, device: &DevicePlan, style: Style) {
    let paint = Paint(style.colour);
    for change in &device.changes {
        out.push_str(&format!("  {}\n", draw_change(change, paint)));
    }
    let red = AnsiColor::Red.on_default();
    for entry in &device.removed {
        let line = format!("- {} (the whole entry)", printable(entry));
        out.push_str(&format!("  {}\n", paint.with(red, &line)));
    }
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
    let mut drawn = paint.with(colour.on_default(), &line);
    if change.drift {
        drawn.push_str(&paint.with(AnsiColor::Magenta.on_default(), "  drift"));
    }
    if let Some(origin) = origin(change) {
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
