//! What a run showed, as it is kept in a file.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::bins::{Bin, bins};
use super::interval::{Interval, Latency};
use super::plan::Plan;
use super::run::Measured;
use super::tally::Tally;
use super::warnings;

/// The format that is written, and the only one that is read.
pub(crate) const VERSION: u32 = 1;

/// A finished run. docs/cli.md says what a reader may rely on; fields may be added without a new version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// [`VERSION`].
    pub(crate) version: u32,
    /// What was called.
    pub(crate) target: String,
    /// Its method, as `package.Service/Method`.
    pub(crate) method: String,
    /// Its replies are a stream, so that calls need not end by themselves.
    pub(crate) streams: bool,
    /// When the report was made.
    pub(crate) unix_seconds: u64,
    /// What was to be done.
    pub(crate) plan: Plan,
    /// The run was ended by hand.
    pub(crate) interrupted: bool,
    /// Seconds from the end of the warm-up until no more calls were begun.
    pub(crate) seconds: f64,
    /// How calls ended.
    pub(crate) calls: Calls,
    /// Calls that were answered within `seconds`, divided by them.
    pub(crate) calls_per_second: f64,
    /// Messages that were received within `seconds`, divided by them.
    pub(crate) messages_per_second: f64,
    /// Latency of all calls that were answered; `null` if there were none.
    pub(crate) latency_us: Option<Latency>,
    /// Calls that failed, by code.
    pub(crate) errors: Vec<Failure>,
    /// Messages that were received.
    pub(crate) messages: u64,
    /// Bytes of encoded messages, without what the protocol adds.
    pub(crate) bytes: Bytes,
    /// What making the calls cost.
    pub(crate) generator: Generator,
    /// What casts doubt on the numbers.
    pub(crate) warnings: Vec<String>,
    /// Latencies in classes.
    pub(crate) histogram: Vec<Bin>,
    /// The run in parts.
    pub(crate) intervals: Vec<Interval>,
}

/// What is called.
pub(crate) struct Called {
    /// The server.
    pub(crate) target: String,
    /// The method's path.
    pub(crate) method: String,
    /// Its replies are a stream.
    pub(crate) streams: bool,
}

/// How calls ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calls {
    /// With an answer.
    pub(crate) answered: u64,
    /// With an error.
    pub(crate) failed: u64,
    /// Not, when the run was over.
    pub(crate) abandoned: u64,
    /// They were due and were not begun, because too many were in flight.
    pub(crate) not_started: u64,
}

/// Calls that failed with one code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// The code's name.
    pub(crate) code: String,
    /// How many.
    pub(crate) calls: u64,
    /// What the first of them said.
    pub(crate) first: String,
}

/// Bytes of messages.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bytes {
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

/// What making the calls cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Generator {
    /// CPU time within the measured seconds; `null` where the system does not tell.
    pub(crate) cpu_seconds: Option<f64>,
    /// Time in which its threads were ready to run and no core was free; `null` where the system does not tell.
    pub(crate) waited_seconds: Option<f64>,
    /// Threads that made them.
    pub(crate) threads: usize,
}

impl Report {
    /// What was measured.
    pub(crate) fn new(called: Called, plan: Plan, measured: Measured) -> Self {
        let Measured { total, in_time, .. } = &measured;
        let generator = Generator {
            cpu_seconds: measured.cpu.used.map(|time| time.as_secs_f64()),
            waited_seconds: measured.cpu.waited.map(|time| time.as_secs_f64()),
            threads: plan.threads,
        };
        let calls = Calls {
            answered: total.answers(),
            failed: total.failed_calls(),
            abandoned: measured.abandoned,
            not_started: total.not_started,
        };
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut report = Self {
            version: VERSION,
            target: called.target,
            method: called.method,
            streams: called.streams,
            unix_seconds: since_1970.map_or(0, |time| time.as_secs()),
            interrupted: measured.interrupted,
            seconds: in_time.seconds,
            calls_per_second: in_time.calls_per_second(),
            messages_per_second: in_time.messages_per_second(),
            latency_us: Latency::of(&total.latencies),
            errors: failures(total),
            messages: total.traffic.messages,
            bytes: Bytes {
                sent: total.traffic.sent_bytes,
                received: total.traffic.received_bytes,
            },
            warnings: Vec::new(),
            histogram: bins(&total.latencies),
            intervals: measured.intervals,
            plan,
            calls,
            generator,
        };
        report.warnings = warnings::of(&report);
        report
    }

