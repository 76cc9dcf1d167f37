//! What a client does, and for how long.

use std::time::Duration;

use anyhow::Context;

/// Length of the echoed text, in bytes.
pub(crate) const TEXT_LENGTH: usize = 64;

/// One closed loop: `in_flight` callers share one connection, and each sends its next call when the last is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    /// Calls that wait for their answer at any moment.
    pub in_flight: usize,
    /// Time before the measured interval, in which buffers grow and caches fill.
    pub warm_up: Duration,
    /// Length of the measured interval.
    pub measure: Duration,
}

impl Workload {
    /// The client's arguments after the address: calls in flight, and both times in milliseconds.
    pub fn to_args(self) -> [String; 3] {
        [
            self.in_flight.to_string(),
            self.warm_up.as_millis().to_string(),
            self.measure.as_millis().to_string(),
        ]
    }

    /// Reads what [`to_args`](Self::to_args) wrote.
    ///
    /// # Errors
    ///
    /// When an argument is missing or is not a number.
    pub(crate) fn from_args(args: impl IntoIterator<Item = String>) -> anyhow::Result<Self> {
        let mut args = args.into_iter();
        let mut number = |name: &str| -> anyhow::Result<u32> {
            let arg = args
                .next()
                .with_context(|| format!("the argument {name} is missing"))?;
            arg.parse()
                .with_context(|| format!("the argument {name} is not a number: {arg}"))
        };
        Ok(Self {
            in_flight: number("IN_FLIGHT")? as usize,
            warm_up: Duration::from_millis(number("WARM_UP_MS")?.into()),
            measure: Duration::from_millis(number("MEASURE_MS")?.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_the_command_line() {
        let workload = Workload {
            in_flight: 64,
            warm_up: Duration::from_millis(500),
            measure: Duration::from_secs(3),
        };
        assert_eq!(Workload::from_args(workload.to_args()).unwrap(), workload);
    }

    #[test]
    fn names_the_argument_that_is_missing_or_wrong() {
        let message = |args: &[&str]| {
            let args = args.iter().map(|&arg| arg.to_owned());
            Workload::from_args(args).unwrap_err().to_string()
        };
        assert_eq!(message(&["64"]), "the argument WARM_UP_MS is missing");
        assert_eq!(
            message(&["many", "1", "1"]),
            "the argument IN_FLIGHT is not a number: many"
        );
    }
}
