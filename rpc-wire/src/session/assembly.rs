//! Messages that arrive, perhaps in several frames, and what a connection may hold of them.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::encoded::Encoded;
use super::flow::{MESSAGE_OVERHEAD, admits, message_cost};

/// Largest message size that can be configured: the grant for a whole message fits into one WINDOW
/// frame. Protobuf's own limit, 2 GiB, is lower.
pub(crate) const LARGEST_MESSAGE: u64 = u32::MAX as u64 - 1 - MESSAGE_OVERHEAD;

/// Bytes by which the windows of a connection's streams may grow in all beyond the initial ones:
/// enough for one stream at a gigabit a second over a hundred milliseconds.
pub(crate) const WINDOW_GROWTH: i64 = 16 * 1024 * 1024;

/// The messages of one direction of a stream: what has arrived of one, and how much is unread of those before.
#[derive(Debug)]
pub(crate) struct Assembly {
    body: BytesMut,
    /// The message is compressed.
    compressed: bool,
    /// Holds for the bytes as they are sent.
    max_message_size: u64,
    /// Bytes that the sender may still send; below 0 after small messages.
    window: i64,
    /// Bytes of the grant budget that this message holds until it ends.
    reserved: u64,
    waiting: bool,
    /// What whole messages cost that their reader has not taken yet.
    unread: u64,
    /// What the window is filled up to when messages were read, unless it has grown.
    initial: i64,
    /// What the window is filled up to beyond that.
    grown: i64,
    /// The sender has asked for a window since the last growth, when the reader kept up with it.
    asked: bool,
}

/// Why a fragment was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The sender sent more than it was granted.
    Window,
    /// The message is larger than the limit.
    TooLarge,
    /// The connection holds as much as it may.
    Full,
}

impl Assembly {
    pub(crate) fn new(initial_window: u32, max_message_size: u64) -> Self {
        Assembly {
            body: BytesMut::new(),
            compressed: false,
            max_message_size,
            window: i64::from(initial_window),
            reserved: 0,
            waiting: false,
            unread: 0,
            initial: i64::from(initial_window),
            grown: 0,
            asked: false,
        }
    }

    /// Messages that may be on their way: what the sender was granted may all be used for small ones.
    pub(crate) fn on_their_way(&self) -> u64 {
        self.window.max(0).unsigned_abs() / MESSAGE_OVERHEAD
    }

    /// Whether a message has begun and not ended.
    pub(crate) fn is_partial(&self) -> bool {
        !self.body.is_empty()
    }

    /// Whether the sender may send `length` bytes that end its stream.
    pub(crate) fn admits(&self, length: u32) -> bool {
        length == 0 || admits(self.window, length as usize)
    }

    /// Bytes that are held: of a message in part, and what whole ones cost.
    pub(crate) fn held(&self) -> u64 {
        self.unread + self.body.len() as u64
    }

    /// The message that begins is compressed.
    pub(crate) fn begin_compressed(&mut self) {
        self.compressed = true;
    }

    /// The message that has ended.
    pub(crate) fn into_message(self) -> Encoded {
        Encoded {
            bytes: self.body.freeze(),
            compressed: self.compressed,
        }
    }

    /// Takes `length` bytes of a message off the window.
    fn arrive(&mut self, length: usize, ends: bool) -> Result<(), Refused> {
        if (length > 0 || ends) && !admits(self.window, length) {
            return Err(Refused::Window);
        }
        self.window -= length as i64;
        if (self.body.len() + length) as u64 > self.max_message_size {
            return Err(Refused::TooLarge);
        }
        if ends {
            self.window -= MESSAGE_OVERHEAD as i64;
        }
        Ok(())
    }

    /// What the window is filled up to when messages were read.
    fn target(&self) -> i64 {
        self.initial + self.grown
    }

    /// Whether the sender had to ask for a window and the reader has nothing left to read: then the
    /// window is smaller than what the link carries.
    fn is_window_too_small(&self) -> bool {
        self.asked && self.unread == 0 && self.window < self.target()
    }

