//! A scalar's text as YAML, readable by every reader of YAML 1.1 and 1.2 in one way alone.
//!
//! Elsewhere: where it is written (`edit`, and `netbox::yaml` for whole files).

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// A key; a bare number stays one, as the names of VLANs and rules are numbers.
pub(crate) fn key(key: &str) -> String {
    let number = !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit()) && !key.starts_with('0');
    if number { key.to_owned() } else { scalar(key) }
}

/// A text, in quotes where it needs them.
pub(crate) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// What readers of YAML 1.1 take for a switch or nothing, whatever the letters' case.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// Whether every reader of YAML takes the text, without quotes, for itself. Stricter than
/// YAML: a colon or a sign between digits asks for quotes, so that nobody has to know the
/// rules for sexagesimal numbers and dates.
pub(crate) fn is_plain(text: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || " _./()@+*-".contains(c);
    if text.is_empty() || text.ends_with(' ') || text.contains("  ") || !text.chars().all(safe) {
        return false;
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        // addresses, and versions such as 4.35.0F; not what could be any number or date
        let version =
            text.matches('.').count() >= 2 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
        return text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv4Net>().is_ok() || version;
    }
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// A text in double quotes (YAML 1.2, 7.3.1), with escapes for what is not printed.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                out += &format!("\\u{:04x}", u32::from(c));
            }
            c if c.is_control() => out += &format!("\\x{:02x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
