//! Calls over a connection of another protocol.

use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use rpc_wire::session::{Encoded, Outcome, OutgoingRequest};
use rpc_wire::{Metadata, Stage, Status};

use super::cell::{Cell, Side};
use super::{Entry, ForeignCall, ForeignConnection, NotBegun, Shared};
use crate::connection::client::{Started, wake_all};
use crate::connection::messages::Messages;

/// What messages that are taken together cost, but for the last of them.
const MAX_COST_TOGETHER: u64 = 16 * 1024;

impl ForeignConnection {
    pub(in crate::connection) fn start(
        &self,
        now: Instant,
        request: &OutgoingRequest<'_>,
        in_kept_place: bool,
        cx: &Context<'_>,
    ) -> Started {
        if let Err(started) = self.take_place(in_kept_place) {
            return started;
        }
        match self.protocol.begin(now, request) {
            Ok(call) => {
                let (id, cell) = self.insert(call, request.deadline);
                // Whoever waits for replies asks for the first of them.
                if !request.kind.server_streams() {
                    cell.expect_reply(cx);
                }
                Started::Open(id)
            }
            Err(NotBegun::Elsewhere) => {
                self.leave("the server takes no more calls on the connection");
                self.give_back(self.lock());
                Started::Elsewhere
            }
            Err(NotBegun::Failed(status)) => {
                self.give_back(self.lock());
                Started::Failed(status)
            }
        }
    }

    /// Takes the place that was kept for a call, or a free one.
    fn take_place(&self, in_kept_place: bool) -> Result<(), Started> {
        let mut shared = self.lock();
        if in_kept_place {
            shared.kept -= 1;
        }
        if !shared.takes_calls() {
            // It may have waited for this place only.
            let driver = shared.driver.take();
            drop(shared);
            wake_all(driver);
            return Err(Started::Elsewhere);
        }
        if !in_kept_place && !shared.has_room() {
            return Err(Started::Full);
        }
        shared.open += 1;
        shared.starts += 1;
        shared.kept_starts += u64::from(in_kept_place);
        Ok(())
    }

    /// Counts a call as ended.
    fn give_back(&self, mut shared: MutexGuard<'_, Shared>) {
        shared.open -= 1;
        let freed = shared.take_wanted();
        // It has to learn when the last call has ended.
        let driver = match shared.has_calls() {
            true => None,
            false => shared.driver.take(),
        };
        drop(shared);
        wake_all(driver);
        self.tell_freed(freed);
    }

    fn insert(&self, call: Box<dyn ForeignCall>, deadline: Option<Instant>) -> (u32, Arc<Cell>) {
        let cell = Arc::new(Cell::new(call));
        let mut shared = self.lock();
        let id = shared.free_id();
        let entry = Entry {
            cell: Arc::clone(&cell),
            deadline,
            open: true,
        };
        shared.calls.insert(id, entry);
        let is_earliest = deadline.is_some_and(|deadline| {
            shared
                .earliest_deadline
                .is_none_or(|first| deadline < first)
        });
        if is_earliest {
            shared.earliest_deadline = deadline;
        }
        let closed = shared.closed.clone();
        // Its timer may have to go off earlier, and it is not idle any more.
        let driver = match is_earliest || shared.open == 1 {
            true => shared.driver.take(),
            false => None,
        };
        drop(shared);
        wake_all(driver);
        if let Some(reason) = closed {
            cell.lose(&reason);
        }
        (id, cell)
    }

    pub(in crate::connection) fn poll_reply(&self, id: u32, cx: &Context<'_>) -> Poll<Outcome> {
        let outcome = ready!(self.poll_end(id, cx));
        self.cancel(id);
        Poll::Ready(outcome)
    }

    pub(in crate::connection) fn poll_streamed_reply(
        &self,
        id: u32,
        cx: &Context<'_>,
    ) -> Poll<Outcome> {
        let outcome = ready!(self.poll_end(id, cx));
        self.has_ended(id);
        Poll::Ready(outcome)
    }

    fn poll_end(&self, id: u32, cx: &Context<'_>) -> Poll<Outcome> {
        match self.cell(id) {
            Some(cell) => cell.poll_reply(cx),
            None => Poll::Ready(Outcome::Failed(no_such_call())),
        }
    }

    pub(in crate::connection) fn poll_headers(
        &self,
        id: u32,
        cx: &Context<'_>,
    ) -> Poll<Result<Metadata, Status>> {
        self.poll_stream(id, cx, |call, cx| call.poll_headers(cx))
    }

    pub(in crate::connection) fn poll_messages(
        &self,
        id: u32,
        read: &mut u64,
        into: &mut Messages,
        cx: &Context<'_>,
    ) -> Poll<Result<bool, Status>> {
        // What is read needs no telling: messages are taken when they are wanted.
        *read = 0;
        if into.is_empty() && !ready!(self.poll_stream(id, cx, |call, cx| take(call, into, cx)))? {
            self.has_ended(id);
            return Poll::Ready(Ok(false));
        }
        Poll::Ready(Ok(true))
    }

