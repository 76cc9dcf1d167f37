//! Reads what calls are answered with.

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use rpc_runtime::{Metadata, Stage, Status};
use serde::Deserialize;
use tokio::time::Instant;

use super::envelope::{self, Envelope};
use super::error::{ConnectError, of_response};
use super::headers::{append, split_trailers};
use crate::client::MAX_MESSAGE_SIZE;

/// The stream of a call's replies, or its only one.
pub(in crate::client) struct ConnectReplies {
    pub(in crate::client) headers: Metadata,
    pub(in crate::client) trailers: Metadata,
    state: State,
    deadline: Option<Instant>,
}

enum State {
    /// The reply has been read.
    Whole(Option<Bytes>),
    Stream {
        body: Incoming,
        input: BytesMut,
    },
}

/// The last message of a stream.
#[derive(Default, Deserialize)]
struct End {
    error: Option<ConnectError>,
    #[serde(default)]
    metadata: serde_json::Map<String, serde_json::Value>,
}

/// Ends with DEADLINE_EXCEEDED at `deadline`.
pub(super) async fn by<T>(
    deadline: Option<Instant>,
    future: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    let Some(deadline) = deadline else {
        return future.await;
    };
    tokio::time::timeout_at(deadline, future)
        .await
        .unwrap_or_else(|_| {
            Err(Status::deadline_exceeded(
                "the call took longer than its timeout",
            ))
        })
}

/// Reads the reply of a unary call, which has to be of `content_type`.
pub(super) async fn read_whole(
    response: Response<Incoming>,
    content_type: &str,
) -> Result<ConnectReplies, Status> {
    let (head, body) = response.into_parts();
    let body = read_body(body).await?;
    let (headers, trailers) = split_trailers(&head.headers);
    if head.status != StatusCode::OK {
        return Err(of_response(head.status, &body).with_metadata(trailers));
    }
    expect(&head.headers, content_type)?;
    Ok(ConnectReplies {
        headers,
        trailers,
        state: State::Whole(Some(body)),
        deadline: None,
    })
}

/// Reads the head of a stream, which has to be of `content_type`.
pub(super) async fn read_head(
    response: Response<Incoming>,
    content_type: &str,
    deadline: Option<Instant>,
) -> Result<ConnectReplies, Status> {
    let (head, body) = response.into_parts();
    if head.status != StatusCode::OK {
        return Err(of_response(head.status, &read_body(body).await?));
    }
    expect(&head.headers, content_type)?;
    let (headers, trailers) = split_trailers(&head.headers);
    let input = BytesMut::new();
    Ok(ConnectReplies {
        headers,
        trailers,
        state: State::Stream { body, input },
        deadline,
    })
}

/// Servers that know nothing of Connect answer whatever path with a page.
fn expect(headers: &HeaderMap, content_type: &str) -> Result<(), Status> {
    let given = headers.get(CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = given.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case(content_type) {
        return Ok(());
    }
    let what = match media_type {
        "" => "without a content type",
        media_type => media_type,
    };
    let message = format!("the server answers {what}; does it speak Connect, at this path?");
    Err(Status::unknown(message).with_stage(Stage::Wait))
}

async fn read_body(body: Incoming) -> Result<Bytes, Status> {
    let collected = Limited::new(body, MAX_MESSAGE_SIZE).collect().await;
    let collected = collected.map_err(|error| {
        Status::unavailable(format!("the answer broke off: {error}")).with_stage(Stage::Receive)
    })?;
    Ok(collected.to_bytes())
}

impl ConnectReplies {
    /// The next reply; `None` at the end.
    ///
    /// # Errors
    ///
    /// How the call ended, if it did not end well.
    pub(in crate::client) async fn message(&mut self) -> Result<Option<Bytes>, Status> {
        match &mut self.state {
            State::Whole(message) => Ok(message.take()),
            State::Stream { body, input } => {
                match by(self.deadline, next_envelope(body, input)).await? {
                    Envelope::Message(message) => Ok(Some(message)),
                    Envelope::End(end) => {
                        self.state = State::Whole(None);
                        self.end(&end).map(|()| None)
                    }
                }
            }
        }
    }

    fn end(&mut self, json: &[u8]) -> Result<(), Status> {
        let end: End = serde_json::from_slice(json).map_err(|error| {
            Status::internal(format!("the end of the stream cannot be read: {error}"))
        })?;
        for (key, values) in &end.metadata {
            for value in values
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|value| value.as_str())
            {
                append(&mut self.trailers, &key.to_ascii_lowercase(), value);
            }
        }
        match end.error {
            None => Ok(()),
            Some(error) => Err(error.into_status().with_metadata(self.trailers.clone())),
        }
    }
}

async fn next_envelope(body: &mut Incoming, input: &mut BytesMut) -> Result<Envelope, Status> {
    loop {
        if let Some(envelope) = envelope::unwrap_first(input, MAX_MESSAGE_SIZE)? {
            return Ok(envelope);
        }
        let broken = |why: String| Status::unavailable(why).with_stage(Stage::Receive);
        let frame = body.frame().await;
        let frame = frame.ok_or_else(|| broken("the stream of replies broke off".to_owned()))?;
        let frame =
            frame.map_err(|error| broken(format!("the stream of replies broke off: {error}")))?;
        if let Ok(data) = frame.into_data() {
            input.extend_from_slice(&data);
        }
    }
}
