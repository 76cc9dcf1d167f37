//! Requests as text.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;
use std::ops::Range;

use bytes::{BufMut, BytesMut};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::ErrorObject;
use crate::shown::shown;

/// Longest id of a request, in bytes: it is kept for as long as the call runs.
const MAX_ID: usize = 1024;

/// The id of an answer to who knows what.
pub(crate) const NO_ID: &str = "null";

/// A request, as far as JSON-RPC has a say in it.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// JSON, which the answer gives back. Without one there is none: it is a notification.
    pub(crate) id: Option<&'a str>,
    /// What is called.
    pub(crate) method: Cow<'a, str>,
    /// An object or an array.
    pub(crate) params: Option<&'a RawValue>,
}

/// A text that is no request, and what to answer.
#[derive(Debug)]
pub(crate) struct Invalid<'a> {
    pub(crate) id: &'a str,
    pub(crate) error: ErrorObject,
}

/// The members of a request, none of which has to be what it should.
#[derive(Deserialize)]
#[serde(expecting = "a request, which is an object")]
struct Members<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
}

/// A member that may be `null`, which is not the same as none.
pub(super) fn present<'de, D: Deserializer<'de>>(
    value: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(value).map(Some)
}

/// Text that is copied only if it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Request<'a> {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// What to answer if it is none.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Invalid<'a>> {
        // Serde would take its elements for the members.
        if text.trim_start().starts_with('[') {
            return Err(Invalid {
                id: NO_ID,
                error: ErrorObject::invalid_request("a request is an object, and this is an array"),
            });
        }
        let members: Members<'a> = serde_json::from_str(text).map_err(|error| Invalid {
            id: NO_ID,
            error: not_parsed(&error),
        })?;
        let id = match members.id.map(RawValue::get) {
            Some(id) if !may_be_id(id) => {
                return Err(Invalid {
                    id: NO_ID,
                    error: ErrorObject::invalid_request(format!(
                        "\"id\" is a string, a number or null, of up to {MAX_ID} bytes"
                    )),
                });
            }
            id => id,
        };
        let invalid = |why: &str| Invalid {
            id: id.unwrap_or(NO_ID),
            error: ErrorObject::invalid_request(why),
        };
        let Some(method) = members.method else {
            return Err(invalid("\"method\" is missing"));
        };
        let Ok(Text(method)) = serde_json::from_str(method.get()) else {
            return Err(invalid("\"method\" is not a string"));
        };
        let version = members.jsonrpc.map(RawValue::get);
        if version != Some("\"2.0\"") {
            return Err(invalid(
                "\"jsonrpc\" has to be \"2.0\", the version that is spoken here",
            ));
        }
        if members.params.is_some_and(|params| is_scalar(params.get())) {
            return Err(invalid("\"params\" is neither an object nor an array"));
        }
        Ok(Request {
            id,
            method,
            params: members.params,
        })
    }
}

fn may_be_id(json: &str) -> bool {
    json.len() <= MAX_ID && (json == "null" || json.starts_with(['"', '-']) || is_digit(json))
}

fn is_digit(json: &str) -> bool {
    json.starts_with(|first: char| first.is_ascii_digit())
}

fn is_scalar(json: &str) -> bool {
    !json.starts_with(['{', '['])
}

/// What is wrong with a text that serde refuses.
fn not_parsed(error: &serde_json::Error) -> ErrorObject {
    let why = error.to_string();
    let why = shown(&why);
    match error.is_data() {
        true => ErrorObject::invalid_request(why),
        false => ErrorObject::parse_error(why),
    }
}

/// Appends a request, whose parameters are JSON: an object, or a value that is the only one by position.
pub(crate) fn write_request(id: u64, method: &str, params: Option<&[u8]>, out: &mut BytesMut) {
    out.put_slice(br#"{"jsonrpc":"2.0","method":""#);
    // The path of a method has nothing to be escaped.
    out.put_slice(method.as_bytes());
    out.put_u8(b'"');
    if let Some(params) = params {
        let is_object = params.first() == Some(&b'{');
        let (before, after): (&[u8], &[u8]) = if is_object { (b"", b"") } else { (b"[", b"]") };
        for part in [br#","params":"#, before, params, after] {
            out.put_slice(part);
        }
    }
    // Writing to a buffer does not fail.
    let _ = write!(out.writer(), r#","id":{id}}}"#);
}

/// The elements of a batch, as places in its text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Elements {
    /// The first ones, as many as are allowed.
    pub(crate) places: Vec<Range<usize>>,
    /// How many there are.
    pub(crate) count: usize,
}

impl Elements {
    /// Finds the elements of a batch, and the places of the first `limit`.
    ///
    /// # Errors
    ///
    /// What to answer if it is no JSON.
    pub(crate) fn find(text: &str, limit: usize) -> Result<Self, ErrorObject> {
        let mut json = serde_json::Deserializer::from_str(text);
        let elements = json.deserialize_seq(Places { text, limit });
        let ended = elements.and_then(|elements| json.end().map(|()| elements));
        ended.map_err(|error| ErrorObject::parse_error(error.to_string()))
    }
}

struct Places<'a> {
    text: &'a str,
    limit: usize,
}

