//! The 16 bytes that every frame begins with.

use bytes::BufMut;

use super::{CHECKSUM_LEN, Flags, FrameError, FrameType, HEADER_LEN, MAGIC, PING_LEN, VERSION};
use crate::DEFAULT_MAX_FRAME_BODY;

/// The metadata length has 24 bits in the header.
const MAX_METADATA_LEN: u32 = 0x00ff_ffff;

/// The fixed part of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// What the frame is for.
    pub frame_type: FrameType,
    /// The frame's flags.
    pub flags: Flags,
    /// The stream that the frame is on; 0 is the connection.
    pub stream_id: u32,
    /// Length of the metadata, in bytes; at most 0xff_ffff.
    pub metadata_len: u32,
    /// Length of the body, in bytes.
    pub body_len: u32,
}

impl FrameHeader {
    /// Appends the header's 16 bytes.
    ///
    /// # Panics
    ///
    /// If `metadata_len` is above 0xff_ffff, or `out` cannot grow to hold the header.
    #[inline]
    pub fn encode(&self, out: &mut impl BufMut) {
        assert!(
            self.metadata_len <= MAX_METADATA_LEN,
            "metadata longer than a frame can carry"
        );
        out.put_slice(&self.word().to_be_bytes());
    }

    /// The header as one 128-bit word, so that the compiler writes it with two stores, and compares it at once.
    #[inline]
    pub(super) fn word(&self) -> u128 {
        u128::from(MAGIC) << 112
            | u128::from(VERSION) << 104
            | u128::from(self.frame_type.value()) << 96
            | u128::from(self.stream_id) << 64
            | u128::from(self.flags.bits()) << 56
            | u128::from(self.metadata_len) << 32
            | u128::from(self.body_len)
    }

    /// Reads a header and checks all that can be checked without knowing the connection.
    ///
    /// The lengths are what the peer claims: compare them with this side's limits before any
    /// memory is set aside for them.
    ///
    /// # Errors
    ///
    /// [`FrameError`] if the bytes are not a header of this version of the protocol, if the type is
    /// unknown and the frame not ignorable, or if flags, stream or lengths do not fit the type.
    #[inline]
    pub fn parse(bytes: &[u8; HEADER_LEN]) -> Result<Self, FrameError> {
        Self::check_prefix(bytes)?;
        let word = u128::from_be_bytes(*bytes);
        let flags = Flags::from_bits((word >> 56) as u8);
        let frame_type = match FrameType::defined((word >> 96) as u8) {
            Some(frame_type) => frame_type,
            None => ignorable((word >> 96) as u8, flags)?,
        };
        let header = Self {
            frame_type,
            flags,
            stream_id: (word >> 64) as u32,
            metadata_len: (word >> 32) as u32 & MAX_METADATA_LEN,
            body_len: word as u32,
        };
        header.check()?;
        Ok(header)
    }

    /// Checks the bytes that are here when a whole header is not: a stranger may never send one.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), for a wrong magic number or version.
    #[inline]
    pub fn check_prefix(bytes: &[u8]) -> Result<(), FrameError> {
        let [high, low] = MAGIC.to_be_bytes();
        let ours = [high, low, VERSION];
        if bytes.iter().zip(ours).all(|(byte, ours)| *byte == ours) {
            Ok(())
        } else {
            Err(foreign(bytes))
        }
    }

    /// How many bytes follow the header: metadata, body and, where flagged, the checksum.
    #[inline]
    pub const fn payload_len(&self) -> usize {
        let checksum_len = if self.flags.contains(Flags::CHECKSUM) {
            CHECKSUM_LEN
        } else {
            0
        };
        self.metadata_len as usize + self.body_len as usize + checksum_len
    }

    /// Length of header, metadata and body, in bytes: the frame up to its checksum.
    #[inline]
    pub const fn content_len(&self) -> usize {
        HEADER_LEN + self.metadata_len as usize + self.body_len as usize
    }

    /// Length of the whole frame, in bytes.
    #[inline]
    pub const fn frame_len(&self) -> usize {
        HEADER_LEN + self.payload_len()
    }

