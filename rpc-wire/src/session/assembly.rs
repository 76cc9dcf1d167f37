//! Messages that arrive in several frames.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Largest message size that can be configured: the grant for a whole message fits into one WINDOW
/// frame. Protobuf's own limit, 2 GiB, is lower.
pub(crate) const LARGEST_MESSAGE: u64 = u32::MAX as u64 - 1;

/// A message of which the first frames are here.
#[derive(Debug)]
pub(crate) struct Assembly {
    body: BytesMut,
    max_message_size: u64,
    /// Bytes that the sender may still send.
    window: u64,
    /// Bytes of the grant budget that this message holds until it ends.
    reserved: u64,
    waiting: bool,
    /// Bytes of whole messages that their reader has not taken yet.
    unread: u64,
}

/// Why a fragment was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The sender sent more than it was granted.
    Window,
    /// The message is larger than the limit.
    TooLarge,
}

impl Assembly {
    pub(crate) fn new(initial_window: u32, max_message_size: u64) -> Self {
        Assembly {
            body: BytesMut::new(),
            max_message_size,
            window: u64::from(initial_window),
            reserved: 0,
            waiting: false,
            unread: 0,
        }
    }

    /// Whether a message has begun and not ended.
    pub(crate) fn is_partial(&self) -> bool {
        !self.body.is_empty()
    }

    /// Takes note of a message that came in one piece and is handed on as it is.
    fn pass(&mut self, length: usize) -> Result<(), Refused> {
        let length = length as u64;
        self.window = self.window.checked_sub(length).ok_or(Refused::Window)?;
        if length > self.max_message_size {
            return Err(Refused::TooLarge);
        }
        self.unread += length;
        Ok(())
    }

    /// Whether the sender may send `length` bytes.
    pub(crate) fn admits(&self, length: u32) -> bool {
        u64::from(length) <= self.window
    }

    /// Bytes that are held, in part and whole.
    #[cfg(test)]
    pub(crate) fn held(&self) -> u64 {
        self.unread + self.body.len() as u64
    }

    /// Takes the message that is now complete.
    fn take(&mut self) -> Bytes {
        let message = self.body.split().freeze();
        self.unread += message.len() as u64;
        message
    }

    /// The reader took `bytes` of messages: what the sender may be granted for them. Half a
    /// window is granted at a time, so that small messages do not cost a WINDOW frame each.
    fn consumed(&mut self, bytes: usize, initial: u32) -> Option<u32> {
        self.unread = self.unread.saturating_sub(bytes as u64);
        let held = self.window + self.unread + self.body.len() as u64;
        let initial = u64::from(initial);
        let increment = initial.checked_sub(held).filter(|_| held <= initial / 2)?;
        self.window += increment;
        Some(increment as u32)
    }

    /// Appends a fragment. Memory grows with what arrived, never with what was announced.
    pub(crate) fn push(&mut self, fragment: &[u8]) -> Result<(), Refused> {
        let length = fragment.len() as u64;
        self.window = self.window.checked_sub(length).ok_or(Refused::Window)?;
        if self.body.len() as u64 + length > self.max_message_size {
            return Err(Refused::TooLarge);
        }
        self.body.extend_from_slice(fragment);
        Ok(())
    }

    pub(crate) fn into_body(self) -> Bytes {
        self.body.freeze()
    }

    /// What the sender must be granted in all before the largest allowed message is complete,
    /// and one byte more, so that a message over the limit is seen rather than stuck.
    fn wanted(&self) -> u64 {
        (self.max_message_size + 1).saturating_sub(self.body.len() as u64 + self.window)
    }
}

/// The bytes that a connection grants beyond the initial windows.
///
/// A message is granted all that it may ever need, or it waits; so whoever holds a part of the
/// budget can finish and give it back, and messages cannot block each other for good.
#[derive(Debug)]
pub(crate) struct GrantBudget {
    free: u64,
    waiting: VecDeque<u32>,
}

impl GrantBudget {
    /// A budget of `size` bytes, which is at least `max_message_size`.
    pub(crate) fn new(size: u64, max_message_size: u64) -> Self {
        GrantBudget {
            free: size.max(max_message_size + 1),
            waiting: VecDeque::new(),
        }
    }

    /// Bytes that nobody holds.
    #[cfg(test)]
    pub(crate) fn free(&self) -> u64 {
        self.free
    }

