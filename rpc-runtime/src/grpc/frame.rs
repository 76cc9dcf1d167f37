//! Messages behind their prefix: a byte that says whether they are compressed, and four for the length.

use std::io::IoSlice;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use rpc_wire::session::Encoded;
use rpc_wire::{Status, memory};

/// Length of the prefix of each message, in bytes.
pub(crate) const PREFIX_SIZE: usize = 5;

/// What stands ahead of a message.
///
/// # Errors
///
/// RESOURCE_EXHAUSTED if its length needs more than 32 bits.
pub(crate) fn prefix(message: &Encoded) -> Result<[u8; PREFIX_SIZE], Status> {
    prefix_of(message.bytes.len(), message.compressed)
}

/// As [`prefix`], for a message of this length.
pub(crate) fn prefix_of(length: usize, compressed: bool) -> Result<[u8; PREFIX_SIZE], Status> {
    let length = u32::try_from(length).map_err(|_| {
        Status::resource_exhausted(format!(
            "a message of {length} bytes is over what gRPC can send, {} bytes",
            u32::MAX
        ))
    })?;
    let mut prefix = [0; PREFIX_SIZE];
    let mut buffer = &mut prefix[..];
    buffer.put_u8(compressed.into());
    buffer.put_u32(length);
    Ok(prefix)
}

/// A message behind its prefix, as it is sent. The default is no message, which ends a stream.
#[derive(Debug, Default)]
pub(crate) struct Framed {
    prefix: [u8; PREFIX_SIZE],
    /// Bytes of the prefix that are left.
    left: usize,
    message: Bytes,
}

#[cfg_attr(
    all(not(feature = "grpc"), not(test)),
    expect(dead_code, reason = "gRPC's clients send it")
)]
impl Framed {
    /// Puts a message behind its prefix.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED if its length needs more than 32 bits.
    pub(crate) fn new(message: Encoded) -> Result<Self, Status> {
        Ok(Framed {
            prefix: prefix(&message)?,
            left: PREFIX_SIZE,
            message: message.bytes,
        })
    }

    fn prefix(&self) -> &[u8] {
        &self.prefix[PREFIX_SIZE - self.left..]
    }
}

impl Buf for Framed {
    fn remaining(&self) -> usize {
        self.left + self.message.len()
    }

    fn chunk(&self) -> &[u8] {
        match self.left {
            0 => &self.message,
            _ => self.prefix(),
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let parts = [self.prefix(), &self.message];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let filled = slices.iter_mut().zip(parts);
        filled
            .map(|(slice, part)| *slice = IoSlice::new(part))
            .count()
    }

    fn advance(&mut self, count: usize) {
        let of_prefix = count.min(self.left);
        self.left -= of_prefix;
        self.message.advance(count - of_prefix);
    }
}

/// Finds the messages in what arrives, however it is cut. Memory grows with what arrived, never with what a prefix
/// announces; a message that arrived in one piece is a part of that piece.
///
/// Call [`push`](Self::push) with what arrived, then [`next`](Self::next) until it gives none; when nothing more
/// comes, [`finish`](Self::finish).
#[derive(Debug)]
pub(crate) struct MessageReader {
    /// Largest message, in bytes.
    max_message_size: u64,
    /// Whose limit that is.
    owner: &'static str,
    /// What arrived last, as far as it was not read.
    piece: Bytes,
    /// The beginning of a message, with its prefix, that did not arrive in one piece.
    partial: BytesMut,
}

impl MessageReader {
    /// `owner` is whose limit `max_message_size` is in errors, such as `"client's"`.
    pub(crate) fn new(max_message_size: u64, owner: &'static str) -> Self {
        MessageReader {
            max_message_size,
            owner,
            piece: Bytes::new(),
            partial: BytesMut::new(),
        }
    }

    /// Takes in what arrived.
    pub(crate) fn push(&mut self, piece: Bytes) {
        if !self.piece.is_empty() {
            // Nobody asked for all of what came before.
            self.partial.extend_from_slice(&self.piece);
        }
        self.piece = piece;
    }

    /// The next message that is complete.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED if a prefix announces more than `max_message_size`; INTERNAL if it is none. Nothing after
    /// that can be read.
    pub(crate) fn next(&mut self) -> Result<Option<Encoded>, Status> {
        if self.partial.is_empty()
            && let Some((compressed, length)) = self.announced(&self.piece)?
            && self.piece.len() - PREFIX_SIZE >= length
        {
            self.piece.advance(PREFIX_SIZE);
            let bytes = self.piece.split_to(length);
            return Ok(Some(Encoded { bytes, compressed }));
        }
        self.fill(PREFIX_SIZE);
        let Some((compressed, length)) = self.announced(&self.partial)? else {
            return Ok(None);
        };
        let end = PREFIX_SIZE + length;
        self.fill(end);
        let mut bytes = match self.partial.len() {
            len if len < end => return Ok(None),
            len if len == end => memory::take_message(&mut self.partial),
            // The beginning of the next is behind it.
            _ => self.partial.split_to(end).freeze(),
        };
        bytes.advance(PREFIX_SIZE);
        Ok(Some(Encoded { bytes, compressed }))
    }

    /// Bytes of a message that is not whole, once [`next`](Self::next) gave none.
    pub(crate) fn kept(&self) -> usize {
        self.partial.len()
    }

