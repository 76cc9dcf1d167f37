//! Calls of `Echo.Echo` as JSON-RPC 2.0, each a line.

use std::io::Write;

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Request<'a> {
    jsonrpc: &'a str,
    method: &'a str,
    params: Echo<'a>,
    id: u32,
}

#[derive(Deserialize)]
struct Answer<'a> {
    id: u32,
    #[serde(borrow)]
    result: Echo<'a>,
}

#[derive(Serialize, Deserialize)]
struct Echo<'a> {
    text: &'a str,
}

/// Appends a line.
///
/// # Panics
///
/// When the body is no text.
pub(crate) fn encode(out: &mut BytesMut, call: u32, body: &[u8]) {
    let text = std::str::from_utf8(body).expect("a body is text");
    let request = Request {
        jsonrpc: "2.0",
        method: "Echo.Echo",
        params: Echo { text },
        id: call,
    };
    let mut line = out.writer();
    serde_json::to_writer(&mut line, &request).expect("a buffer takes everything");
    line.write_all(b"\n").expect("a buffer takes everything");
}

/// Takes the next line off the front of `input`; `None` until it is complete.
///
/// # Panics
///
/// When it is anything but a text in answer to a call.
pub(crate) fn decode(input: &mut BytesMut) -> Option<(u32, Bytes)> {
    let end = memchr::memchr(b'\n', input)?;
    let line = input.split_to(end + 1);
    let answer: Answer<'_> = serde_json::from_slice(&line).expect("the server answers with a text");
    Some((
        answer.id,
        Bytes::copy_from_slice(answer.result.text.as_bytes()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_a_line_and_so_is_its_answer() {
        let mut out = BytesMut::new();
        encode(&mut out, 7, b"text");
        let call = r#"{"jsonrpc":"2.0","method":"Echo.Echo","params":{"text":"text"},"id":7}"#;
        assert_eq!(out, format!("{call}\n"));

        let mut input = BytesMut::from(r#"{"jsonrpc":"2.0","result":{"text":"text"},"id":7}"#);
        assert_eq!(decode(&mut input), None);
        input.put_u8(b'\n');
        assert_eq!(decode(&mut input), Some((7, Bytes::from("text"))));
        assert!(input.is_empty());
    }
}
