//! A report as people read it.

use super::draw::{self, Canvas};
use super::plan::{Load, Plan, Until};
use super::report::Report;
use super::units;
use crate::output::printable;

/// The lines of a report.
pub(crate) fn lines(report: &Report, canvas: Canvas) -> Vec<String> {
    let mut lines = vec![
        format!("{} at {}", report.method, report.target),
        plan(&report.plan),
        String::new(),
    ];
    lines.extend(numbers(report));
    lines.push(String::new());
    lines.extend(draw::histogram(&report.histogram, canvas));
    if !report.errors.is_empty() {
        lines.push(String::new());
        lines.extend(report.errors.iter().map(|failure| {
            let calls = units::count(failure.calls);
            format!(
                "  {calls} x {}: {}",
                failure.code,
                printable(&failure.first)
            )
        }));
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// What was to be done, as one line.
fn plan(plan: &Plan) -> String {
    let load = match plan.load {
        Load::Closed { in_flight } => format!("{} in flight", units::count(in_flight as u64)),
        Load::Open { rate, .. } => format!("{} due", units::per_second(rate)),
    };
    let until = match plan.until {
        Until::Seconds(seconds) => format!("{seconds} s"),
        Until::Requests(calls) => format!("{} calls", units::count(calls)),
    };
    let connections = match plan.connections {
        1 => "1 connection".to_owned(),
        connections => format!("{connections} connections"),
    };
    let warmup = match plan.warmup_seconds > 0.0 {
        true => format!(" after {} s of warm-up", plan.warmup_seconds),
        false => String::new(),
    };
    format!("{load} on {connections}, {until}{warmup}")
}

fn numbers(report: &Report) -> Vec<String> {
    let calls_per_second = units::per_second(report.calls_per_second);
    let messages_per_second = units::per_second(report.messages_per_second);
    let mut lines = vec![format!("  calls      {calls_per_second}")];
    if calls_per_second != messages_per_second {
        lines.push(format!("  messages   {messages_per_second}"));
    }
    if let Some(latency) = report.latency_us {
        let times = [
            ("mean", latency.mean),
            ("p50", latency.p50),
            ("p90", latency.p90),
            ("p99", latency.p99),
            ("p99.9", latency.p99_9),
            ("max", latency.max),
        ];
        let times = times.map(|(name, time)| format!("{name} {}", units::time(time)));
        lines.push(format!("  latency    {}", times.join("   ")));
    }
    lines.push(format!("  ended      {}", ends(report)));
    let [sent, received] =
        [report.bytes.sent, report.bytes.received].map(|bytes| units::bytes(bytes as f64));
    lines.push(format!("  bytes      {sent} sent, {received} received"));
    lines.extend(generator(report));
    lines
}

/// How busy the threads were that made the calls.
fn generator(report: &Report) -> Option<String> {
    let generator = report.generator;
    let busy = generator.busy(report.seconds)? * 100.0;
    let waited = generator.waited(report.seconds).map(|share| share * 100.0);
    let waited = waited.map_or(String::new(), |percent| {
        format!(", waited for a core for {percent:.0} %")
    });
    let threads = match generator.threads {
        1 => "1 thread".to_owned(),
        threads => format!("{threads} threads"),
    };
    Some(format!(
        "  generator  {threads}, busy for {busy:.0} % of the time{waited}"
    ))
}

/// How calls ended; what did not happen is left out.
fn ends(report: &Report) -> String {
    let calls = report.calls;
    let open = match report.streams {
        true => "open until the end",
        false => "given up",
    };
    let others = [
        (calls.failed, "failed"),
        (calls.abandoned, open),
        (calls.not_started, "not started"),
    ];
    let mut text = format!("{} answered", units::count(calls.answered));
    for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!(", {} {what}", units::count(count)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::tests::report;

    #[test]
    fn a_report_shows_what_was_asked_for_and_what_it_gave() {
        let mut report = report();
        report.generator.cpu_seconds = Some(1.0);
        report.generator.waited_seconds = Some(0.2);
        let canvas = Canvas {
            columns: 80,
            unicode: false,
        };
        let lines = lines(&report, canvas);
        assert_eq!(
            lines[..9],
            [
                "shop.Orders/Place at rpc://127.0.0.1:1",
                "4 in flight on 1 connection, 2 s after 1 s of warm-up",
                "",
                "  calls      100/s",
                "  latency    mean 101 us   p50 100 us   p90 180 us   p99 198 us   p99.9 200 us   max 200 us",
                "  ended      200 answered, 3 failed",
                "  bytes      2.00 kB sent, 4.00 kB received",
                "  generator  1 thread, busy for 50 % of the time, waited for a core for 10 %",
                "",
            ]
        );
        assert!(lines[9].contains('#'), "{lines:?}");
        assert_eq!(
            lines.last().unwrap(),
            "  3 x UNAVAILABLE: the server is away"
        );
    }
}
