//! The task of a connection that speaks another protocol.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rpc_wire::Status;

use super::ForeignConnection;
use crate::connection::client_driver::{DriverConfig, LEAST_STAY};
use crate::connection::keeper::Told;
use crate::connection::lifetime::{End, Lifetime};
use crate::connection::observer::Observed;
use crate::connection::timer::Timer;

/// The time that taking leave of the server may take.
const MAX_GOODBYE: Duration = Duration::from_secs(1);

/// Moves a connection's bytes until it ends, and says why.
pub(crate) type Moving = Pin<Box<dyn Future<Output = Status> + Send>>;

/// Has a connection's bytes moved, ends calls at their deadlines and the connection when it is time. However it
/// ends, also by being dropped with its runtime, every call ends with it.
pub(crate) struct ForeignDriver {
    connection: Arc<ForeignConnection>,
    moving: Moving,
    timer: Timer,
    idle_timeout: Duration,
    lifetime: Lifetime,
    told: Told,
    observed: Option<Observed>,
}

/// Why a connection ends.
enum Ending {
    /// The bytes cannot be moved any more.
    Broken(Status),
    /// It is to end now.
    Cut(Status),
    /// Its last call has ended, and no more come.
    Finished(Status),
}

impl ForeignDriver {
    pub(crate) fn new(
        connection: Arc<ForeignConnection>,
        moving: Moving,
        config: DriverConfig,
        observed: Observed,
    ) -> Self {
        ForeignDriver {
            connection,
            moving,
            timer: Timer::default(),
            idle_timeout: config.idle_timeout,
            lifetime: Lifetime::new(config.idle_timeout, config.max_age),
            told: Told::new(),
            observed: Some(observed),
        }
    }

    /// Runs until the connection ends.
    pub(crate) async fn run(mut self) {
        let streams = u32::try_from(self.connection.limit()).unwrap_or(u32::MAX);
        self.connection.keeper.established(streams);
        let ending = poll_fn(|cx| self.poll(cx)).await;
        let (reason, is_cut, is_broken) = match ending {
            Ending::Broken(reason) => (reason, false, true),
            Ending::Cut(reason) => (reason, true, false),
            Ending::Finished(reason) => (reason, false, false),
        };
        if let Some(observed) = self.observed.take() {
            observed.close(reason.message().to_owned());
        }
        self.connection.lost(&reason, is_cut);
        self.tell_leaving();
        if !is_broken {
            self.connection.protocol.close();
            // There is nobody left to tell how it ends.
            let _ = tokio::time::timeout(MAX_GOODBYE, &mut self.moving).await;
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        loop {
            if let Poll::Ready(reason) = self.moving.as_mut().poll(cx) {
                return Poll::Ready(Ending::Broken(reason));
            }
            self.connection.note_limit();
            let (goal, has_calls, is_leaving) = {
                let mut shared = self.connection.lock();
                if let Some(reason) = shared.cut.take() {
                    return Poll::Ready(Ending::Cut(reason));
                }
                let has_calls = shared.has_calls();
                if !has_calls && (shared.abandoned || shared.leaving.is_some()) {
                    let reason = shared.leaving.unwrap_or("the connection was closed");
                    return Poll::Ready(Ending::Finished(Status::unavailable(reason)));
                }
                shared.driver = Some(cx.waker().clone());
                let end = self.lifetime.end(has_calls);
                let goal = end.into_iter().chain(shared.earliest_deadline).min();
                (goal, has_calls, shared.leaving.is_some())
            };
            self.told.calls(&*self.connection.keeper, has_calls);
            if is_leaving {
                self.tell_leaving();
            }
            if self.timer.poll(goal, cx).is_pending() {
                return Poll::Pending;
            }
            self.expire();
        }
    }

    fn expire(&mut self) {
        let now = Instant::now();
        self.connection.expire(now);
        let has_calls = self.connection.lock().has_calls();
        match self.lifetime.expire(now, has_calls) {
            Some(End::Idle) if !self.connection.keeper.may_retire() => {
                let stay = self.idle_timeout.max(LEAST_STAY);
                self.lifetime.stay(now, stay);
            }
            Some(end) => self.connection.leave(end.of_client()),
            None => {}
        }
    }

    fn tell_leaving(&mut self) {
        self.told.leaving(&*self.connection.keeper);
    }
}

impl Drop for ForeignDriver {
    fn drop(&mut self) {
        // Reached with a connection that is not closed yet only if the task was dropped.
        let reason =
            Status::unavailable("the tokio runtime that the connection belongs to was shut down");
        self.connection.lost(&reason, false);
        self.tell_leaving();
        let closed = self.connection.lock().closed.clone();
        self.connection
            .keeper
            .closed(&closed.unwrap_or(reason), true);
    }
}
