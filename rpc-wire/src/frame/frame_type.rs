//! What frames there are.

use std::fmt;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameType {
    /// What the sender accepts; the first frame of each side.
    Settings,
    /// Opens a stream with a call.
    Request,
    /// Leading metadata, or the outcome of a call.
    Response,
    /// A message, or a further piece of one.
    Data,
    /// Ends a stream early.
    Cancel,
    /// Grants the peer bytes to send, or asks for such a grant.
    Window,
    /// Asks the peer for a PONG.
    Ping,
    /// Answers a PING.
    Pong,
    /// Announces the end of the connection.
    GoAway,
    /// A frame that this version does not define and that may be skipped. Its type is 0x80 or
    /// higher, or one that a later version added.
    Extension(u8),
}

impl FrameType {
    /// The type's number in the header.
    pub const fn value(self) -> u8 {
        match self {
            Self::Settings => 1,
            Self::Request => 2,
            Self::Response => 3,
            Self::Data => 4,
            Self::Cancel => 5,
            Self::Window => 6,
            Self::Ping => 7,
            Self::Pong => 8,
            Self::GoAway => 9,
            Self::Extension(value) => value,
        }
    }

    /// The type with this number; `None` if this version defines no such type.
    #[inline]
    pub(super) const fn defined(value: u8) -> Option<Self> {
        Some(match value {
            1 => Self::Settings,
            2 => Self::Request,
            3 => Self::Response,
            4 => Self::Data,
            5 => Self::Cancel,
            6 => Self::Window,
            7 => Self::Ping,
            8 => Self::Pong,
            9 => Self::GoAway,
            _ => return None,
        })
    }
}

/// The name of the type in the protocol's document, such as `GOAWAY`.
impl fmt::Display for FrameType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Settings => "SETTINGS",
            Self::Request => "REQUEST",
            Self::Response => "RESPONSE",
            Self::Data => "DATA",
            Self::Cancel => "CANCEL",
            Self::Window => "WINDOW",
            Self::Ping => "PING",
            Self::Pong => "PONG",
            Self::GoAway => "GOAWAY",
            Self::Extension(value) => return write!(f, "extension {value:#04x}"),
        })
    }
}
