//! Calls that go through their channel's interceptors.
//!
//! Interceptors are polled and dropped within the runtime of their channel, whoever polls the call: that one has
//! timers, and goes on while a sync call blocks the runtime around it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};
use std::time::{Duration, Instant};

use rpc_wire::session::Encoded;
use rpc_wire::{Metadata, Stage, Status};
use tokio::time::{Sleep, sleep_until};

use super::attempt::Attempt;
use super::call::{Call, Complete};
use super::channel::Core;
use super::inner::{InnerCall, Progress};
use super::intercepted_replies::InterceptedReplies;
use super::repeat::Repeat;
use crate::call::{Ended, MessageSource};
use crate::middleware::{self, Body, Next, Outgoing, Record, Request};
use crate::pool::HeldCall;

/// How long after its deadline a call that is under way may take to say so itself.
const GRACE: Duration = Duration::from_millis(100);

/// A call with which interceptors deal.
pub(super) struct Intercepted {
    /// `None` once it was given.
    answer: Option<AnswerFuture>,
    core: Arc<Core>,
    progress: Arc<Progress>,
    record: Arc<Record>,
    /// The call that this one is made for, which ends it too.
    parent: Option<Ended>,
    /// Goes off at the deadline, and once more [`GRACE`] later.
    timer: Option<Pin<Box<Sleep>>>,
    is_overdue: bool,
    /// What the pool knows of the call, until it has ended.
    held: Option<HeldCall>,
}

/// What interceptors made of a call.
enum Answer {
    Reply(Encoded, Metadata),
    Replies(Box<dyn MessageSource>),
}

type AnswerFuture = Pin<Box<dyn Future<Output = Result<Answer, Status>> + Send>>;

impl Intercepted {
    /// Whether interceptors deal with a call, whose own attempt stays as it is.
    pub(super) fn concerns(attempt: &Attempt) -> bool {
        attempt.is_new() && attempt.core.interceptors.is_some()
    }

    /// Hands the call to the interceptors.
    ///
    /// # Errors
    ///
    /// The pool is closed.
    fn start(chain: Next, attempt: &mut Attempt, repeat: Option<&Repeat>) -> Result<Self, Status> {
        let held = attempt.core.pool.hold()?;
        attempt.set_deadline(Instant::now());
        let parent = attempt.parent.take();
        let context = parent.as_ref().map(|parent| parent.context().clone());
        let progress = Arc::<Progress>::default();
        let inner = InnerCall {
            core: Arc::clone(&attempt.core),
            method: attempt.method,
            metadata: attempt.metadata.clone(),
            compress: attempt.compress,
            deadline: attempt.deadline,
            context: context.clone(),
            policy: repeat.and_then(|repeat| repeat.policy.clone()),
            idempotent: repeat.and_then(|repeat| repeat.idempotent),
            progress: Arc::clone(&progress),
        };
        let outgoing = Outgoing {
            method: attempt.method,
            metadata: std::mem::take(&mut attempt.metadata),
            deadline: attempt.deadline,
            target: attempt.core.pool.address(),
            context,
            body: match attempt.requests.take() {
                Some(requests) => Body::stream(requests),
                None => Body::message(std::mem::take(&mut attempt.body.bytes)),
            },
        };
        let request = Request::outgoing(outgoing, Arc::new(inner));
        let timer = |deadline: Instant| Box::pin(sleep_until(deadline.into()));
        Ok(Intercepted {
            record: Arc::clone(request.record()),
            answer: Some(Box::pin(answer(Arc::clone(&attempt.core), chain, request))),
            core: Arc::clone(&attempt.core),
            progress,
            parent,
            timer: attempt.deadline.map(timer),
            is_overdue: false,
            held: Some(held),
        })
    }

    /// How often the call was sent, or is about to be.
    pub(super) fn attempts(&self) -> u32 {
        self.record.attempts().max(1)
    }

    /// Whether the call waits to be sent again.
    pub(super) fn waits(&self) -> bool {
        self.progress.waits()
    }

