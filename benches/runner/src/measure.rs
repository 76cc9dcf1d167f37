//! Runs the peers under the loads and keeps what they showed.

use std::collections::BTreeSet;
use std::process::Command;

use crate::figure::Figure;
use crate::load::{Instrument, Load, loads};
use crate::options::Options;
use crate::peer::{self, Build, Peer};
use crate::plan::Plan;
use crate::process::{Client, Run, Server};
use crate::tracer::Tracer;

/// What all peers showed under one load.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) load: &'static Load,
    pub(crate) rows: Vec<Row>,
}

/// What all rounds showed of one peer.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) peer: &'static Peer,
    pub(crate) runs: Vec<Run>,
    /// Why a run failed. The peer is not measured under this load again, and has no figures.
    pub(crate) failure: Option<String>,
}

/// One figure over all rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// How far the round that is farthest from the median is from it, as a share of the median.
    pub(crate) fn deviation(&self) -> f64 {
        (self.most - self.median).max(self.median - self.least) / self.median
    }
}

impl Outcome {
    /// What a peer showed, if it took part.
    pub(crate) fn row(&self, peer: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.peer.name == peer)
    }

    /// How many times better this project is in one figure; `None` without it. Where it takes part several times, the first
    /// row of it counts.
    pub(crate) fn advantage(&self, row: &Row, figure: Figure) -> Option<f64> {
        let native = self.rows.iter().find(|row| row.peer.is_ours())?;
        let ours = native.spread(figure)?.median;
        Some(figure.advantage(ours, row.spread(figure)?.median))
    }
}

impl Row {
    /// A figure in every round; `None` if it is absent in any, or one failed.
    pub(crate) fn values(&self, figure: Figure) -> Option<Vec<f64>> {
        let runs = self.runs.iter().map(|run| figure.of(run));
        runs.collect::<Option<_>>()
            .filter(|_| self.failure.is_none())
    }

    /// A figure over all rounds; `None` as [`values`](Self::values), and before the first round.
    pub(crate) fn spread(&self, figure: Figure) -> Option<Spread> {
        let mut values = self.values(figure)?;
        values.sort_by(f64::total_cmp);
        Some(Spread {
            least: *values.first()?,
            median: median(&values)?,
            most: *values.last()?,
        })
    }
}

/// The value in the middle, or between the two that are there.
fn median(sorted: &[f64]) -> Option<f64> {
    let (below, above) = (sorted.len().checked_sub(1)? / 2, sorted.len() / 2);
    Some(f64::midpoint(sorted[below], sorted[above]))
}

/// Builds the peers and measures them: first with the allocator that counts, so that the programs which stay behind are the
/// plain ones.
pub(crate) fn all(options: &Options) -> anyhow::Result<Vec<Outcome>> {
    let tracer = Tracer::find();
    let mut outcomes = Vec::new();
    for build in [Build::CountingAllocations, Build::Plain] {
        let counts = build == Build::CountingAllocations;
        let loads = options.loads.iter().copied();
        let loads: Vec<_> = loads
            .filter(|load| (load.instrument == Instrument::Allocations) == counts)
            .collect();
        let peers = options.peers.iter().copied();
        let peers: Vec<_> = peers
            .filter(|peer| loads.iter().any(|load| load.suits(peer)))
            .collect();
        let folders: BTreeSet<_> = peers.iter().flat_map(|peer| peer.folders()).collect();
        for folder in folders {
            eprintln!("building {folder} ({build:?})");
            peer::build(folder, build)?;
        }
        outcomes.extend(rounds(&options.plan, &loads, &peers, tracer));
    }
    outcomes.sort_by_key(|outcome| loads().position(|load| load.name == outcome.load.name));
    Ok(outcomes)
}

