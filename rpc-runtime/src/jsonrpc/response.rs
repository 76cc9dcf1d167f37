//! Answers as text.

use bytes::{BufMut, BytesMut};

use rpc_wire::Status;
use serde::Deserialize;
use serde::de::{self, IgnoredAny};
use serde_json::value::RawValue;

use super::request::present;
use super::{ErrorObject, status};

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

/// An answer, as a client has it.
#[derive(Debug)]
pub(crate) struct Response<'a> {
    /// Whose it is; `None` if it is for no request of this library's, which have numbers.
    pub(crate) id: Option<u64>,
    /// The result, which is JSON, or the error; `None` if the server asks for something itself.
    pub(crate) answer: Option<Result<&'a str, Status>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an answer, which is an object")]
struct Members<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    method: Option<IgnoredAny>,
}

impl<'a> Response<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// Why the text is none.
    pub(crate) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        let members: Members<'a> = serde_json::from_str(text)?;
        let answer = match (members.error, members.result) {
            (Some(error), _) => Some(Err(status::parse(error)?)),
            (None, Some(result)) => Some(Ok(result.get())),
            (None, None) if members.method.is_some() => None,
            (None, None) => {
                return Err(de::Error::custom("it has neither a result nor an error"));
            }
        };
        Ok(Response {
            id: members.id.and_then(|id| id.get().parse().ok()),
            answer,
        })
    }
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

    #[test]
    fn an_answer_is_read_in_any_order_with_its_id_if_that_is_a_number() {
        for (text, id, result) in [
            (
                r#"{"jsonrpc":"2.0","result":{"a":1},"id":7}"#,
                Some(7),
                Some(r#"{"a":1}"#),
            ),
            (
                r#" {"id": 7, "x": [], "error": null, "result" : null} "#,
                Some(7),
                Some("null"),
            ),
            (r#"{"result":1,"id":"7"}"#, None, Some("1")),
            (r#"{"jsonrpc":"2.0","method":"tick","id":7}"#, Some(7), None),
        ] {
            let response = Response::parse(text).unwrap();
            assert_eq!(response.id, id, "{text}");
            assert_eq!(response.answer.map(Result::unwrap), result, "{text}");
        }
        for text in [
            "7",
            "[]",
            r#"{"id":1,"error":7}"#,
            "{",
            r#"{"id":1}"#,
            r#"{"code":"unknown"}"#,
        ] {
            assert!(Response::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_of_this_library_comes_back_as_the_status_that_it_was() {
        let status = Status::unavailable("no")
            .with_details(&b"\xff\x00"[..])
            .with_may_have_run(false);
        let mut out = BytesMut::new();
        write_error("1", &status.into(), &mut out);
        let response = Response::parse(std::str::from_utf8(&out).unwrap()).unwrap();
        let status = response.answer.unwrap().unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (rpc_wire::Code::Unavailable, "no")
        );
        assert_eq!(
            (status.details(), status.may_have_run()),
            (&b"\xff\x00"[..], false)
        );
    }
}