    /// Reads a report from a file's content.
    ///
    /// # Errors
    ///
    /// Why it is none, or none that is understood.
    pub(crate) fn parse(content: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let versioned: Versioned = serde_json::from_str(content)
            .map_err(|error| format!("it is no report of `rpc bench`: {error}"))?;
        if versioned.version != VERSION {
            return Err(format!(
                "it has version {}, and this program reads version {VERSION}",
                versioned.version
            ));
        }
        serde_json::from_str(content).map_err(|error| format!("it is damaged: {error}"))
    }
}

impl Generator {
    /// The share of so many seconds, 0 to 1, in which its threads were busy.
    pub(crate) fn busy(&self, seconds: f64) -> Option<f64> {
        self.share(self.cpu_seconds, seconds)
    }

    /// The share of so many seconds in which they waited for a core.
    pub(crate) fn waited(&self, seconds: f64) -> Option<f64> {
        self.share(self.waited_seconds, seconds)
    }

    fn share(&self, of: Option<f64>, seconds: f64) -> Option<f64> {
        let of = of.filter(|_| seconds > 0.0)?;
        Some(of / seconds / self.threads as f64)
    }
}

fn failures(tally: &Tally) -> Vec<Failure> {
    let mut failures: Vec<_> = tally.failures.values().collect();
    failures.sort_by_key(|failures| std::cmp::Reverse(failures.count));
    let failures = failures.into_iter().map(|failures| Failure {
        code: failures.first.code().to_string(),
        calls: failures.count,
        first: failures.first.message().to_owned(),
    });
    failures.collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bench::caller::Traffic;
    use crate::bench::plan::{Load, Until};
    use rpc_runtime::Status;

    fn plan(load: Load) -> Plan {
        Plan {
            load,
            connections: 1,
            threads: 1,
            warmup_seconds: 1.0,
            until: Until::Seconds(2.0),
        }
    }

    /// Of 200 calls that took 1 to 200 us, and 3 that failed.
    pub(crate) fn report() -> Report {
        report_of(Load::Closed { in_flight: 4 }, |_| {})
    }

    /// The same with some change, under another load.
    pub(crate) fn report_of(load: Load, change: impl FnOnce(&mut Measured)) -> Report {
        let mut measured = Measured::default();
        let traffic = Traffic {
            messages: 1,
            sent_bytes: 10,
            received_bytes: 20,
        };
        for microseconds in 1..=200 {
            let latency = Duration::from_micros(microseconds);
            measured.total.answered(latency, traffic);
        }
        for _ in 0..3 {
            measured
                .total
                .failed(Status::unavailable("the server is away"));
        }
        measured.in_time = Interval::new(&measured.total, 2.0);
        measured.intervals = vec![Interval::new(&measured.total, 1.0)];
        change(&mut measured);
        let called = Called {
            target: "rpc://127.0.0.1:1".to_owned(),
            method: "shop.Orders/Place".to_owned(),
            streams: false,
        };
        Report::new(called, plan(load), measured)
    }

    #[test]
    fn a_report_has_rates_latencies_errors_and_bytes() {
        let report = report();
        assert_eq!(report.calls_per_second, 100.0);
        assert_eq!((report.calls.answered, report.calls.failed), (200, 3));
        let latency = report.latency_us.unwrap();
        assert!((latency.p50 - 100.0).abs() < 0.2, "{latency:?}");
        assert!((latency.max - 200.0).abs() < 0.2, "{latency:?}");
        assert_eq!(report.errors[0].code, "UNAVAILABLE");
        assert_eq!(report.errors[0].first, "the server is away");
        assert_eq!((report.bytes.sent, report.bytes.received), (2_000, 4_000));
        assert_eq!(report.messages, 200);
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let report = report();
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(Report::parse(&text).unwrap(), report);
    }

    #[test]
    fn other_files_are_refused() {
        let mut other = report();
        other.version = 7;
        let other = serde_json::to_string(&other).unwrap();
        for (content, error) in [
            ("{}", "no report"),
            (r#"{"version": 1}"#, "damaged"),
            (&other, "version 7"),
        ] {
            let refused = Report::parse(content).unwrap_err();
            assert!(refused.contains(error), "{refused}");
        }
    }
}
