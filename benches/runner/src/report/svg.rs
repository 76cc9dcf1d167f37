//! The plot: horizontal bars, a panel for each load that is plotted. It is readable on light and dark pages alike, for it has a ground of
//! its own, which is dark where the reader's system is.

use std::fmt::Write;

use super::markdown::number;
use crate::measure::{Outcome, Row};

// All in pixels.
const WIDTH: f64 = 780.0;
const NAMES: f64 = 215.0;
const NUMBERS: f64 = 190.0;
const MARGIN: f64 = 20.0;
const ROW: f64 = 24.0;
const BAR: f64 = 16.0;
const TITLE: f64 = 34.0;

/// The words are said with the contrast of ordinary text, on either ground.
const STYLE: &str = "\
:root { color-scheme: light dark }
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.number { fill: #59636e }
.ground { fill: #ffffff; stroke: #d1d9e0 }
.peer { fill: #9aa4af }
.native { fill: #0969da }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.number { fill: #b0b9c2 }
.ground { fill: #0d1117; stroke: #3d444d }
.peer { fill: #656c76 }
.native { fill: #4493f8 }
}
";

/// One picture of the loads that are plotted, each with its first figure. A load without values has no panel.
pub(super) fn render(outcomes: &[Outcome]) -> String {
    let mut body = String::new();
    let mut y = MARGIN;
    for outcome in outcomes.iter().filter(|outcome| outcome.load.plotted) {
        panel(&mut body, &mut y, outcome);
    }
    let (width, height) = (WIDTH - 1.0, y - 1.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{y}\" viewBox=\"0 0 {WIDTH} {y}\" role=\"img\" \
         aria-label=\"Bars: how much each RPC system does, beside this project\">\n<style>\n{STYLE}</style>\n\
         <rect class=\"ground\" x=\"0.5\" y=\"0.5\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\n{body}</svg>\n"
    )
}

fn panel(body: &mut String, y: &mut f64, outcome: &Outcome) {
    let Some(&figure) = outcome.load.figures.first() else {
        return;
    };
    let rows = outcome.rows.iter();
    let bars: Vec<_> = rows
        .filter_map(|row| Some((row, row.spread(figure)?.median)))
        .collect();
    let most = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    if most <= 0.0 {
        return;
    }
    let better = match figure.more_is_better() {
        true => "more",
        false => "less",
    };
    let title = format!(
        "{}: {}, {better} is better",
        outcome.load.title,
        figure.title()
    );
    text(body, MARGIN, *y + 14.0, "title", &title);
    *y += TITLE;
    for (row, value) in bars {
        let class = match row.peer.is_ours() {
            true => "native",
            false => "peer",
        };
        let length = (WIDTH - NAMES - NUMBERS - MARGIN) * value.max(0.0) / most;
        text(body, MARGIN, *y + 13.0, "name", &row.peer.title());
        let _ = writeln!(
            body,
            "<rect class=\"{class}\" x=\"{NAMES}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"2\"/>"
        );
        let label = label(outcome, row, value);
        text(body, NAMES + length + 8.0, *y + 13.0, "number", &label);
        *y += ROW;
    }
    *y += MARGIN;
}

/// The value, and how many times better this project is.
fn label(outcome: &Outcome, row: &Row, value: f64) -> String {
    let figures = outcome.load.figures.first();
    let advantage = figures.and_then(|&figure| outcome.advantage(row, figure));
    match advantage.filter(|_| !row.peer.is_ours()) {
        Some(advantage) => format!("{} (this project: {advantage:.1} x)", short(value)),
        None => short(value),
    }
}

/// A number that is read at a glance: thousands and millions have a letter.
fn short(value: f64) -> String {
    match value {
        1e6.. => format!("{:.2} M", value / 1e6),
        1e4.. => format!("{:.0} k", value / 1e3),
        _ => number(value),
    }
}

fn text(body: &mut String, x: f64, y: f64, class: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        body,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::load_named;
    use crate::measure::tests::outcome_of;

    fn plot(name: &str) -> String {
        render(&[outcome_of(load_named(name))])
    }

    #[test]
    fn the_longest_bar_fills_the_panel_and_the_others_are_in_proportion() {
        let svg = plot("small-64");
        let whole = WIDTH - NAMES - NUMBERS - MARGIN;
        for length in [whole, whole / 5.0] {
            assert!(svg.contains(&format!("width=\"{length:.1}\"")), "{svg}");
        }
        assert_eq!(svg.matches("class=\"native\"").count(), 1);
        assert!(svg.contains("100 (this project: 5.0 x)"), "{svg}");
    }

    #[test]
    fn only_some_loads_are_plotted() {
        assert!(!plot("medium").contains("<text"));
    }

    #[test]
    fn numbers_are_short() {
        let numbers = [1_862_345.0, 801_234.0, 9_999.0].map(short);
        assert_eq!(numbers, ["1.86 M", "801 k", "9999"]);
    }
}
