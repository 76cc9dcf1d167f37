//! Messages that leave together.

use bytes::{Buf, Bytes, BytesMut};
use rpc_wire::session::{MessageBody, SHARE_BODY_FROM};
use rpc_wire::{Status, memory};

use super::frame::{self, PREFIX_SIZE};

/// Bytes from which on a batch is full: three frames of HTTP/2. With the message that fills it, it has room in the smallest buffer
/// that is used again.
const FULL: usize = 48 * 1024;

/// Small messages behind their prefixes, one behind the other. They are encoded where they leave from, so none is copied.
///
/// A message that is not small is [alone](Self::take_alone): whoever added it decides how it leaves, behind what the batch holds.
pub(crate) struct Batch {
    buffer: BytesMut,
    /// Bytes of the messages that are whole. What stands behind them is of one that failed.
    whole: usize,
    /// What the buffer needs room for: nothing, unless the one before was full.
    room: usize,
    /// Size from which on a message is alone, in bytes.
    alone_from: usize,
    alone: Option<Bytes>,
}

impl Batch {
    /// An empty one. Messages of `alone_from` bytes or more are alone.
    pub(crate) fn new(alone_from: usize) -> Self {
        Batch {
            buffer: BytesMut::new(),
            whole: 0,
            room: 0,
            alone_from: alone_from.min(SHARE_BODY_FROM),
            alone: None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.whole == 0
    }

    /// Adds the message that `encode` writes behind what a buffer holds, most likely so many bytes; says whether there is room for another.
    ///
    /// # Errors
    ///
    /// Those of `encode`; RESOURCE_EXHAUSTED if the message is too long for gRPC. Then it is not added.
    pub(crate) fn encode(
        &mut self,
        size_hint: usize,
        encode: impl FnOnce(&mut BytesMut) -> Result<(), Status>,
    ) -> Result<bool, Status> {
        if size_hint >= self.alone_from {
            let mut message = memory::buffer(size_hint);
            encode(&mut message)?;
            self.alone = Some(memory::share(message));
            return Ok(false);
        }
        let buffer = self.begin(size_hint);
        encode(buffer)?;
        let length = self.buffer.len() - self.whole - PREFIX_SIZE;
        if length >= self.alone_from {
            let mut message = self.buffer.split_off(self.whole);
            message.advance(PREFIX_SIZE);
            self.alone = Some(message.freeze());
            return Ok(false);
        }
        self.end(length, false)?;
        Ok(self.has_room())
    }

    /// Adds an encoded message; says whether there is room for another.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED if it is too long for gRPC. Then it is not added.
    pub(crate) fn push(&mut self, message: MessageBody<'_>) -> Result<bool, Status> {
        if message.len() >= self.alone_from {
            self.alone = Some(message.into_bytes());
            return Ok(false);
        }
        self.append(&message, false)?;
        Ok(self.has_room())
    }

    /// Adds a message of any size.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED if it is too long for gRPC. Then it is not added.
    pub(crate) fn append(&mut self, message: &[u8], compressed: bool) -> Result<(), Status> {
        self.begin(message.len()).extend_from_slice(message);
        self.end(message.len(), compressed)
    }

    /// Adds the prefix of a message that leaves behind the batch.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED if it is too long for gRPC. Then nothing is added.
    pub(crate) fn append_prefix(&mut self, length: usize, compressed: bool) -> Result<(), Status> {
        self.begin(0);
        self.end(length, compressed)
    }

    /// The message that was added last, if it is not small.
    pub(crate) fn take_alone(&mut self) -> Option<Bytes> {
        self.alone.take()
    }

    pub(crate) fn has_room(&self) -> bool {
        self.whole < FULL
    }

    /// Takes what it holds, apart from a message that is alone.
    pub(crate) fn take(&mut self) -> Bytes {
        // Behind a full one most likely comes another, which is not to be moved about while it grows.
        self.room = match self.has_room() {
            true => 0,
            false => FULL + SHARE_BODY_FROM,
        };
        self.buffer.truncate(self.whole);
        self.whole = 0;
        memory::take_message(&mut self.buffer)
    }

    /// The buffer with room for a message, and its prefix in place.
    fn begin(&mut self, length: usize) -> &mut BytesMut {
        self.buffer.truncate(self.whole);
        let room = self.room.saturating_sub(self.whole);
        memory::reserve(&mut self.buffer, room.max(PREFIX_SIZE + length));
        self.buffer.extend_from_slice(&[0; PREFIX_SIZE]);
        &mut self.buffer
    }

    /// Has a message of this length behind the prefix in the buffer, and says in the prefix that it is there.
    fn end(&mut self, length: usize, compressed: bool) -> Result<(), Status> {
        let prefix = frame::prefix_of(length, compressed)?;
        self.buffer[self.whole..][..PREFIX_SIZE].copy_from_slice(&prefix);
        self.whole = self.buffer.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    /// A batch in which messages of eight bytes are alone, with a small one in it.
    fn batch() -> Batch {
        let mut batch = Batch::new(8);
        batch.append(b"first", true).unwrap();
        batch
    }

    const FIRST: &[u8] = b"\x01\0\0\0\x05first";

    /// Adds what is encoded as `message`, where `size_hint` bytes were expected.
    fn encode(batch: &mut Batch, size_hint: usize, message: &[u8]) -> bool {
        let write = |buffer: &mut BytesMut| {
            buffer.extend_from_slice(message);
            Ok(())
        };
        batch.encode(size_hint, write).unwrap()
    }

    #[test]
    fn small_messages_leave_together_each_behind_its_prefix() {
        let mut batch = batch();
        assert!(encode(&mut batch, 0, b"second"));
        assert!(batch.push(MessageBody::Borrowed(b"")).unwrap());
        batch.append_prefix(0x0102, false).unwrap();
        let all = [FIRST, b"\0\0\0\0\x06second", &[0; 5], b"\0\0\0\x01\x02"];
        assert_eq!(batch.take(), all.concat());
        assert!(batch.is_empty());
        assert_eq!(batch.take(), "");
    }

    #[test]
    fn a_message_that_is_not_small_is_alone_whether_that_was_expected_or_not() {
        let large = b"too large";
        let added: [fn(&mut Batch, &[u8]) -> bool; 4] = [
            |batch, large| encode(batch, large.len(), large),
            |batch, large| encode(batch, 0, large),
            |batch, large| batch.push(MessageBody::Borrowed(large)).unwrap(),
            |batch, large| batch.push(Bytes::copy_from_slice(large).into()).unwrap(),
        ];
        for add in added {
            let mut batch = batch();
            assert!(!add(&mut batch, large));
            assert_eq!(batch.take_alone().unwrap(), &large[..]);
            assert_eq!(batch.take_alone(), None);
            assert!(batch.has_room());
            assert_eq!(batch.take(), FIRST);
        }
    }

    #[test]
    fn nothing_is_left_of_a_message_that_has_no_encoding() {
        let mut batch = batch();
        for size_hint in [0, 8] {
            let failed = batch.encode(size_hint, |buffer| {
                buffer.extend_from_slice(b"half of ");
                Err(Status::internal("there is no other half"))
            });
            assert_eq!(failed.unwrap_err().message(), "there is no other half");
        }
        assert!(encode(&mut batch, 1, b"2"));
        assert_eq!(batch.take(), [FIRST, b"\0\0\0\0\x012"].concat());
    }

    #[test]
    fn a_full_one_has_no_room_until_it_is_taken() {
        let mut batch = Batch::new(usize::MAX);
        let message = [7; SHARE_BODY_FROM - 1];
        for _ in 0..2 {
            let mut added = 1;
            while encode(&mut batch, message.len(), &message) {
                added += 1;
            }
            assert_eq!(added, FULL.div_ceil(PREFIX_SIZE + message.len()));
            assert!(!batch.has_room());
            assert_eq!(batch.take().len(), added * (PREFIX_SIZE + message.len()));
            assert!(batch.has_room());
        }
    }
}
