//! Frames of protocol version 1, as bytes.
//!
//! The header has 16 bytes, big-endian: magic `12 34`, version `01`, type, sequence id u32, length
//! of the protocol data u32, length of the body u32. Protocol data and body follow.

use std::fmt;

use bytes::BufMut;

/// How every frame begins: magic and version.
pub(super) const PREFIX: [u8; 3] = [0x12, 0x34, 0x01];

const HEADER_LEN: usize = 16;

/// What clients send, and what is answered.
const REQUEST: u8 = 1;

/// The servers of version 1 take it for a request as well.
const OTHER_REQUEST: u8 = 2;

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request<'a> {
    /// Given back with the reply. What it means is up to the client.
    pub(super) sequence: u32,
    /// Which method: JSON, given back with the reply.
    pub(super) protocol_data: &'a [u8],
    /// The encoded message.
    pub(super) body: &'a [u8],
}

impl Request<'_> {
    /// Length of the whole frame, in bytes.
    pub(super) fn frame_len(&self) -> usize {
        HEADER_LEN + self.protocol_data.len() + self.body.len()
    }
}

/// How long the parts of a request may be, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) max_metadata_size: u32,
    pub(super) max_message_size: u64,
}

/// Why bytes are no request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FrameError {
    NotVersion1,
    UnknownType(u8),
    ProtocolDataTooLong { length: u32, limit: u32 },
    BodyTooLong { length: u32, limit: u64 },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::NotVersion1 => f.write_str("a frame does not begin with 12 34 01"),
            FrameError::UnknownType(value) => {
                write!(
                    f,
                    "a frame is of type {value}, and only 1 and 2 are requests"
                )
            }
            FrameError::ProtocolDataTooLong { length, limit } => write!(
                f,
                "protocol data of {length} bytes are over the limit max_metadata_size of {limit} bytes"
            ),
            FrameError::BodyTooLong { length, limit } => write!(
                f,
                "a request of {length} bytes is over the limit max_message_size of {limit} bytes"
            ),
        }
    }
}

/// The request that `input` begins with; `None` if it is not whole.
///
/// # Errors
///
/// [`FrameError`] as soon as the bytes that are there cannot become a request.
pub(super) fn parse<'a>(
    input: &'a [u8],
    limits: &Limits,
) -> Result<Option<Request<'a>>, FrameError> {
    if !input
        .iter()
        .zip(PREFIX)
        .all(|(byte, expected)| *byte == expected)
    {
        return Err(FrameError::NotVersion1);
    }
    if let Some(&value) = input.get(PREFIX.len())
        && !matches!(value, REQUEST | OTHER_REQUEST)
    {
        return Err(FrameError::UnknownType(value));
    }
    let Some((header, payload)) = input.split_first_chunk::<HEADER_LEN>() else {
        return Ok(None);
    };
    let word = u128::from_be_bytes(*header);
    let (sequence, data_len, body_len) = ((word >> 64) as u32, (word >> 32) as u32, word as u32);
    check(data_len, body_len, limits)?;
    let request = payload
        .split_at_checked(data_len as usize)
        .and_then(|(protocol_data, rest)| {
            let body = rest.get(..body_len as usize)?;
            Some(Request {
                sequence,
                protocol_data,
                body,
            })
        });
    Ok(request)
}

fn check(data_len: u32, body_len: u32, limits: &Limits) -> Result<(), FrameError> {
    if data_len > limits.max_metadata_size {
        return Err(FrameError::ProtocolDataTooLong {
            length: data_len,
            limit: limits.max_metadata_size,
        });
    }
    if u64::from(body_len) > limits.max_message_size {
        return Err(FrameError::BodyTooLong {
            length: body_len,
            limit: limits.max_message_size,
        });
    }
    Ok(())
}

