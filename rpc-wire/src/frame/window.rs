//! WINDOW: grants the peer bytes to send on a stream, or asks for such a grant. Its body is a
//! number, four bytes.

use bytes::BufMut;

use super::control::{encode_control, fixed_body};
use super::{FrameError, FrameType};

/// The increment that asks instead of grants: its sender has bytes to send and no window left.
pub const BLOCKED: u32 = 0;

/// Appends a WINDOW frame: the peer may send `increment` more bytes on `stream_id`, or, with
/// [`BLOCKED`], is asked to grant some.
pub fn encode(stream_id: u32, increment: u32, out: &mut impl BufMut) {
    encode_control(FrameType::Window, stream_id, &increment.to_be_bytes(), out);
}

/// Reads the body of a WINDOW frame: the increment in bytes, or [`BLOCKED`].
///
/// # Errors
///
/// [`FrameError::FixedBodyLength`] if the body is not four bytes long.
pub fn decode(body: &[u8]) -> Result<u32, FrameError> {
    fixed_body(FrameType::Window, body).map(u32::from_be_bytes)
}
