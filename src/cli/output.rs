//! What goes to standard output and standard error.

use std::borrow::Cow;
use std::io::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::forge::ForgeError;
use crate::git::GitError;
use crate::netbox::NetBoxError;

/// Prints a value as JSON for machines, indented, with a line's end.
pub(crate) fn print_json(out: &mut dyn Write, value: &impl Serialize) -> anyhow::Result<()> {
    // as a text first: serde_json wraps the writer's error, and a reader who left is no fault
    let text = serde_json::to_string_pretty(value)?;
    writeln!(out, "{text}")?;
    Ok(())
}

/// Tells why a command failed: what, then each cause, then what to do, on standard error.
pub(crate) fn report(error: &anyhow::Error) {
    let red = AnsiColor::Red.on_default().bold();
    let plain = Style::new();
    let mut text = format!("{red}error{red:#}: {plain}{error}\n");
    let mut last = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // A library's error often repeats its source in its own text.
        if !last.contains(&cause) {
            text.push_str(&format!("  because: {cause}\n"));
        }
        last = cause;
    }
    if let Some(hint) = hint(error) {
        text.push_str(&format!("  hint: {hint}\n"));
    }
    print_error(&text);
}

/// What a person can do about an error, where one of its causes knows.
pub(crate) fn hint(error: &anyhow::Error) -> Option<Cow<'static, str>> {
    error.chain().find_map(|cause| {
        let of_git = || cause.downcast_ref::<GitError>()?.hint().map(Cow::Borrowed);
        let of_netbox = || cause.downcast_ref::<NetBoxError>()?.hint();
        let of_forge = || cause.downcast_ref::<ForgeError>()?.hint().map(Cow::Borrowed);
        of_git().or_else(of_netbox).or_else(of_forge)
    })
}

/// Writes to standard error, where nobody can be told that nobody reads it.
pub(crate) fn print_error(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Whether the reader of our output has gone: no fault of ours.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_a_cause_advises_is_told_wherever_it_stands() {
        let cause = || NetBoxError::TooOld { version: "4.1".to_owned() };
        let advice = Some(Cow::Borrowed("the export reads NetBox from 4.2 on"));
        assert_eq!(hint(&anyhow::Error::from(cause())), advice);
        assert_eq!(hint(&anyhow::Error::from(cause()).context("cannot export")), advice);
        assert_eq!(hint(&anyhow::anyhow!("no idea")), None);
    }

    #[test]
    fn a_reader_who_left_in_the_middle_of_json_is_no_fault() {
        let error = print_json(&mut Closed, &[1, 2, 3]).unwrap_err();
        assert!(is_broken_pipe(&error), "{error:#}");
    }
}
