//! The plan of one group on the page: commands under their lines of YAML, leaves below.

use crate::platform::effects::Effect;
use crate::review::report::{Command, Group, LeafLine, Origin};
use crate::review::text::{counted, cut, devices, html};

/// The class of an effect's colour.
pub(super) fn class(effect: Effect) -> &'static str {
    match effect {
        Effect::Hitless => "hitless",
        Effect::ResetsSession => "session",
        Effect::DropsPort => "port",
        Effect::DeviceWide => "wide",
    }
}

/// One group, folded.
pub(super) fn group(group: &Group, open: bool) -> String {
    let (added, modified, deleted) = group.counts;
    let names = devices(&group.devices, 60, |name| format!("<b>{}</b>", html(name)));
    let count = counted(group.devices.len(), "device", "devices");
    let open = if open { " open" } else { "" };
    let (class, effect) = (class(group.effect), group.effect);
    let mut out = format!(
        "<details{open}><summary>{names} <span class=\"soft\">{count}, +{added} ~{modified} -{deleted}</span> \
         <span class=\"{class}\">{effect}</span></summary>\n"
    );
    if group.own_values
        && let Some(first) = group.devices.first()
    {
        let first = html(first.as_str());
        out.push_str(&format!(
            "<p class=\"soft\">Each device has its own addresses, AS and names; those of {first} are shown.</p>\n"
        ));
    }
    out.push_str("<div class=\"cmds\">");
    let mut said: Option<&Origin> = None;
    let mut modes: Vec<&Command> = Vec::new();
    for command in &group.commands {
        if command.sign == ' ' {
            modes.push(command);
            continue;
        }
        if let Some(origin) = &command.origin
            && said.is_none_or(|said| {
                (&said.place.file, said.place.line) != (&origin.place.file, origin.place.line)
            })
        {
            out.push_str(&yaml(origin));
            said = Some(origin);
        }
        modes.drain(..).for_each(|mode| out.push_str(&line(mode)));
        out.push_str(&line(command));
    }
    out.push_str("</div>\n");
    if group.commands_left_out > 0 {
        let lines = counted(group.commands_left_out, "command", "commands");
        out.push_str(&format!("<p class=\"soft\">{lines} left out.</p>\n"));
    }
    out + &leaves(group) + "</details>\n"
}

fn yaml(origin: &Origin) -> String {
    let was = if origin.was { "was " } else { "" };
    let (file, line) = (html(origin.place.file.as_str()), origin.place.line);
    format!("<div class=\"yaml\">{was}{file}:{line}  <span>{}</span></div>", html(&origin.text))
}

fn line(command: &Command) -> String {
    let class = match command.sign {
        '+' => " class=\"a\"",
        '-' => " class=\"d\"",
        '~' => " class=\"m\"",
        _ => "",
    };
    let indent = " ".repeat(command.depth.min(20) * 3);
    format!("<div{class}>{} {indent}{}</div>", command.sign, html(&cut(&command.text, 500)))
}

fn leaves(group: &Group) -> String {
    let all = counted(group.leaves.len() + group.leaves_left_out, "YANG leaf", "YANG leaves");
    let rows: String = group.leaves.iter().map(leaf).collect();
    let left_out = match group.leaves_left_out {
        0 => String::new(),
        count => format!("<p class=\"soft\">{} left out.</p>", counted(count, "leaf", "leaves")),
    };
    format!(
        "<details><summary class=\"soft\">{all}</summary><div class=\"scroll\"><table><tr><th></th><th>leaf</th>\
         <th>before</th><th>after</th><th>effect</th></tr>\n{rows}</table></div>{left_out}</details>\n"
    )
}

fn leaf(leaf: &LeafLine) -> String {
    let value = |text: &Option<String>| {
        text.as_ref().map_or_else(String::new, |text| format!("<code>{}</code>", html(&cut(text, 500))))
    };
    format!(
        "<tr><td>{}</td><td><code>{}</code></td><td>{}</td><td>{}</td><td class=\"{}\">{}<br><span class=\"soft\">{}</span>\
         </td></tr>\n",
        leaf.sign,
        html(&leaf.path),
        value(&leaf.before),
        value(&leaf.after),
        class(leaf.effect),
        leaf.effect,
        html(leaf.reason)
    )
}
