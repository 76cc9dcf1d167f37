//! Bytes on their way to the peer.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::encoded::MessageBody;
use crate::Code;
use crate::frame::{cancel, checksum, window};

/// From this size on a body is queued by reference instead of being copied behind its header.
pub const SHARE_BODY_FROM: usize = 8 * 1024;

/// Bytes to be written in order: small frames lie side by side in one buffer, large bodies stand
/// between them by reference.
///
/// Read it as a [`Buf`]; [`Buf::chunks_vectored`] gives what a vectored write wants.
///
/// ```
/// use bytes::Buf;
/// let output = rpc_wire::session::Output::default();
/// assert!(!output.has_remaining());
/// ```
#[derive(Debug, Default)]
pub struct Output {
    segments: VecDeque<Bytes>,
    /// Sum of the lengths of `segments`.
    segments_len: usize,
    /// What follows the segments.
    tail: BytesMut,
    /// Frames get a checksum.
    checksums: bool,
}

impl Output {
    /// Appends a frame, which `write` writes whole. There is no other way to append one but this
    /// and [`frame_with_body`](Self::frame_with_body), so none goes without its checksum.
    pub(crate) fn frame(&mut self, write: impl FnOnce(&mut BytesMut)) {
        let begin = self.tail.len();
        write(&mut self.tail);
        if self.checksums {
            let checksum = checksum::seal(&mut self.tail[begin..], &[]);
            self.tail.put_u32(checksum);
        }
    }

    /// Appends a frame whose header and metadata are what `write` writes. Its body is appended by
    /// reference if it is large and may stay, by copy otherwise.
    pub(crate) fn frame_with_body<'a>(
        &mut self,
        write: impl FnOnce(&mut BytesMut),
        body: impl Into<MessageBody<'a>>,
    ) {
        let body = match body.into() {
            MessageBody::Shared(body) if body.len() >= SHARE_BODY_FROM => body,
            body => {
                return self.frame(|tail| {
                    write(tail);
                    tail.extend_from_slice(&body);
                });
            }
        };
        let begin = self.tail.len();
        write(&mut self.tail);
        let checksum = self
            .checksums
            .then(|| checksum::seal(&mut self.tail[begin..], &body));
        let head = self.tail.split().freeze();
        self.push_segment(head);
        self.push_segment(body);
        if let Some(checksum) = checksum {
            self.tail.put_u32(checksum);
        }
    }

    /// Appends a WINDOW frame.
    pub(crate) fn window(&mut self, id: u32, increment: u32) {
        self.frame(|tail| window::encode(id, increment, tail));
    }

    /// Appends a CANCEL frame.
    pub(crate) fn cancel(&mut self, id: u32, code: Code) {
        self.frame(|tail| cancel::encode(id, code, tail));
    }

    /// From here on frames get a checksum.
    pub(crate) fn begin_checksums(&mut self) {
        self.checksums = true;
    }

    /// Moves what is here into `into`, which is empty.
    pub(crate) fn move_into(&mut self, into: &mut Output) {
        std::mem::swap(self, into);
        self.checksums = into.checksums;
    }

    /// Drops what is here.
    pub(crate) fn clear(&mut self) {
        *self = Output {
            checksums: self.checksums,
            ..Output::default()
        };
    }

    fn push_segment(&mut self, segment: Bytes) {
        self.segments_len += segment.len();
        self.segments.push_back(segment);
    }
}

impl Buf for Output {
    fn remaining(&self) -> usize {
        self.segments_len + self.tail.len()
    }

    fn chunk(&self) -> &[u8] {
        self.segments.front().map_or(&self.tail, |segment| segment)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let chunks = self.segments.iter().map(|segment| &segment[..]);
        let chunks = chunks.chain((!self.tail.is_empty()).then_some(&self.tail[..]));
        let mut filled = 0;
        for (slice, chunk) in slices.iter_mut().zip(chunks) {
            *slice = IoSlice::new(chunk);
            filled += 1;
        }
        filled
    }

    fn advance(&mut self, mut count: usize) {
        while let Some(segment) = self.segments.front_mut() {
            if count < segment.len() {
                segment.advance(count);
                self.segments_len -= count;
                return;
            }
            count -= segment.len();
            self.segments_len -= segment.len();
            self.segments.pop_front();
        }
        self.tail.advance(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_bodies_keep_their_place_between_small_frames() {
        let mut output = Output::default();
        let large = Bytes::from(vec![7; SHARE_BODY_FROM]);
        output.frame_with_body(|tail| tail.extend_from_slice(b"head"), large.clone());
        output.frame_with_body(|_| {}, Bytes::from_static(b"small"));
        assert_eq!(output.remaining(), 4 + large.len() + 5);

        let mut slices = [IoSlice::new(&[]); 8];
        assert_eq!(output.chunks_vectored(&mut slices), 3);

        output.advance(2);
        let mut rest = vec![0; output.remaining()];
        output.copy_to_slice(&mut rest);
        assert_eq!(&rest[..2], b"ad");
        assert_eq!(&rest[2..2 + large.len()], &large[..]);
        assert_eq!(&rest[2 + large.len()..], b"small");
        assert!(!output.has_remaining());
    }
}
