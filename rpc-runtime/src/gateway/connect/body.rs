//! The request of a call that has one.

use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use rpc_wire::Status;
use rpc_wire::session::Encoded;

use super::asked::From;
use super::head::STREAM_ENCODING;
use super::query;
use crate::compression::Decompression;
use crate::connection::reschedule::step_aside;
use crate::http::{Messages, RequestBody};

/// Reads the request of a call that has one, wherever it is.
///
/// # Errors
///
/// RESOURCE_EXHAUSTED over a limit; DEADLINE_EXCEEDED, CANCELLED, INVALID_ARGUMENT or INTERNAL if the body
/// does not arrive whole.
pub(super) async fn only(
    from: From,
    request: &Parts,
    body: RequestBody,
    decompression: Decompression,
    deadline: Option<Instant>,
) -> Result<Bytes, Status> {
    let reading = async {
        match from {
            From::Query => {
                let message = query::message(request.uri.query().unwrap_or_default())?;
                undo(message, decompression).await
            }
            From::Body => {
                let max = decompression.max_message_size;
                undo(body.collect(max).await?, decompression).await
            }
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

/// A body is compressed if it has an algorithm, unless it is empty.
async fn undo(body: Bytes, decompression: Decompression) -> Result<Bytes, Status> {
    let compressed = decompression.algorithm.is_some() && !body.is_empty();
    if compressed {
        // It takes a while, which the other calls of the connection need not wait for.
        step_aside().await;
    }
    decompression.undo(Encoded {
        bytes: body,
        compressed,
    })
}