    /// Asks a call with a stream of replies; an error is its end.
    fn poll_stream<R>(
        &self,
        id: u32,
        cx: &Context<'_>,
        ask: impl FnOnce(&mut dyn ForeignCall, &mut Context<'_>) -> Poll<Result<R, Status>>,
    ) -> Poll<Result<R, Status>> {
        let Some(cell) = self.cell(id) else {
            return Poll::Ready(Err(no_such_call()));
        };
        let found = ready!(cell.poll(Side::Reader, cx, ask)).flatten();
        if found.is_err() {
            self.has_ended(id);
        }
        Poll::Ready(found)
    }

    /// Nothing is left to do: protocols decompress messages, also those that say that they had arrived compressed.
    #[expect(clippy::unused_self, reason = "native connections need it")]
    pub(in crate::connection) fn decompress(&self, message: Encoded) -> Result<Bytes, Status> {
        Ok(message.bytes)
    }

    pub(in crate::connection) fn trailers(&self, id: u32) -> Option<Metadata> {
        self.cell(id)?.ask(|call| call.trailers())?
    }

    pub(in crate::connection) fn poll_send(
        &self,
        id: u32,
        message: &Encoded,
        cx: &Context<'_>,
    ) -> Poll<bool> {
        let Some(cell) = self.cell(id) else {
            return Poll::Ready(false);
        };
        let sent = cell.poll(Side::Writer, cx, |call, cx| call.poll_send(message, cx));
        sent.map(|sent| sent.unwrap_or(false))
    }

    pub(in crate::connection) fn finish_sending(&self, id: u32) {
        if let Some(cell) = self.cell(id) {
            cell.ask(|call| call.finish_sending());
        }
    }

    pub(in crate::connection) fn fail_sending(&self, id: u32, status: Status) {
        if let Some(cell) = self.cell(id) {
            cell.end(status.with_stage(Stage::Send));
            self.has_ended(id);
        }
    }

    pub(in crate::connection) fn cancel(&self, id: u32) {
        let entry = self.lock().calls.remove(&id);
        let Some(entry) = entry else { return };
        // The server learns of it before it gets another call in this one's place.
        entry.cell.cancel();
        if entry.open {
            self.give_back(self.lock());
        }
    }

    fn cell(&self, id: u32) -> Option<Arc<Cell>> {
        let shared = self.lock();
        let entry = shared.calls.get(&id)?;
        Some(Arc::clone(&entry.cell))
    }

    /// Gives back the place of a call that has ended.
    fn has_ended(&self, id: u32) {
        let mut shared = self.lock();
        let entry = shared.calls.get_mut(&id);
        if entry.is_some_and(|entry| std::mem::replace(&mut entry.open, false)) {
            self.give_back(shared);
        }
    }

    /// Ends the calls of which the deadline has passed.
    pub(super) fn expire(&self, now: Instant) {
        let mut shared = self.lock();
        if shared.earliest_deadline.is_none_or(|first| first > now) {
            return;
        }
        let open = || shared.calls.iter().filter(|(_, entry)| entry.open);
        let is_late = |entry: &Entry| entry.deadline.is_some_and(|deadline| deadline <= now);
        let late = open().filter(|(_, entry)| is_late(entry));
        let late: Vec<_> = late
            .map(|(id, entry)| (*id, Arc::clone(&entry.cell)))
            .collect();
        let others = open().filter(|(_, entry)| !is_late(entry));
        let earliest = others.filter_map(|(_, entry)| entry.deadline).min();
        shared.earliest_deadline = earliest;
        drop(shared);
        for (id, cell) in late {
            let status = Status::deadline_exceeded("no answer before the deadline");
            cell.end(status.with_stage(Stage::Wait));
            self.has_ended(id);
        }
    }

    /// Ends all calls: at once, or when they have given what arrived.
    pub(super) fn lost(&self, reason: &Status, at_once: bool) {
        let mut shared = self.lock();
        if shared.closed.is_none() {
            shared.closed = Some(reason.clone());
        }
        let cells = shared.calls.values().map(|entry| Arc::clone(&entry.cell));
        let cells: Vec<_> = cells.collect();
        drop(shared);
        let reason = reason.clone().with_stage(Stage::Wait);
        for cell in cells {
            match at_once {
                true => cell.end(reason.clone()),
                false => cell.lose(&reason),
            }
        }
    }
}

/// Takes the next message, and small ones behind it that are there: looking for the call costs more than a message. False if
/// the messages have ended well.
fn take(
    call: &mut dyn ForeignCall,
    into: &mut Messages,
    cx: &mut Context<'_>,
) -> Poll<Result<bool, Status>> {
    let Some(message) = ready!(call.poll_message(cx))? else {
        return Poll::Ready(Ok(false));
    };
    into.push(message.into());
    // Any end is given again to who asks next.
    while into.cost() < MAX_COST_TOGETHER
        && let Poll::Ready(Ok(Some(message))) = call.poll_message(cx)
    {
        into.push(message.into());
    }
    Poll::Ready(Ok(true))
}

/// Calls are polled only until they have ended.
fn no_such_call() -> Status {
    Status::internal("the call was polled after its end")
}