    /// What the sender may be granted for what was read. Half a window is granted at a time, so that
    /// small messages do not cost a WINDOW frame each.
    fn top_up(&mut self) -> Option<u32> {
        let held = self.window + self.held() as i64;
        if held > self.target() / 2 {
            return None;
        }
        let increment = u32::try_from(self.target() - held).ok()?;
        self.window += i64::from(increment);
        Some(increment)
    }

    /// What the sender must be granted in all before the largest allowed message is complete,
    /// and one byte more, so that a message over the limit is seen rather than stuck.
    fn wanted(&self) -> u64 {
        let wanted = (self.max_message_size + 1) as i64 - self.body.len() as i64 - self.window;
        wanted.max(0).unsigned_abs()
    }
}

/// What a connection may hold of messages that arrive, and what it grants beyond the initial windows.
///
/// A message is granted all that it may ever need, or it waits; so whoever holds a part of the
/// grants can finish and give it back, and messages cannot block each other for good.
#[derive(Debug)]
pub(crate) struct ReceiveBudget {
    /// Bytes that may still be granted.
    free: u64,
    waiting: VecDeque<u32>,
    /// Bytes that all streams hold.
    held: u64,
    max_held: u64,
    /// Bytes by which windows may grow yet.
    growth: i64,
}

impl ReceiveBudget {
    /// Grants `size` bytes, at least enough for one message, and holds at most `max_held`.
    pub(crate) fn new(size: u64, max_message_size: u64, max_held: u64) -> Self {
        let largest = max_message_size + 1 + MESSAGE_OVERHEAD;
        ReceiveBudget {
            free: size.max(largest),
            waiting: VecDeque::new(),
            held: 0,
            max_held: max_held.max(largest),
            growth: WINDOW_GROWTH,
        }
    }

    /// Bytes that nobody was granted, and bytes that are held.
    #[cfg(test)]
    pub(crate) fn free_and_held(&self) -> (u64, u64) {
        (self.free, self.held)
    }

    /// Looks after `assembly` once a fragment arrived or its sender asked: the increment to
    /// grant now, if any.
    pub(crate) fn review(&mut self, id: u32, assembly: &mut Assembly, asked: bool) -> Option<u32> {
        let running_low = assembly.window < assembly.initial / 2;
        // A reader that has messages left to read is not kept waiting by the sender.
        let slow_reader = assembly.unread > 0;
        if !(running_low || asked) || slow_reader || assembly.reserved > 0 || assembly.waiting {
            return None;
        }
        let granted = self.reserve(assembly);
        if granted.is_none() && assembly.wanted() > 0 {
            assembly.waiting = true;
            self.waiting.push_back(id);
        }
        granted
    }

    /// Takes a fragment. Memory grows with what arrived, never with what was announced.
    pub(crate) fn push(&mut self, assembly: &mut Assembly, fragment: &[u8]) -> Result<(), Refused> {
        self.arrive(assembly, fragment.len(), false)?;
        assembly.body.extend_from_slice(fragment);
        Ok(())
    }

    fn arrive(
        &mut self,
        assembly: &mut Assembly,
        length: usize,
        ends: bool,
    ) -> Result<(), Refused> {
        let overhead = if ends { MESSAGE_OVERHEAD } else { 0 };
        let cost = length as u64 + overhead;
        assembly.arrive(length, ends)?;
        if self.held + cost > self.max_held {
            return Err(Refused::Full);
        }
        self.held += cost;
        Ok(())
    }

    /// Takes a fragment on a stream of messages, and gives the message that it completes, whose
    /// part of the grants is free again. A message that came in one piece is what `whole` gives.
    pub(crate) fn take(
        &mut self,
        id: u32,
        assembly: &mut Assembly,
        fragment: &[u8],
        completes: bool,
        whole: impl FnOnce() -> Bytes,
    ) -> Result<Option<Encoded>, Refused> {
        self.arrive(assembly, fragment.len(), completes)?;
        if completes && !assembly.is_partial() {
            assembly.unread += message_cost(fragment.len());
            return Ok(Some(Encoded {
                bytes: whole(),
                compressed: std::mem::take(&mut assembly.compressed),
            }));
        }
        assembly.body.extend_from_slice(fragment);
        if !completes {
            return Ok(None);
        }
        self.settle(id, assembly);
        let bytes = assembly.body.split().freeze();
        assembly.unread += message_cost(bytes.len());
        Ok(Some(Encoded {
            bytes,
            compressed: std::mem::take(&mut assembly.compressed),
        }))
    }

