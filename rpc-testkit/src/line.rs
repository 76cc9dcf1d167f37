//! A connection of two directions that two ends share with whoever spoils it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::ReadBuf;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::faults::{Direction, Faults};
use crate::lane::{Arrival, Lane};

#[derive(Debug)]
pub(crate) struct Line {
    state: Mutex<State>,
    cut: Notify,
}

#[derive(Debug)]
struct State {
    to_server: Lane,
    to_client: Lane,
    cut: bool,
}

impl State {
    fn lane(&mut self, direction: Direction) -> &mut Lane {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    /// Everybody who waits, to be woken once the lock is released.
    fn take_wakers(&mut self) -> impl Iterator<Item = Waker> + use<> {
        let lanes = [&mut self.to_server, &mut self.to_client];
        let wakers = lanes.map(|lane| [lane.receiver.take(), lane.sender.take()]);
        wakers.into_iter().flatten().flatten()
    }
}

impl Line {
    /// The `number`-th line of its kind.
    pub(crate) fn new(to_server: Faults, to_client: Faults, number: u64) -> Arc<Self> {
        let state = State {
            to_server: Lane::new(to_server, number),
            to_client: Lane::new(to_client, number),
            cut: false,
        };
        Arc::new(Line {
            state: Mutex::new(state),
            cut: Notify::new(),
        })
    }

    pub(crate) fn set(&self, direction: Direction, faults: Faults) {
        self.change(|state| state.lane(direction).set(faults));
    }

    pub(crate) fn finish(&self, direction: Direction) {
        self.change(|state| state.lane(direction).finish(Instant::now()));
    }

    /// The end that sends in this direction is gone.
    pub(crate) fn leave(&self, direction: Direction) {
        self.change(|state| {
            state.lane(direction).finish(Instant::now());
            state.lane(direction.reverse()).abandon();
        });
    }

    pub(crate) fn cut(&self) {
        self.change(|state| state.cut = true);
        self.cut.notify_waiters();
    }

    /// Waits until the line is cut.
    pub(crate) async fn until_cut(&self) {
        loop {
            // Made before the look, so that a cut in between is not missed.
            let notified = self.cut.notified();
            if self.lock().cut {
                return;
            }
            notified.await;
        }
    }

    pub(crate) fn arrived(&self, direction: Direction) -> u64 {
        self.lock().lane(direction).arrived()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let wakers = state.take_wakers();
        drop(state);
        wakers.for_each(Waker::wake);
    }

    pub(crate) fn poll_send(
        &self,
        direction: Direction,
        bytes: &[u8],
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut state = self.lock();
        if state.cut {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let lane = state.lane(direction);
        if lane.is_abandoned() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let Some(count) = lane.send(Instant::now(), bytes) else {
            lane.sender = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let receiver = lane.receiver.take();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(count))
    }

    /// `timer` is the receiver's own.
    pub(crate) fn poll_receive(
        &self,
        direction: Direction,
        buffer: &mut ReadBuf<'_>,
        timer: &mut Option<Pin<Box<Sleep>>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut state = self.lock();
            if state.cut {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            let lane = state.lane(direction);
            match lane.receive(Instant::now(), buffer.remaining()) {
                Arrival::Bytes(bytes) => {
                    let sender = lane.sender.take();
                    drop(state);
                    sender.into_iter().for_each(Waker::wake);
                    buffer.put_slice(&bytes);
                    return Poll::Ready(Ok(()));
                }
                Arrival::End => {
                    let sender = lane.sender.take();
                    drop(state);
                    sender.into_iter().for_each(Waker::wake);
                    return Poll::Ready(Ok(()));
                }
                Arrival::Cut => {
                    drop(state);
                    self.cut();
                }
                Arrival::Nothing => {
                    lane.receiver = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                Arrival::At(due) => {
                    lane.receiver = Some(cx.waker().clone());
                    drop(state);
                    if poll_until(timer, due, cx).is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn poll_until(timer: &mut Option<Pin<Box<Sleep>>>, due: Instant, cx: &mut Context<'_>) -> Poll<()> {
    let sleep = timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
    if sleep.deadline() != due {
        sleep.as_mut().reset(due);
    }
    sleep.as_mut().poll(cx)
}
