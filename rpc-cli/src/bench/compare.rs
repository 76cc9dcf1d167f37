//! Two runs beside each other.

use serde::Serialize;

use super::interval::{Interval, Latency};
use super::report::Report;

/// Intervals that a run must have for its spread to mean anything.
const LEAST_INTERVALS: usize = 5;

/// A difference counts if it is larger than so many times the spread.
const SPREADS: f64 = 2.0;

/// What changed from one run to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Comparison {
    /// In which respects the runs are not alike, so that their numbers need not be.
    pub(crate) different: Vec<String>,
    /// Number by number.
    pub(crate) changes: Vec<Change>,
}

/// What became of one number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Change {
    /// What it is.
    pub(crate) name: &'static str,
    /// In the first run.
    pub(crate) before: f64,
    /// In the second.
    pub(crate) after: f64,
    /// The difference in percent of the first; `None` if that is zero.
    pub(crate) percent: Option<f64>,
    /// How large a difference has to be to mean anything, in percent of the first; `None` if the runs were too short to tell.
    pub(crate) noise_percent: Option<f64>,
    /// What it means.
    pub(crate) verdict: Verdict,
}

/// What a difference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It is an improvement.
    Better,
    /// It is the opposite.
    Worse,
    /// Intervals of the same run differ as much.
    Noise,
    /// Nobody can tell.
    Unknown,
}

/// A number that is compared.
enum Number {
    /// More of it is better.
    PerSecond(fn(&Report) -> f64, fn(&Interval) -> f64),
    /// Less of it is better.
    Latency(fn(&Latency) -> f64),
}

const NUMBERS: [(&str, Number); 8] = [
    (
        "calls_per_second",
        Number::PerSecond(|run| run.calls_per_second, Interval::calls_per_second),
    ),
    (
        "messages_per_second",
        Number::PerSecond(|run| run.messages_per_second, Interval::messages_per_second),
    ),
    ("mean_us", Number::Latency(|latency| latency.mean)),
    ("p50_us", Number::Latency(|latency| latency.p50)),
    ("p90_us", Number::Latency(|latency| latency.p90)),
    ("p99_us", Number::Latency(|latency| latency.p99)),
    ("p99_9_us", Number::Latency(|latency| latency.p99_9)),
    ("max_us", Number::Latency(|latency| latency.max)),
];

impl Number {
    fn of_run(&self, run: &Report) -> Option<f64> {
        match self {
            Number::PerSecond(of_run, _) => Some(of_run(run)),
            Number::Latency(of) => run.latency_us.as_ref().map(of),
        }
    }

    fn of_interval(&self, interval: &Interval) -> Option<f64> {
        match self {
            Number::PerSecond(_, of_interval) => Some(of_interval(interval)),
            Number::Latency(of) => interval.latency_us.as_ref().map(of),
        }
    }

    fn is_better(&self, difference: f64) -> bool {
        match self {
            Number::PerSecond(..) => difference > 0.0,
            Number::Latency(_) => difference < 0.0,
        }
    }
}

/// Compares two runs.
///
/// The noise of a number is its spread between the intervals of both runs: twice the root of the sum of their variances. It is
/// not divided by the number of intervals, because what disturbs a machine lasts longer than one of them.
pub(crate) fn compare(before: &Report, after: &Report) -> Comparison {
    // Where replies are no streams there are as many messages as calls.
    let streams = before.streams || after.streams;
    let numbers = NUMBERS.iter();
    let changes = numbers
        .filter(|(name, _)| streams || *name != "messages_per_second")
        .filter_map(|(name, number)| change(name, number, before, after));
    Comparison {
        different: different(before, after),
        changes: changes.collect(),
    }
}

fn change(name: &'static str, number: &Number, before: &Report, after: &Report) -> Option<Change> {
    let (from, to) = (number.of_run(before)?, number.of_run(after)?);
    let percent_of = |difference: f64| (from != 0.0).then(|| difference / from * 100.0);
    let noise = noise(number, before, after);
    let difference = to - from;
    let verdict = match noise {
        None => Verdict::Unknown,
        Some(noise) if difference.abs() <= noise => Verdict::Noise,
        Some(_) if number.is_better(difference) => Verdict::Better,
        Some(_) => Verdict::Worse,
    };
    Some(Change {
        name,
        before: from,
        after: to,
        percent: percent_of(difference),
        noise_percent: noise.and_then(percent_of),
        verdict,
    })
}

