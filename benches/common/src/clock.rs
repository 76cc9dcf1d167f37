//! The marks around the measured interval.

use std::io;
use std::ops::Range;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::anyhow;

use crate::{END, START, Usage};

/// Tells the runner that the interval begins.
pub(crate) fn start() -> anyhow::Result<Usage> {
    println!("{START}");
    Usage::now()
}

/// Tells the runner that the interval ends.
pub(crate) fn end() -> anyhow::Result<Usage> {
    let usage = Usage::now()?;
    println!("{END}");
    Ok(usage)
}

/// Waits for the runner, or for whoever plays it at a terminal.
pub(crate) fn wait_for_line() -> anyhow::Result<()> {
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// A thread that marks both ends of an interval: it is no worker of a runtime, so no peer can delay its own measurement.
pub(crate) struct Clock {
    thread: JoinHandle<anyhow::Result<(Usage, Usage)>>,
}

impl Clock {
    /// Starts the thread.
    pub(crate) fn new(measured: Range<Instant>) -> Self {
        let thread = thread::spawn(move || {
            sleep_until(measured.start);
            let before = start()?;
            sleep_until(measured.end);
            Ok((before, end()?))
        });
        Self { thread }
    }

    /// What the process had used at both ends, once the interval is over.
    pub(crate) fn usage(self) -> anyhow::Result<(Usage, Usage)> {
        self.thread
            .join()
            .map_err(|_| anyhow!("the clock panicked"))?
    }
}

fn sleep_until(instant: Instant) {
    thread::sleep(instant.saturating_duration_since(Instant::now()));
}
