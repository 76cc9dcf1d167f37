//! What may be wrong with one direction of a connection.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

impl Direction {
    /// Both directions.
    pub const BOTH: [Direction; 2] = [Direction::ToServer, Direction::ToClient];

    /// The other direction.
    #[must_use]
    pub fn reverse(self) -> Direction {
        match self {
            Direction::ToServer => Direction::ToClient,
            Direction::ToClient => Direction::ToServer,
        }
    }
}

/// How one direction of a connection treats the bytes that pass through it. Faults add up.
///
/// Positions count the bytes of the direction from the beginning of each connection; 0 is the
/// first. What is random follows from [`seed`](Self::seed) and the number of the connection.
///
/// ```
/// use std::time::Duration;
/// use rpc_testkit::Faults;
///
/// let slow = Faults::new().delay(Duration::from_millis(80)).bytes_per_second(64 * 1024);
/// let torn = Faults::new().split(1..=3).cut_at(1_000);
/// # let _ = (slow, torn);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Faults {
    pub(crate) stalled: bool,
    pub(crate) delay: Duration,
    pub(crate) bytes_per_second: Option<u64>,
    pub(crate) capacity: Option<usize>,
    pub(crate) split: Option<RangeInclusive<usize>>,
    pub(crate) corrupt_at: Option<u64>,
    pub(crate) corrupt_one_in: Option<u32>,
    pub(crate) cut_at: Option<u64>,
    pub(crate) finish_at: Option<u64>,
    pub(crate) seed: u64,
}

impl Faults {
    /// None: bytes pass at once and as they are.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing passes until other faults are set. The sender can go on until the
    /// [`capacity`](Self::capacity) and the buffers of the sockets are full.
    pub fn stall(mut self) -> Self {
        self.stalled = true;
        self
    }

    /// Bytes arrive this much later than they were sent, in order. What is on its way when the
    /// delay changes keeps its own.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// At most this many bytes a second are let through.
    ///
    /// # Panics
    ///
    /// If it is 0; a direction that lets nothing through is a [`stall`](Self::stall).
    pub fn bytes_per_second(mut self, bytes: u64) -> Self {
        assert!(bytes > 0, "no bytes a second are a stall");
        self.bytes_per_second = Some(bytes);
        self
    }

    /// Bytes that may be on their way before the sender has to wait; 64 KiB unless set, about what a
    /// socket takes. Raise it for links that are long and fast: one with a delay of 50 ms which is to carry
    /// 64 MiB a second has 3.2 MiB on its way.
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = Some(bytes);
        self
    }

    /// Bytes come in pieces of a random size in this range: `split(1..=1)` is byte by byte. Behind a
    /// [`FaultProxy`](crate::FaultProxy) the receiver's kernel may join pieces that it has not read yet.
    ///
    /// # Panics
    ///
    /// If the range is empty or contains 0.
    pub fn split(mut self, sizes: RangeInclusive<usize>) -> Self {
        assert!(
            *sizes.start() > 0 && !sizes.is_empty(),
            "pieces of {sizes:?} bytes"
        );
        self.split = Some(sizes);
        self
    }

    /// The byte at `position` arrives with all its bits inverted, if it is sent from here on.
    pub fn corrupt_at(mut self, position: u64) -> Self {
        self.corrupt_at = Some(position);
        self
    }

    /// One byte in `bytes`, on average, arrives with one bit inverted.
    ///
    /// # Panics
    ///
    /// If it is 0.
    pub fn corrupt_one_in(mut self, bytes: u32) -> Self {
        assert!(bytes > 0, "one byte in none");
        self.corrupt_one_in = Some(bytes);
        self
    }

    /// The connection is cut, as by a reset, once `position` bytes have arrived.
    pub fn cut_at(mut self, position: u64) -> Self {
        self.cut_at = Some(position);
        self
    }

    /// The receiver sees the end of the direction once `position` bytes have arrived; what is
    /// sent beyond is lost. The other direction goes on.
    pub fn finish_at(mut self, position: u64) -> Self {
        self.finish_at = Some(position);
        self
    }

    /// What random faults follow from; 0 unless set.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}
