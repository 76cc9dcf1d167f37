//! The report for machines.

use serde_json::{Map, Value, json};

use super::Report;
use crate::goal::{Goal, goals};
use crate::measure::{Outcome, Row, Spread};

/// The whole report as one object.
pub(super) fn render(report: &Report) -> anyhow::Result<String> {
    let loads: Vec<Value> = report.outcomes.iter().map(load).collect();
    let goals = goals().filter_map(|it| goal(it, &report.outcomes));
    let goals: Vec<Value> = goals.collect();
    let object = json!({
        "command": report.command(),
        "machine": report.machine,
        "plan": report.plan,
        "loads": loads,
        "goals": goals,
    });
    Ok(serde_json::to_string_pretty(&object)? + "\n")
}

/// A goal of which something is known. A ratio at or above `factor` reaches it.
fn goal(goal: &Goal, outcomes: &[Outcome]) -> Option<Value> {
    let progress = goal.progress(outcomes)?;
    Some(json!({
        "goal": goal.text,
        "load": goal.load,
        "peer": goal.ours,
        "figure": goal.figure.key(),
        "rival": progress.rival,
        "factor": goal.factor,
        "ratio": spread(progress.ratio),
    }))
}

fn spread(spread: Spread) -> Value {
    let Spread {
        least,
        median,
        most,
    } = spread;
    json!({ "least": least, "median": median, "most": most })
}

fn load(outcome: &Outcome) -> Value {
    let load = outcome.load;
    let peers: Vec<Value> = outcome.rows.iter().map(|row| peer(outcome, row)).collect();
    json!({
        "name": load.name,
        "title": load.title,
        "pattern": load.pattern,
        "call": load.call,
        "environment": load.environment,
        "size": load.size,
        "connections": load.connections,
        "peers": peers,
    })
}

/// A peer with every figure that is not absent.
fn peer(outcome: &Outcome, row: &Row) -> Value {
    let figures: Map<String, Value> = outcome
        .load
        .all_figures()
        .filter_map(|figure| {
            let value = spread(row.spread(figure)?);
            Some((figure.key().to_owned(), value))
        })
        .collect();
    json!({
        "name": row.peer.name,
        "version": row.peer.version(),
        "rounds": row.runs.len(),
        "failure": row.failure,
        "figures": figures,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::load_named;
    use crate::measure::tests::outcome_of;

    #[test]
    fn has_every_figure_of_every_peer() {
        let value = load(&outcome_of(load_named("small-64")));
        assert_eq!(value["name"], "small-64");
        let native = &value["peers"][0];
        assert_eq!(native["name"], "native");
        assert_eq!(native["rounds"], 3);
        assert_eq!(native["figures"]["calls_per_second"]["median"], 500.0);
        assert_eq!(native["figures"]["cpu_us"]["most"], 0.0);
    }
}
