//! A call as a stream of HTTP/2.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use h2::client::ResponseFuture;
use h2::{RecvStream, SendStream};
use http::HeaderMap;
use rpc_wire::session::{Encoded, Outcome};
use rpc_wire::{Code, Metadata, MetadataValue, Stage, Status};

use super::error;
use super::protocol::Shared;
use super::response::{self, Answer};
use crate::compression::{Compression, Decompression, Received};
use crate::connection::foreign::ForeignCall;
use crate::grpc::frame::{Framed, MessageReader};

/// A call that was begun. h2 resets the stream if it is dropped before its end.
pub(super) struct GrpcCall {
    shared: Arc<Shared>,
    /// The number of its stream.
    stream: u32,
    requests: SendStream<Framed>,
    replies: Replies,
    /// What the server sent ahead of messages.
    headers: Metadata,
    /// The reply of a call that has one.
    reply: Option<Encoded>,
    deadline: Option<Instant>,
    /// What requests may be compressed with, and whether they are a stream.
    compressed: Option<(Compression, bool)>,
}

/// How far the response has come.
enum Replies {
    /// Nothing of it is here.
    Awaited(ResponseFuture),
    /// Messages arrive.
    Open {
        body: RecvStream,
        reader: MessageReader,
        encoding: Option<Compression>,
    },
    /// All is here: trailing metadata, or a status.
    Ended(Result<Metadata, Status>),
    /// The connection is lost, and with it the rest; the call is ended for it.
    Lost,
}

impl GrpcCall {
    pub(super) fn new(
        shared: Arc<Shared>,
        response: ResponseFuture,
        requests: SendStream<Framed>,
        deadline: Option<Instant>,
    ) -> Self {
        GrpcCall {
            shared,
            stream: requests.stream_id().as_u32(),
            requests,
            replies: Replies::Awaited(response),
            headers: Metadata::new(),
            reply: None,
            deadline,
            compressed: None,
        }
    }

    /// The same, with requests that are, or may be, compressed.
    pub(super) fn compressed(mut self, algorithm: Compression, is_stream: bool) -> Self {
        self.compressed = Some((algorithm, is_stream));
        self
    }

    /// Waits for the head of the response.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        if let Replies::Awaited(response) = &mut self.replies {
            let response = ready!(Pin::new(response).poll(cx));
            self.replies = match response {
                Ok(response) => self.opened(response),
                Err(error) => match error::status(error, self.deadline) {
                    Some(status) => Replies::Ended(Err(status.with_stage(Stage::Wait))),
                    None => Replies::Lost,
                },
            };
        }
        match &self.replies {
            Replies::Lost => Poll::Pending,
            Replies::Ended(Err(status)) => Poll::Ready(Err(status.clone())),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn opened(&mut self, response: http::Response<RecvStream>) -> Replies {
        let (head, body) = response.into_parts();
        let config = &self.shared.config;
        let ends = body.is_end_stream();
        match response::answer(head.status, &head.headers, ends, config.max_metadata_size) {
            Ok(Answer::Opens { headers, encoding }) => {
                self.headers = headers;
                Replies::Open {
                    body,
                    reader: MessageReader::new(config.max_message_size, "client's"),
                    encoding,
                }
            }
            Ok(Answer::Ends(trailing)) => Replies::Ended(Ok(trailing)),
            Err(status) => {
                let status = self.refused(&head.headers, status);
                Replies::Ended(Err(status.with_stage(Stage::Wait)))
            }
        }
    }

    /// What a status says beside itself if it is because of how requests are compressed: then nothing was executed, and
    /// no more are compressed on this connection. A request that is there can be sent again.
    fn refused(&self, headers: &HeaderMap, status: Status) -> Status {
        match self.compressed {
            Some((algorithm, is_stream)) if response::refuses(&status, headers, algorithm) => {
                self.shared.note_refused_compression();
                let status = match is_stream {
                    true => status,
                    false => Status::unavailable(status.message()).with_source(status.clone()),
                };
                status.with_may_have_run(false)
            }
            _ => status,
        }
    }

    /// The next message, or `None` at the end if that is a good one.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Encoded>, Status>> {
        ready!(self.poll_head(cx))?;
        let next = match &mut self.replies {
            Replies::Open {
                body,
                reader,
                encoding,
            } => match ready!(poll_open(body, reader, cx)) {
                Ok(Next::Message(message)) => {
                    let encoding = *encoding;
                    self.plain(message, encoding).map(Some)
                }
                Ok(Next::End(trailers)) => {
                    let limit = self.shared.config.max_metadata_size;
                    let ended = response::end(trailers.as_ref(), limit)
                        .map_err(|status| status.with_stage(Stage::Wait));
                    // A status says more than that messages are missing.
                    let ended = ended.and_then(|trailing| reader.finish().map(|()| trailing));
                    self.replies = Replies::Ended(ended);
                    return self.poll_next(cx);
                }
                Ok(Next::Broken(error)) => match error::status(error, self.deadline) {
                    Some(status) => Err(status),
                    None => {
                        self.replies = Replies::Lost;
                        return Poll::Pending;
                    }
                },
                Err(status) => Err(status),
            },
            Replies::Ended(Ok(_)) => return Poll::Ready(Ok(None)),
            Replies::Awaited(_) | Replies::Lost => return Poll::Pending,
            Replies::Ended(Err(status)) => Err(status.clone()),
        };
        Poll::Ready(next.map_err(|status| self.fail(status)))
    }

    /// Ends the call with a status, in the stage that it names or while its response was read.
    fn fail(&mut self, status: Status) -> Status {
        let stage = status.stage().unwrap_or(Stage::Receive);
        let status = status.with_stage(stage);
        self.replies = Replies::Ended(Err(status.clone()));
        status
    }

    /// A message as its codec wants it, which goes on to say how it had arrived.
    fn plain(&self, message: Encoded, encoding: Option<Compression>) -> Result<Encoded, Status> {
        if message.compressed && encoding.is_none() {
            return Err(Status::internal(
                "a reply is compressed, and no grpc-encoding says how",
            ));
        }
        let config = &self.shared.config;
        let decompression = Decompression {
            algorithm: encoding,
            received: Received::Replies,
            max_message_size: config.max_message_size,
            max_ratio: config.max_ratio,
            corrupt: Code::Internal,
        };
        let compressed = message.compressed;
        match decompression.undo(message) {
            Ok(bytes) => Ok(Encoded { bytes, compressed }),
            Err(status) => Err(status.with_stage(Stage::Decode)),
        }
    }

    /// Leading and trailing metadata of a call with one reply, as one.
    fn all_metadata(&mut self) -> Metadata {
        let mut all = std::mem::take(&mut self.headers);
        let Replies::Ended(Ok(trailing)) = &mut self.replies else {
            return all;
        };
        if all.is_empty() {
            return std::mem::take(trailing);
        }
        for (key, value) in trailing.iter() {
            let added = match value {
                MetadataValue::Ascii(text) => all.append(key, text),
                MetadataValue::Binary(bytes) => all.append_bin(key, bytes.to_vec()),
            };
            debug_assert!(added.is_ok(), "it was accepted before");
        }
        all
    }
}

