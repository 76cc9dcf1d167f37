//! Messages behind a byte of flags and their length, as gRPC and Connect have them.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

/// A message in an envelope.
///
/// # Panics
///
/// If it is too long.
pub fn envelope(flags: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flags][..], &length, message].concat()
}

/// The envelopes of a body, with their flags.
///
/// # Panics
///
/// If it is not made of them.
pub fn envelopes(mut body: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut envelopes = Vec::new();
    while let Some((flags, rest)) = body.split_first() {
        let (length, rest) = rest.split_first_chunk().unwrap();
        let (message, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        envelopes.push((*flags, message.to_vec()));
        body = rest;
    }
    envelopes
}
