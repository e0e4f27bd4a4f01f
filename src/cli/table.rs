//! Columns for people: aligned, with the last column free to be long.

use std::fmt::Write;

use anstyle::Style;

/// A table under construction.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
}

/// A text and how it looks on a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::new())
    }
}

impl Cell {
    /// The same text in a style. What a device says must neither steer the terminal nor
    /// break the line.
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        let mut text = text.into();
        if text.contains(char::is_control) {
            let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
            text = text.chars().map(shown).collect();
        }
        Self { text, style }
    }
}

impl Table {
    /// A table whose first row is a heading.
    pub(crate) fn with_heading(names: &[&str]) -> Self {
        let dim = Style::new().dimmed();
        Self { rows: vec![names.iter().map(|name| Cell::styled(*name, dim)).collect()] }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl std::fmt::Display for Table {
    /// With ANSI styles; `anstream` takes them away where nobody can see them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.text.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            let last = row.iter().rposition(|cell| !cell.text.is_empty()).unwrap_or(0);
            for (column, cell) in row.iter().enumerate().take(last + 1) {
                let style = cell.style;
                let pad = if column == last { 0 } else { widths[column] - cell.text.chars().count() + 2 };
                write!(line, "{style}{}{style:#}{:pad$}", cell.text, "")?;
            }
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_end_without_blanks() {
        let mut table = Table::default();
        table.row(["leaf1".into(), "current".into(), "".into()]);
        table.row(["spine10".into(), "ü".into(), "why".into()]);
        assert_eq!(table.to_string(), "leaf1    current\nspine10  ü        why\n");
    }

    #[test]
    fn what_a_device_says_cannot_steer_a_terminal() {
        let mut table = Table::default();
        table.row(["refused: \u{1b}[2J\nno".into()]);
        assert_eq!(table.to_string(), "refused: \\u{1b}[2J\\nno\n");
    }
}
