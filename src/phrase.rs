//! Phrases that messages of many modules share.
//!
//! Here: a text of others on one line, and a list of which the first alone are named. Elsewhere:
//! what is escaped for a forge or a chat (`forge::text`, `alerts::render`), devices as ranges
//! (`review::text`).

use std::fmt::Display;

/// A text of others on one line, without what could steer a terminal.
pub(crate) fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `leaf1, leaf2 and 7 more`: the first of a list, at most so many, and how many are not named.
pub(crate) fn first_of<T: Display>(list: impl IntoIterator<Item = T>, most: usize) -> String {
    let mut list = list.into_iter();
    let named: Vec<String> = list.by_ref().take(most).map(|item| item.to_string()).collect();
    and_more(&named.join(", "), list.count())
}

/// The same of a list that is told already but for the count of what is not named.
pub(crate) fn and_more(named: &str, rest: usize) -> String {
    if rest == 0 { named.to_owned() } else { format!("{named} and {rest} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_a_blank() {
        for (case, text, expected) in [
            ("plain", "über uns", "über uns"),
            ("lines", "a\r\nb", "a  b"),
            ("a colour", "\u{1b}[31mred", " [31mred"),
            ("of one byte for some terminals", "\u{9b}31mred", " 31mred"),
        ] {
            assert_eq!(on_one_line(text), expected, "{case}");
        }
    }

    #[test]
    fn of_a_long_list_the_first_are_named_and_the_rest_is_counted() {
        for (list, most, expected) in [
            (&[][..], 1, ""),
            (&["a"], 1, "a"),
            (&["a", "b", "c"], 1, "a and 2 more"),
            (&["a", "b", "c"], 2, "a, b and 1 more"),
            (&["a", "b", "c"], 3, "a, b, c"),
        ] {
            assert_eq!(first_of(list, most), expected);
        }
    }
}
