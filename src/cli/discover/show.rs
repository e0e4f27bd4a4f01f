//! How `gitfabric discover` shows what a device answered.
//!
//! Elsewhere: the calls (`discover`), tables and JSON in general (`output`, `table`).

use std::io::Write;

use serde_json::{Value, json};

use crate::cli::output::print_json;
use crate::cli::table::Table;
use crate::gnmi::{Answer, Capabilities, Event, SetOutcome};

/// Version, encodings, and a line a YANG module.
pub(super) fn capabilities(out: &mut dyn Write, seen: &Capabilities, json: bool) -> anyhow::Result<()> {
    if json {
        return print_json(out, &json!({"format": 1, "capabilities": seen}));
    }
    let mut table = Table::default();
    table.row(["gNMI version".into(), seen.version.as_str().into()]);
    table.row(["encodings".into(), seen.encodings.join(", ").into()]);
    table.row(["models".into(), seen.models.len().to_string().into()]);
    write!(out, "{table}")?;
    let mut models: Vec<_> = seen.models.iter().collect();
    models.sort();
    let mut table = Table::default();
    for model in models {
        let name = format!("  {}", model.name);
        table.row([name.into(), model.version.as_str().into(), model.organization.as_str().into()]);
    }
    write!(out, "{table}")?;
    Ok(())
}

/// `PATH = VALUE` for a single value, else the path and the JSON below it.
pub(super) fn answers(out: &mut dyn Write, answers: &[Answer], json: bool) -> anyhow::Result<()> {
    if json {
        let answers: Vec<_> = answers
            .iter()
            .map(|answer| json!({"path": answer.path.to_string(), "value": answer.json}))
            .collect();
        return print_json(out, &json!({"format": 1, "answers": answers}));
    }
    for Answer { path, json } in answers {
        if json.is_object() || json.is_array() {
            writeln!(out, "{path}")?;
            for line in format!("{json:#}").lines() {
                writeln!(out, "  {line}")?;
            }
        } else {
            writeln!(out, "{path} = {json}")?;
        }
    }
    if answers.is_empty() {
        writeln!(out, "no data")?;
    }
    Ok(())
}

/// That it is done, and what is doubtful about it.
pub(super) fn outcome(
    out: &mut dyn Write,
    outcome: &SetOutcome,
    count: usize,
    json: bool,
) -> anyhow::Result<()> {
    if json {
        let SetOutcome { timestamp, results_missing } = outcome;
        let set = json!({"operations": count, "timestamp": timestamp, "results-missing": results_missing});
        return print_json(out, &json!({"format": 1, "set": set}));
    }
    let operations = if count == 1 { "operation" } else { "operations" };
    writeln!(out, "done: {count} {operations} in one transaction")?;
    if outcome.results_missing {
        writeln!(out, "the device gave fewer results than that: read it back to be sure")?;
    }
    Ok(())
}

/// One line an event.
pub(super) fn event(out: &mut dyn Write, event: &Event, json: bool) -> anyhow::Result<()> {
    let line = match event {
        Event::Update(path, value) if json => event_json("update", path, Some(value)),
        Event::Delete(path) if json => event_json("delete", path, None),
        Event::Synced if json => json!({"format": 1, "event": "synced"}).to_string(),
        // Not asked for, so it does not come.
        Event::Committed { .. } => return Ok(()),
        Event::Update(path, value) => format!("{path} = {value}"),
        Event::Delete(path) => format!("{path} is gone"),
        Event::Synced => "-- everything that was there has been shown --".to_owned(),
    };
    writeln!(out, "{line}")?;
    Ok(())
}

fn event_json(event: &str, path: &crate::yang::Path, value: Option<&Value>) -> String {
    let mut line = json!({"format": 1, "event": event, "path": path.to_string()});
    if let Some(value) = value {
        line["value"] = value.clone();
    }
    line.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_line() {
        let path: crate::yang::Path = "/a/b[k=1]".parse().unwrap();
        for (seen, text, machine) in [
            (
                Event::Update(path.clone(), json!({"c": "d"})),
                "/a/b[k=1] = {\"c\":\"d\"}\n",
                json!({"format": 1, "event": "update", "path": "/a/b[k=1]", "value": {"c": "d"}}),
            ),
            (
                Event::Delete(path),
                "/a/b[k=1] is gone\n",
                json!({"format": 1, "event": "delete", "path": "/a/b[k=1]"}),
            ),
            (
                Event::Synced,
                "-- everything that was there has been shown --\n",
                json!({"format": 1, "event": "synced"}),
            ),
        ] {
            let (mut people, mut machines) = (Vec::new(), Vec::new());
            event(&mut people, &seen, false).unwrap();
            event(&mut machines, &seen, true).unwrap();
            assert_eq!(String::from_utf8(people).unwrap(), text);
            assert_eq!(serde_json::from_slice::<Value>(&machines).unwrap(), machine);
            assert_eq!(String::from_utf8(machines).unwrap().lines().count(), 1);
        }
    }
}
