//! What an answer that is no success means.
//!
//! Here: from a status to a [`Problem`], and the forge's own words out of its JSON; pure.
//! Elsewhere: whether to try again (`retry`), hiding the token in the words (`http`).

use serde_json::Value;

use super::retry::Pause;
use crate::forge::error::Problem;

/// The longest text that is repeated of a forge, in characters.
const LONGEST: usize = 500;

/// The problem that a status is.
pub(super) fn problem(status: u16, said: String, token: bool, tries: u32, pause: Option<Pause>) -> Problem {
    match (status, pause) {
        (_, Some(Pause::Limit { asked, .. })) => Problem::RateLimited { after: asked, said },
        (401, _) => Problem::Unauthorized { token, said },
        (403, _) => Problem::Forbidden { said },
        (404, _) => Problem::NotFound { said },
        (500.., _) => Problem::Broken { status, tries, said },
        _ => Problem::Refused { status, said },
    }
}

/// The words of an answer.
///
/// GitHub has `message` and `errors`, a list of texts or of objects with `message` or `field`
/// and `code` (REST API, "Troubleshooting": validation failed); GitLab `message` (a text, a list,
/// or lists by field) or `error` and `error_description` (REST API, "Status codes"); Gitea
/// `message`.
pub(super) fn said(body: &[u8]) -> String {
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
        let start = start(body);
        let is_page = start.trim_start().starts_with('<');
        return match start.trim() {
            "" => "without a word".to_owned(),
            _ if is_page => "a web page, no answer of an API".to_owned(),
            words => words.to_owned(),
        };
    };
    let mut words = Vec::new();
    for key in ["message", "errors", "error", "error_description"] {
        if let Some(value) = answer.get(key) {
            collect(value, "", &mut words, 4);
        }
    }
    let all = words.join("; ");
    if all.is_empty() { start(body) } else { all.chars().take(LONGEST).collect() }
}

/// Texts out of lists and objects, with the name of the field that they are about.
fn collect(value: &Value, field: &str, words: &mut Vec<String>, depth: usize) {
    match value {
        Value::String(text) if !text.trim().is_empty() => {
            let about = if field.is_empty() || field == "base" { String::new() } else { format!("{field} ") };
            words.push(format!("{about}{}", text.trim()));
        }
        Value::Array(items) if depth > 0 => {
            for item in items {
                collect(item, field, words, depth - 1);
            }
        }
        Value::Object(object) if depth > 0 => {
            let text = |key: &str| object.get(key).and_then(Value::as_str);
            match (text("message"), text("field"), text("code")) {
                (Some(message), ..) => words.push(message.to_owned()),
                (None, Some(field), Some(code)) => words.push(format!("{field} {code}")),
                _ => {
                    for (key, item) in object {
                        collect(item, key, words, depth - 1);
                    }
                }
            }
        }
        _ => {}
    }
}

/// The first characters of an answer.
pub(super) fn start(body: &[u8]) -> String {
    let head = body.get(..4 * 120).unwrap_or(body);
    String::from_utf8_lossy(head).chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_forge_is_repeated_in_its_own_words() {
        for (case, body, expected) in [
            ("GitHub", r#"{"message":"Bad credentials","documentation_url":"https://x"}"#, "Bad credentials"),
            (
                "GitHub, a list",
                r#"{"message":"Validation Failed","errors":[{"resource":"PullRequest","code":"custom",
                   "message":"No commits between main and a"},{"field":"head","code":"invalid"}]}"#,
                "Validation Failed; No commits between main and a; head invalid",
            ),
            ("GitHub, a list of texts", r#"{"message":"m","errors":["e"]}"#, "m; e"),
            ("GitLab", r#"{"message":"401 Unauthorized"}"#, "401 Unauthorized"),
            (
                "GitLab, a list",
                r#"{"message":["Another open merge request already exists for this source branch: !5"]}"#,
                "Another open merge request already exists for this source branch: !5",
            ),
            (
                "GitLab, by field",
                r#"{"message":{"title":["is too long"],"base":["no"]}}"#,
                "no; title is too long",
            ),
            (
                "GitLab, a scope",
                r#"{"error":"insufficient_scope","error_description":"The request requires higher privileges","scope":"api"}"#,
                "insufficient_scope; The request requires higher privileges",
            ),
            (
                "Gitea",
                r#"{"message":"user is not authorized","url":"https://x/api/swagger"}"#,
                "user is not authorized",
            ),
            ("a page", "<!DOCTYPE html><html>", "a web page, no answer of an API"),
            ("a proxy", "upstream gone", "upstream gone"),
            ("nothing", "", "without a word"),
            ("other JSON", r#"{"a":1}"#, r#"{"a":1}"#),
        ] {
            assert_eq!(said(body.as_bytes()), expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_panics(body in proptest::collection::vec(any::<u8>(), 0..600)) {
            prop_assert!(said(&body).chars().count() <= LONGEST);
        }
    }
}