    #[inline]
    fn check(&self) -> Result<(), FrameError> {
        if !allowed_flags(self.frame_type).contains(self.flags) {
            return Err(self.wrong_flags());
        }
        let on_stream = self.stream_id != 0;
        match self.frame_type {
            FrameType::Request => self.require(on_stream, Self::wrong_stream),
            FrameType::Response => {
                self.require(on_stream, Self::wrong_stream)?;
                self.check_response()
            }
            FrameType::Data => {
                self.require(on_stream, Self::wrong_stream)?;
                self.check_no_metadata()?;
                let ends = self
                    .flags
                    .intersects(Flags::END_STREAM | Flags::END_MESSAGE);
                self.require(ends || self.body_len > 0, |_| FrameError::EmptyData)
            }
            FrameType::Cancel | FrameType::Window => {
                self.require(on_stream, Self::wrong_stream)?;
                self.check_no_metadata()?;
                self.check_body_len(4)
            }
            FrameType::Ping | FrameType::Pong => {
                self.require(!on_stream, Self::wrong_stream)?;
                self.check_no_metadata()?;
                self.check_body_len(PING_LEN as u32)
            }
            FrameType::Settings | FrameType::GoAway => {
                self.require(!on_stream, Self::wrong_stream)?;
                self.check_no_metadata()?;
                self.check_body_limit(DEFAULT_MAX_FRAME_BODY)
            }
            FrameType::Extension(_) => Ok(()),
        }
    }

    /// Leading metadata comes alone; a status is never a message.
    fn check_response(&self) -> Result<(), FrameError> {
        let is_final = self.flags.contains(Flags::END_STREAM);
        let final_only =
            Flags::END_MESSAGE | Flags::COMPRESSED | Flags::STATUS | Flags::NOT_EXECUTED;
        if !is_final {
            self.require(!self.flags.intersects(final_only), Self::wrong_flags)?;
            return self.check_body_len(0);
        }
        let compressed_status = Flags::STATUS | Flags::COMPRESSED;
        self.require(!self.flags.contains(compressed_status), Self::wrong_flags)
    }

    fn check_no_metadata(&self) -> Result<(), FrameError> {
        self.require(self.metadata_len == 0, |header| {
            FrameError::UnexpectedMetadata {
                frame_type: header.frame_type,
                length: header.metadata_len,
            }
        })
    }

    fn check_body_len(&self, expected: u32) -> Result<(), FrameError> {
        self.require(self.body_len == expected, |header| {
            FrameError::FixedBodyLength {
                frame_type: header.frame_type,
                length: header.body_len,
                expected,
            }
        })
    }

    /// Checks that the body is no longer than `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`FrameError::BodyLength`] if it is.
    pub fn check_body_limit(&self, limit: u32) -> Result<(), FrameError> {
        self.require(self.body_len <= limit, |header| FrameError::BodyLength {
            frame_type: header.frame_type,
            length: header.body_len,
            limit,
        })
    }

    #[inline]
    fn require(
        &self,
        holds: bool,
        error: impl FnOnce(&Self) -> FrameError,
    ) -> Result<(), FrameError> {
        if holds { Ok(()) } else { Err(error(self)) }
    }

    #[cold]
    fn wrong_stream(&self) -> FrameError {
        FrameError::StreamId {
            frame_type: self.frame_type,
            stream_id: self.stream_id,
        }
    }

    #[cold]
    fn wrong_flags(&self) -> FrameError {
        const RESERVED: Flags = Flags::from_bits(0x40);
        if self.flags.contains(RESERVED) {
            return FrameError::ReservedFlags(self.flags.bits());
        }
        FrameError::UnexpectedFlags {
            frame_type: self.frame_type,
            flags: self.flags.bits(),
        }
    }
}

/// Why bytes that do not begin as our frames do are none of ours.
#[cold]
fn foreign(bytes: &[u8]) -> FrameError {
    match bytes {
        [high, low, version, ..] if [*high, *low] == MAGIC.to_be_bytes() => {
            FrameError::UnsupportedVersion(*version)
        }
        _ => FrameError::NotThisProtocol {
            first: bytes[..bytes.len().min(4)].to_vec(),
        },
    }
}

/// The type of a frame that this version does not define, if it may be skipped.
#[cold]
fn ignorable(value: u8, flags: Flags) -> Result<FrameType, FrameError> {
    if flags.contains(Flags::IGNORABLE) {
        Ok(FrameType::Extension(value))
    } else {
        Err(FrameError::UnknownType(value))
    }
}

/// The flags that a frame of this type can have.
#[inline]
const fn allowed_flags(frame_type: FrameType) -> Flags {
    const MESSAGE: Flags = Flags::END_STREAM
        .union(Flags::END_MESSAGE)
        .union(Flags::COMPRESSED)
        .union(Flags::CHECKSUM);
    match frame_type {
        FrameType::Request | FrameType::Data => MESSAGE,
        FrameType::Response => MESSAGE.union(Flags::STATUS).union(Flags::NOT_EXECUTED),
        FrameType::Extension(_) => Flags::from_bits(u8::MAX),
        _ => Flags::CHECKSUM,
    }
}
