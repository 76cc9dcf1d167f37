//! What this project is to reach, in ratios within one run. The report shows how far it is; nothing fails because of it.

mod gateways;
mod list;

use crate::figure::Figure;
use crate::measure::{Outcome, Row, Spread};
use crate::peer::NATIVE;

/// One figure that is to be so many times better than another.
#[derive(Debug)]
pub(crate) struct Goal {
    /// The goal in words.
    pub(crate) text: &'static str,
    /// The name of the load.
    pub(crate) load: &'static str,
    /// The figure that is compared.
    pub(crate) figure: Figure,
    /// The name of the peer whose figure it is.
    pub(crate) ours: &'static str,
    /// What it is compared with.
    pub(crate) against: Against,
    /// How many times better it is to be at least.
    pub(crate) factor: f64,
}

/// What a figure is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Against {
    /// The peer of this name.
    Peer(&'static str),
    /// The RPC system of others that is best in this figure.
    Best,
    /// The same, of those that use the same transport.
    BestOnTransport,
    /// A number.
    Value(f64),
}

/// How far a goal is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Progress {
    /// The title of what it was compared with, if that is a peer.
    pub(crate) rival: Option<String>,
    /// How many times better this project is: the ratio of the medians, and the least and the most that any round showed by itself.
    pub(crate) ratio: Spread,
}

/// All goals, in the order of the table.
pub(crate) fn goals() -> impl Iterator<Item = &'static Goal> {
    list::GOALS.iter().chain(gateways::GOALS)
}

/// A goal of the peer that all others are compared with.
const fn goal(
    text: &'static str,
    load: &'static str,
    figure: Figure,
    against: Against,
    factor: f64,
) -> Goal {
    Goal {
        text,
        load,
        figure,
        ours: NATIVE,
        against,
        factor,
    }
}

impl Goal {
    /// What a run showed of it; `None` if it did not measure both sides.
    pub(crate) fn progress(&self, outcomes: &[Outcome]) -> Option<Progress> {
        let mut outcomes = outcomes.iter();
        let outcome = outcomes.find(|outcome| outcome.load.name == self.load)?;
        let ours = outcome.row(self.ours)?;
        let rival = match self.against {
            Against::Value(value) => return self.to_value(ours, value),
            Against::Peer(name) => outcome.row(name)?,
            Against::Best => self.best(outcome, |_| true)?,
            Against::BestOnTransport => {
                self.best(outcome, |row| row.peer.unix == ours.peer.unix)?
            }
        };
        Some(Progress {
            rival: Some(rival.peer.title()),
            ratio: self.ratio(ours, rival)?,
        })
    }

    fn to_value(&self, ours: &Row, value: f64) -> Option<Progress> {
        let ours = ours.spread(self.figure)?;
        let mut ends = [ours.least, ours.most].map(|ours| self.figure.advantage(ours, value));
        ends.sort_by(f64::total_cmp);
        Some(Progress {
            rival: None,
            ratio: Spread {
                least: ends[0],
                median: self.figure.advantage(ours.median, value),
                most: ends[1],
            },
        })
    }

    /// The rival whose median leaves this project the least advantage.
    fn best<'a>(&self, outcome: &'a Outcome, takes_part: impl Fn(&Row) -> bool) -> Option<&'a Row> {
        let rows = outcome.rows.iter();
        let rivals = rows.filter(|row| row.peer.is_rival() && takes_part(row));
        let rated = rivals.filter_map(|row| Some((row, row.spread(self.figure)?.median)));
        let best = rated.max_by(|(_, a), (_, b)| match self.figure.more_is_better() {
            true => a.total_cmp(b),
            false => b.total_cmp(a),
        });
        best.map(|(row, _)| row)
    }

    /// Rounds are compared in pairs, because both peers met the same minute of the machine.
    fn ratio(&self, ours: &Row, rival: &Row) -> Option<Spread> {
        let advantage = |ours, theirs| self.figure.advantage(ours, theirs);
        let rounds = ours.values(self.figure)?.into_iter();
        let rounds = rounds.zip(rival.values(self.figure)?);
        let mut rounds: Vec<f64> = rounds
            .map(|(ours, theirs)| advantage(ours, theirs))
            .collect();
        rounds.sort_by(f64::total_cmp);
        let medians = (ours.spread(self.figure)?, rival.spread(self.figure)?);
        Some(Spread {
            least: *rounds.first()?,
            median: advantage(medians.0.median, medians.1.median),
            most: *rounds.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::load_named;
    use crate::measure::tests::outcome_of;
    use crate::peer::PEERS;

    const GOAL: Goal = Goal {
        text: "4 x the best peer",
        load: "small-64",
        figure: Figure::CallsPerSecond,
        ours: "native",
        against: Against::Best,
        factor: 4.0,
    };

    fn outcome() -> Outcome {
        let load = load_named(GOAL.load);
        let mut outcome = outcome_of(load);
        outcome.rows[1].peer = PEERS.iter().find(|peer| peer.name == "tonic").unwrap();
        outcome
    }

    #[test]
    fn every_goal_names_a_load_and_peers_that_take_it() {
        for goal in goals() {
            let load = load_named(goal.load);
            let names = match goal.against {
                Against::Peer(name) => vec![goal.ours, name],
                _ => vec![goal.ours],
            };
            for name in names {
                let peer = PEERS.iter().find(|peer| peer.name == name).unwrap();
                assert!(load.suits(peer), "{}: {name}", goal.text);
            }
            assert!(load.all_figures().any(|figure| figure == goal.figure));
        }
    }

    #[test]
    fn a_ratio_is_that_of_the_medians_and_its_range_that_of_the_rounds() {
        // 900, 1,000 and 1,100 calls beside 300, 200 and 100.
        let progress = GOAL.progress(&[outcome()]).unwrap();
        let ratio = Spread {
            least: 3.0,
            median: 5.0,
            most: 11.0,
        };
        assert_eq!(progress.ratio, ratio);
        assert!(progress.rival.unwrap().starts_with("tonic 0."));
    }

    #[test]
    fn a_number_may_be_the_goal() {
        let goal = Goal {
            against: Against::Value(1_000.0),
            ..GOAL
        };
        let progress = goal.progress(&[outcome()]).unwrap();
        assert_eq!((progress.rival, progress.ratio.median), (None, 0.5));
    }

    #[test]
    fn yardsticks_are_no_rivals() {
        let mut outcome = outcome();
        outcome.rows[1].peer = PEERS.iter().find(|peer| peer.name == "echo").unwrap();
        assert_eq!(GOAL.progress(&[outcome]), None);
    }

    #[test]
    fn nothing_is_known_of_a_load_that_was_not_measured() {
        assert_eq!(GOAL.progress(&[]), None);
    }
}
