//! The tables of the series.

use std::fmt::Write;

use super::markdown::{failures, head, line, number};
use crate::figure::Figure;
use crate::measure::Outcome;
use crate::peer::Peer;
use crate::series::{SERIES, Series};

/// The tables of all series of which a point was measured that has no table of its own.
pub(super) fn render(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for series in SERIES {
        let points = series.points.iter().filter_map(|&(label, load)| {
            let mut outcomes = outcomes.iter();
            Some((label, outcomes.find(|outcome| outcome.load.name == load)?))
        });
        let points: Vec<_> = points.collect();
        if points.iter().any(|(_, outcome)| !outcome.load.alone) {
            tables(&mut text, series, &points);
        }
    }
    text
}

/// A column of a series: its heading and what was measured.
type Point<'a> = (&'static str, &'a Outcome);

fn tables(text: &mut String, series: &Series, points: &[Point<'_>]) {
    let _ = writeln!(text, "\n### {}", series.title);
    for &figure in series.figures {
        let _ = write!(text, "\n{}", table(figure, points));
    }
    let _ = writeln!(
        text,
        "\nBehind ±: how far the round that is farthest from the median is from it. In parentheses: how many times better this project is."
    );
    for (_, outcome) in points.iter().filter(|(_, outcome)| !outcome.load.alone) {
        failures(text, outcome);
    }
}

/// A row for each peer that took part in every point, a column for each point.
fn table(figure: Figure, points: &[Point<'_>]) -> String {
    let labels = points.iter().map(|(label, _)| (*label).to_owned());
    let heads: Vec<_> = [figure.title().to_owned()]
        .into_iter()
        .chain(labels)
        .collect();
    let mut table = head(&heads);
    for peer in peers(points) {
        let cells = points
            .iter()
            .map(|(_, outcome)| cell(outcome, peer, figure));
        let cells: Vec<_> = [peer.title()].into_iter().chain(cells).collect();
        table.push_str(&line(&cells));
    }
    table
}

/// The peers that took part in every point.
fn peers<'a>(points: &'a [Point<'_>]) -> impl Iterator<Item = &'static Peer> + 'a {
    let rows = points
        .first()
        .into_iter()
        .flat_map(|(_, outcome)| &outcome.rows);
    let peers = rows.map(|row| row.peer);
    peers.filter(|peer| {
        points
            .iter()
            .all(|(_, outcome)| outcome.row(peer.name).is_some())
    })
}

fn cell(outcome: &Outcome, peer: &Peer, figure: Figure) -> String {
    let Some(row) = outcome.row(peer.name) else {
        return "-".to_owned();
    };
    let Some(spread) = row.spread(figure) else {
        return "-".to_owned();
    };
    let mut cell = number(spread.median);
    if row.runs.len() > 1 {
        let _ = write!(cell, " ±{:.0}%", spread.deviation() * 100.0);
    }
    if let Some(advantage) = outcome.advantage(row, figure) {
        let _ = write!(cell, " ({advantage:.2} x)");
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::load_named;
    use crate::measure::tests::outcome_of;

    fn outcome(name: &str) -> Outcome {
        outcome_of(load_named(name))
    }

    #[test]
    fn has_a_column_for_each_point_that_was_measured() {
        let text = render(&[outcome("payload-0"), outcome("payload-4k")]);
        let expected = "\
| calls/s | 0 B | 4 KiB |
|---|---:|---:|
| this project | 500 ±10% (1.00 x) | 500 ±10% (1.00 x) |
| bare tokio echo | 100 ±50% (5.00 x) | 100 ±50% (5.00 x) |
";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn loads_with_tables_of_their_own_make_no_series() {
        assert_eq!(
            render(&[outcome("small-256"), outcome("connections-8")]),
            ""
        );
    }
}
