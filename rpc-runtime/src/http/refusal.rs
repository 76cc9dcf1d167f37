//! What clients over HTTP are told that are not served.

use super::prefix::{Version, version};

/// The types of the frames of HTTP/2 that are sent.
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

/// `ENHANCE_YOUR_CALM`: there are too many connections.
const EXCESSIVE_LOAD: u32 = 11;

/// Says `reason` to a client that has begun with the bytes `first`: 503, or a GOAWAY by which it knows that nothing
/// was executed.
pub(super) fn refusal(first: &[u8], reason: &str) -> Vec<u8> {
    match version(first) {
        Version::Http1 => {
            let length = reason.len() + 1;
            let response = format!(
                "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
                 content-length: {length}\r\nconnection: close\r\n\r\n{reason}\n"
            );
            response.into_bytes()
        }
        Version::Http2 => {
            let last_stream = 0_u32.to_be_bytes();
            let code = EXCESSIVE_LOAD.to_be_bytes();
            let goaway = [&last_stream, &code, reason.as_bytes()].concat();
            [frame(SETTINGS, &[]), frame(GOAWAY, &goaway)].concat()
        }
    }
}

/// A frame of the connection, whose payload is short.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let head = [length[1], length[2], length[3], kind, 0, 0, 0, 0, 0];
    [&head, payload].concat()
}
