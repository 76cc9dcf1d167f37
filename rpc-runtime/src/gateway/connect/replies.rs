//! The stream of replies of a call.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame};
use rpc_wire::Status;

use super::codec::Codec;
use super::form::Form;
use crate::call::MessageSource;
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
        while body.len() < TOGETHER && !self.is_over {
            let outcome = match self.call.poll_message(cx) {
                Poll::Pending if body.is_empty() => return Poll::Pending,
                Poll::Pending => break,
                Poll::Ready(Ok(Some(message))) => self.append(&message, &mut body),
                Poll::Ready(Ok(None)) => {
                    let trailing = self.call.trailers().unwrap_or_default();
                    self.form.end(Ok(&trailing), &self.method, &mut body);
                    self.is_over = true;
                    break;
                }
                Poll::Ready(Err(status)) => Err(status),
            };
            if let Err(status) = outcome {
                self.form.end(Err(&status), &self.method, &mut body);
                self.is_over = true;
            }
        }
        self.pending = Some(body.freeze()).filter(|body| !body.is_empty());
        Poll::Ready(())
    }

    fn append(&mut self, message: &[u8], body: &mut BytesMut) -> Result<(), Status> {
        let before = body.len();
        let context = self.call.context();
        self.form.append(message, &self.codec, context, body)?;
        if body.len() < TOGETHER {
            return Ok(());
        }
        let held = self.share.hold(body.len()).map_err(unread);
        held.inspect_err(|_| body.truncate(before))
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
