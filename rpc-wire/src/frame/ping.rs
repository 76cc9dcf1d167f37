//! PING and PONG: eight bytes that come back as they were sent.

use bytes::BufMut;

use super::control::{encode_control, fixed_body};
use super::{FrameError, FrameType, PING_LEN};

/// Appends a PING frame with these bytes, which mean something to their sender only.
pub fn encode_ping(opaque: [u8; PING_LEN], out: &mut impl BufMut) {
    encode_control(FrameType::Ping, 0, &opaque, out);
}

/// Appends the PONG frame that answers the PING with these bytes.
pub fn encode_pong(opaque: [u8; PING_LEN], out: &mut impl BufMut) {
    encode_control(FrameType::Pong, 0, &opaque, out);
}

/// Reads the body of a PING or a PONG frame.
///
/// # Errors
///
/// [`FrameError::FixedBodyLength`] if the body is not eight bytes long.
pub fn decode(body: &[u8]) -> Result<[u8; PING_LEN], FrameError> {
    fixed_body(FrameType::Ping, body)
}
