//! What casts doubt on the numbers of a run.

use super::plan::Load;
use super::report::{Calls, Report};
use super::units;

/// The share of time in which its threads are busy from which on it may be the generator that is slow.
const SATURATED: f64 = 0.9;

/// The share of time in which its threads wait for a core from which on that shows in latencies.
const CROWDED: f64 = 0.2;

/// The share of the rate that was asked for below which the generator was too slow.
const ON_SCHEDULE: f64 = 0.99;

/// What whoever reads the report has to know.
pub(crate) fn of(report: &Report) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(saturated(report));
    warnings.extend(crowded(report));
    if let Load::Open {
        rate,
        max_in_flight,
    } = report.plan.load
    {
        warnings.extend(left_out(rate, max_in_flight, report.calls));
        warnings.extend(behind(rate, report));
    }
    if report.calls.abandoned > 0 && !report.streams {
        warnings.push(format!(
            "{} calls had not ended when the run was over: they count nowhere",
            units::count(report.calls.abandoned)
        ));
    }
    warnings
}

fn saturated(report: &Report) -> Option<String> {
    let busy = report.generator.busy(report.seconds)?;
    (busy >= SATURATED).then(|| {
        format!(
            "the threads that made the calls were busy for {:.0} % of the time: the numbers may be theirs; ask for more --threads \
             and --connections, or use a larger machine",
            busy * 100.0
        )
    })
}

fn crowded(report: &Report) -> Option<String> {
    let waited = report.generator.waited(report.seconds)?;
    (waited >= CROWDED).then(|| {
        format!(
            "the threads that made the calls waited for a core for {:.0} % of the time, which latencies include: other programs of \
             this machine, perhaps the server, use its cores",
            waited * 100.0
        )
    })
}

/// Calls that were due while too many were in flight.
fn left_out(rate: f64, max_in_flight: usize, calls: Calls) -> Option<String> {
    (calls.not_started > 0).then(|| {
        format!(
            "{} of {} calls were left out, because {} were in flight when they were due (--in-flight): the server, or \
             this machine, does not keep up with {}, and latencies would be longer than shown",
            units::count(calls.not_started),
            units::count(due(calls)),
            units::count(max_in_flight as u64),
            units::per_second(rate)
        )
    })
}

/// Calls that were due when the generator had no time for them.
fn behind(rate: f64, report: &Report) -> Option<String> {
    let due = due(report.calls) as f64;
    // A call that is due at the very end may belong to either side.
    let expected = rate * report.seconds * ON_SCHEDULE - 1.0;
    (due < expected).then(|| {
        format!(
            "this program made {} instead of {}: run it on a larger machine, or ask for less",
            units::per_second(due / report.seconds),
            units::per_second(rate)
        )
    })
}

fn due(calls: Calls) -> u64 {
    calls.answered + calls.failed + calls.abandoned + calls.not_started
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::bench::cpu::Cpu;
    use crate::bench::plan::Load;
    use crate::bench::report::tests::report_of;
    use crate::bench::run::Measured;

    #[test]
    fn threads_that_are_busy_or_have_no_core_are_a_warning() {
        let load = Load::Closed { in_flight: 4 };
        let share = |used: f64, waited: f64| {
            let cpu = Cpu {
                used: Some(Duration::from_secs_f64(2.0 * used)),
                waited: Some(Duration::from_secs_f64(2.0 * waited)),
            };
            report_of(load, |measured| measured.cpu = cpu).warnings
        };
        assert!(share(0.5, 0.1).is_empty());
        let busy = share(0.95, 0.0);
        assert!(busy[0].contains("busy for 95 %"), "{busy:?}");
        let crowded = share(0.5, 0.4);
        assert!(
            crowded[0].contains("waited for a core for 40 %"),
            "{crowded:?}"
        );
    }

    #[test]
    fn an_open_loop_says_what_it_could_not_do() {
        let open = |rate, change: fn(&mut Measured)| {
            let load = Load::Open {
                rate,
                max_in_flight: 10,
            };
            report_of(load, change).warnings
        };
        assert!(open(101.0, |_| {}).is_empty());
        let late = open(1_000.0, |_| {});
        assert!(late[0].contains("instead of 1,000/s"), "{late:?}");
        let full = open(101.0, |measured| measured.total.not_started = 50);
        assert!(full[0].contains("50 of 253 calls"), "{full:?}");
    }

    #[test]
    fn calls_that_did_not_end_are_a_warning() {
        let load = Load::Closed { in_flight: 4 };
        let stuck = report_of(load, |measured| measured.abandoned = 2).warnings;
        assert!(stuck[0].contains("2 calls had not ended"), "{stuck:?}");
    }
}
