//! The command line.

use std::num::NonZero;
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::load::{self, Load};
use crate::peer::{PEERS, Peer};
use crate::plan::Plan;
use crate::series::SERIES;

/// What is measured, how, and where the results go.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) plan: Plan,
    pub(crate) peers: Vec<&'static Peer>,
    pub(crate) loads: Vec<&'static Load>,
    /// The folder that the results are written to, besides the table on standard output.
    pub(crate) out: Option<PathBuf>,
}

impl Options {
    /// Reads `[--quick] [--rounds N] [--out FOLDER] [PEER|LOAD|SERIES...]`. Without names of peers all of them take part, and without names of loads
    /// all loads, or those of a quick run.
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let (mut quick, mut rounds, mut out) = (false, None, None);
        let (mut peers, mut loads) = (Vec::new(), Vec::new());
        while let Some(arg) = args.next() {
            if arg == "--quick" {
                quick = true;
            } else if arg == "--rounds" {
                let number = args.next().context("--rounds needs a number")?;
                let number = number.parse::<NonZero<usize>>();
                rounds = Some(number.context("--rounds needs a number above 0")?.get());
            } else if arg == "--out" {
                out = Some(args.next().context("--out needs a folder")?.into());
            } else if let Some(peer) = PEERS.iter().find(|peer| peer.name == arg) {
                peers.push(peer);
            } else if let Some(load) = load::loads().find(|load| load.name == arg) {
                loads.push(load);
            } else if let Some(series) = SERIES.iter().find(|series| series.name == arg) {
                loads.extend(series.loads());
            } else {
                let peers: Vec<_> = PEERS.iter().map(|peer| peer.name).collect();
                let loads: Vec<_> = load::loads().map(|load| load.name).collect();
                let series: Vec<_> = SERIES.iter().map(|series| series.name).collect();
                bail!(
                    "no such option, peer, load or series: {arg}\noptions: --quick, --rounds N, --out FOLDER\n\
                     peers: {}\nloads: {}\nseries: {}",
                    peers.join(", "),
                    loads.join(", "),
                    series.join(", ")
                );
            }
        }
        if peers.is_empty() {
            peers = PEERS.iter().collect();
        }
        if loads.is_empty() {
            loads = load::loads().filter(|load| load.quick || !quick).collect();
        }
        let plan = if quick { Plan::QUICK } else { Plan::FULL };
        Ok(Self {
            plan: plan.with_rounds(rounds.unwrap_or(plan.rounds())),
            peers,
            loads,
            out,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> anyhow::Result<Options> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn measures_everything_unless_told_otherwise() {
        let options = parse("").unwrap();
        assert_eq!(options.plan, Plan::FULL);
        assert_eq!(options.peers.len(), PEERS.len());
        assert_eq!(options.loads.len(), load::loads().count());
    }

    #[test]
    fn a_quick_run_has_fewer_loads() {
        let options = parse("--quick").unwrap();
        let names: Vec<_> = options.loads.iter().map(|load| load.name).collect();
        assert_eq!(options.plan, Plan::QUICK);
        assert_eq!(names, ["small-1", "small-64", "small-256"]);
    }

    #[test]
    fn takes_chosen_peers_and_loads() {
        let options = parse("tonic burst --quick --out results native").unwrap();
        let peers: Vec<_> = options.peers.iter().map(|peer| peer.name).collect();
        assert_eq!(peers, ["tonic", "native"]);
        assert_eq!(options.loads[0].name, "burst");
        assert_eq!(options.loads.len(), 1);
        assert_eq!(options.out, Some("results".into()));
    }

    #[test]
    fn takes_the_loads_of_a_series_and_a_number_of_rounds() {
        let options = parse("connections --rounds 1").unwrap();
        let names: Vec<_> = options.loads.iter().map(|load| load.name).collect();
        assert_eq!(names.first(), Some(&"small-256"));
        assert_eq!(names.len(), 5);
        assert_eq!(options.plan.rounds(), 1);
        assert!(parse("--rounds 0").is_err());
    }

    #[test]
    fn says_what_there_is_when_asked_for_something_else() {
        let error = parse("corba").unwrap_err().to_string();
        assert!(error.starts_with("no such option, peer, load or series: corba\n"));
        assert!(error.contains("\npeers: native, echo, tonic,"), "{error}");
        assert!(error.contains("\nloads: small-1, small-1-unix,"), "{error}");
        assert!(error.contains("\nseries: placement,"), "{error}");
    }
}
