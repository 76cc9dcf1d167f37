//! What a peer can do wrong in a frame.

use std::fmt;

use super::{FrameType, VERSION};

/// Why bytes are not a frame of this protocol. Always an error of the whole connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The bytes do not begin with the protocol's magic number.
    NotThisProtocol {
        /// The first bytes that arrived, at most four.
        first: Vec<u8>,
    },
    /// The magic number is right and the version is another one.
    UnsupportedVersion(u8),
    /// No frame has this type, and the frame may not be ignored.
    UnknownType(u8),
    /// The frame has a flag that no version defines; these are all its flags.
    ReservedFlags(u8),
    /// The frame's flags do not go together with its type or with each other.
    UnexpectedFlags {
        /// The frame's type.
        frame_type: FrameType,
        /// All flags of the frame.
        flags: u8,
    },
    /// The frame is on stream 0 and its type is not for the connection, or the other way round.
    StreamId {
        /// The frame's type.
        frame_type: FrameType,
        /// The stream that the frame is on.
        stream_id: u32,
    },
    /// The frame has metadata, which its type never has.
    UnexpectedMetadata {
        /// The frame's type.
        frame_type: FrameType,
        /// Length of the metadata, in bytes.
        length: u32,
    },
    /// The frame's body is of fixed length, and this is another.
    FixedBodyLength {
        /// The frame's type.
        frame_type: FrameType,
        /// Length of the body, in bytes.
        length: u32,
        /// The only right length, in bytes.
        expected: u32,
    },
    /// The frame's body is longer than this side accepts.
    BodyLength {
        /// The frame's type.
        frame_type: FrameType,
        /// Length of the body, in bytes.
        length: u32,
        /// The longest body that is accepted, in bytes.
        limit: u32,
    },
    /// A DATA frame that carries no byte and ends nothing.
    EmptyData,
    /// A number in SETTINGS is out of its range.
    SettingOutOfRange {
        /// The field of `rpc.wire.Settings`.
        name: &'static str,
        /// What the peer sent.
        value: u64,
        /// The least that is allowed.
        min: u64,
        /// The most that is allowed.
        max: u64,
    },
    /// A REQUEST names its method by a number that no connection has.
    MethodNumber(u32),
    /// A REQUEST has neither a method number nor a path.
    NoMethod,
    /// A REQUEST's path is too long.
    PathTooLong {
        /// Length of the path, in bytes.
        length: usize,
        /// The longest path that is allowed, in bytes.
        limit: usize,
    },
    /// A part of a frame is not what it must be.
    Malformed {
        /// Which part.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl FrameError {
    pub(super) fn malformed(what: &'static str, reason: impl fmt::Display) -> Self {
        Self::Malformed {
            what,
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThisProtocol { first } => write!(
                f,
                "the peer does not speak this protocol: its first bytes, \"{}\", are {}; check \
                 address, port and scheme",
                first.escape_ascii(),
                guess_protocol(first)
            ),
            Self::UnsupportedVersion(version) => write!(
                f,
                "the peer speaks version {version} of the protocol, this side version {VERSION}; \
                 update the older one"
            ),
            Self::UnknownType(frame_type) => write!(
                f,
                "unknown frame type {frame_type:#04x} without the flag IGNORABLE; the peer uses an \
                 extension that this side does not have"
            ),
            Self::ReservedFlags(flags) => write!(f, "frame with a reserved flag: {flags:#04x}"),
            Self::UnexpectedFlags { frame_type, flags } => {
                write!(
                    f,
                    "{frame_type} frame with flags {flags:#04x}, which do not belong together"
                )
            }
            Self::StreamId {
                frame_type,
                stream_id: 0,
            } => {
                write!(f, "{frame_type} frame on stream 0, which is the connection")
            }
            Self::StreamId {
                frame_type,
                stream_id,
            } => {
                write!(
                    f,
                    "{frame_type} frame on stream {stream_id}; it belongs on stream 0"
                )
            }
            Self::UnexpectedMetadata { frame_type, length } => {
                write!(
                    f,
                    "{frame_type} frame with {length} bytes of metadata; it never has any"
                )
            }
            Self::FixedBodyLength {
                frame_type,
                length,
                expected,
            } => {
                write!(
                    f,
                    "{frame_type} frame with a body of {length} bytes instead of {expected}"
                )
            }
            Self::BodyLength {
                frame_type,
                length,
                limit,
            } => write!(
                f,
                "{frame_type} frame with a body of {length} bytes; at most {limit} are accepted"
            ),
            Self::EmptyData => write!(f, "DATA frame that carries no byte and ends nothing"),
            Self::SettingOutOfRange {
                name,
                value,
                min,
                max,
            } => {
                write!(
                    f,
                    "SETTINGS with {name} = {value}; allowed are {min} to {max}"
                )
            }
            Self::MethodNumber(number) => {
                write!(
                    f,
                    "REQUEST with method number {number}, which is above the highest one"
                )
            }
            Self::NoMethod => write!(f, "REQUEST with neither a method number nor a path"),
            Self::PathTooLong { length, limit } => {
                write!(
                    f,
                    "REQUEST with a path of {length} bytes; at most {limit} are allowed"
                )
            }
            Self::Malformed { what, reason } => write!(f, "malformed {what}: {reason}"),
        }
    }
}

impl std::error::Error for FrameError {}

/// Names the protocol that a stranger's first bytes most likely belong to.
fn guess_protocol(first: &[u8]) -> &'static str {
    match first {
        b"PRI " => "those of HTTP/2 or gRPC",
        b"HTTP" | b"GET " | b"POST" | b"PUT " | b"HEAD" | b"DELE" | b"OPTI" | b"PATC" => {
            "those of HTTP"
        }
        // An HTTP/2 server's SETTINGS frame begins with its length, which is small.
        [0, 0, _, 4] => "those of HTTP/2 or gRPC",
        [0x16 | 0x15, 3, ..] => "those of TLS",
        _ => "not known",
    }
}
