//! The report for machines.

use serde_json::{Map, Value, json};

use super::Report;
use crate::measure::{Outcome, Row};

/// The whole report as one object.
pub(super) fn render(report: &Report) -> anyhow::Result<String> {
    let loads: Vec<Value> = report.outcomes.iter().map(load).collect();
    let object = json!({
        "command": report.command(),
        "machine": report.machine,
        "plan": report.plan,
        "loads": loads,
    });
    Ok(serde_json::to_string_pretty(&object)? + "\n")
}

fn load(outcome: &Outcome) -> Value {
    let load = outcome.load;
    let peers: Vec<Value> = outcome.rows.iter().map(|row| peer(outcome, row)).collect();
    json!({
        "name": load.name,
        "title": load.title,
        "pattern": load.pattern,
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
            let spread = row.spread(figure)?;
            let (least, median, most) = (spread.least, spread.median, spread.most);
            let value = json!({ "least": least, "median": median, "most": most });
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
    use crate::load::LOADS;
    use crate::measure::tests::outcome_of;

    #[test]
    fn has_every_figure_of_every_peer() {
        let value = load(&outcome_of(&LOADS[1]));
        assert_eq!(value["name"], "small-64");
        let native = &value["peers"][0];
        assert_eq!(native["name"], "native");
        assert_eq!(native["rounds"], 3);
        assert_eq!(native["figures"]["calls_per_second"]["median"], 500.0);
        assert_eq!(native["figures"]["cpu_us"]["most"], 0.0);
    }
}
