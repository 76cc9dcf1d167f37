//! How calls over HTTP fail: Connect's errors as a status.

use base64::Engine;
use bytes::Bytes;
use http::StatusCode;
use prost::Message;
use prost_types::Any;
use rpc_runtime::{Code, Stage, Status};
use serde::Deserialize;

use super::headers::BASE64;

/// An error as Connect writes it.
#[derive(Debug, Deserialize)]
pub(super) struct ConnectError {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Debug, Deserialize)]
struct Detail {
    #[serde(rename = "type")]
    type_name: String,
    value: String,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct EncodedStatus {
    #[prost(uint32, tag = "1")]
    code: u32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

impl ConnectError {
    /// The same as a status.
    pub(super) fn into_status(self) -> Status {
        let code = code(&self.code);
        let details = self.details.into_iter().map(|detail| Any {
            type_url: format!("type.googleapis.com/{}", detail.type_name),
            value: BASE64.decode(detail.value).unwrap_or_default(),
        });
        let encoded = EncodedStatus {
            code: code.value(),
            message: self.message.clone(),
            details: details.collect(),
        };
        let status = Status::new(code, self.message).with_stage(Stage::Wait);
        match encoded.details.is_empty() {
            true => status,
            false => status.with_details(encoded.encode_to_vec()),
        }
    }
}

/// The code that Connect calls `name`.
fn code(name: &str) -> Code {
    let upper = match name {
        "canceled" => "CANCELLED".to_owned(),
        name => name.to_ascii_uppercase(),
    };
    let mut codes = (1..=16).map(Code::from_value);
    codes
        .find(|code| code.name() == upper)
        .unwrap_or(Code::Unknown)
}

/// The status of a call that was answered with an HTTP status other than 200.
pub(super) fn of_response(status: StatusCode, body: &Bytes) -> Status {
    if let Ok(error) = serde_json::from_slice::<ConnectError>(body) {
        return error.into_status();
    }
    // What Connect says of answers that are none of its own, from a proxy or another server.
    let code = match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    };
    let text = String::from_utf8_lossy(body);
    let line = text.lines().next().unwrap_or_default();
    let said = match line.trim() {
        "" => String::new(),
        line => format!(": {}", line.chars().take(200).collect::<String>()),
    };
    let message = format!(
        "the server answers HTTP status {status}{said}; does it speak Connect, at this path?"
    );
    Status::new(code, message).with_stage(Stage::Wait)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

    use super::*;

    #[test]
    fn an_error_of_connect_keeps_its_code_message_and_details() {
        let body = r#"{"code":"not_found","message":"no user 7","details":[{"type":"a.B","value":"CAE"}]}"#;
        let status = of_response(StatusCode::NOT_FOUND, &Bytes::from(body));
        assert_eq!(
            (status.code(), status.message()),
            (Code::NotFound, "no user 7")
        );
        let details = EncodedStatus::decode(status.details()).unwrap().details;
        assert_eq!(details[0].value, [8, 1]);
        assert_eq!(code("canceled"), Code::Cancelled);
    }

    #[test]
    fn an_answer_of_somebody_else_is_told_with_its_status() {
        let status = of_response(StatusCode::BAD_GATEWAY, &Bytes::from("<html>\nbad gateway"));
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().contains("502 Bad Gateway: <html>"));
    }
}
