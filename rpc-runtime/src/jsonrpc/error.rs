//! What an answer says instead of a result.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::{BufMut, BytesMut};
use rpc_wire::Status;
use serde::Serialize;

use super::code;

/// A JSON-RPC error: how a call ended that has no result.
#[derive(Debug)]
pub(crate) struct ErrorObject {
    code: i64,
    /// What JSON-RPC calls it, if that is to be said ahead of the status.
    title: Option<&'static str>,
    status: Status,
}

/// The error as JSON has it.
#[derive(Serialize)]
struct Fields<'a> {
    code: i64,
    message: Cow<'a, str>,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    /// The name of the code in gRPC.
    status: &'a str,
    /// The details in base64.
    #[serde(skip_serializing_if = "str::is_empty")]
    details: Cow<'a, str>,
    /// `false` if it is certain that the method did not run.
    #[serde(skip_serializing_if = "is_true")]
    executed: bool,
}

fn is_true(value: &bool) -> bool {
    *value
}

impl ErrorObject {
    /// What was sent is no JSON.
    pub(crate) fn parse_error(why: impl Into<String>) -> Self {
        Self::refusal(
            code::PARSE_ERROR,
            "Parse error",
            Status::invalid_argument(why),
        )
    }

    /// What was sent is JSON and no request.
    pub(crate) fn invalid_request(why: impl Into<String>) -> Self {
        let status = Status::invalid_argument(why);
        Self::refusal(code::INVALID_REQUEST, "Invalid Request", status)
    }

    /// There is no such method, or it cannot be called this way.
    pub(crate) fn method_not_found(why: impl Into<String>) -> Self {
        let status = Status::unimplemented(why);
        Self::refusal(code::METHOD_NOT_FOUND, "Method not found", status)
    }

    /// The parameters are not the method's.
    pub(crate) fn invalid_params(status: Status) -> Self {
        Self::refusal(code::of(status.code()), "Invalid params", status)
    }

    /// A call that could not begin.
    pub(crate) fn not_executed(status: Status) -> Self {
        Self::from(status.with_may_have_run(false))
    }

    fn refusal(code: i64, title: &'static str, status: Status) -> Self {
        ErrorObject {
            code,
            title: Some(title),
            status: status.with_may_have_run(false),
        }
    }

    fn message(&self) -> Cow<'_, str> {
        match (self.title, self.status.message()) {
            (Some(title), why) => format!("{title}: {why}").into(),
            (None, "") => self.status.code().description().into(),
            (None, message) => message.into(),
        }
    }

    /// Appends it as JSON.
    pub(super) fn write(&self, out: &mut BytesMut) {
        let status = &self.status;
        let details = match status.details() {
            [] => "".into(),
            details => BASE64_STANDARD.encode(details).into(),
        };
        let fields = Fields {
            code: self.code,
            message: self.message(),
            data: Data {
                status: status.code().name(),
                details,
                executed: status.may_have_run(),
            },
        };
        let written = serde_json::to_writer(out.writer(), &fields);
        debug_assert!(written.is_ok(), "texts and numbers can be written");
    }
}

impl fmt::Display for ErrorObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl From<Status> for ErrorObject {
    fn from(status: Status) -> Self {
        ErrorObject {
            code: code::of(status.code()),
            title: None,
            status,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(error: ErrorObject) -> String {
        let mut out = BytesMut::new();
        error.write(&mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn an_error_of_a_handler_says_what_the_handler_says() {
        let status = Status::not_found("no user \"7\"").with_details(&b"\xff\x00"[..]);
        assert_eq!(
            json(status.into()),
            r#"{"code":-32005,"message":"no user \"7\"","data":{"status":"NOT_FOUND","details":"/wA="}}"#
        );
        assert_eq!(
            json(Status::unavailable("").into()),
            r#"{"code":-32014,"message":"the service is unavailable at present","data":{"status":"UNAVAILABLE"}}"#
        );
    }

    #[test]
    fn a_refusal_has_the_words_of_the_specification_and_says_that_nothing_ran() {
        for (error, expected) in [
            (
                ErrorObject::parse_error("it ends"),
                r#"{"code":-32700,"message":"Parse error: it ends","data":{"status":"INVALID_ARGUMENT","executed":false}}"#,
            ),
            (
                ErrorObject::method_not_found("no foo"),
                r#"{"code":-32601,"message":"Method not found: no foo","data":{"status":"UNIMPLEMENTED","executed":false}}"#,
            ),
            (
                ErrorObject::not_executed(Status::resource_exhausted("too many")),
                r#"{"code":-32008,"message":"too many","data":{"status":"RESOURCE_EXHAUSTED","executed":false}}"#,
            ),
        ] {
            assert_eq!(json(error), expected);
        }
    }
}
