//! Queues of encoded messages, which are filled one by one and emptied by the lot.

use std::collections::VecDeque;
use std::{iter, mem};

use bytes::Bytes;
use rpc_wire::session::{Encoded, EncodedRef, MessageBody, message_cost};

/// What a reader takes of a stream before the sender is told that it may send more, by [`message_cost`].
pub(crate) const READ_STEP: u64 = 64 * 1024;

/// From this length on a message has bytes of its own.
const LARGE: usize = 1024;

/// More than this is not kept of what was taken out, nor of the buffer when it is empty, in bytes.
const MAX_KEPT: usize = 64 * 1024;

/// What stands ahead of each message in the buffer: the length of a small one, and what else there is to say.
const WORD_LEN: usize = size_of::<u16>();

/// The bytes are not in the buffer.
const SHARED: u16 = 1 << 15;

const COMPRESSED: u16 = 1 << 14;

const LENGTH: u16 = COMPRESSED - 1;

const _: () = assert!(LARGE <= LENGTH as usize);

/// Messages in their order. Small ones lie one behind the other in one buffer, so that many of them cost neither an
/// allocation nor a count of references each.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    packed: Vec<u8>,
    /// How much of `packed` was taken out.
    taken: usize,
    shared: VecDeque<Bytes>,
    len: usize,
    /// What they cost in all, by [`message_cost`].
    cost: u64,
}

impl Messages {
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// What they cost in all, by [`message_cost`].
    pub(crate) fn cost(&self) -> u64 {
        self.cost
    }

    pub(crate) fn push(&mut self, message: EncodedRef<'_>) {
        let EncodedRef { body, compressed } = message;
        self.make_room();
        self.len += 1;
        self.cost += message_cost(body.len());
        let compressed = if compressed { COMPRESSED } else { 0 };
        if body.len() < LARGE {
            let word = body.len() as u16 | compressed;
            self.packed.reserve(WORD_LEN + body.len());
            self.packed.extend_from_slice(&word.to_ne_bytes());
            self.packed.extend_from_slice(&body);
        } else {
            let word = SHARED | compressed;
            self.packed.extend_from_slice(&word.to_ne_bytes());
            self.shared.push_back(body.into_bytes());
        }
    }

    /// The first message, which stays.
    pub(crate) fn front(&self) -> Option<EncodedRef<'_>> {
        let word = self.word(self.taken)?;
        let body = match word & SHARED {
            0 => MessageBody::Borrowed(self.body(self.taken, word)),
            _ => MessageBody::Shared(self.shared.front()?.clone()),
        };
        Some(EncodedRef {
            body,
            compressed: word & COMPRESSED != 0,
        })
    }

    /// Takes the first message out; its bytes are here until the next is pushed.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<EncodedRef<'_>> {
        let word = self.word(self.taken)?;
        let begin = self.taken + WORD_LEN;
        self.taken = begin;
        self.len -= 1;
        let body = match word & SHARED {
            0 => {
                self.taken += usize::from(word & LENGTH);
                MessageBody::Borrowed(&self.packed[begin..self.taken])
            }
            _ => MessageBody::Shared(self.shared.pop_front()?),
        };
        self.cost -= message_cost(body.len());
        Some(EncodedRef {
            body,
            compressed: word & COMPRESSED != 0,
        })
    }

    /// The messages in front that are small and not compressed.
    pub(crate) fn front_run(&self) -> impl Iterator<Item = &[u8]> {
        let mut at = self.taken;
        iter::from_fn(move || {
            let word = self.word(at)?;
            let body = (word & !LENGTH == 0).then(|| self.body(at, word))?;
            at += WORD_LEN + body.len();
            Some(body)
        })
    }

    /// Takes the first message out if it is compressed.
    #[inline]
    pub(crate) fn pop_compressed(&mut self) -> Option<Encoded> {
        match self.word(self.taken)? & COMPRESSED {
            0 => None,
            _ => self.pop().map(EncodedRef::into_owned),
        }
    }

    /// What is said at `at` about the message there.
    fn word(&self, at: usize) -> Option<u16> {
        let word = self.packed.get(at..)?.first_chunk()?;
        Some(u16::from_ne_bytes(*word))
    }

    /// The small message at `at`, of which `word` is said.
    fn body(&self, at: usize, word: u16) -> &[u8] {
        &self.packed[at + WORD_LEN..][..usize::from(word & LENGTH)]
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
            return mem::swap(self, into);
        }
        into.make_room();
        into.packed.extend_from_slice(&self.packed[self.taken..]);
        into.shared.append(&mut self.shared);
        into.len += mem::take(&mut self.len);
        into.cost += mem::take(&mut self.cost);
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
