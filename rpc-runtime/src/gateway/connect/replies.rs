//! The stream of replies of a call.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame};
use rpc_wire::Status;

use super::codec::Codec;
use super::form::Form;
use crate::http::{Share, next_piece, unread};
use crate::server::{RoutedMethod, StreamCall};

/// Bytes of small replies that are sent together, if they are there: what a frame of HTTP/2 holds, twice.
const TOGETHER: usize = 32 * 1024;

/// The replies of a call, and how it ended. They are made as fast as the client takes them.
pub(super) struct Replies {
    pub(super) call: StreamCall,
    pub(super) method: RoutedMethod,
    pub(super) codec: Codec,
    pub(super) form: Form,
    /// What leaves next.
    pub(super) pending: Option<Bytes>,
    /// What that holds of what may wait for the client.
    pub(super) share: Share,
    pub(super) is_over: bool,
}

impl Replies {
    /// Takes replies until enough are there to be sent, or none is.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut body = BytesMut::new();
        let Replies {
            form, codec, share, ..
        } = self;
        let polled = self.call.poll_replies(cx, |call, reply| {
            let before = body.len();
            form.append(&reply, codec, call, &mut body)?;
            if body.len() < TOGETHER {
                return Ok(true);
            }
            let held = share.hold(body.len()).map_err(unread);
            held.inspect_err(|_| body.truncate(before)).map(|()| false)
        });
        let ended = match &polled {
            Poll::Pending if body.is_empty() => return Poll::Pending,
            Poll::Pending | Poll::Ready(Ok(false)) => None,
            Poll::Ready(Ok(true)) => Some(Ok(self.call.trailers())),
            Poll::Ready(Err(status)) => Some(Err(status)),
        };
        if let Some(ended) = ended {
            self.form.end(
                ended.as_ref().map_err(|status| *status),
                &self.method,
                &mut body,
            );
            self.is_over = true;
        }
        self.pending = Some(body.freeze()).filter(|body| !body.is_empty());
        Poll::Ready(())
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
        if replies.pending.is_none() {
            // Nothing is left of what was sent before.
            replies.share.release();
            if replies.is_over {
                return Poll::Ready(None);
            }
            ready!(replies.poll_fill(cx));
        }
        Poll::Ready(next_piece(&mut replies.pending).map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_over && self.pending.is_none()
    }
}
