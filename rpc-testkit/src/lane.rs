//! One direction of a connection: bytes that are on their way.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Duration;

use bytes::{Buf, Bytes};
use fastrand::Rng;
use tokio::time::Instant;

use crate::faults::Faults;

/// Bytes that a direction holds before its sender has to wait, unless set: about what a socket does.
const CAPACITY: usize = 64 * 1024;

/// Bytes that were sent together. Without any, it is the end of the direction.
#[derive(Debug)]
struct Piece {
    due: Instant,
    bytes: Bytes,
}

/// What a reader finds.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// Bytes.
    Bytes(Bytes),
    /// The end: there will be no more.
    End,
    /// Nothing before this instant.
    At(Instant),
    /// Nothing until something is sent, or the faults change.
    Nothing,
    /// The connection is to be cut.
    Cut,
}

#[derive(Debug)]
pub(crate) struct Lane {
    faults: Faults,
    random: Rng,
    pieces: VecDeque<Piece>,
    /// Bytes in `pieces`.
    held: usize,
    /// Bytes taken from the sender so far.
    sent: u64,
    /// Bytes given to the receiver so far.
    arrived: u64,
    /// When the last byte sent so far has passed the bottleneck.
    line_free: Option<Instant>,
    /// What is sent from here on is lost.
    finished: bool,
    /// Nobody will ever receive.
    abandoned: bool,
    /// Woken when something arrives.
    pub(crate) receiver: Option<Waker>,
    /// Woken when there is room again.
    pub(crate) sender: Option<Waker>,
}

impl Lane {
    pub(crate) fn new(faults: Faults, number: u64) -> Self {
        Lane {
            random: Rng::with_seed(faults.seed.wrapping_add(number)),
            faults,
            pieces: VecDeque::new(),
            held: 0,
            sent: 0,
            arrived: 0,
            line_free: None,
            finished: false,
            abandoned: false,
            receiver: None,
            sender: None,
        }
    }

    pub(crate) fn set(&mut self, faults: Faults) {
        self.faults = faults;
    }

    pub(crate) fn arrived(&self) -> u64 {
        self.arrived
    }

    /// Nobody will ever receive what is on its way.
    pub(crate) fn abandon(&mut self) {
        self.abandoned = true;
        self.discard();
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned
    }

    fn discard(&mut self) {
        self.pieces.clear();
        self.held = 0;
    }

    /// Takes as many bytes as there is room for; `None` if there is none.
    pub(crate) fn send(&mut self, now: Instant, bytes: &[u8]) -> Option<usize> {
        if self.finished || bytes.is_empty() {
            return Some(bytes.len());
        }
        let capacity = self.faults.capacity.unwrap_or(CAPACITY);
        let count = bytes.len().min(capacity.saturating_sub(self.held));
        if count == 0 {
            return None;
        }
        let mut bytes = bytes[..count].to_vec();
        self.corrupt(&mut bytes);
        self.sent += count as u64;
        self.held += count;
        self.push(now, bytes.into());
        Some(count)
    }

    /// The sender sends no more.
    pub(crate) fn finish(&mut self, now: Instant) {
        if !self.finished {
            self.finished = true;
            self.push(now, Bytes::new());
        }
    }

    fn push(&mut self, now: Instant, bytes: Bytes) {
        let mut passed = self.line_free.map_or(now, |free| free.max(now));
        if let Some(rate) = self.faults.bytes_per_second {
            passed += Duration::from_secs_f64(bytes.len() as f64 / rate as f64);
        }
        self.line_free = Some(passed);
        let due = passed + self.faults.delay;
        self.pieces.push_back(Piece { due, bytes });
    }

    fn corrupt(&mut self, bytes: &mut [u8]) {
        if let Some(position) = self.faults.corrupt_at
            && let Some(offset) = position.checked_sub(self.sent)
            && let Some(byte) = usize::try_from(offset)
                .ok()
                .and_then(|at| bytes.get_mut(at))
        {
            *byte = !*byte;
        }
        if let Some(one_in) = self.faults.corrupt_one_in {
            for byte in bytes {
                if self.random.u32(..one_in) == 0 {
                    *byte ^= 1 << self.random.u32(..8);
                }
            }
        }
    }

    /// Gives at most `room` bytes of what has arrived.
    pub(crate) fn receive(&mut self, now: Instant, room: usize) -> Arrival {
        if self.reached(self.faults.cut_at) {
            return Arrival::Cut;
        }
        if self.reached(self.faults.finish_at) {
            self.finished = true;
            self.discard();
            return Arrival::End;
        }
        if self.faults.stalled {
            return Arrival::Nothing;
        }
        let most = self.most(room);
        let Some(piece) = self.pieces.front_mut() else {
            return Arrival::Nothing;
        };
        if piece.due > now {
            return Arrival::At(piece.due);
        }
        if piece.bytes.is_empty() {
            return Arrival::End;
        }
        let bytes = piece.bytes.split_to(piece.bytes.len().min(most));
        if !piece.bytes.has_remaining() {
            self.pieces.pop_front();
        }
        self.held -= bytes.len();
        self.arrived += bytes.len() as u64;
        Arrival::Bytes(bytes)
    }

    fn reached(&self, position: Option<u64>) -> bool {
        position.is_some_and(|position| self.arrived >= position)
    }

    /// Bytes that may arrive together.
    fn most(&mut self, room: usize) -> usize {
        let mut most = room;
        if let Some(sizes) = &self.faults.split {
            most = most.min(self.random.usize(sizes.clone()));
        }
        for position in [self.faults.cut_at, self.faults.finish_at]
            .into_iter()
            .flatten()
        {
            most = most.min(usize::try_from(position - self.arrived).unwrap_or(usize::MAX));
        }
        most
    }
}
