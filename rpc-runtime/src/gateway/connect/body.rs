//! The request of a call that has one.

use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use rpc_wire::Status;

use super::asked::From;
use super::head::STREAM_ENCODING;
use super::query;
use crate::compression::Decompression;
use crate::http::{Messages, RequestBody, plain};

/// Reads the request of a call that has one, wherever it is, and says whether it had arrived compressed.
///
/// # Errors
///
/// RESOURCE_EXHAUSTED over a limit; DEADLINE_EXCEEDED, CANCELLED or INTERNAL if the body does not arrive whole;
/// INVALID_ARGUMENT if it cannot be decompressed.
pub(super) async fn only(
    from: From,
    request: &Parts,
    body: RequestBody,
    decompression: Decompression,
    deadline: Option<Instant>,
) -> Result<(Bytes, bool), Status> {
    let reading = async {
        match from {
            From::Query => {
                let message = query::message(request.uri.query().unwrap_or_default())?;
                plain(message, decompression).await
            }
            From::Body => body.collect_plain(decompression).await,
            From::Envelopes => {
                let messages = Messages::new(body, decompression, STREAM_ENCODING);
                messages.only().await
            }
        }
    };
    let Some(deadline) = deadline else {
        return reading.await;
    };
    let read = tokio::time::timeout_at(deadline.into(), reading).await;
    read.unwrap_or_else(|_| {
        Err(Status::deadline_exceeded(
            "the deadline passed before the request was whole",
        ))
    })
}