/// How far the number is from itself without any reason.
fn noise(number: &Number, before: &Report, after: &Report) -> Option<f64> {
    let [before, after] = [before, after].map(|run| {
        let values = run.intervals.iter();
        let values: Vec<_> = values
            .filter_map(|interval| number.of_interval(interval))
            .collect();
        variance(&values)
    });
    Some(SPREADS * (before? + after?).sqrt())
}

fn variance(values: &[f64]) -> Option<f64> {
    if values.len() < LEAST_INTERVALS {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    Some(squares.sum::<f64>() / (values.len() - 1) as f64)
}

/// What one would have to make equal before comparing.
fn different(before: &Report, after: &Report) -> Vec<String> {
    let (b, a) = (&before.plan, &after.plan);
    let respects = [
        ("target", before.target.clone(), after.target.clone()),
        ("method", before.method.clone(), after.method.clone()),
        ("load", text(&b.load), text(&a.load)),
        ("connections", text(&b.connections), text(&a.connections)),
        ("threads", text(&b.threads), text(&a.threads)),
    ];
    let respects = respects
        .into_iter()
        .filter(|(_, before, after)| before != after);
    respects
        .map(|(name, before, after)| format!("{name}: {before} and {after}"))
        .collect()
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::plan::Load;
    use crate::bench::report::tests::report;

    /// A run whose intervals have these rates.
    fn run(rates: &[f64]) -> Report {
        let mut run = report();
        run.calls_per_second = rates.iter().sum::<f64>() / rates.len() as f64;
        let intervals = rates.iter().map(|rate| Interval {
            seconds: 1.0,
            answered: *rate as u64,
            ..Interval::default()
        });
        run.intervals = intervals.collect();
        run
    }

    fn calls_per_second(before: &[f64], after: &[f64]) -> Change {
        let comparison = compare(&run(before), &run(after));
        let mut changes = comparison.changes.into_iter();
        changes
            .find(|change| change.name == "calls_per_second")
            .unwrap()
    }

    #[test]
    fn a_difference_beyond_the_spread_of_the_intervals_has_a_verdict() {
        let steady = [100.0, 101.0, 99.0, 100.0, 100.0];
        let faster = steady.map(|rate| rate * 1.2);
        let change = calls_per_second(&steady, &faster);
        assert_eq!(change.verdict, Verdict::Better);
        assert!((change.percent.unwrap() - 20.0).abs() < 0.1, "{change:?}");
        assert_eq!(calls_per_second(&faster, &steady).verdict, Verdict::Worse);
    }

    #[test]
    fn a_difference_within_the_spread_is_noise() {
        let restless = [100.0, 150.0, 50.0, 120.0, 80.0];
        let change = calls_per_second(&restless, &restless.map(|rate| rate * 1.2));
        assert_eq!(change.verdict, Verdict::Noise);
        assert!(change.noise_percent.unwrap() > 20.0, "{change:?}");
    }

    #[test]
    fn nothing_is_said_of_runs_with_few_intervals() {
        let change = calls_per_second(&[100.0; 4], &[200.0; 4]);
        assert_eq!(
            (change.verdict, change.noise_percent),
            (Verdict::Unknown, None)
        );
    }

    #[test]
    fn less_latency_is_better() {
        let with_p50 = |p50| {
            let mut run = run(&[100.0; 5]);
            let latency = Latency {
                p50,
                ..Latency::default()
            };
            run.latency_us = Some(latency);
            for interval in &mut run.intervals {
                interval.latency_us = Some(latency);
            }
            run
        };
        let comparison = compare(&with_p50(80.0), &with_p50(40.0));
        let p50 = comparison
            .changes
            .iter()
            .find(|change| change.name == "p50_us");
        assert_eq!(p50.unwrap().verdict, Verdict::Better);
    }

    #[test]
    fn runs_of_different_loads_are_told_apart() {
        let (before, mut after) = (report(), report());
        assert!(compare(&before, &after).different.is_empty());
        after.plan.load = Load::Closed { in_flight: 7 };
        let different = compare(&before, &after).different;
        assert!(different[0].starts_with("load: "), "{different:?}");
    }
}
