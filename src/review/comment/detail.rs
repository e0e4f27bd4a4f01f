//! How much of a review is shown.

/// How much of each part is shown; zero is none.
#[derive(Clone, Debug)]
pub(super) struct Detail {
    /// Groups whose plan is shown.
    pub(super) groups: usize,
    /// Leaves of each of them.
    pub(super) leaves: usize,
    /// Commands of each of them.
    pub(super) commands: usize,
    /// Rows of the blast radius.
    pub(super) rows: usize,
    /// Findings, and guarded changes, drawn with their excerpt.
    pub(super) findings: usize,
    /// How long a drawn finding may be, in characters.
    pub(super) finding: usize,
    /// Lines of every list: drift, pending commits, reasons, files.
    pub(super) lines: usize,
    /// Names, or ranges of names, of devices in a row.
    pub(super) names: usize,
    /// Answers to questions, the newest ones.
    pub(super) answers: usize,
}

impl Detail {
    /// Everything.
    pub(super) fn whole() -> Self {
        let all = usize::MAX;
        Self {
            groups: all,
            leaves: all,
            commands: all,
            rows: all,
            findings: all,
            finding: all,
            lines: all,
            names: 200,
            answers: all,
        }
    }

    /// From what a person can read down to the verdict alone, in the order in which detail
    /// is left out: leaves, commands, groups, findings and lists.
    pub(super) fn steps() -> impl Iterator<Item = Self> {
        let first = Self {
            groups: 12,
            leaves: 120,
            commands: 120,
            rows: 30,
            findings: 20,
            finding: 3000,
            lines: 20,
            names: 24,
            answers: 10,
        };
        let steps: [fn(&mut Self); 14] = [
            |_| {},
            |detail| detail.leaves = 40,
            |detail| detail.leaves = 10,
            |detail| detail.leaves = 0,
            |detail| detail.commands = 60,
            |detail| detail.commands = 25,
            |detail| detail.commands = 10,
            |detail| detail.groups = 6,
            |detail| (detail.groups, detail.findings) = (3, 12),
            |detail| (detail.rows, detail.answers, detail.finding) = (12, 4, 1200),
            |detail| (detail.groups, detail.findings) = (1, 6),
            |detail| (detail.groups, detail.lines, detail.names) = (0, 5, 8),
            |detail| (detail.rows, detail.findings, detail.answers) = (4, 2, 1),
            |detail| {
                (detail.rows, detail.findings, detail.answers) = (0, 0, 0);
                (detail.lines, detail.names) = (1, 2);
            },
        ];
        steps.into_iter().scan(first, |detail, step| {
            step(detail);
            Some(detail.clone())
        })
    }
}
