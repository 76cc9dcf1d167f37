//! The stream of replies of a call.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use hyper::body::{Body, Frame};
use rpc_wire::Status;
use rpc_wire::session::{MessageBody, SHARE_BODY_FROM};

use super::packing::Packing;
use super::response::trailers;
use crate::call;
use crate::grpc::frame;
use crate::http::{Share, next_piece, unread};
use crate::server::StreamCall;

/// Bytes of small replies that are sent together, if they are there: what a frame of HTTP/2 holds, twice.
const TOGETHER: usize = 32 * 1024;

/// The replies of a call, and how it ended. They are made as fast as the client takes them.
pub(super) struct Replies {
    call: StreamCall,
    packed: Packed,
    end: End,
}

/// Replies that leave next.
struct Packed {
    packing: Packing,
    /// Small ones, which leave together.
    buffer: BytesMut,
    /// What the buffer needs room for: nothing, until it was full once.
    room: usize,
    /// A large one whose prefix has left.
    large: Option<Bytes>,
    /// What both hold of what may wait for the client.
    share: Share,
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
            packed: Packed {
                packing,
                buffer: BytesMut::new(),
                room: 0,
                large: None,
                share,
            },
            end: End::NotYet,
        }
    }

    /// Takes replies until enough are there to be sent, or none is.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Replies { call, packed, .. } = self;
        packed.buffer.reserve(packed.room);
        let trailers = match call.poll_replies(cx, |call, reply| packed.append(reply, call)) {
            Poll::Pending if packed.buffer.is_empty() => return Poll::Pending,
            Poll::Pending | Poll::Ready(Ok(false)) => return Poll::Ready(()),
            Poll::Ready(Ok(true)) => trailers(Ok(&call.trailers())),
            Poll::Ready(Err(status)) => trailers(Err(&status)),
        };
        self.end = End::Trailers(trailers);
        Poll::Ready(())
    }
}

impl Packed {
    /// Adds a reply; says whether there is room for another.
    fn append(&mut self, reply: MessageBody<'_>, call: &call::Context) -> Result<bool, Status> {
        let (reply, compressed) = match self.packing.wants(reply.len(), call) {
            true => {
                let packed = self.packing.pack(reply.into_bytes(), call);
                (packed.bytes.into(), packed.compressed)
            }
            false => (reply, false),
        };
        let prefix = frame::prefix_of(reply.len(), compressed)?;
        if reply.len() >= SHARE_BODY_FROM {
            self.share.hold(reply.len()).map_err(unread)?;
            self.buffer.extend_from_slice(&prefix);
            self.large = Some(reply.into_bytes());
        } else {
            self.buffer.extend_from_slice(&prefix);
            self.buffer.extend_from_slice(&reply);
        }
        if self.buffer.len() >= TOGETHER {
            // The next ones are not moved about while it grows.
            self.room = TOGETHER + SHARE_BODY_FROM;
            return Ok(false);
        }
        Ok(self.large.is_none())
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
            let packed = &mut replies.packed;
            if !packed.buffer.is_empty() {
                let data = packed.buffer.split().freeze();
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            if let Some(piece) = next_piece(&mut packed.large) {
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
            packed.share.release();
            ready!(replies.poll_fill(cx));
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.end, End::Sent)
    }
}
