//! GOAWAY: announces the end of the connection.

use bytes::BufMut;
use prost::Message;

use super::control::encode_control;
use super::{FrameError, FrameType};
use crate::MAX_GOAWAY_MESSAGE_LEN;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GoAwayCode {
    /// Nothing is wrong: the peer shuts down, or the connection is replaced.
    NoError,
    /// The receiver of this GOAWAY broke a rule of the protocol.
    ProtocolError,
    /// The receiver speaks a version that the sender does not.
    UnsupportedVersion,
    /// The receiver sent more than its flow-control window allowed.
    FlowControlError,
    /// The receiver makes work without use, such as too many pings.
    ExcessiveLoad,
    /// The receiver did not answer, or did not finish a frame, in time.
    Timeout,
    /// The sender failed.
    InternalError,
}

impl GoAwayCode {
    /// The code's number in the frame.
    pub const fn value(self) -> u32 {
        match self {
            Self::NoError => 0,
            Self::ProtocolError => 1,
            Self::UnsupportedVersion => 2,
            Self::FlowControlError => 3,
            Self::ExcessiveLoad => 4,
            Self::Timeout => 5,
            Self::InternalError => 6,
        }
    }

    /// The code with this number; [`GoAwayCode::InternalError`] for a number that no code has.
    pub const fn from_value(value: u32) -> Self {
        match value {
            0 => Self::NoError,
            1 => Self::ProtocolError,
            2 => Self::UnsupportedVersion,
            3 => Self::FlowControlError,
            4 => Self::ExcessiveLoad,
            5 => Self::Timeout,
            _ => Self::InternalError,
        }
    }
}

/// A GOAWAY frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoAway {
    /// The highest stream that the sender handles; those above it were not executed.
    pub last_stream_id: u32,
    /// Why the connection ends.
    pub code: GoAwayCode,
    /// A text for humans; what is longer than [`MAX_GOAWAY_MESSAGE_LEN`] bytes is cut when sent.
    pub message: String,
    /// The versions that the sender speaks; it lists them at least with the code
    /// [`GoAwayCode::UnsupportedVersion`].
    pub versions: Vec<u8>,
}

/// The body: the message `rpc.wire.GoAway`.
#[derive(Clone, PartialEq, Message)]
struct Body {
    #[prost(uint32, tag = "1")]
    last_stream_id: u32,
    #[prost(uint32, tag = "2")]
    code: u32,
    #[prost(string, tag = "3")]
    message: String,
    #[prost(uint32, repeated, tag = "4")]
    versions: Vec<u32>,
}

impl GoAway {
    /// Appends the whole frame.
    pub fn encode(&self, out: &mut impl BufMut) {
        let end = self.message.floor_char_boundary(MAX_GOAWAY_MESSAGE_LEN);
        let body = Body {
            last_stream_id: self.last_stream_id,
            code: self.code.value(),
            message: self.message[..end].to_owned(),
            versions: self.versions.iter().copied().map(u32::from).collect(),
        };
        encode_control(FrameType::GoAway, 0, &body.encode_to_vec(), out);
    }

    /// Reads the body of a GOAWAY frame.
    ///
    /// # Errors
    ///
    /// [`FrameError::Malformed`] if the body is not the message `rpc.wire.GoAway`, or lists a
    /// version above 255.
    pub fn decode(body: &[u8]) -> Result<Self, FrameError> {
        const WHAT: &str = "GOAWAY";
        let body = Body::decode(body).map_err(|error| FrameError::malformed(WHAT, error))?;
        let versions = body
            .versions
            .into_iter()
            .map(u8::try_from)
            .collect::<Result<_, _>>();
        Ok(Self {
            last_stream_id: body.last_stream_id,
            code: GoAwayCode::from_value(body.code),
            message: body.message,
            versions: versions.map_err(|error| FrameError::malformed(WHAT, error))?,
        })
    }
}
