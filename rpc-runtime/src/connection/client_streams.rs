//! Streams of messages at a client: what the driver puts there and callers take.

use std::task::{Context, Poll, Waker};

use rpc_wire::session::{Encoded, Offered, Outcome};
use rpc_wire::{Metadata, Stage, Status};

use super::client::{ClientConnection, EndedCalls, Shared, Slot, wake_all};
use super::messages::Messages;

/// What arrived for a call with a stream. What it holds is bounded by the stream's window.
#[derive(Debug, Default)]
pub(super) struct StreamSlot {
    pub(super) headers: Option<Metadata>,
    pub(super) messages: Messages,
    pub(super) outcome: Option<Outcome>,
    /// Who waits for any of the above.
    pub(super) reader: Option<Waker>,
    /// Who waits to send a message.
    pub(super) writer: Option<Waker>,
}

impl ClientConnection {
    /// Moves the messages of a stream of replies into `into`, if that is empty; false when the stream has ended
    /// well. `read` is what those cost that were moved before and read since.
    pub(crate) fn poll_messages(
        &self,
        id: u32,
        read: &mut u64,
        into: &mut Messages,
        cx: &Context<'_>,
    ) -> Poll<Result<bool, Status>> {
        self.poll_stream(id, cx, |shared| {
            shared.session.consumed(id, std::mem::take(read));
            let Some(Slot::Stream(slot)) = shared.session.slot_mut(id) else {
                return Some(Err(no_such_stream()));
            };
            if into.is_empty() {
                slot.messages.move_into(into);
            }
            if !into.is_empty() {
                return Some(Ok(true));
            }
            match slot.outcome.as_ref()? {
                Outcome::Reply { .. } => Some(Ok(false)),
                Outcome::Failed(status) => Some(Err(status.clone())),
            }
        })
    }

    /// The metadata that the server sent ahead of its messages; those at the end if there is no
    /// message.
    pub(crate) fn poll_headers(&self, id: u32, cx: &Context<'_>) -> Poll<Result<Metadata, Status>> {
        self.poll_stream(id, cx, |shared| {
            let Some(Slot::Stream(slot)) = shared.session.slot_mut(id) else {
                return Some(Err(no_such_stream()));
            };
            match (&slot.headers, &slot.outcome) {
                (Some(headers), _) => Some(Ok(headers.clone())),
                (None, Some(Outcome::Reply { .. })) => Some(Ok(Metadata::new())),
                (None, Some(Outcome::Failed(status))) => Some(Err(status.clone())),
                (None, None) => None,
            }
        })
    }

    /// The metadata that came with the end of a stream that ended well.
    pub(crate) fn trailers(&self, id: u32) -> Option<Metadata> {
        match self.lock().session.slot_mut(id) {
            Some(Slot::Stream(slot)) => match &slot.outcome {
                Some(Outcome::Reply { metadata, .. }) => Some(metadata.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The end of a call that has a stream of requests and one reply.
    pub(crate) fn poll_streamed_reply(&self, id: u32, cx: &Context<'_>) -> Poll<Outcome> {
        self.poll_stream(id, cx, |shared| match shared.session.slot_mut(id) {
            Some(Slot::Stream(slot)) => slot.outcome.take(),
            _ => Some(Outcome::Failed(no_such_stream())),
        })
    }

    /// Looks for something in a stream's slot, and waits until there is something.
    fn poll_stream<R>(
        &self,
        id: u32,
        cx: &Context<'_>,
        mut look: impl FnMut(&mut Shared) -> Option<R>,
    ) -> Poll<R> {
        let (mut fresh, mut stale) = (None, None);
        loop {
            let mut shared = self.lock();
            let found = look(&mut shared);
            let waits = match shared.session.slot_mut(id) {
                Some(Slot::Stream(slot)) if found.is_none() => match (&slot.reader, fresh.take()) {
                    (Some(reader), _) if reader.will_wake(cx.waker()) => true,
                    (_, None) => false,
                    (_, fresh) => {
                        stale = std::mem::replace(&mut slot.reader, fresh);
                        true
                    }
                },
                _ => true,
            };
            let driver = match shared.session.has_output() {
                true => shared.driver.take(),
                false => None,
            };
            drop(shared);
            wake_all(driver);
            drop(stale.take());
            match found {
                Some(found) => return Poll::Ready(found),
                None if waits => return Poll::Pending,
                // A waker is not cloned under the lock.
                None => fresh = Some(cx.waker().clone()),
            }
        }
    }

    /// Sends a message on a stream of requests once there is room; false if the stream takes no
    /// more.
    pub(crate) fn poll_send(&self, id: u32, message: &Encoded, cx: &Context<'_>) -> Poll<bool> {
        let waker = cx.waker().clone();
        let mut stale = None;
        let mut shared = self.lock();
        let offered = shared.session.send(id, message.clone());
        let sent = match offered {
            Offered::Taken => Poll::Ready(true),
            Offered::Closed => Poll::Ready(false),
            Offered::Full => match shared.session.slot_mut(id) {
                Some(Slot::Stream(slot)) => {
                    stale = slot.writer.replace(waker);
                    Poll::Pending
                }
                _ => Poll::Ready(false),
            },
        };
        let driver = shared.driver.take();
        drop(shared);
        drop(stale);
        wake_all(driver);
        sent
    }

    /// No more messages follow on a stream of requests.
    pub(crate) fn finish_sending(&self, id: u32) {
        let mut shared = self.lock();
        shared.session.finish_sending(id);
        let driver = shared.driver.take();
        drop(shared);
        wake_all(driver);
    }

    /// Ends a call whose stream of requests cannot go on.
    pub(crate) fn fail_sending(&self, id: u32, status: Status) {
        let mut ended = EndedCalls::default();
        let mut shared = self.lock();
        shared
            .session
            .abort(id, status.with_stage(Stage::Send), &mut ended);
        let freed = shared.take_wanted();
        let driver = shared.driver.take();
        drop(shared);
        ended.wake();
        wake_all(driver);
        self.tell_freed(freed);
    }

    /// The largest message that the server takes, as far as it has said.
    pub(crate) fn max_request_size(&self) -> Option<u64> {
        self.lock().session.peer_settings().max_message_size
    }
}

/// Streams are polled only while their slot is kept.
fn no_such_stream() -> Status {
    Status::internal("a stream was polled after its end")
}
