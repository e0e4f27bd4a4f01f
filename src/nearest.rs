//! The name that was probably meant, for hints: of a key in YAML, a YANG node, an enum.

/// The candidate nearest to `given`, when it is near enough to be worth a suggestion: one
/// edit for short names, a third of the letters for long ones. The first of equals wins, so
/// that sorted candidates give the same answer on every run.
pub(crate) fn nearest<'c>(given: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let allowed = (given.chars().count() / 3).max(1);
    // each letter that one has more is an edit: most candidates are out without a matrix
    let length = |text: &str| text.chars().take(LETTERS).count();
    let within = |candidate: &&str| length(candidate).abs_diff(length(given)) <= allowed;
    let scored = candidates.into_iter().filter(within).map(|candidate| (edits(given, candidate), candidate));
    let best = scored.min_by_key(|(edits, _)| *edits)?;
    (best.0 <= allowed).then_some(best.1)
}

/// The candidates that do not differ from `given` in their numbers alone: where people number
/// what they name, leaf1 is not what was meant by leaf8.
pub(crate) fn not_renumbered<'c>(
    given: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> impl Iterator<Item = &'c str> {
    let letters = |text: &str| text.to_lowercase().replace(|c: char| c.is_ascii_digit(), "");
    let numbered = given.contains(|c: char| c.is_ascii_digit());
    let given = letters(given);
    candidates.into_iter().filter(move |candidate| !numbered || letters(candidate) != given)
}

/// `did you mean `x`?` for a near candidate, else the whole choice when it is short.
pub(crate) fn suggest<'c>(given: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(near) = nearest(given, candidates.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let list = || candidates.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    (1..=12).contains(&candidates.len()).then(|| format!("there is {}", list()))
}

/// Letters that are compared. Names have at most 63.
const LETTERS: usize = 64;

/// How many single edits (insert, remove, change, swap of neighbours) lead from one text to
/// the other, letters' case aside. Long texts are cut.
fn edits(a: &str, b: &str) -> usize {
    let letters = |text: &str| text.chars().take(LETTERS).flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (a, b) = (letters(a), letters(b));
    // rows of the matrix of Wagner and Fischer, the last two kept for swaps
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_mended_and_another_word_is_not() {
        let vrfs = ["blue", "gold"];
        for (case, given, expected) in [
            ("a changed letter", "golf", Some("gold")),
            ("a lost letter", "god", Some("gold")),
            ("swapped letters", "glod", Some("gold")),
            ("another case", "GOLD", Some("gold")),
            ("another word", "management", None),
            ("nothing", "", None),
        ] {
            assert_eq!(nearest(given, vrfs), expected, "{case}");
        }
        assert_eq!(nearest("x", []), None);
        let leafs = ["leaf1", "spine1"];
        for (case, given, expected) in [
            ("another number", "leaf8", None),
            ("another letter", "spin1", Some("spine1")),
            ("a lost number", "leaf", Some("leaf1")),
        ] {
            assert_eq!(nearest(given, not_renumbered(given, leafs)), expected, "{case}");
        }
    }

    #[test]
    fn without_a_near_name_a_short_choice_is_shown() {
        assert_eq!(suggest("red", ["blue", "gold"]).unwrap(), "there is `blue`, `gold`");
        assert_eq!(suggest("red", []), None);
    }
}
