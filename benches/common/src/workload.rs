//! What a client does, and for how long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a client does in one run. On the command line it is one argument, in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// The order of the calls.
    pub pattern: Pattern,
    /// What is called; if left out, the echo. Only the closed loop calls anything else.
    #[serde(default)]
    pub call: Call,
    /// Length of every text, in bytes.
    pub size: usize,
    /// Connections, among which the calls are dealt out in turn.
    pub connections: usize,
    /// Milliseconds before the measured interval, in which buffers grow and caches fill. Only patterns that go on until they
    /// are stopped have any.
    pub warm_up_ms: u64,
    /// Milliseconds of the measured interval, for the same patterns.
    pub measure_ms: u64,
}

/// What a [`Workload`] calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// A text that comes back.
    #[default]
    Echo,
    /// A reply of many small parts: the records of [`log_records`](crate::log_records).
    Logs,
}

/// The order of the calls in a [`Workload`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// A closed loop: so many callers, each of which sends its next call when the last one is answered.
    Closed {
        /// Callers of all connections together.
        in_flight: usize,
    },
    /// An open loop: a call is due at regular intervals, however long the earlier ones take. Latency counts from the moment when
    /// the call was due, so a peer that stalls is charged for every call that it holds up.
    Open {
        /// Calls of all connections together.
        calls_per_second: u32,
    },
    /// Each connection takes messages of one endless server stream.
    Stream,
    /// So many calls are started at once. The measured interval ends with the last answer.
    Burst {
        /// Calls of all connections together.
        calls: usize,
    },
    /// So many further connections are made; each is used for one call and stays open. At both ends of the interval the client
    /// waits for a line of input.
    Idle {
        /// Connections made within the interval. The workload's own are made before it.
        connections: usize,
    },
}

impl Workload {
    /// Time before the measured interval.
    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_millis(self.warm_up_ms)
    }

    /// Length of the measured interval.
    pub(crate) fn measure(&self) -> Duration {
        Duration::from_millis(self.measure_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_short_enough_to_be_written_by_hand() {
        let workload: Workload = serde_json::from_str(
            r#"{"pattern":{"closed":{"in_flight":64}},"size":64,"connections":1,"warm_up_ms":500,"measure_ms":3000}"#,
        )
        .unwrap();
        assert_eq!(workload.pattern, Pattern::Closed { in_flight: 64 });
        assert_eq!(workload.call, Call::Echo);
        assert_eq!(workload.measure(), Duration::from_secs(3));
    }
}