    /// Looks after `assembly` once a fragment arrived or its sender asked: the increment to
    /// grant now, if any.
    pub(crate) fn review(
        &mut self,
        id: u32,
        assembly: &mut Assembly,
        initial: u32,
        asked: bool,
    ) -> Option<u32> {
        let running_low = assembly.window < u64::from(initial) / 2;
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

    /// Takes a fragment on a stream of messages, and gives the message that it completes, whose
    /// part of the budget is free again. A message that came in one piece is what `whole` gives.
    pub(crate) fn take(
        &mut self,
        id: u32,
        assembly: &mut Assembly,
        fragment: &[u8],
        completes: bool,
        whole: impl FnOnce() -> Bytes,
    ) -> Result<Option<Bytes>, Refused> {
        if completes && !assembly.is_partial() {
            assembly.pass(fragment.len())?;
            return Ok(Some(whole()));
        }
        assembly.push(fragment)?;
        if !completes {
            return Ok(None);
        }
        self.settle(id, assembly);
        Ok(Some(assembly.take()))
    }

    /// The reader of a stream took `bytes` of messages: the increment to grant now, if any.
    pub(crate) fn consumed(
        &mut self,
        id: u32,
        assembly: &mut Assembly,
        initial: u32,
        bytes: usize,
    ) -> Option<u32> {
        match assembly.consumed(bytes, initial) {
            None if assembly.is_partial() => self.review(id, assembly, initial, false),
            granted => granted,
        }
    }

    /// Drops what has arrived of a message, if one has begun, and tells whether.
    pub(crate) fn abandon(&mut self, id: u32, assembly: &mut Assembly) -> bool {
        self.settle(id, assembly);
        let partial = assembly.is_partial();
        assembly.body = BytesMut::new();
        partial
    }

    fn settle(&mut self, id: u32, assembly: &mut Assembly) {
        self.release(id, assembly);
        assembly.reserved = 0;
        assembly.waiting = false;
    }

    /// A message ended, whole or not: its part of the budget is free again, and so is its place
    /// among those that wait.
    pub(crate) fn release(&mut self, id: u32, assembly: &Assembly) {
        self.free += assembly.reserved;
        if assembly.waiting {
            self.waiting.retain(|waiting| *waiting != id);
        }
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
        assembly.window += wanted;
        // At most LARGEST_MESSAGE and one byte.
        Some(wanted as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INITIAL: u32 = 100;

    fn arrive(
        budget: &mut GrantBudget,
        id: u32,
        assembly: &mut Assembly,
        bytes: usize,
    ) -> Option<u32> {
        assembly.push(&vec![0; bytes]).expect("within the window");
        budget.review(id, assembly, INITIAL, false)
    }

    #[test]
    fn a_message_in_progress_is_granted_the_rest_once_its_window_runs_low() {
        let mut budget = GrantBudget::new(1000, 400);
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
        let mut budget = GrantBudget::new(1000, 400);
        let mut assembly = Assembly::new(INITIAL, 400);
        arrive(&mut budget, 1, &mut assembly, 100);
        assert_eq!(assembly.push(&[0; 301]), Err(Refused::TooLarge));
    }

    #[test]
    fn more_than_the_window_is_refused() {
        let mut assembly = Assembly::new(INITIAL, 400);
        assert_eq!(assembly.push(&[0; 101]), Err(Refused::Window));
    }

    #[test]
    fn a_stream_that_waits_is_served_when_another_gives_its_part_back() {
        let mut budget = GrantBudget::new(400, 400);
        let mut first = Assembly::new(INITIAL, 400);
        let mut second = Assembly::new(INITIAL, 400);
        assert_eq!(arrive(&mut budget, 1, &mut first, 60), Some(301));
        assert_eq!(arrive(&mut budget, 2, &mut second, 60), None);
        assert_eq!(budget.next_waiting(), Some(2));
        assert_eq!(budget.serve(2, &mut second), None);
        budget.release(1, &first);
        assert_eq!(budget.next_waiting(), Some(2));
        assert_eq!(budget.serve(2, &mut second), Some(301));
    }

    #[test]
    fn a_message_that_ends_gives_up_its_place_among_those_that_wait() {
        let mut budget = GrantBudget::new(400, 400);
        let mut first = Assembly::new(INITIAL, 400);
        let mut second = Assembly::new(INITIAL, 400);
        arrive(&mut budget, 1, &mut first, 60);
        arrive(&mut budget, 2, &mut second, 60);
        budget.release(2, &second);
        assert_eq!(budget.next_waiting(), None);
        budget.release(1, &first);
        assert_eq!(budget.free(), 401);
    }

    #[test]
    fn a_limit_within_the_initial_window_needs_no_grant() {
        let mut budget = GrantBudget::new(0, 99);
        let mut assembly = Assembly::new(INITIAL, 99);
        assert_eq!(arrive(&mut budget, 1, &mut assembly, 90), None);
        assert_eq!(budget.next_waiting(), None);
    }
}
