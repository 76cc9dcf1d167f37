//! Builds every benchmark peer, measures them in turn and prints the table in Markdown.
//!
//! ```text
//! bench-runner [--quick] [PEER...]
//! bench-runner compile [--services N] [--rounds N] [GENERATOR...]
//! ```
//!
//! Without names, all peers take part. The second form measures what a schema costs at compile time. Progress goes to standard error, the table to standard output.

mod compile;
mod peer;
mod plan;
mod process;
mod sample;
mod table;

use std::env;
use std::thread;

use anyhow::bail;

use crate::peer::{PEERS, Peer};
use crate::plan::Plan;
use crate::sample::Summary;

fn main() -> anyhow::Result<()> {
    let mut args = env::args().skip(1).peekable();
    if args.next_if_eq("compile").is_some() {
        return compile::run(args);
    }
    let (plan, peers) = parse(args)?;
    for peer in &peers {
        eprintln!("building {}", peer.name);
        peer.build()?;
    }
    println!("{}\n", plan.describe(thread::available_parallelism()?));
    for load in measure(&plan, &peers)? {
        println!("{}", table::render(&load));
    }
    Ok(())
}

fn parse(args: impl Iterator<Item = String>) -> anyhow::Result<(Plan, Vec<&'static Peer>)> {
    let mut plan = Plan::FULL;
    let mut peers = Vec::new();
    for arg in args {
        if arg == "--quick" {
            plan = Plan::QUICK;
        } else if let Some(peer) = PEERS.iter().find(|peer| peer.package == arg) {
            peers.push(peer);
        } else {
            let names = PEERS.map(|peer| peer.package).join(", ");
            bail!("no such option or peer: {arg} (there are --quick, {names})");
        }
    }
    if peers.is_empty() {
        peers = PEERS.iter().collect();
    }
    Ok((plan, peers))
}

/// What all peers showed under one load.
struct Load {
    in_flight: usize,
    rows: Vec<(&'static Peer, Summary)>,
}

/// Runs every peer under every load once before anything runs again, so that a slow minute of the machine meets all
/// peers alike.
fn measure(plan: &Plan, peers: &[&'static Peer]) -> anyhow::Result<Vec<Load>> {
    let mut samples = vec![vec![Vec::new(); peers.len()]; plan.in_flight.len()];
    for round in 1..=plan.rounds {
        for (load, &in_flight) in plan.in_flight.iter().enumerate() {
            for (row, peer) in peers.iter().enumerate() {
                eprintln!(
                    "round {round} of {}: {} with {in_flight} in flight",
                    plan.rounds, peer.name
                );
                samples[load][row].push(peer.measure(plan.workload(in_flight))?);
            }
        }
    }
    let loads = plan
        .in_flight
        .iter()
        .zip(&samples)
        .map(|(&in_flight, rows)| {
            let summaries = rows.iter().map(|rounds| Summary::new(rounds));
            Load {
                in_flight,
                rows: peers.iter().copied().zip(summaries).collect(),
            }
        });
    Ok(loads.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> anyhow::Result<(Plan, Vec<&'static str>)> {
        let (plan, peers) = parse(line.split_whitespace().map(str::to_owned))?;
        Ok((plan, peers.iter().map(|peer| peer.package).collect()))
    }

    #[test]
    fn measures_everything_unless_told_otherwise() {
        let (plan, peers) = parse_line("").unwrap();
        assert_eq!(plan, Plan::FULL);
        assert_eq!(peers, ["native", "echo", "tonic", "tarpc"]);
    }

    #[test]
    fn takes_the_quick_plan_and_chosen_peers() {
        let (plan, peers) = parse_line("tonic --quick native").unwrap();
        assert_eq!(plan, Plan::QUICK);
        assert_eq!(peers, ["tonic", "native"]);
    }

    #[test]
    fn says_what_there_is_when_asked_for_something_else() {
        let error = parse_line("grpc").unwrap_err().to_string();
        assert_eq!(
            error,
            "no such option or peer: grpc (there are --quick, native, echo, tonic, tarpc)"
        );
    }
}
