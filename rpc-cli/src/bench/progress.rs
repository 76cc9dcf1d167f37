//! One line about a run that goes on, which is written over and over.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use super::interval::Interval;
use super::units;

/// Erases the line that the cursor is in, and goes to its beginning.
const ERASE_LINE: &str = "\r\x1b[2K";

/// The line, on standard error. It is seen on terminals only, and gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    columns: Option<usize>,
}

impl Progress {
    /// A line of so many columns, unless standard error is no terminal, or nobody is to see it.
    pub(crate) fn new(columns: usize, wanted: bool) -> Self {
        let seen = wanted && io::stderr().is_terminal();
        Self {
            columns: seen.then_some(columns),
        }
    }

    /// Shows what the last interval had, so long after the end of the warm-up.
    pub(crate) fn show(&mut self, interval: &Interval, since: Option<Duration>) {
        if let Some(columns) = self.columns {
            // A line that reaches the last column may begin a new one.
            let line: String = line(interval, since).chars().take(columns - 1).collect();
            write(&format!("{ERASE_LINE}{line}"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.columns.is_some() {
            write(ERASE_LINE);
        }
    }
}

/// Nobody is left who could be told that it failed.
fn write(text: &str) {
    let mut stderr = io::stderr();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

fn line(interval: &Interval, since: Option<Duration>) -> String {
    let since = since.map_or("warm-up".to_owned(), |since| {
        format!("{:.1} s", since.as_secs_f64())
    });
    let calls = units::per_second(interval.calls_per_second());
    let mut line = format!("{since}  {calls}");
    if interval.messages > interval.answered {
        let messages = units::per_second(interval.messages_per_second());
        line.push_str(&format!("  {messages} messages"));
    }
    if let Some(latency) = interval.latency_us {
        let [p50, p99] = [latency.p50, latency.p99].map(units::time);
        line.push_str(&format!("  p50 {p50}  p99 {p99}"));
    }
    if interval.failed > 0 {
        line.push_str(&format!("  {} failed", units::count(interval.failed)));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::interval::Latency;

    #[test]
    fn the_line_has_rate_percentiles_and_failures() {
        let interval = Interval {
            seconds: 0.5,
            answered: 5_000,
            failed: 3,
            messages: 5_000,
            latency_us: Some(Latency {
                p50: 52.3,
                p99: 1_200.0,
                ..Latency::default()
            }),
        };
        assert_eq!(
            line(&interval, Some(Duration::from_millis(1_500))),
            "1.5 s  10,000/s  p50 52.3 us  p99 1.20 ms  3 failed"
        );
        assert!(line(&interval, None).starts_with("warm-up  10,000/s"));
    }
}
