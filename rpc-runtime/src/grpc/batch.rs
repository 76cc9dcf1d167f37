//! Messages that leave together.

use bytes::{Buf, Bytes, BytesMut};
use rpc_wire::session::{MessageBody, SHARE_BODY_FROM};
use rpc_wire::{Status, memory};

use super::frame::{self, PREFIX_SIZE};

/// What a frame of HTTP/2 holds if its reader has not asked for larger ones, in bytes.
const FRAME: usize = 16 * 1024;

/// Bytes from which on a batch is full: with the message that fills it, it has room in the smallest buffer that is used again.
const FULL: usize = 3 * FRAME;

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

    /// Takes all that it holds.
    pub(crate) fn take(&mut self) -> Bytes {
        self.room = 0;
        self.buffer.truncate(self.whole);
        self.whole = 0;
        memory::take_message(&mut self.buffer)
    }

    /// Takes whole frames, if it is full: the rest leaves with what is added next, or is taken when that is not there.
    pub(crate) fn take_frames(&mut self) -> Bytes {
        if self.has_room() {
            return self.take();
        }
        // The next ones are not moved about while it grows.
        self.room = FULL + SHARE_BODY_FROM;
        let frames = self.whole - self.whole % FRAME;
        let rest = BytesMut::from(&self.buffer[frames..self.whole]);
        self.whole = rest.len();
        self.buffer.truncate(frames);
        memory::share(std::mem::replace(&mut self.buffer, rest))
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
