//! The table of what is to be reached.

use super::markdown::{head, line, number};
use crate::goal::{Goal, Progress, goals};
use crate::measure::Outcome;

/// The table with its heading; empty if nothing is known of any goal.
pub(super) fn render(outcomes: &[Outcome]) -> String {
    let goals = goals();
    let rows = goals.filter_map(|goal| Some(row(goal, &goal.progress(outcomes)?)));
    let rows: String = rows.collect();
    if rows.is_empty() {
        return rows;
    }
    let heads = [
        "goal",
        "this project",
        "range",
        "of the goal",
        "compared with",
    ];
    let heads = heads.map(str::to_owned);
    format!(
        "\n### Goals\n\n{}{rows}\nHow many times better this project is, of the medians and over the rounds; 1.00 of the goal reaches it.\n",
        head(&heads)
    )
}

fn row(goal: &Goal, progress: &Progress) -> String {
    let Progress { rival, ratio } = progress;
    line(&[
        goal.text.to_owned(),
        format!("{} x", number(ratio.median)),
        format!("{} to {}", number(ratio.least), number(ratio.most)),
        format!("{:.2}", ratio.median / goal.factor),
        rival.clone().unwrap_or_else(|| "the number".to_owned()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::load_named;
    use crate::measure::tests::outcome_of;

    #[test]
    fn shows_how_far_a_goal_is() {
        let load = load_named("small-256");
        let table = render(&[outcome_of(load)]);
        let row = "| 64 B, 256 in flight: a million calls a second | 0.001 x | 0.000 to 0.001 | 0.00 | the number |\n";
        assert!(table.contains(row), "{table}");
    }

    #[test]
    fn is_left_out_where_nothing_is_known() {
        assert_eq!(render(&[]), "");
    }
}