    /// The reader of a stream took messages of this cost: the increment to grant now, if any.
    pub(crate) fn consumed(&mut self, id: u32, assembly: &mut Assembly, cost: u64) -> Option<u32> {
        let read = cost.min(assembly.unread);
        assembly.unread -= read;
        self.held -= read;
        if assembly.is_window_too_small() {
            self.grow(assembly);
        }
        let granted = assembly.top_up();
        if assembly.wanted() == 0 {
            self.leave_queue(id, assembly);
        }
        match granted {
            None if assembly.is_partial() => self.review(id, assembly, false),
            granted => granted,
        }
    }

    /// The sender of a stream of messages asks for a window: the increment to grant now, if any.
    pub(crate) fn asked(&mut self, id: u32, assembly: &mut Assembly) -> Option<u32> {
        let is_behind = assembly.unread as i64 > assembly.target() / 2;
        if is_behind {
            self.shrink(assembly);
        }
        assembly.asked = !is_behind;
        self.consumed(id, assembly, 0)
    }

    /// A reader that does not keep up has no use for more than the initial window.
    fn shrink(&mut self, assembly: &mut Assembly) {
        self.growth += std::mem::take(&mut assembly.grown);
    }

    /// Doubles the window of a stream, as far as there is room for it.
    fn grow(&mut self, assembly: &mut Assembly) {
        let growth = assembly.target().min(self.growth);
        self.growth -= growth;
        assembly.grown += growth;
        assembly.asked = false;
    }

    /// Drops what has arrived of a message, if one has begun, and tells whether.
    pub(crate) fn abandon(&mut self, id: u32, assembly: &mut Assembly) -> bool {
        self.settle(id, assembly);
        let partial = std::mem::take(&mut assembly.body);
        assembly.compressed = false;
        self.held -= partial.len() as u64;
        !partial.is_empty()
    }

    /// A message ended, whole or not: its part of the grants is free again, and so is its place
    /// among those that wait.
    pub(crate) fn settle(&mut self, id: u32, assembly: &mut Assembly) {
        self.free += std::mem::take(&mut assembly.reserved);
        self.leave_queue(id, assembly);
    }

    fn leave_queue(&mut self, id: u32, assembly: &mut Assembly) {
        if std::mem::take(&mut assembly.waiting) {
            self.waiting.retain(|waiting| *waiting != id);
        }
    }

    /// A stream ended: nothing of it is held any more.
    pub(crate) fn release(&mut self, id: u32, assembly: &mut Assembly) {
        self.settle(id, assembly);
        self.held -= assembly.held();
        assembly.unread = 0;
        self.shrink(assembly);
    }

    /// The next stream that waits, if there may be room for it.
    pub(crate) fn next_waiting(&mut self) -> Option<u32> {
        self.waiting.pop_front()
    }

    /// Serves a stream from [`next_waiting`](Self::next_waiting); if there is no room it keeps
    /// its place at the head.
    pub(crate) fn serve(&mut self, id: u32, assembly: &mut Assembly) -> Option<u32> {
        let granted = self.reserve(assembly);
        match granted {
            Some(_) => assembly.waiting = false,
            None => self.waiting.push_front(id),
        }
        granted
    }

