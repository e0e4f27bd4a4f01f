//! What changes on the devices of one group: the commands, and the leaves folded below.
//!
//! In a block of `diff` the sign stands in the first column, so that the forge colours it;
//! `!` is what such blocks have for a change.

use super::detail::Detail;
use crate::review::report::{Group, LeafLine, Origin};
use crate::review::text::{block, code, counted, cut, devices, html};

/// One group, folded.
pub(super) fn group(group: &Group, detail: &Detail, open: bool, whole: &str) -> String {
    let (added, modified, deleted) = group.counts;
    let open = if open { " open" } else { "" };
    let names = devices(&group.devices, detail.names, |name| format!("<b>{}</b>", html(name)));
    let count = match group.devices.len() {
        1 => String::new(),
        count => format!(" ({count} devices)"),
    };
    let mut out = format!(
        "<details{open}><summary>{names}{count}: +{added} ~{modified} -{deleted}, {}</summary>\n\n",
        group.effect
    );
    if group.own_values
        && let Some(first) = group.devices.first()
    {
        let first = code(first.as_str());
        out.push_str(&format!(
            "Each device has its own addresses, AS and names; those of {first} are shown.\n\n"
        ));
    }
    let (lines, left_out) = commands(group, detail.commands);
    if !lines.is_empty() {
        out.push_str(&block("diff", &lines));
    }
    if left_out > 0 {
        let lines = counted(left_out, "command", "commands");
        out.push_str(&format!("\n_{lines} left out; {whole}._\n"));
    }
    out.push_str(&leaves(group, detail.leaves, whole));
    out.push_str("\n</details>\n");
    out
}

/// The commands under the lines of the intent that ask for them.
fn commands(group: &Group, most: usize) -> (Vec<String>, usize) {
    let (mut lines, mut modes) = (Vec::new(), Vec::new());
    let mut said: Option<&Origin> = None;
    for command in group.commands.iter().take(most) {
        let sign = if command.sign == '~' { '!' } else { command.sign };
        let indent = " ".repeat(command.depth.min(20) * 3);
        let line = format!("{sign} {indent}{}", cut(&command.text, 300));
        if command.sign == ' ' {
            // a mode that is open stands below the line of the intent for which it is opened
            modes.push(line);
            continue;
        }
        let is_said = |origin: &&Origin| said.is_none_or(|said| place(said) != place(origin));
        if let Some(origin) = command.origin.as_ref().filter(is_said) {
            lines.push(head(origin));
            said = Some(origin);
        }
        lines.append(&mut modes);
        lines.push(line);
    }
    (lines, group.commands.len().saturating_sub(most) + group.commands_left_out)
}

fn place(origin: &Origin) -> (&str, u32, bool) {
    (origin.place.file.as_str(), origin.place.line, origin.was)
}

/// A line of the intent as the head of a hunk.
fn head(origin: &Origin) -> String {
    let was = if origin.was { "was " } else { "" };
    let place = format!("{}:{}", origin.place.file, origin.place.line);
    format!("@@ {was}{place} @@ {}", origin.text).trim_end().to_owned()
}

/// The leaves with old and new value, folded.
fn leaves(group: &Group, most: usize, whole: &str) -> String {
    let all = group.leaves.len() + group.leaves_left_out;
    let said = counted(all, "YANG leaf", "YANG leaves");
    if most == 0 {
        return format!("\n_{said} left out; {whole}._\n");
    }
    let lines: Vec<String> = group.leaves.iter().take(most).map(leaf).collect();
    let left_out = all - lines.len();
    let rest = match left_out {
        0 => String::new(),
        _ => format!("\n_{} left out; {whole}._\n", counted(left_out, "leaf", "leaves")),
    };
    format!("\n<details><summary>{said}</summary>\n\n{}{rest}\n</details>\n", block("diff", &lines))
}

fn leaf(leaf: &LeafLine) -> String {
    let sign = if leaf.sign == '~' { '!' } else { leaf.sign };
    let values = match (&leaf.before, &leaf.after) {
        (Some(before), Some(after)) => format!("{} -> {}", cut(before, 200), cut(after, 200)),
        (one, other) => cut(one.as_ref().or(other.as_ref()).map_or("", String::as_str), 300),
    };
    format!("{sign} {} {values}", cut(&leaf.path, 400))
}