    /// Says that nothing more comes.
    ///
    /// # Errors
    ///
    /// INTERNAL in the middle of a message.
    pub(crate) fn finish(&self) -> Result<(), Status> {
        match self.partial.len() + self.piece.len() {
            0 => Ok(()),
            read => Err(Status::internal(format!(
                "the stream ended within a message, of which {read} bytes had arrived with its prefix"
            ))),
        }
    }

    /// Has `length` bytes in one place, or as many as there are.
    fn fill(&mut self, length: usize) {
        let missing = length.saturating_sub(self.partial.len());
        let part = self.piece.split_to(missing.min(self.piece.len()));
        memory::reserve(&mut self.partial, part.len());
        self.partial.extend_from_slice(&part);
    }

    /// Whether the message is compressed, and its length, once all of the prefix is there.
    fn announced(&self, buffer: &[u8]) -> Result<Option<(bool, usize)>, Status> {
        let Some(mut prefix) = buffer.get(..PREFIX_SIZE) else {
            return Ok(None);
        };
        let compressed = match prefix.get_u8() {
            0 => false,
            1 => true,
            other => {
                return Err(Status::internal(format!(
                    "a message begins with {other:#04x}, where 0x00 and 0x01 (compressed) are allowed"
                )));
            }
        };
        let length = prefix.get_u32();
        if u64::from(length) > self.max_message_size {
            return Err(Status::resource_exhausted(format!(
                "a message of {length} bytes is over the {} limit max_message_size of {} bytes",
                self.owner, self.max_message_size
            )));
        }
        Ok(Some((compressed, length as usize)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rpc_wire::Code;

    use super::*;

    fn encoded(messages: &[Encoded]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for message in messages {
            bytes.put(Framed::new(message.clone()).expect("it is short"));
        }
        bytes
    }

    fn read_all(reader: &mut MessageReader) -> Result<Vec<Encoded>, Status> {
        std::iter::from_fn(|| reader.next().transpose()).collect()
    }

    fn message() -> impl Strategy<Value = Encoded> {
        (prop::collection::vec(any::<u8>(), 0..40), any::<bool>()).prop_map(
            |(bytes, compressed)| Encoded {
                bytes: bytes.into(),
                compressed,
            },
        )
    }

    proptest! {
        #[test]
        fn messages_arrive_whole_however_they_are_cut(
            messages in prop::collection::vec(message(), 0..8),
            cuts in prop::collection::vec(1_usize..50, 1..40),
        ) {
            let bytes = encoded(&messages);
            let (mut rest, mut found) = (&bytes[..], Vec::new());
            let mut reader = MessageReader::new(40, "client's");
            for cut in cuts.iter().cycle() {
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                reader.push(Bytes::copy_from_slice(piece));
                found.extend(read_all(&mut reader).expect("all are well formed"));
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(found, messages);
            prop_assert!(reader.finish().is_ok());
        }

        #[test]
        fn any_bytes_are_messages_or_an_error(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..8),
        ) {
            let mut reader = MessageReader::new(100, "client's");
            for piece in pieces {
                reader.push(piece.into());
                if read_all(&mut reader).is_err() {
                    break;
                }
            }
        }
    }

    #[test]
    fn pieces_that_nobody_asked_for_are_kept() {
        let messages = [
            Bytes::from_static(b"one").into(),
            Bytes::from_static(b"two").into(),
        ];
        let mut reader = MessageReader::new(40, "client's");
        for piece in encoded(&messages).chunks(3) {
            reader.push(Bytes::copy_from_slice(piece));
        }
        assert_eq!(read_all(&mut reader).expect("they are whole"), messages);
    }

    #[test]
    fn a_message_is_sent_in_parts_of_any_size() {
        let message = Encoded::from(Bytes::from_static(b"message"));
        for taken in 0..=PREFIX_SIZE + message.bytes.len() {
            let mut framed = Framed::new(message.clone()).expect("it is short");
            framed.advance(taken);
            let mut slices = [IoSlice::new(&[]), IoSlice::new(&[])];
            let count = framed.chunks_vectored(&mut slices);
            let parts: Vec<_> = slices[..count].iter().map(|slice| &**slice).collect();
            assert_eq!(parts.concat(), b"\0\0\0\0\x07message"[taken..]);
            assert_eq!(framed.remaining(), parts.concat().len());
        }
    }

    #[test]
    fn a_message_over_the_limit_is_refused_by_its_prefix() {
        let mut reader = MessageReader::new(4, "server's");
        reader.push(Bytes::from_static(&[0, 0, 0, 0, 5]));
        let status = reader.next().expect_err("it is too long");
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(
            status.message(),
            "a message of 5 bytes is over the server's limit max_message_size of 4 bytes"
        );
    }

    #[test]
    fn an_unknown_flag_is_an_error() {
        let mut reader = MessageReader::new(4, "server's");
        reader.push(Bytes::from_static(&[2, 0, 0, 0, 0]));
        let status = reader.next().expect_err("there is no such flag");
        assert_eq!(status.code(), Code::Internal);
    }

    #[test]
    fn an_end_within_a_message_is_an_error() {
        for cut in [&[0][..], &[0, 0, 0, 0, 2, b'a']] {
            let mut reader = MessageReader::new(4, "server's");
            reader.push(Bytes::from_static(cut));
            assert_eq!(read_all(&mut reader).expect("it may go on"), []);
            let status = reader.finish().expect_err("it is cut");
            assert_eq!(status.code(), Code::Internal);
        }
    }
}