/// Appends the answer to a request: the same frame with another body.
///
/// # Errors
///
/// What is wrong with a body that is too long for any frame; nothing is appended.
pub(super) fn encode_reply(
    sequence: u32,
    protocol_data: &[u8],
    body: &[u8],
    out: &mut impl BufMut,
) -> Result<(), String> {
    let (Ok(data_len), Ok(body_len)) = (
        u32::try_from(protocol_data.len()),
        u32::try_from(body.len()),
    ) else {
        let length = body.len();
        return Err(format!(
            "a reply of {length} bytes does not fit into a frame"
        ));
    };
    out.put_slice(&PREFIX);
    out.put_u8(REQUEST);
    out.put_u32(sequence);
    out.put_u32(data_len);
    out.put_u32(body_len);
    out.put_slice(protocol_data);
    out.put_slice(body);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        max_metadata_size: 100,
        max_message_size: 1000,
    };

    fn frame(value: u8, sequence: u32, data: &[u8], body: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        encode_reply(sequence, data, body, &mut frame).unwrap();
        frame[3] = value;
        frame
    }

    fn header(data_len: u32, body_len: u32) -> Vec<u8> {
        let mut header = frame(REQUEST, 7, b"", b"");
        header[8..12].copy_from_slice(&data_len.to_be_bytes());
        header[12..].copy_from_slice(&body_len.to_be_bytes());
        header
    }

    #[test]
    fn a_frame_is_whole_at_its_last_byte_and_not_before() {
        let bytes = frame(REQUEST, 0x0102_0304, b"{}", b"body");
        assert_eq!(bytes[..8], [0x12, 0x34, 1, 1, 1, 2, 3, 4]);
        assert_eq!(bytes[8..16], [0, 0, 0, 2, 0, 0, 0, 4]);
        for length in 0..bytes.len() {
            assert_eq!(parse(&bytes[..length], &LIMITS), Ok(None), "{length}");
        }
        let request = Request {
            sequence: 0x0102_0304,
            protocol_data: b"{}",
            body: b"body",
        };
        assert_eq!(request.frame_len(), bytes.len());
        assert_eq!(parse(&bytes, &LIMITS), Ok(Some(request)));
    }

    #[test]
    fn frames_that_came_together_are_taken_one_by_one() {
        let parts: [(u32, &[u8], &[u8]); 4] = [
            (1, b"{}", b"first"),
            (1, b"", b""),
            (u32::MAX, b"{}", b""),
            (0, b"", b"last"),
        ];
        let bytes = parts.map(|(sequence, data, body)| frame(OTHER_REQUEST, sequence, data, body));
        let bytes = bytes.concat();
        let mut rest = &bytes[..];
        for (sequence, protocol_data, body) in parts {
            let request = parse(rest, &LIMITS).unwrap().unwrap();
            let expected = Request {
                sequence,
                protocol_data,
                body,
            };
            assert_eq!(request, expected);
            rest = &rest[request.frame_len()..];
        }
        assert_eq!(parse(rest, &LIMITS), Ok(None));
    }

    #[test]
    fn lengths_are_checked_before_anything_behind_them_has_come() {
        for (data_len, body_len, expected) in [
            (100, 1000, Ok(None)),
            (
                101,
                0,
                Err(FrameError::ProtocolDataTooLong {
                    length: 101,
                    limit: 100,
                }),
            ),
            (
                0,
                1001,
                Err(FrameError::BodyTooLong {
                    length: 1001,
                    limit: 1000,
                }),
            ),
            (
                u32::MAX,
                u32::MAX,
                Err(FrameError::ProtocolDataTooLong {
                    length: u32::MAX,
                    limit: 100,
                }),
            ),
        ] {
            assert_eq!(parse(&header(data_len, body_len), &LIMITS), expected);
        }
    }

    #[test]
    fn what_is_no_request_is_found_out_at_its_first_wrong_byte() {
        for (bytes, error) in [
            (&b"\x12\x35"[..], FrameError::NotVersion1),
            (b"G", FrameError::NotVersion1),
            (b"\x12\x34\x02", FrameError::NotVersion1),
            (b"\x12\x34\x01\x03", FrameError::UnknownType(3)),
            (b"\x12\x34\x01\x00", FrameError::UnknownType(0)),
        ] {
            assert_eq!(parse(bytes, &LIMITS), Err(error));
        }
    }
}