    fn poll(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Answer, Status>> {
        let core = Arc::clone(&self.core);
        let _runtime = core.pool.runtime().enter();
        let Some(answer) = &mut self.answer else {
            return Poll::Ready(Err(Status::internal("the call was polled after its end")));
        };
        let polled = core.pool.poll_in_runtime(|| answer.as_mut().poll(cx));
        let ended = match polled {
            Poll::Ready(ended) => ended,
            Poll::Pending => {
                let status = ready!(self.poll_abandoned(cx));
                self.record.end(Err(status.clone()));
                Err(status)
            }
        };
        self.answer = None;
        self.held = None;
        Poll::Ready(ended.map_err(|status| self.describe(status)))
    }

    /// Why nobody waits for the call any more. While it is under way it finds out about its deadline
    /// itself, and can say more, unless interceptors do not poll it.
    fn poll_abandoned(&mut self, cx: &mut Poller<'_>) -> Poll<Status> {
        if let Some(parent) = &mut self.parent
            && let Poll::Ready(status) = parent.poll_failed(cx)
        {
            return Poll::Ready(status);
        }
        if let Some(held) = &mut self.held
            && let Poll::Ready(status) = held.poll_cut(cx)
        {
            return Poll::Ready(status.with_stage(self.stage()).with_may_have_run(true));
        }
        let Some(timer) = &mut self.timer else {
            return Poll::Pending;
        };
        let pool = &self.core.pool;
        ready!(pool.poll_in_runtime(|| timer.as_mut().poll(cx)));
        if self.progress.is_under_way() && !self.is_overdue {
            self.is_overdue = true;
            let later = timer.deadline() + GRACE;
            timer.as_mut().reset(later);
            ready!(pool.poll_in_runtime(|| timer.as_mut().poll(cx)));
        }
        let status = Status::deadline_exceeded("the deadline passed while interceptors waited");
        Poll::Ready(status.with_stage(self.stage()))
    }

    /// How far a call has come that interceptors hold up.
    fn stage(&self) -> Stage {
        match self.progress.was_sent() {
            true => Stage::Wait,
            false => Stage::Send,
        }
    }

    /// What was never sent did not run.
    fn describe(&self, status: Status) -> Status {
        match self.progress.was_sent() {
            true => status,
            false => status.with_may_have_run(false),
        }
    }
}

async fn answer(core: Arc<Core>, chain: Next, request: Request) -> Result<Answer, Status> {
    let streams = request.method().kind().server_streams();
    let response = middleware::run(chain, request).await?;
    let (metadata, mut body) = response.into_parts();
    if streams {
        let replies = InterceptedReplies::new(core, metadata, body);
        return Ok(Answer::Replies(Box::new(replies)));
    }
    let reply = Encoded {
        bytes: body.take_message().await?,
        compressed: body.was_compressed(),
    };
    Ok(Answer::Reply(reply, metadata))
}

impl Drop for Intercepted {
    fn drop(&mut self) {
        let _runtime = self.core.pool.runtime().enter();
        self.answer = None;
    }
}

impl<T> Call<T> {
    /// Goes on until interceptors have an answer.
    #[cold]
    #[inline(never)]
    pub(super) fn poll_intercepted(&mut self, cx: &mut Poller<'_>) -> Poll<Result<T, Status>> {
        let Call {
            attempt,
            complete,
            repeat,
            intercepted,
        } = self;
        if intercepted.is_none()
            && let Some(chain) = attempt.core.interceptors.clone()
        {
            let core = Arc::clone(&attempt.core);
            let _runtime = core.pool.runtime().enter();
            match Intercepted::start(chain, attempt, repeat.as_deref()) {
                Ok(started) => *intercepted = Some(Box::new(started)),
                Err(status) => return Poll::Ready(Err(attempt.describe(status))),
            }
        }
        let Some(running) = intercepted else {
            return Poll::Pending;
        };
        let result = match (ready!(running.poll(cx)), &*complete) {
            (Ok(Answer::Reply(body, metadata)), _) => complete.reply(body, metadata),
            (Ok(Answer::Replies(replies)), Complete::Stream(open)) => Ok(open(replies)),
            (Ok(Answer::Replies(_)), _) => Err(Status::internal("a reply has become a stream")),
            (Err(status), _) => Err(status),
        };
        Poll::Ready(result.map_err(|status| match status.address() {
            Some(_) => status,
            None => attempt.describe(status).with_attempts(running.attempts()),
        }))
    }
}
