//! The stream of replies of a call.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use hyper::body::{Body, Frame};
use rpc_wire::Status;
use rpc_wire::session::SHARE_BODY_FROM;

use super::packing::Packing;
use super::response::trailers;
use crate::call::MessageSource;
use crate::grpc::frame;
use crate::http::{Share, next_piece, unread};
use crate::server::StreamCall;

/// Bytes of small replies that are sent together, if they are there: what a frame of HTTP/2 holds, twice.
const TOGETHER: usize = 32 * 1024;

/// The replies of a call, and how it ended. They are made as fast as the client takes them.
pub(super) struct Replies {
    call: StreamCall,
    packing: Packing,
    /// Small replies that leave together.
    buffer: BytesMut,
    /// A large reply whose prefix has left.
    large: Option<Bytes>,
    /// What both hold of what may wait for the client.
    share: Share,
    end: End,
}

enum End {
    NotYet,
    Trailers(HeaderMap),
    Sent,
}

impl Replies {
    pub(super) fn new(call: StreamCall, packing: Packing, share: Share) -> Self {
        Replies {
            call,
            packing,
            buffer: BytesMut::new(),
            large: None,
            share,
            end: End::NotYet,
        }
    }

    /// Takes replies until enough are there to be sent, or none is.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.buffer.len() < TOGETHER && self.large.is_none() {
            let outcome = match self.call.poll_message(cx) {
                Poll::Pending if self.buffer.is_empty() => return Poll::Pending,
                Poll::Pending => break,
                Poll::Ready(Ok(Some(message))) => self.append(message),
                Poll::Ready(Ok(None)) => {
                    let trailing = self.call.trailers();
                    let trailing = trailing.unwrap_or_default();
                    self.end = End::Trailers(trailers(Ok(&trailing)));
                    break;
                }
                Poll::Ready(Err(status)) => Err(status),
            };
            if let Err(status) = outcome {
                self.end = End::Trailers(trailers(Err(&status)));
                break;
            }
        }
        Poll::Ready(())
    }

    fn append(&mut self, plain: Bytes) -> Result<(), Status> {
        let message = self.packing.pack(plain, self.call.context());
        let prefix = frame::prefix(&message)?;
        if message.bytes.len() >= SHARE_BODY_FROM {
            self.share.hold(message.bytes.len()).map_err(unread)?;
            self.buffer.extend_from_slice(&prefix);
            self.large = Some(message.bytes);
        } else {
            self.buffer.extend_from_slice(&prefix);
            self.buffer.extend_from_slice(&message.bytes);
        }
        Ok(())
    }
}

impl Body for Replies {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let replies = &mut *self;
        loop {
            if !replies.buffer.is_empty() {
                let data = replies.buffer.split().freeze();
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            if let Some(piece) = next_piece(&mut replies.large) {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            match std::mem::replace(&mut replies.end, End::Sent) {
                End::Trailers(trailers) => {
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
                End::Sent => return Poll::Ready(None),
                End::NotYet => replies.end = End::NotYet,
            }
            // Nothing is left of the last large one.
            replies.share.release();
            ready!(replies.poll_fill(cx));
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.end, End::Sent)
    }
}
