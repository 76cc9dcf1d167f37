//! Streams of messages at a client: what the driver puts there and callers take.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use rpc_wire::session::{Encoded, Offered, Outcome, message_cost};
use rpc_wire::{Metadata, Stage, Status};

use super::client::{ClientConnection, EndedCalls, Shared, Slot, wake_all};

/// What arrived for a call with a stream. What it holds is bounded by the stream's window.
#[derive(Debug, Default)]
pub(super) struct StreamSlot {
    pub(super) headers: Option<Metadata>,
    pub(super) messages: VecDeque<Encoded>,
    pub(super) outcome: Option<Outcome>,
    /// Who waits for any of the above.
    pub(super) reader: Option<Waker>,
    /// Who waits to send a message.
    pub(super) writer: Option<Waker>,
}

impl ClientConnection {
    /// The next message of a stream of replies; `None` when the stream has ended well.
    pub(crate) fn poll_message(
        &self,
        id: u32,
        cx: &Context<'_>,
    ) -> Poll<Result<Option<Encoded>, Status>> {
        self.poll_stream(id, cx, |shared| {
            let Some(Slot::Stream(slot)) = shared.session.slot_mut(id) else {
                return Some(Err(no_such_stream()));
            };
            if let Some(message) = slot.messages.pop_front() {
                shared
                    .session
                    .consumed(id, message_cost(message.bytes.len()));
                return Some(Ok(Some(message)));
            }
            match slot.outcome.as_ref()? {
                Outcome::Reply { .. } => Some(Ok(None)),
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
        let mut fresh = None;
        loop {
            let mut shared = self.lock();
            if let Some(found) = look(&mut shared) {
                let driver = match shared.session.has_output() {
                    true => shared.driver.take(),
                    false => None,
                };
                drop(shared);
                wake_all(driver);
                return Poll::Ready(found);
            }
            let Some(Slot::Stream(slot)) = shared.session.slot_mut(id) else {
                return Poll::Pending;
            };
            if slot
                .reader
                .as_ref()
                .is_some_and(|reader| reader.will_wake(cx.waker()))
            {
                return Poll::Pending;
            }
            if let Some(fresh) = fresh.take() {
                let stale = slot.reader.replace(fresh);
                drop(shared);
                drop(stale);
                return Poll::Pending;
            }
            drop(shared);
            fresh = Some(cx.waker().clone());
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
