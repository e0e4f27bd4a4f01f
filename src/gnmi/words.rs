//! What a device says in its own words, before it reaches a log or a terminal.
//!
//! Here: [`safe`]. Elsewhere: what the words mean (`classify`).

use std::cmp::Reverse;

use serde_json::Value;

use crate::secret::SecretText;

/// Where words are cut, in characters.
const MAX_WORDS: usize = 2000;

/// The words on one line, without control characters, cut, and without what they repeat of
/// our secrets, as they are or as JSON writes them.
pub(super) fn safe<'a>(words: &str, secrets: impl Iterator<Item = &'a SecretText>) -> String {
    let mut clear: Vec<String> = secrets
        .flat_map(|secret| {
            let json = Value::from(secret.expose()).to_string();
            let inside = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&json);
            [secret.expose().to_owned(), inside.to_owned()]
        })
        .filter(|secret| !secret.is_empty())
        .collect();
    // The longest first: one secret may be a part of another.
    clear.sort_by_key(|secret| Reverse(secret.len()));
    let mut words = words.to_owned();
    for secret in &clear {
        words = words.replace(secret, "(secret)");
    }
    let lines = words.split(char::is_control).filter(|part| !part.is_empty());
    lines.collect::<Vec<_>>().join(" ").chars().take(MAX_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_short_line_without_secrets() {
        for (case, words, secrets, expected) in [
            ("as they are", "no such path", &[][..], "no such path"),
            ("lines", "line 1\r\n% line 2\n", &[], "line 1 % line 2"),
            ("a terminal's commands", "\u{1b}[31mred", &[], "[31mred"),
            ("a secret", "bad key hunter2, hunter2!", &["hunter2"], "bad key (secret), (secret)!"),
            ("a part of another", "hunter22 hunter2", &["hunter2", "hunter22"], "(secret) (secret)"),
            ("as in JSON", r#"bad "a\"b""#, &["a\"b"], r#"bad "(secret)""#),
            ("a quote at its end", r#"bad "a\"""#, &["a\""], r#"bad "(secret)""#),
            ("no secret", "abc", &[""], "abc"),
        ] {
            let secrets: Vec<_> = secrets.iter().map(|secret| SecretText::new(*secret)).collect();
            assert_eq!(safe(words, secrets.iter()), expected, "{case}");
        }
        assert_eq!(safe(&"é".repeat(3000), [].iter()).chars().count(), MAX_WORDS);
    }
}
