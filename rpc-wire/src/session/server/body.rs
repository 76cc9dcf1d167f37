//! What a request brings.

use bytes::Bytes;

/// The body of a request: a part of the input when small, a share of it otherwise.
#[derive(Clone, Debug)]
pub enum RequestBody<'a> {
    /// Bytes of the input, to be copied if they are to stay.
    Borrowed(&'a [u8]),
    /// Bytes that may stay.
    Shared(Bytes),
}

impl RequestBody<'_> {
    /// Bytes that stay: a copy of those that would not.
    pub fn into_bytes(self) -> Bytes {
        match self {
            RequestBody::Borrowed(body) => Bytes::copy_from_slice(body),
            RequestBody::Shared(body) => body,
        }
    }
}
