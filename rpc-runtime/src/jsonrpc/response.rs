//! Answers as text.

use bytes::{BufMut, BytesMut};

use super::ErrorObject;

const BEGINNING: &[u8] = br#"{"jsonrpc":"2.0","#;

/// What is around the value of an answer, and a bit for the id, in bytes.
const AROUND: usize = 64;

/// Appends the answer to a call that has a result, which `encode` appends as JSON; `id` is JSON too.
///
/// # Errors
///
/// That of `encode`; nothing is appended.
pub(crate) fn write_result<E>(
    id: &str,
    out: &mut BytesMut,
    encode: impl FnOnce(&mut BytesMut) -> Result<(), E>,
) -> Result<(), E> {
    let before = out.len();
    begin(br#""result":"#, out);
    if let Err(error) = encode(out) {
        out.truncate(before);
        return Err(error);
    }
    end(id, out);
    Ok(())
}

/// Appends the answer to a call that has none.
pub(crate) fn write_error(id: &str, error: &ErrorObject, out: &mut BytesMut) {
    begin(br#""error":"#, out);
    error.write(out);
    end(id, out);
}

fn begin(key: &[u8], out: &mut BytesMut) {
    out.reserve(AROUND);
    out.put_slice(BEGINNING);
    out.put_slice(key);
}

fn end(id: &str, out: &mut BytesMut) {
    out.put_slice(br#","id":"#);
    out.put_slice(id.as_bytes());
    out.put_u8(b'}');
}

#[cfg(test)]
mod tests {
    use rpc_wire::Status;

    use super::*;

    #[test]
    fn an_answer_has_a_result_or_an_error_and_the_id_as_it_came() {
        let mut out = BytesMut::new();
        let encode = |out: &mut BytesMut| {
            out.put_slice(br#"{"msg":"Hello w"}"#);
            Ok::<(), ()>(())
        };
        write_result("9007199254740993", &mut out, encode).unwrap();
        assert_eq!(
            out,
            r#"{"jsonrpc":"2.0","result":{"msg":"Hello w"},"id":9007199254740993}"#
        );
        out.clear();
        write_error("null", &Status::aborted("lost").into(), &mut out);
        assert_eq!(
            out,
            r#"{"jsonrpc":"2.0","error":{"code":-32010,"message":"lost","data":{"status":"ABORTED"}},"id":null}"#
        );
    }

    #[test]
    fn nothing_is_left_of_a_result_that_cannot_be_written() {
        let mut out = BytesMut::from("before");
        let written = write_result("1", &mut out, |out| {
            out.put_slice(b"half");
            Err(7)
        });
        assert_eq!((written, &out[..]), (Err(7), &b"before"[..]));
    }
}
