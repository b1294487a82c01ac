//! Tables of GitHub's dialect.

/// A table of cells that are Markdown already.
pub(crate) struct Table {
    lines: Vec<String>,
}

impl Table {
    /// Titles, and whether the column's cells stand at its right.
    pub(crate) fn new(columns: &[(&str, bool)]) -> Table {
        let titles: Vec<String> = columns.iter().map(|(title, _)| (*title).to_owned()).collect();
        let rules: Vec<String> = columns
            .iter()
            .map(|(_, right)| if *right { "---:" } else { "---" }.to_owned())
            .collect();
        let mut table = Table { lines: Vec::new() };
        table.row(&titles);
        table.row(&rules);
        table
    }

    pub(crate) fn row(&mut self, cells: &[String]) {
        self.lines.push(format!("| {} |", cells.join(" | ")));
    }

    /// The table and an empty line.
    pub(crate) fn write(self, text: &mut String) {
        for line in self.lines {
            text.push_str(&line);
            text.push('\n');
        }
        text.push('\n');
    }
}
