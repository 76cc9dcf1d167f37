//! Where all tasks of a run count their calls.

use std::cell::Cell;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rpc_runtime::Status;

use super::caller::Traffic;
use super::tally::Tally;

/// A [`Tally`] for each thread, so that no call waits for another one to be counted.
#[derive(Debug)]
pub(crate) struct Recorder {
    shards: Box<[Mutex<Tally>]>,
}

impl Recorder {
    /// One that has counted nothing.
    pub(crate) fn new() -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        // One more, for the thread that paces an open loop.
        let shards = (0..=threads).map(|_| Mutex::default()).collect();
        Self { shards }
    }

    /// Counts a call that has ended.
    pub(crate) fn ended(&self, latency: Duration, outcome: Result<Traffic, Status>) {
        let mut tally = self.tally();
        match outcome {
            Ok(traffic) => tally.answered(latency, traffic),
            Err(status) => tally.failed(status),
        }
    }

    /// Counts messages of a stream that goes on.
    pub(crate) fn messages(&self, traffic: Traffic) {
        self.tally().traffic.add(traffic);
    }

    /// Counts a call that was due and could not be started.
    pub(crate) fn not_started(&self) {
        self.tally().not_started += 1;
    }

    /// What was counted since this was last asked.
    pub(crate) fn take(&self) -> Tally {
        let mut all = Tally::default();
        for shard in &self.shards {
            let tally = mem::take(&mut *lock(shard));
            all.merge(tally);
        }
        all
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        lock(&self.shards[thread_number() % self.shards.len()])
    }
}

fn lock(shard: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    // Counting does not panic half-way.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number of this thread's own, small as long as there are few threads.
fn thread_number() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: Cell<Option<usize>> = const { Cell::new(None) };
    }
    NUMBER.with(|number| {
        let known = number.get();
        let value = known.unwrap_or_else(|| THREADS.fetch_add(1, Ordering::Relaxed));
        number.set(Some(value));
        value
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_many_threads_count_is_taken_once() {
        let recorder = Arc::new(Recorder::new());
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let recorder = Arc::clone(&recorder);
                thread::spawn(move || {
                    for _ in 0..1_000 {
                        recorder.ended(Duration::from_micros(1), Ok(Traffic::default()));
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(recorder.take().answers(), 8_000);
        assert_eq!(recorder.take().answers(), 0);
    }
}
