//! Bytes in headers: base64, written without padding and read with it or without.

use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

/// The bytes of a header's value.
///
/// # Errors
///
/// The value is not base64.
pub(super) fn decode(value: &[u8]) -> Result<Vec<u8>, DecodeError> {
    ENGINE.decode(value)
}
