//! Streams of replies at a client.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use rpc_wire::session::{Encoded, MessageBody, Outcome, message_cost};
use rpc_wire::{Metadata, Status};

use super::attempt::{Attempt, State};
use super::repeat::{Next, Repeat};
use crate::call::MessageSource;
use crate::connection::any::AnyConnection;
use crate::connection::messages::{Messages, READ_STEP};

/// The replies of a call, as its caller reads them. Dropping it cancels the call.
pub(super) struct Replies {
    attempt: Attempt,
    repeat: Option<Box<Repeat>>,
    /// The caller has seen something of them, so the call is not sent again.
    shown: bool,
    /// How the call ended that was sent again in vain.
    failed: Option<Status>,
    /// Replies that were taken from the connection and not read yet.
    taken: Messages,
    /// What those cost that were read since.
    read: u64,
    /// The last of them had arrived compressed.
    compressed: bool,
}

impl Replies {
    /// The replies of a call that is sent, whose caller takes them from now on.
    pub(super) fn of(attempt: &mut Attempt, repeat: &mut Option<Box<Repeat>>) -> Option<Self> {
        attempt.sent()?;
        let mut spent = Attempt::again(Arc::clone(&attempt.core), attempt.method, Bytes::new());
        spent.state = State::Done;
        Some(Replies {
            attempt: std::mem::replace(attempt, spent),
            repeat: repeat.take(),
            shown: false,
            failed: None,
            taken: Messages::default(),
            read: 0,
            compressed: false,
        })
    }

    /// Asks the connection that the call was sent over. A call that fails is sent again as any other, as
    /// long as its caller has seen nothing of it.
    fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut ask: impl FnMut(&AnyConnection, u32, &Context<'_>) -> Poll<Result<R, Status>>,
    ) -> Poll<Result<R, Status>> {
        loop {
            if let Some(status) = &self.failed {
                return Poll::Ready(Err(status.clone()));
            }
            if let Err(status) = ready!(Repeat::poll_alarm(&mut self.repeat, &mut self.attempt, cx))
            {
                return Poll::Ready(Err(self.give_up(status)));
            }
            match self.poll_sent(cx, &mut ask) {
                Poll::Pending => {
                    let status = ready!(self.attempt.poll_parent(cx));
                    return Poll::Ready(Err(self.give_up(status)));
                }
                Poll::Ready(Ok(found)) => {
                    self.succeed();
                    return Poll::Ready(Ok(found));
                }
                Poll::Ready(Err(status)) => {
                    if let Some(status) = self.fail(status) {
                        return Poll::Ready(Err(status));
                    }
                }
            }
        }
    }

    /// Takes further replies from the connection; false at their end.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Status>> {
        let (mut read, mut taken) = (self.read, std::mem::take(&mut self.taken));
        let more = self.poll(cx, |connection, id, cx| {
            connection.poll_messages(id, &mut read, &mut taken, cx)
        });
        (self.read, self.taken) = (read, taken);
        if !matches!(more, Poll::Pending | Poll::Ready(Ok(true))) {
            // Nobody takes requests any more.
            self.attempt.upload = None;
        }
        more
    }

    fn decompress(&self, message: Encoded) -> Result<Bytes, Status> {
        match self.attempt.sent() {
            Some((connection, _)) => connection.decompress(message),
            None => Err(Status::internal(
                "a reply was read after the end of its call",
            )),
        }
    }

    /// Asks the connection, once the call is sent over one.
    fn poll_sent<R>(
        &mut self,
        cx: &mut Context<'_>,
        ask: &mut impl FnMut(&AnyConnection, u32, &Context<'_>) -> Poll<Result<R, Status>>,
    ) -> Poll<Result<R, Status>> {
        if self.attempt.sent().is_none() {
            let outcome = self.attempt.poll_outcome(cx);
            if self.attempt.sent().is_none() {
                return Poll::Ready(Err(match ready!(outcome) {
                    Outcome::Failed(status) => status,
                    Outcome::Reply { .. } => never_opened(),
                }));
            }
        }
        match self.attempt.sent() {
            Some((connection, id)) => ask(connection, id, cx),
            None => Poll::Pending,
        }
    }

    /// The caller sees something of the replies.
    fn succeed(&mut self) {
        if !self.shown {
            self.attempt.core.rules.tokens.earn();
            self.show();
        }
    }

    /// After a failure, how the call ends with it; nothing if it is sent again.
    fn fail(&mut self, status: Status) -> Option<Status> {
        let status = match self.shown {
            true => status,
            false => match Repeat::after(self.repeat.as_deref(), &mut self.attempt, status) {
                Next::Again => return None,
                Next::Pause(pause) => {
                    let paused = Repeat::pause(&mut self.repeat, &mut self.attempt, pause);
                    return paused.err().map(|status| self.give_up(status));
                }
                Next::End(status) => status,
            },
        };
        self.show();
        let status = self.attempt.describe(status);
        if self.attempt.sent().is_none() {
            self.failed = Some(status.clone());
        }
        Some(status)
    }

    /// From now on the request is not needed any more.
    fn show(&mut self) {
        if !std::mem::replace(&mut self.shown, true) {
            self.attempt.body = Bytes::new().into();
        }
    }
}

/// Nobody meets this: a call with a stream of replies has them as soon as it is sent.
pub(super) fn never_opened() -> Status {
    Status::internal("a stream of replies ended before it was opened")
}

impl MessageSource for Replies {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let message = ready!(self.poll_body(cx))?;
        Poll::Ready(Ok(message.map(MessageBody::into_bytes)))
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<MessageBody<'_>>, Status>> {
        let asks = self.taken.is_empty() || self.read >= READ_STEP;
        if asks && !ready!(self.poll_more(cx))? {
            return Poll::Ready(Ok(None));
        }
        let message = self.taken.pop_compressed();
        self.compressed = message.is_some();
        if let Some(message) = message {
            self.read += message_cost(message.bytes.len());
            return Poll::Ready(match self.decompress(message) {
                Ok(message) => Ok(Some(message.into())),
                Err(status) => Err(self.give_up(status)),
            });
        }
        let message = self.taken.pop().map(|message| message.body);
        self.read += message.as_ref().map_or(0, |body| message_cost(body.len()));
        Poll::Ready(Ok(message))
    }

    fn poll_headers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        self.poll(cx, AnyConnection::poll_headers)
    }

    fn trailers(&self) -> Option<Metadata> {
        let (connection, id) = self.attempt.sent()?;
        connection.trailers(id)
    }

    fn was_compressed(&self) -> bool {
        self.compressed
    }

    fn give_up(&mut self, status: Status) -> Status {
        self.attempt.upload = None;
        self.taken = Messages::default();
        self.attempt.give_up();
        let status = self.attempt.describe(status);
        self.failed = Some(status.clone());
        status
    }
}
