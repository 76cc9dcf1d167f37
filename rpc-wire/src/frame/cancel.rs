//! CANCEL: ends a stream early. Its body is the number of a status code, four bytes.

use bytes::BufMut;

use super::control::{encode_control, fixed_body};
use super::{FrameError, FrameType};
use crate::Code;

/// Appends a CANCEL frame that ends `stream_id` because of `code`.
pub fn encode(stream_id: u32, code: Code, out: &mut impl BufMut) {
    encode_control(
        FrameType::Cancel,
        stream_id,
        &code.value().to_be_bytes(),
        out,
    );
}

/// Reads the body of a CANCEL frame; a number that no code has is [`Code::Unknown`].
///
/// # Errors
///
/// [`FrameError::FixedBodyLength`] if the body is not four bytes long.
pub fn decode(body: &[u8]) -> Result<Code, FrameError> {
    let code = fixed_body(FrameType::Cancel, body)?;
    Ok(Code::from_value(u32::from_be_bytes(code)))
}