impl<'de> Visitor<'de> for Places<'de> {
    type Value = Elements;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of requests")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Elements, A::Error> {
        let mut places = Vec::new();
        while places.len() < self.limit
            && let Some(element) = sequence.next_element::<&'de RawValue>()?
        {
            let element = element.get();
            let start = element.as_ptr().addr() - self.text.as_ptr().addr();
            places.push(start..start + element.len());
        }
        let mut count = places.len();
        while sequence.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Elements { places, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> String {
        let Invalid { id, error } = Request::parse(text).unwrap_err();
        let mut json = BytesMut::new();
        error.write(&mut json);
        format!("{id} {}", std::str::from_utf8(&json).unwrap())
    }

    #[test]
    fn a_request_has_its_members_in_any_order_and_others_are_passed_over() {
        let text =
            r#" {"id" : 1.50, "x":[{}], "params": {"a" : 1 } ,"method":"a.B\/C","jsonrpc":"2.0"} "#;
        let request = Request::parse(text).unwrap();
        assert_eq!((request.id, &*request.method), (Some("1.50"), "a.B/C"));
        assert_eq!(request.params.unwrap().get(), r#"{"a" : 1 }"#);
    }

    #[test]
    fn an_id_is_kept_as_it_was_written_and_null_is_one() {
        for id in [
            "1",
            "-1",
            "9007199254740993",
            "18446744073709551616",
            "1.0",
            "1e3",
            "0.1",
            r#""1""#,
            r#""""#,
            r#""\u0061\"""#,
            "null",
        ] {
            let text = format!(r#"{{"jsonrpc":"2.0","method":"m","id":{id}}}"#);
            assert_eq!(Request::parse(&text).unwrap().id, Some(id));
        }
        let notification = r#"{"jsonrpc":"2.0","method":"m","params":null}"#;
        let notification = Request::parse(notification).unwrap();
        assert!(notification.id.is_none() && notification.params.is_none());
    }

    #[test]
    fn what_is_no_request_is_answered_with_its_id_if_that_can_be_told() {
        let long = format!(
            r#"{{"jsonrpc":"2.0","method":"m","id":"{}"}}"#,
            "x".repeat(MAX_ID)
        );
        for (text, expected) in [
            (
                r#"{"jsonrpc":"2.0","method":1,"id":7}"#,
                r#"7 {"code":-32600,"#,
            ),
            (r#"{"jsonrpc":"2.0","id":7}"#, r#"7 {"code":-32600,"#),
            (
                r#"{"jsonrpc":"1.0","method":"m","id":7}"#,
                r#"7 {"code":-32600,"#,
            ),
            (
                r#"{"jsonrpc":2.0,"method":"m","id":7}"#,
                r#"7 {"code":-32600,"#,
            ),
            (r#"{"method":"m","id":7}"#, r#"7 {"code":-32600,"#),
            (
                r#"{"jsonrpc":"2.0","method":"m","params":1,"id":7}"#,
                r#"7 {"code":-32600,"#,
            ),
            (
                r#"{"jsonrpc":"2.0","method":"m","id":[7]}"#,
                r#"null {"code":-32600,"#,
            ),
            (
                r#"{"jsonrpc":"2.0","method":"m","id":true}"#,
                r#"null {"code":-32600,"#,
            ),
            (&long, r#"null {"code":-32600,"#),
            (
                r#"{"jsonrpc":"2.0","method":"m","method":"n"}"#,
                r#"null {"code":-32600,"#,
            ),
            ("1", r#"null {"code":-32600,"#),
            (r#" ["2.0","m",{},7]"#, r#"null {"code":-32600,"#),
            (r#"["2.0","m",{},7,8]"#, r#"null {"code":-32600,"#),
            (r#"{"foo":"boo"}"#, r#"null {"code":-32600,"#),
            (
                r#"{"jsonrpc":"2.0","method":"m","id":7,}"#,
                r#"null {"code":-32700,"#,
            ),
            (
                r#"{"jsonrpc":"2.0" "method":"m"}"#,
                r#"null {"code":-32700,"#,
            ),
        ] {
            let answer = answer(text);
            assert!(answer.starts_with(expected), "{text}: {answer}");
        }
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let mut out = BytesMut::new();
        write_request(7, "a.B/C", Some(br#"{"a":1}"#), &mut out);
        write_request(8, "a.B/D", Some(b"5"), &mut out);
        write_request(9, "a.B/E", None, &mut out);
        assert_eq!(
            out,
            concat!(
                r#"{"jsonrpc":"2.0","method":"a.B/C","params":{"a":1},"id":7}"#,
                r#"{"jsonrpc":"2.0","method":"a.B/D","params":[5],"id":8}"#,
                r#"{"jsonrpc":"2.0","method":"a.B/E","id":9}"#
            )
        );
    }

    #[test]
    fn the_elements_of_a_batch_have_their_places_up_to_the_limit() {
        let text = r#" [ {"a":[1]} , 2,"x"] "#;
        let find = |limit| Elements::find(text, limit).unwrap();
        let texts = |elements: &Elements| -> Vec<_> {
            let places = elements.places.iter();
            places.map(|place| &text[place.clone()]).collect()
        };
        assert_eq!(texts(&find(3)), [r#"{"a":[1]}"#, "2", r#""x""#]);
        assert_eq!(texts(&find(1)), [r#"{"a":[1]}"#]);
        assert_eq!((find(1).count, find(9).count), (3, 3));
        assert_eq!(Elements::find("[]", 9).unwrap().count, 0);
        for wrong in ["[1,]", "[1 2]", "[{]", "[1] 2"] {
            assert!(Elements::find(wrong, 1).is_err(), "{wrong}");
        }
    }
}