/// What comes next in a response.
enum Next {
    Message(Encoded),
    /// Nothing but its trailers.
    End(Option<http::HeaderMap>),
    /// Nothing, because of an error of HTTP/2.
    Broken(h2::Error),
}

fn poll_open(
    body: &mut RecvStream,
    reader: &mut MessageReader,
    cx: &mut Context<'_>,
) -> Poll<Result<Next, Status>> {
    loop {
        if let Some(message) = reader.next()? {
            return Poll::Ready(Ok(Next::Message(message)));
        }
        match ready!(body.poll_data(cx)) {
            Some(Ok(piece)) => {
                // Whoever reads has read so far. It fails where nothing more will come.
                let _ = body.flow_control().release_capacity(piece.len());
                reader.push(piece);
            }
            Some(Err(error)) => return Poll::Ready(Ok(Next::Broken(error))),
            None => {
                let trailers = ready!(body.poll_trailers(cx));
                return Poll::Ready(Ok(trailers.map_or_else(Next::Broken, Next::End)));
            }
        }
    }
}

impl ForeignCall for GrpcCall {
    fn poll_reply(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        loop {
            let next = ready!(self.poll_next(cx));
            let status = match (next, self.reply.is_some()) {
                (Ok(Some(reply)), false) => {
                    self.reply = Some(reply);
                    continue;
                }
                (Ok(None), true) => {
                    let body = self.reply.take().unwrap_or_default();
                    let metadata = self.all_metadata();
                    return Poll::Ready(Outcome::Reply { body, metadata });
                }
                (Ok(Some(_)), true) => Status::internal(
                    "the server sent several replies to a call that takes one; is its .proto the same?",
                ),
                (Ok(None), false) => {
                    Status::internal("the server ended the call well without a reply")
                }
                (Err(status), _) => status,
            };
            return Poll::Ready(Outcome::Failed(self.fail(status)));
        }
    }

    fn poll_headers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        ready!(self.poll_head(cx))?;
        Poll::Ready(Ok(self.headers.clone()))
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Encoded>, Status>> {
        self.poll_next(cx)
    }

    fn trailers(&self) -> Option<Metadata> {
        match &self.replies {
            Replies::Ended(Ok(trailing)) => Some(trailing.clone()),
            _ => None,
        }
    }

    fn poll_send(&mut self, message: &Encoded, cx: &mut Context<'_>) -> Poll<bool> {
        // A byte of room is enough to begin: what does not fit waits at h2, one message of each stream.
        self.requests.reserve_capacity(1);
        while self.requests.capacity() == 0 {
            match ready!(self.requests.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Poll::Ready(false),
            }
        }
        let sent = Framed::new(message.clone())
            .is_ok_and(|framed| self.requests.send_data(framed, false).is_ok());
        Poll::Ready(sent)
    }

    fn has_left(&self) -> bool {
        self.shared.hearing.begun.has(self.stream)
    }

    fn finish_sending(&mut self) {
        // It fails where the stream has ended.
        let _ = self.requests.send_data(Framed::default(), true);
    }
}
