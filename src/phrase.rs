//! Phrases that messages of many modules share.
//!
//! Here: a text of others on one line. Elsewhere: what is escaped for a forge or a chat
//! (`forge::text`, `alerts::render`).

/// A text of others on one line, without what could steer a terminal.
pub(crate) fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
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
}
