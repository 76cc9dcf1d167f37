//! Queues of encoded messages, which are filled one by one and emptied by the lot.

use std::collections::VecDeque;

use bytes::Bytes;
use rpc_wire::session::{Encoded, EncodedRef, MessageBody, message_cost};

/// What a reader takes of a stream before the sender is told that it may send more, by [`message_cost`].
pub(crate) const READ_STEP: u64 = 64 * 1024;

/// From this length on a message has bytes of its own.
const LARGE: usize = 1024;

/// More than this is not kept of what was taken out, nor of the buffer when it is empty, in bytes.
const MAX_KEPT: usize = 64 * 1024;

/// Messages in their order. Small ones lie side by side in one buffer, so that many of them cost neither an
/// allocation nor a count of references each.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    packed: Vec<u8>,
    /// How much of `packed` was taken out.
    taken: usize,
    shared: VecDeque<Bytes>,
    order: VecDeque<Entry>,
    /// What they cost in all, by [`message_cost`].
    cost: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    length: usize,
    is_packed: bool,
    compressed: bool,
}

impl Messages {
    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// What they cost in all, by [`message_cost`].
    pub(crate) fn cost(&self) -> u64 {
        self.cost
    }

    pub(crate) fn push(&mut self, message: EncodedRef<'_>) {
        let EncodedRef { body, compressed } = message;
        let entry = Entry {
            length: body.len(),
            is_packed: body.len() < LARGE,
            compressed,
        };
        match entry.is_packed {
            true => {
                self.make_room();
                self.packed.extend_from_slice(&body);
            }
            false => self.shared.push_back(body.into_bytes()),
        }
        self.cost += message_cost(entry.length);
        self.order.push_back(entry);
    }

    /// The first message, which stays.
    pub(crate) fn front(&self) -> Option<EncodedRef<'_>> {
        let entry = self.order.front()?;
        let body = match entry.is_packed {
            true => MessageBody::Borrowed(&self.packed[self.taken..][..entry.length]),
            false => MessageBody::Shared(self.shared.front()?.clone()),
        };
        Some(EncodedRef {
            body,
            compressed: entry.compressed,
        })
    }

    /// Takes the first message out; its bytes are here until the next is pushed.
    pub(crate) fn pop(&mut self) -> Option<EncodedRef<'_>> {
        let entry = self.order.pop_front()?;
        self.cost -= message_cost(entry.length);
        let body = match entry.is_packed {
            true => {
                let begin = self.taken;
                self.taken += entry.length;
                MessageBody::Borrowed(&self.packed[begin..self.taken])
            }
            false => MessageBody::Shared(self.shared.pop_front()?),
        };
        Some(EncodedRef {
            body,
            compressed: entry.compressed,
        })
    }

    /// The messages in front that are small and not compressed: their bytes side by side, and their lengths.
    pub(crate) fn front_run(&self) -> (&[u8], impl Iterator<Item = usize>) {
        let is_plain = |entry: &&Entry| entry.is_packed && !entry.compressed;
        let plain = self.order.iter().take_while(is_plain);
        (&self.packed[self.taken..], plain.map(|entry| entry.length))
    }

    /// Drops the first `count` messages, which are of the [`front_run`](Self::front_run).
    pub(crate) fn drop_run(&mut self, count: usize) {
        for entry in self.order.drain(..count) {
            self.taken += entry.length;
            self.cost -= message_cost(entry.length);
        }
    }

    /// Takes the first message out if it is compressed.
    pub(crate) fn pop_compressed(&mut self) -> Option<Encoded> {
        let first = self.order.front()?;
        let message = first.compressed.then(|| self.pop())?;
        message.map(EncodedRef::into_owned)
    }

    /// Gives up what was taken out, if that is all or much.
    fn make_room(&mut self) {
        if self.taken == self.packed.len() {
            self.packed.clear();
            self.packed.shrink_to(MAX_KEPT);
            self.taken = 0;
        } else if self.taken >= MAX_KEPT {
            self.packed.drain(..self.taken);
            self.taken = 0;
        }
    }

    /// Moves all messages behind those of `into`.
    pub(crate) fn move_into(&mut self, into: &mut Messages) {
        if into.is_empty() {
            return std::mem::swap(self, into);
        }
        into.make_room();
        into.packed.extend_from_slice(&self.packed[self.taken..]);
        into.shared.append(&mut self.shared);
        into.order.append(&mut self.order);
        into.cost += std::mem::take(&mut self.cost);
        self.taken = self.packed.len();
        self.make_room();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages of these lengths, each filled with its number; every third is compressed.
    fn messages(lengths: &[usize]) -> Messages {
        let mut messages = Messages::default();
        for (number, length) in lengths.iter().enumerate() {
            messages.push(EncodedRef {
                body: MessageBody::Borrowed(&vec![number as u8; *length]),
                compressed: number % 3 == 0,
            });
        }
        messages
    }

    fn drain(messages: &mut Messages) -> Vec<(usize, u8, bool)> {
        let mut drained = Vec::new();
        while let Some(EncodedRef { body, compressed }) = messages.pop() {
            let first = body.first().copied().unwrap_or_default();
            assert!(body.iter().all(|byte| *byte == first));
            drained.push((body.len(), first, compressed));
        }
        assert_eq!(messages.cost(), 0);
        drained
    }

    #[test]
    fn small_and_large_messages_come_out_in_their_order() {
        let lengths = [1, LARGE, 2, 3, LARGE * 100, LARGE - 1, LARGE];
        let mut all = messages(&lengths);
        let cost: u64 = lengths.iter().map(|length| message_cost(*length)).sum();
        assert_eq!(all.cost(), cost);
        let expected: Vec<_> = lengths
            .iter()
            .enumerate()
            .map(|(number, length)| (*length, number as u8, number % 3 == 0))
            .collect();
        assert_eq!(drain(&mut all), expected);
    }

    #[test]
    fn messages_move_behind_others() {
        let (mut from, mut into) = (messages(&[10, 2000]), messages(&[5]));
        from.move_into(&mut into);
        assert!(from.is_empty());
        assert_eq!(
            drain(&mut into),
            [(5, 0, true), (10, 0, true), (2000, 1, false)]
        );
    }

    #[test]
    fn a_queue_that_is_never_empty_keeps_no_more_than_it_holds() {
        let mut queue = messages(&[100]);
        for _ in 0..10_000 {
            queue.push(EncodedRef::from(Bytes::from_static(&[7; 100])));
            queue.pop();
        }
        assert_eq!(queue.len(), 1);
        assert!(queue.packed.capacity() <= 4 * MAX_KEPT);
        assert_eq!(drain(&mut queue), [(100, 7, false)]);
    }
}
