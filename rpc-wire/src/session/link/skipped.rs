//! Frames that are not kept.

use bytes::{Buf, BytesMut};

use super::{FoundFrame, Link};
use crate::frame::{CHECKSUM_LEN, Flags, FrameHeader, HEADER_LEN, checksum};
use crate::session::SessionError;

/// A frame with metadata over the limit, which passes by without being kept.
#[derive(Debug)]
pub(super) struct Skipped {
    header: FrameHeader,
    /// Bytes of metadata and body that have not passed.
    left: usize,
    /// The checksum of what has passed.
    checksum: u32,
}

impl Skipped {
    /// The frame of this header, of which the encoded `head` has passed.
    pub(super) fn after(header: FrameHeader, head: &[u8]) -> Self {
        Skipped {
            header,
            left: header.content_len() - HEADER_LEN,
            checksum: checksum::of(head),
        }
    }
}

impl Link {
    #[cold]
    pub(super) fn go_on_skipping(
        &mut self,
        input: &mut BytesMut,
    ) -> Result<Option<FoundFrame>, SessionError> {
        match self.skipped.take() {
            Some(skipped) => self.skip(skipped, input),
            None => Ok(None),
        }
    }

    /// Lets a frame pass by. It is found when it has passed.
    pub(super) fn skip(
        &mut self,
        mut skipped: Skipped,
        input: &mut BytesMut,
    ) -> Result<Option<FoundFrame>, SessionError> {
        let header = skipped.header;
        let has_checksum = header.flags.contains(Flags::CHECKSUM);
        let passing = skipped.left.min(input.len());
        if has_checksum {
            skipped.checksum = checksum::extend(skipped.checksum, &input[..passing]);
        }
        input.advance(passing);
        skipped.left -= passing;
        let checksum_len = if has_checksum { CHECKSUM_LEN } else { 0 };
        if skipped.left > 0 || input.len() < checksum_len {
            self.skipped = Some(skipped);
            return Ok(None);
        }
        if has_checksum {
            self.verify(&header, skipped.checksum, input)?;
            input.advance(CHECKSUM_LEN);
        }
        Ok(Some(FoundFrame {
            header,
            metadata_too_large: true,
        }))
    }
}
