//! What calls and the future that moves the bytes share.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{BufMut, Bytes, BytesMut};
use rpc_wire::Status;
use tokio::sync::oneshot;

/// The calls of a connection by their ids, and what is to be written.
#[derive(Default)]
pub(super) struct Table(Mutex<State>);

#[derive(Default)]
struct State {
    last_id: u64,
    waiting: HashMap<u64, Waiting>,
    /// Requests, each a line.
    output: BytesMut,
    /// Requests of a batch that is not whole.
    batch: BytesMut,
    /// The future that moves the bytes, while it sleeps.
    moving: Option<Waker>,
    /// No more calls come.
    closing: bool,
    /// No more answers come.
    ended: bool,
}

/// Who waits for an answer.
enum Waiting {
    Call(Option<Waker>),
    /// Nobody yet: the answer was faster.
    Answered(Answer),
    /// Somebody who wants to know whether there is one.
    Check(oneshot::Sender<()>),
}

/// What a call comes to: a result in JSON, or an error.
pub(super) type Answer = Result<Bytes, Status>;

impl Table {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over a request, which `write` appends with the id that it is given. One of a batch waits for the
    /// [end](Self::end_batch) of that.
    pub(super) fn request(&self, in_batch: bool, write: impl FnOnce(u64, &mut BytesMut)) -> u64 {
        let mut state = self.lock();
        let id = state.enter(Waiting::Call(None));
        if in_batch {
            let before = if state.batch.is_empty() { b'[' } else { b',' };
            state.batch.put_u8(before);
            write(id, &mut state.batch);
        } else {
            write(id, &mut state.output);
            state.output.put_u8(b'\n');
            wake(state);
        }
        id
    }

    /// Hands over the requests of a batch as one message.
    pub(super) fn end_batch(&self) {
        let mut state = self.lock();
        let batch = state.batch.split();
        if !batch.is_empty() {
            state.output.put_slice(&batch);
            state.output.put_slice(b"]\n");
            wake(state);
        }
    }

    /// Hands over a request whose answer proves only that there is one.
    pub(super) fn check(&self, write: impl FnOnce(u64, &mut BytesMut)) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        if state.ended {
            return receiver;
        }
        let id = state.enter(Waiting::Check(sender));
        write(id, &mut state.output);
        state.output.put_u8(b'\n');
        wake(state);
        receiver
    }

    /// The answer to a call.
    pub(super) fn poll_answer(&self, id: u64, cx: &Context<'_>) -> Poll<Answer> {
        let mut state = self.lock();
        match state.waiting.remove(&id) {
            Some(Waiting::Answered(answer)) => Poll::Ready(answer),
            _ => {
                let waker = Some(cx.waker().clone());
                state.waiting.insert(id, Waiting::Call(waker));
                Poll::Pending
            }
        }
    }

    /// Nobody waits for an answer any more; one that comes is passed over.
    pub(super) fn forget(&self, id: u64) {
        let forgotten = self.lock().waiting.remove(&id);
        drop(forgotten);
    }

    /// Gives answers to whom they are for.
    pub(super) fn answer(&self, answers: impl Iterator<Item = (u64, Answer)>) {
        let mut wakers = Vec::new();
        let mut state = self.lock();
        for (id, answer) in answers {
            match state.waiting.remove(&id) {
                Some(Waiting::Call(waker)) => {
                    state.waiting.insert(id, Waiting::Answered(answer));
                    wakers.extend(waker);
                }
                Some(Waiting::Check(sender)) => {
                    // Whoever asked may have gone.
                    let _ = sender.send(());
                }
                Some(Waiting::Answered(_)) | None => {}
            }
        }
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Whether there is something to be written; the future is woken when there is more.
    pub(super) fn has_output(&self, cx: &Context<'_>) -> bool {
        let mut state = self.lock();
        state.moving = Some(cx.waker().clone());
        !state.output.is_empty()
    }

    /// What is to be written.
    pub(super) fn take_output(&self) -> BytesMut {
        self.lock().output.split()
    }

    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closing = true;
        wake(state);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.lock().closing
    }

    /// No more answers come: whoever checks learns of it here, and calls by their connection.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        let is_check = |_: &u64, waiting: &mut Waiting| matches!(waiting, Waiting::Check(_));
        let checks: Vec<_> = state.waiting.extract_if(is_check).collect();
        drop(state);
        drop(checks);
    }
}

impl State {
    fn enter(&mut self, waiting: Waiting) -> u64 {
        self.last_id += 1;
        self.waiting.insert(self.last_id, waiting);
        self.last_id
    }
}

/// Wakes the future that moves the bytes, after the lock is released.
fn wake(mut state: MutexGuard<'_, State>) {
    let moving = state.moving.take();
    drop(state);
    if let Some(moving) = moving {
        moving.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_check_ends_with_an_answer_or_with_the_connection() {
        let table = Table::default();
        let mut ids = Vec::new();
        let answered = table.check(|id, _| ids.push(id));
        let pending = table.check(|_, _| {});
        table.answer(ids.into_iter().map(|id| (id, Ok(Bytes::new()))));
        assert!(answered.await.is_ok());
        table.end();
        assert!(pending.await.is_err());
        assert!(table.check(|_, _| {}).await.is_err());
    }

    #[test]
    fn requests_of_a_batch_leave_as_one_message_at_its_end() {
        let table = Table::default();
        let write = |id, out: &mut BytesMut| out.put_u8(b'0' + id as u8);
        table.request(true, write);
        table.request(false, write);
        table.request(true, write);
        assert_eq!(&table.take_output()[..], b"2\n");
        table.end_batch();
        table.end_batch();
        assert_eq!(&table.take_output()[..], b"[1,3]\n");
    }
}
