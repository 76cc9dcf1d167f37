//! The report in Markdown: the goals, a table for each load and those of the series.

use std::fmt::Write;

use super::{Report, goals, series};
use crate::load::Instrument;
use crate::measure::{Outcome, Row};

/// The whole report.
pub(super) fn render(report: &Report) -> String {
    let mut text = format!(
        "{}\n\n{} `{}`\n",
        report.machine.describe(),
        report.plan.describe(),
        report.command()
    );
    text.push_str(&goals::render(&report.outcomes));
    for outcome in report.outcomes.iter().filter(|outcome| outcome.load.alone) {
        let _ = write!(text, "\n### {}\n\n{}", outcome.load.title, table(outcome));
        failures(&mut text, outcome);
        let note = outcome.load.note;
        if !note.is_empty() {
            let _ = writeln!(text, "\n{note}");
        }
        if outcome.load.instrument == Instrument::Syscalls {
            let tracer = report.machine.tracer_sentence();
            let _ = writeln!(text, "\n{tracer}");
        }
    }
    text.push_str(&series::render(&report.outcomes));
    text
}

/// Says which peers failed, and why.
pub(super) fn failures(text: &mut String, outcome: &Outcome) {
    for row in &outcome.rows {
        if let Some(failure) = &row.failure {
            let _ = writeln!(text, "\n{} failed: {failure}.", row.peer.title());
        }
    }
}

/// A row for each peer; the last columns say how many times better this project is.
fn table(outcome: &Outcome) -> String {
    let load = outcome.load;
    let mut heads = vec!["peer".to_owned()];
    for (index, figure) in load.figures.iter().enumerate() {
        heads.push(figure.title().to_owned());
        if index == 0 && has_range(outcome) {
            heads.push(format!("{}, range", figure.title()));
        }
    }
    let compared = load.compared.iter();
    heads.extend(compared.map(|figure| format!("ours: {}", figure.title())));
    let mut table = head(&heads);
    for row in &outcome.rows {
        table.push_str(&line(&cells(outcome, row)));
    }
    table
}

/// The first two lines of a table. The first column is of words, the others of numbers.
pub(super) fn head(heads: &[String]) -> String {
    let rule = format!("|---|{}", "---:|".repeat(heads.len() - 1));
    format!("{}{rule}\n", line(heads))
}

fn cells(outcome: &Outcome, row: &Row) -> Vec<String> {
    let absent = || "-".to_owned();
    let mut cells = vec![row.peer.title()];
    for (index, &figure) in outcome.load.figures.iter().enumerate() {
        let spread = row.spread(figure);
        cells.push(spread.map_or_else(absent, |it| number(it.median)));
        if index == 0 && has_range(outcome) {
            let range = spread.map(|it| format!("{} to {}", number(it.least), number(it.most)));
            cells.push(range.unwrap_or_else(absent));
        }
    }
    for &figure in outcome.load.compared {
        let advantage = outcome.advantage(row, figure);
        cells.push(advantage.map_or_else(absent, |it| format!("{it:.2} x")));
    }
    cells
}

/// One round has no range.
fn has_range(outcome: &Outcome) -> bool {
    outcome.rows.iter().any(|row| row.runs.len() > 1)
}

pub(super) fn line(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Three digits that count, or all before the point.
pub(super) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::load_named;
    use crate::measure::tests::outcome_of;

    #[test]
    fn compares_every_peer_with_this_project() {
        let load = load_named("burst");
        let table = table(&outcome_of(load));
        let expected = "\
| peer | ms | ms, range | peak client memory MiB | ours: ms | ours: peak client memory MiB |
|---|---:|---:|---:|---:|---:|
| this project | 2000 | 2000 to 2000 | - | 1.00 x | - |
| bare tokio echo | 2000 | 2000 to 2000 | - | 1.00 x | - |
";
        assert_eq!(table, expected);
    }

    #[test]
    fn numbers_have_the_digits_that_count() {
        let numbers = [1_234_567.8, 123.4, 12.34, 1.234, 0.0123].map(number);
        assert_eq!(numbers, ["1234568", "123", "12.3", "1.23", "0.012"]);
    }
}
