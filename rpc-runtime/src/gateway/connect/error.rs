//! Errors, as JSON and as responses.

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use rpc_wire::{Code, Status};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{codec, metadata};
use crate::http::ReplyBody;
use crate::server::RoutedMethod;

/// An error as JSON has it.
#[derive(Serialize)]
pub(super) struct ErrorJson<'a> {
    code: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<DetailJson>,
}

#[derive(Serialize)]
struct DetailJson {
    #[serde(rename = "type")]
    type_name: String,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    debug: Option<Box<RawValue>>,
}

impl<'a> ErrorJson<'a> {
    /// Of a call of this method, if it is known.
    pub(super) fn new(status: &'a Status, method: Option<&RoutedMethod>) -> Self {
        let details = codec::details(status, method).into_iter();
        ErrorJson {
            code: name(status.code()),
            message: status.message(),
            details: details
                .map(|detail| DetailJson {
                    type_name: detail.type_name,
                    value: BASE64_STANDARD_NO_PAD.encode(detail.value),
                    debug: detail
                        .json
                        .and_then(|json| RawValue::from_string(json).ok()),
                })
                .collect(),
        }
    }
}

/// The response to a call of `method` that failed.
pub(super) fn response(status: &Status, method: Option<&RoutedMethod>) -> Response<ReplyBody> {
    let json = serde_json::to_vec(&ErrorJson::new(status, method)).unwrap_or_default();
    let mut response = Response::new(ReplyBody::whole(Bytes::from(json)));
    *response.status_mut() = match (status.code(), method) {
        // There is nothing at this path.
        (Code::Unimplemented, None) => StatusCode::NOT_FOUND,
        (code, _) => http_status(code),
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    metadata::write_trailing(status.metadata(), headers);
    response
}

/// The code of a failure as Connect names it.
fn name(code: Code) -> String {
    match code {
        Code::Ok => name(Code::Unknown),
        Code::Cancelled => "canceled".to_owned(),
        code => code.to_string().to_ascii_lowercase(),
    }
}

/// The HTTP status for the code of a failure.
fn http_status(code: Code) -> StatusCode {
    match code {
        // "Client closed request", which many servers have and no standard.
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::REQUEST_TIMEOUT),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => {
            StatusCode::BAD_REQUEST
        }
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
    }
}
