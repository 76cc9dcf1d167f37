//! The plot: horizontal bars, a panel for each load. It is readable on light and dark pages alike, for it has a ground of its own.

use std::fmt::Write;

use super::markdown::number;
use crate::measure::Outcome;
use crate::peer::NATIVE;

// All in pixels.
const WIDTH: f64 = 860.0;
const NAMES: f64 = 270.0;
const NUMBERS: f64 = 90.0;
const MARGIN: f64 = 16.0;
const ROW: f64 = 20.0;
const BAR: f64 = 13.0;
const TITLE: f64 = 30.0;

const STYLE: &str = "text { font: 12px sans-serif; fill: #24292f } .title { font-weight: bold } .number { fill: #57606a } \
                     .peer { fill: #afb8c1 } .native { fill: #0969da }";

/// One picture of all loads, each with its first figure. A load without values has no panel.
pub(super) fn render(outcomes: &[Outcome]) -> String {
    let mut body = String::new();
    let mut y = MARGIN;
    for outcome in outcomes {
        panel(&mut body, &mut y, outcome);
    }
    let height = y + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\">\n\
         <style>{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

fn panel(body: &mut String, y: &mut f64, outcome: &Outcome) {
    let Some(&figure) = outcome.load.figures.first() else {
        return;
    };
    let rows = outcome.rows.iter();
    let bars: Vec<_> = rows
        .filter_map(|row| Some((row.peer, row.spread(figure)?.median)))
        .collect();
    let most = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    if most <= 0.0 {
        return;
    }
    let better = if figure.more_is_better() {
        "more"
    } else {
        "less"
    };
    let title = format!(
        "{}: {} ({better} is better)",
        outcome.load.title,
        figure.title()
    );
    text(body, MARGIN, *y + 16.0, "title", &title);
    *y += TITLE;
    for (peer, value) in bars {
        let class = if peer.folder == NATIVE {
            "native"
        } else {
            "peer"
        };
        let length = (WIDTH - NAMES - NUMBERS - MARGIN) * value.max(0.0) / most;
        text(body, MARGIN, *y + 11.0, "name", &peer.title());
        let _ = writeln!(
            body,
            "<rect class=\"{class}\" x=\"{NAMES}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR}\"/>"
        );
        text(
            body,
            NAMES + length + 6.0,
            *y + 11.0,
            "number",
            &number(value),
        );
        *y += ROW;
    }
    *y += MARGIN;
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
    use crate::load::LOADS;
    use crate::measure::tests::outcome_of;

    #[test]
    fn the_longest_bar_fills_the_panel_and_the_others_are_in_proportion() {
        let svg = render(&[outcome_of(&LOADS[1])]);
        let whole = WIDTH - NAMES - NUMBERS - MARGIN;
        for length in [whole, whole / 5.0] {
            assert!(svg.contains(&format!("width=\"{length:.1}\"")), "{svg}");
        }
        assert_eq!(svg.matches("class=\"native\"").count(), 1);
    }

    #[test]
    fn a_load_of_which_nothing_is_known_has_no_panel() {
        let load = LOADS.iter().find(|load| load.name == "syscalls").unwrap();
        assert!(!render(&[outcome_of(load)]).contains("<text"));
    }
}
