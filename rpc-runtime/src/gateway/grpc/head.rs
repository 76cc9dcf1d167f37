//! What the headers of a request say of its call.

use std::time::Instant;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName};
use rpc_wire::{Code, Metadata, Status};

use crate::codec;
use crate::compression::{Compression, Decompression};
use crate::grpc::{content_type, metadata, timeout};
use crate::http::{HttpConnection, IDENTITY};
use crate::server::CallParts;

pub(super) const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
pub(super) const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const ATTEMPTS: HeaderName = HeaderName::from_static("grpc-previous-rpc-attempts");

/// What the headers of a request say of its call.
pub(super) struct Head {
    pub(super) parts: CallParts,
    /// How requests are compressed, if they are.
    pub(super) requests: Decompression,
    /// How replies are compressed, if the client takes that.
    pub(super) replies: Option<Compression>,
}

/// Reads the headers of a request.
///
/// # Errors
///
/// UNIMPLEMENTED if requests are compressed in a way that the server does not support; INTERNAL if a header
/// is not what gRPC allows.
pub(super) fn read(headers: &HeaderMap, connection: &HttpConnection) -> Result<Head, Status> {
    let mut metadata = metadata::read(headers)?;
    name_codec(headers, &mut metadata)?;
    let mut parts = connection.call_parts(metadata);
    if let Some(value) = text(headers, &TIMEOUT) {
        let left = timeout::decode(value)
            .ok_or_else(|| Status::internal(format!("the grpc-timeout {value:?} is no time")))?;
        parts.deadline = Instant::now().checked_add(left);
    }
    let attempts = text(headers, &ATTEMPTS).and_then(|value| value.parse().ok());
    parts.attempt = attempts.unwrap_or(0);
    let encoding = text(headers, &ENCODING);
    Ok(Head {
        parts,
        requests: connection.decompression(encoding, Code::Internal)?,
        replies: reply_encoding(headers, connection),
    })
}

/// Says by which codec messages are encoded, as the native protocol does.
fn name_codec(headers: &HeaderMap, metadata: &mut Metadata) -> Result<(), Status> {
    let named = text(headers, &CONTENT_TYPE).and_then(content_type::parse);
    match named {
        Some((_, Some(name))) => codec::name_as(name, metadata),
        _ => Ok(()),
    }
}

/// The first of the server's algorithms that the client takes.
fn reply_encoding(headers: &HeaderMap, connection: &HttpConnection) -> Option<Compression> {
    let accepted = text(headers, &ACCEPT_ENCODING)?;
    let accepts = |name| accepted.split(',').any(|other| other.trim() == name);
    connection
        .of_replies()
        .find(|algorithm| accepts(algorithm.name()))
}

/// What requests may be compressed with, as `grpc-accept-encoding` lists them.
pub(super) fn accepted(connection: &HttpConnection) -> String {
    let names = connection.of_requests().map(Compression::name);
    names.fold(IDENTITY.to_owned(), |list, name| list + "," + name)
}

/// The value of a header.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
