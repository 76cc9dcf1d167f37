//! How long a client may take over a frame.

use std::time::{Duration, Instant};

use rpc_wire::DEFAULT_MAX_FRAME_BODY;

/// What has to arrive in the time for a frame: as much as the native protocol has in one.
const STEP: usize = DEFAULT_MAX_FRAME_BODY as usize;

/// By when a client has to finish the frame that it has begun, or to send another 16 KiB of it: a
/// message of any size is one frame, and may take longer.
#[derive(Debug)]
pub(super) struct Progress {
    timeout: Duration,
    deadline: Option<Instant>,
    /// What was there of the frame when the deadline was set, in bytes.
    seen: usize,
}

impl Progress {
    pub(super) fn new(timeout: Duration) -> Self {
        Progress {
            timeout,
            deadline: None,
            seen: 0,
        }
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Nothing is awaited.
    pub(super) fn stop(&mut self) {
        self.deadline = None;
    }

    /// Of the frame that is awaited, which is `new` or was awaited before, there are `bytes`.
    pub(super) fn update(&mut self, now: Instant, bytes: usize, new: bool) {
        if bytes == 0 {
            self.stop();
        } else if new || self.deadline.is_none() || bytes >= self.seen + STEP {
            self.deadline = now.checked_add(self.timeout);
            self.seen = bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_time_for_a_frame_begins_with_its_first_byte_and_again_with_every_16_kib() {
        let start = Instant::now();
        let mut progress = Progress::new(10 * SECOND);
        progress.update(start, 0, false);
        assert_eq!(progress.deadline(), None);
        for (at, bytes, new, until) in [
            (1, 1, false, 11),
            (2, 500, false, 11),
            (3, STEP, false, 11),
            (4, STEP + 1, false, 14),
            (5, 2 * STEP, false, 14),
            (6, 3 * STEP, false, 16),
            // Another frame has begun.
            (7, 20, true, 17),
            (8, 30, false, 17),
        ] {
            progress.update(start + at * SECOND, bytes, new);
            assert_eq!(progress.deadline(), Some(start + until * SECOND), "{at}");
        }
        progress.update(start + 9 * SECOND, 0, true);
        assert_eq!(progress.deadline(), None);
    }
}