    fn reserve(&mut self, assembly: &mut Assembly) -> Option<u32> {
        let wanted = assembly.wanted();
        if wanted == 0 || wanted > self.free {
            return None;
        }
        self.free -= wanted;
        assembly.reserved = wanted;
        assembly.window += wanted as i64;
        // At most LARGEST_MESSAGE, one byte and the overhead of a message.
        Some(wanted as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INITIAL: u32 = 100;

    fn arrive(
        budget: &mut ReceiveBudget,
        id: u32,
        assembly: &mut Assembly,
        bytes: usize,
    ) -> Option<u32> {
        budget
            .push(assembly, &vec![0; bytes])
            .expect("within the window");
        budget.review(id, assembly, false)
    }

    #[test]
    fn a_message_in_progress_is_granted_the_rest_once_its_window_runs_low() {
        let mut budget = ReceiveBudget::new(1000, 400, u64::MAX);
        let mut assembly = Assembly::new(INITIAL, 400);
        assert_eq!(arrive(&mut budget, 1, &mut assembly, 50), None);
        assert_eq!(arrive(&mut budget, 1, &mut assembly, 10), Some(301));
        assert_eq!(
            arrive(&mut budget, 1, &mut assembly, 40),
            None,
            "granted once"
        );
    }

    #[test]
    fn one_byte_over_the_limit_is_seen_as_too_large() {
        let mut budget = ReceiveBudget::new(1000, 400, u64::MAX);
        let mut assembly = Assembly::new(INITIAL, 400);
        arrive(&mut budget, 1, &mut assembly, 100);
        assert_eq!(
            budget.push(&mut assembly, &[0; 301]),
            Err(Refused::TooLarge)
        );
    }

    #[test]
    fn more_than_the_window_is_refused() {
        let mut budget = ReceiveBudget::new(1000, 400, u64::MAX);
        let mut assembly = Assembly::new(INITIAL, 400);
        assert_eq!(budget.push(&mut assembly, &[0; 101]), Err(Refused::Window));
    }

    #[test]
    fn a_stream_that_waits_is_served_when_another_gives_its_part_back() {
        let mut budget = ReceiveBudget::new(400, 400, u64::MAX);
        let mut first = Assembly::new(INITIAL, 400);
        let mut second = Assembly::new(INITIAL, 400);
        assert_eq!(arrive(&mut budget, 1, &mut first, 60), Some(301));
        assert_eq!(arrive(&mut budget, 2, &mut second, 60), None);
        assert_eq!(budget.next_waiting(), Some(2));
        assert_eq!(budget.serve(2, &mut second), None);
        budget.release(1, &mut first);
        assert_eq!(budget.next_waiting(), Some(2));
        assert_eq!(budget.serve(2, &mut second), Some(301));
    }

    #[test]
    fn a_message_that_ends_gives_up_its_place_among_those_that_wait() {
        let mut budget = ReceiveBudget::new(400, 400, u64::MAX);
        let mut first = Assembly::new(INITIAL, 400);
        let mut second = Assembly::new(INITIAL, 400);
        arrive(&mut budget, 1, &mut first, 60);
        arrive(&mut budget, 2, &mut second, 60);
        budget.release(2, &mut second);
        assert_eq!(budget.next_waiting(), None);
        budget.release(1, &mut first);
        assert_eq!(budget.free_and_held(), (465, 0));
    }

    #[test]
    fn a_limit_within_the_initial_window_needs_no_grant() {
        let mut budget = ReceiveBudget::new(0, 99, u64::MAX);
        let mut assembly = Assembly::new(INITIAL, 99);
        assert_eq!(arrive(&mut budget, 1, &mut assembly, 90), None);
        assert_eq!(budget.next_waiting(), None);
    }

    #[test]
    fn a_stream_that_needs_nothing_any_more_gives_up_its_place_among_those_that_wait() {
        let mut budget = ReceiveBudget::new(465, 400, u64::MAX);
        let mut first = Assembly::new(INITIAL, 400);
        let mut second = Assembly::new(INITIAL, 400);
        assert!(arrive(&mut budget, 1, &mut first, 60).is_some());
        assert_eq!(arrive(&mut budget, 2, &mut second, 60), None);
        // Its window is filled up because it has grown.
        second.grown = 900;
        assert!(budget.consumed(2, &mut second, 0).is_some());
        assert_eq!(budget.next_waiting(), None);
    }
}
