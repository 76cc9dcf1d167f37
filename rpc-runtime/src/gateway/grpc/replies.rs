//! The stream of replies of a call.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Body, Frame};
use rpc_wire::Status;
use rpc_wire::session::{Encoded, SHARE_BODY_FROM};

use super::packing::Packing;
use super::response::trailers;
use crate::call;
use crate::grpc::batch::Batch;
use crate::http::{Share, next_piece, unread};
use crate::server::StreamCall;

/// The replies of a call, and how it ended. They are made as fast as the client takes them.
pub(super) struct Replies {
    call: StreamCall,
    batch: Batch,
    alone: Alone,
    /// What leaves next.
    next: Bytes,
    end: End,
}

/// Replies that are not small.
struct Alone {
    packing: Packing,
    /// A large one whose prefix leaves next.
    large: Option<Bytes>,
    /// What it holds of what may wait for the client.
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
            batch: Batch::new(packing.least()),
            alone: Alone {
                packing,
                large: None,
                share,
            },
            next: Bytes::new(),
            end: End::NotYet,
        }
    }

    /// Takes replies until enough are there to be sent, or none is.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Replies {
            call, batch, alone, ..
        } = self;
        let add = |call: &call::Context, batch: &mut Batch, reply| alone.add(reply, batch, call);
        let ended = match call.poll_batch(cx, batch, add) {
            Poll::Pending if batch.is_empty() => return Poll::Pending,
            Poll::Pending | Poll::Ready(Ok(false)) => None,
            Poll::Ready(Ok(true)) => Some(trailers(Ok(&call.trailers()))),
            Poll::Ready(Err(status)) => Some(trailers(Err(&status))),
        };
        self.next = batch.take();
        self.end = ended.map_or(End::NotYet, End::Trailers);
        Poll::Ready(())
    }
}

impl Alone {
    /// Adds a reply, compressed if it is to be; says whether there is room for another.
    fn add(
        &mut self,
        reply: Bytes,
        batch: &mut Batch,
        call: &call::Context,
    ) -> Result<bool, Status> {
        let Encoded { bytes, compressed } = self.packing.pack(reply, call);
        if bytes.len() < SHARE_BODY_FROM {
            batch.append(&bytes, compressed)?;
            return Ok(batch.has_room());
        }
        self.share.hold(bytes.len()).map_err(unread)?;
        batch.append_prefix(bytes.len(), compressed)?;
        self.large = Some(bytes);
        Ok(false)
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
            if !replies.next.is_empty() {
                let data = std::mem::take(&mut replies.next);
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            if let Some(piece) = next_piece(&mut replies.alone.large) {
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
            replies.alone.share.release();
            ready!(replies.poll_fill(cx));
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.end, End::Sent)
    }
}
