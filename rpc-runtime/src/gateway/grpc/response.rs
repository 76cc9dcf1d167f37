//! Responses of gRPC: headers, and how the call ended in trailers.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response};
use rpc_wire::{Metadata, Status};

use super::head::ENCODING;
use crate::compression::Compression;
use crate::grpc::{metadata, status};
use crate::http::ReplyBody;

/// A response with these metadata ahead of its replies.
pub(super) fn with_headers(
    content_type: HeaderValue,
    leading: &Metadata,
    compression: Option<Compression>,
    body: ReplyBody,
) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    if let Some(algorithm) = compression {
        headers.insert(ENCODING, HeaderValue::from_static(algorithm.name()));
    }
    metadata::write(leading, headers);
    response
}

/// A response to a call that has no replies ("trailers-only").
pub(super) fn failed(content_type: HeaderValue, status: &Status) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::empty());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    status::write(Err(status), headers);
    response
}

/// The trailers of a call.
pub(super) fn trailers(outcome: Result<&Metadata, &Status>) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    status::write(outcome, &mut trailers);
    trailers
}
