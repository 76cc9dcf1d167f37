//! What the headers of a request say of its call.

use std::time::{Duration, Instant};

use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use rpc_wire::{Code, Status};

use super::asked::From;
use super::{accept, metadata, query};
use crate::compression::{Compression, Decompression};
use crate::http::HttpConnection;
use crate::server::CallParts;

const VERSION: HeaderName = HeaderName::from_static("connect-protocol-version");
const TIMEOUT: HeaderName = HeaderName::from_static("connect-timeout-ms");
pub(super) const STREAM_ENCODING: HeaderName = HeaderName::from_static("connect-content-encoding");
pub(super) const STREAM_ACCEPT_ENCODING: HeaderName =
    HeaderName::from_static("connect-accept-encoding");

/// Digits that a timeout may have.
const MAX_TIMEOUT_DIGITS: usize = 10;

/// What the headers of a request say of its call.
pub(super) struct Head {
    pub(super) parts: CallParts,
    /// How requests are compressed, if they are.
    pub(super) requests: Decompression,
    /// How replies are compressed, if the client takes that.
    pub(super) replies: Option<Compression>,
}

/// Reads the headers of a request, and its query if that is where its message is.
///
/// # Errors
///
/// UNIMPLEMENTED if requests are compressed in a way that the server does not support; INVALID_ARGUMENT if
/// a header is not what the protocol allows.
pub(super) fn read(
    request: &Parts,
    from: From,
    connection: &HttpConnection,
) -> Result<Head, Status> {
    let headers = &request.headers;
    let query = request.uri.query().filter(|_| from == From::Query);
    check_version(headers, query)?;
    let mut parts = connection.call_parts(metadata::read(headers)?);
    if let Some(timeout) = timeout(headers)? {
        parts.deadline = Instant::now().checked_add(timeout);
    }
    let (content, accept) = match from {
        From::Envelopes => (&STREAM_ENCODING, &STREAM_ACCEPT_ENCODING),
        From::Body | From::Query => (&CONTENT_ENCODING, &ACCEPT_ENCODING),
    };
    let requests = match query {
        Some(query) => query::compression(query),
        None => text(headers, content).map(str::to_owned),
    };
    Ok(Head {
        parts,
        requests: connection.decompression(requests.as_deref(), Code::InvalidArgument)?,
        replies: accepted_by(headers, accept, connection),
    })
}

fn check_version(headers: &HeaderMap, query: Option<&str>) -> Result<(), Status> {
    let header = text(headers, &VERSION).map(str::to_owned);
    match header.or_else(|| query::version(query?)).as_deref() {
        None | Some("1") => Ok(()),
        Some(version) => Err(Status::invalid_argument(format!(
            "the server speaks version 1 of the Connect protocol, not {version:?}"
        ))),
    }
}

fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, Status> {
    let Some(value) = headers.get(TIMEOUT) else {
        return Ok(None);
    };
    let digits = value.to_str().ok().filter(|text| {
        text.len() <= MAX_TIMEOUT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
    });
    let millis = digits.and_then(|digits| digits.parse().ok());
    millis.map(Duration::from_millis).map(Some).ok_or_else(|| {
        Status::invalid_argument(format!(
            "connect-timeout-ms is {value:?}, not a time of up to {MAX_TIMEOUT_DIGITS} digits"
        ))
    })
}

/// The first of the server's algorithms that the client takes.
fn accepted_by(
    headers: &HeaderMap,
    name: &HeaderName,
    connection: &HttpConnection,
) -> Option<Compression> {
    let accepted = text(headers, name)?;
    connection
        .of_replies()
        .find(|algorithm| accept::has(accepted, algorithm.name()))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
