//! Tables in Markdown that are as easy to read on a terminal.

/// Rows under a head.
pub struct Table {
    rows: Vec<Vec<String>>,
    columns: usize,
}

impl Table {
    /// A head, and nothing yet.
    pub fn new(head: &[&str]) -> Table {
        Table { rows: vec![head.iter().map(|cell| (*cell).to_owned()).collect()], columns: head.len() }
    }

    /// One more row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        debug_assert_eq!(N, self.columns, "as many cells as the head has");
        self.rows.push(cells.map(|cell| cell.replace('|', "\\|")).into());
    }

    /// The table under a heading; nothing at all without a row.
    pub fn under(&self, heading: &str) -> String {
        if self.rows.len() < 2 {
            return String::new();
        }
        let width =
            |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns).map(width).collect();
        let mut text = format!("### {heading}\n\n");
        for (index, row) in self.rows.iter().enumerate() {
            text += &line(row.iter().map(String::as_str), &widths, ' ');
            if index == 0 {
                text += &line(std::iter::repeat_n("", self.columns), &widths, '-');
            }
        }
        text + "\n"
    }
}

fn line<'c>(cells: impl Iterator<Item = &'c str>, widths: &[usize], fill: char) -> String {
    let mut line = String::from("|");
    for (cell, width) in cells.zip(widths) {
        line.push(' ');
        line += cell;
        line.extend(std::iter::repeat_n(fill, width - cell.chars().count()));
        line += " |";
    }
    line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_have_to_be() {
        let mut table = Table::new(&["a", "µs"]);
        assert_eq!(table.under("Empty"), "");
        table.row(["long|er".into(), "1".into()]);
        assert_eq!(
            table.under("Full"),
            "### Full\n\n| a        | µs |\n| -------- | -- |\n| long\\|er | 1  |\n\n"
        );
    }
}
