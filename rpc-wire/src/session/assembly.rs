//! Messages that arrive, perhaps in several frames.

use bytes::BytesMut;

use super::encoded::{Encoded, EncodedRef, MessageBody};
use super::flow::{MESSAGE_OVERHEAD, admits, message_cost};
use crate::memory;

/// Largest message size that can be configured: the grant for a whole message fits into one WINDOW
/// frame. Protobuf's own limit, 2 GiB, is lower.
pub(crate) const LARGEST_MESSAGE: u64 = u32::MAX as u64 - 1 - MESSAGE_OVERHEAD;

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
    /// Bytes of the shared budget that this message holds until it ends.
    pub(super) share: u64,
    /// The message waits for more of the budget.
    pub(super) waiting: bool,
    /// What whole messages cost that their reader has not taken yet.
    unread: u64,
    /// What the window is filled up to when messages were read, unless it has grown.
    initial: i64,
    /// What the window is filled up to beyond that.
    pub(super) grown: i64,
    /// The sender has asked for a window since the last growth, when the reader kept up with it.
    pub(super) asked: bool,
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
            compressed: false,
            max_message_size,
            window: i64::from(initial_window),
            share: 0,
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
            bytes: memory::share(self.body),
            compressed: self.compressed,
        }
    }

    /// Takes a fragment off the window; gives the message that it completes. One that came in one
    /// piece is what `whole` gives.
    pub(super) fn take<'a>(
        &mut self,
        fragment: &[u8],
        completes: bool,
        whole: impl FnOnce() -> MessageBody<'a>,
    ) -> Result<Option<EncodedRef<'a>>, Refused> {
        self.arrive(fragment.len(), completes)?;
        let body = if completes && !self.is_partial() {
            whole()
        } else {
            self.append(fragment);
            if !completes {
                return Ok(None);
            }
            memory::take_message(&mut self.body).into()
        };
        self.unread += message_cost(body.len());
        Ok(Some(EncodedRef {
            body,
            compressed: std::mem::take(&mut self.compressed),
        }))
    }

    /// Takes a message that came in one piece off the window, if it may come now; false changes nothing.
    pub(super) fn take_whole(&mut self, length: usize) -> bool {
        let takes = !self.is_partial()
            && admits(self.window, length)
            && length as u64 <= self.max_message_size;
        if takes {
            self.window -= message_cost(length) as i64;
            self.unread += message_cost(length);
        }
        takes
    }

    /// Takes a fragment of a message that is handed over with [`into_message`](Self::into_message).
    pub(super) fn push(&mut self, fragment: &[u8]) -> Result<(), Refused> {
        self.arrive(fragment.len(), false)?;
        self.append(fragment);
        Ok(())
    }

    fn append(&mut self, fragment: &[u8]) {
        memory::reserve(&mut self.body, fragment.len());
        self.body.extend_from_slice(fragment);
    }

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

    /// Drops what has arrived of a message; gives how much it was.
    pub(super) fn abandon(&mut self) -> u64 {
        self.compressed = false;
        std::mem::take(&mut self.body).len() as u64
    }

    /// The reader took messages of this cost; gives how much of it was unread.
    pub(super) fn read(&mut self, cost: u64) -> u64 {
        let read = cost.min(self.unread);
        self.unread -= read;
        read
    }

    /// What the window is filled up to when messages were read.
    pub(super) fn target(&self) -> i64 {
        self.initial + self.grown
    }

    /// Whether the reader leaves more unread than a sender is granted at a time.
    pub(super) fn is_reader_behind(&self) -> bool {
        self.unread as i64 > self.target() / 2
    }

    /// Whether the sender had to ask for a window and the reader has nothing left to read: then the
    /// window is smaller than what the link carries.
    pub(super) fn is_window_too_small(&self) -> bool {
        self.asked && self.unread == 0 && self.window < self.target()
    }

    /// Whether the message that has begun needs more than the window soon. A reader that has messages
    /// left to read is not kept waiting by the sender.
    pub(super) fn is_running_low(&self) -> bool {
        self.unread == 0 && self.window < self.initial / 2
    }

    /// What the sender may be granted for what was read. Half a window is granted at a time, so that
    /// small messages do not cost a WINDOW frame each.
    pub(super) fn top_up(&mut self) -> Option<u32> {
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
    pub(super) fn wanted(&self) -> u64 {
        let wanted = (self.max_message_size + 1) as i64 - self.body.len() as i64 - self.window;
        wanted.max(0).unsigned_abs()
    }

    /// What is granted at a time of what is [`wanted`](Self::wanted), at most: as much as has arrived.
    /// The size of a message is not known before its end, and this way it holds little that it does not need.
    pub(super) fn step(&self) -> u64 {
        self.wanted()
            .min(self.initial.unsigned_abs().max(self.body.len() as u64))
    }

    /// Widens the window by a part of what is [`wanted`](Self::wanted): the increment to send.
    pub(super) fn grant(&mut self, bytes: u64) -> u32 {
        self.window += bytes as i64;
        // At most LARGEST_MESSAGE, one byte and the overhead of a message.
        bytes as u32
    }
}