/// Runs every peer under every load once before anything runs again, so that a slow minute of the machine meets all
/// peers alike. What fails is part of the outcome: it ends nobody else's measurement.
fn rounds(
    plan: &Plan,
    loads: &[&'static Load],
    peers: &[&'static Peer],
    tracer: Option<Tracer>,
) -> Vec<Outcome> {
    let mut outcomes: Vec<_> = loads.iter().map(|&load| outcome(load, peers)).collect();
    for round in 1..=plan.rounds() {
        for Outcome { load, rows } in &mut outcomes {
            if round > plan.rounds_of(load) {
                continue;
            }
            for row in rows.iter_mut().filter(|row| row.failure.is_none()) {
                eprintln!("round {round}: {}, {}", load.name, row.peer.name);
                match run(plan, load, row.peer, tracer) {
                    Ok(run) => row.runs.push(run),
                    Err(error) => {
                        eprintln!("{} failed: {error:#}", row.peer.name);
                        row.failure = Some(format!("{error:#}"));
                    }
                }
            }
        }
    }
    outcomes
}

fn outcome(load: &'static Load, peers: &[&'static Peer]) -> Outcome {
    let peers = peers.iter().filter(|peer| load.suits(peer));
    let rows = peers.map(|&peer| Row {
        peer,
        runs: Vec::new(),
        failure: None,
    });
    Outcome {
        load,
        rows: rows.collect(),
    }
}

/// One load with a fresh server and a fresh client.
fn run(plan: &Plan, load: &Load, peer: &Peer, tracer: Option<Tracer>) -> anyhow::Result<Run> {
    let tracer = tracer.filter(|_| load.instrument == Instrument::Syscalls);
    let program = peer.server();
    let mut command = tracer.map_or_else(|| Command::new(&program), |it| it.around(&program));
    let environment = load.environment.iter().copied();
    let mut server = Server::spawn(command.envs(environment.clone()))?;
    let mut client = Command::new(peer.client());
    let client = Client::spawn(
        client.envs(environment),
        server.address(),
        plan.workload(load),
    )?;
    let mut run = client.run(load.size, &mut server)?;
    if let Some(tracer) = tracer {
        server.finish()?;
        run.server_syscalls = Some(tracer.count()?);
    }
    Ok(run)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::load::load_named;
    use crate::peer::PEERS;
    use crate::process::tests::run;

    /// Native with 1,000 and a peer with 200 calls in two seconds, under a load.
    pub(crate) fn outcome_of(load: &'static Load) -> Outcome {
        let row = |index: usize, calls: [usize; 3]| Row {
            peer: &PEERS[index],
            runs: calls.map(run).into(),
            failure: None,
        };
        Outcome {
            load,
            rows: vec![row(0, [900, 1_000, 1_100]), row(1, [300, 200, 100])],
        }
    }

    #[test]
    fn the_median_is_in_the_middle_of_the_rounds() {
        let outcome = outcome_of(load_named("small-64"));
        let spread = Spread {
            least: 50.0,
            median: 100.0,
            most: 150.0,
        };
        assert_eq!(outcome.rows[1].spread(Figure::CallsPerSecond), Some(spread));
    }

    #[test]
    fn an_even_number_of_rounds_has_its_median_between_two() {
        assert_eq!(median(&[1.0, 2.0, 4.0, 8.0]), Some(3.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn compares_with_native_if_it_took_part() {
        let mut outcome = outcome_of(load_named("small-64"));
        let advantage = |outcome: &Outcome| {
            let row = outcome.rows.last().unwrap();
            outcome.advantage(row, Figure::CallsPerSecond)
        };
        assert_eq!(advantage(&outcome), Some(5.0));
        outcome.rows.remove(0);
        assert_eq!(advantage(&outcome), None);
    }

    #[test]
    fn a_peer_that_failed_has_no_figures() {
        let mut outcome = outcome_of(load_named("small-64"));
        outcome.rows[1].failure = Some("the process ended early".to_owned());
        assert_eq!(outcome.rows[1].spread(Figure::CallsPerSecond), None);
        assert!(outcome.rows[0].spread(Figure::CallsPerSecond).is_some());
    }
}
