//! A service that fails as a test's script says.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};

use rpc_runtime::{Channel, ChannelBuilder, Context, Server, Status, rpc_service};
use tokio::sync::watch;

use crate::TestServer;
use crate::flaky::{Flaky, FlakyAsyncClientProxy, Word};

/// The implementation of `Flaky`, and the test's handle to it: clones share everything.
#[derive(Clone, Default)]
pub struct TestFlaky {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    script: Mutex<VecDeque<Answer>>,
    /// Every call without a line in the script fails so.
    otherwise: Mutex<Option<Failure>>,
    seen: watch::Sender<Seen>,
}

/// How calls fail without a line in the script.
#[derive(Clone)]
struct Failure {
    status: Status,
    /// A call that was sent before is answered.
    only_first: bool,
}

/// How a call is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// With what was sent.
    Echo,
    /// With an error.
    Fail(Status),
    /// Not at all.
    Hang,
}

/// What the handlers saw.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The number of each attempt, in order.
    pub attempts: Vec<u32>,
    /// What each handler knew of its call.
    pub contexts: Vec<Context>,
    /// Handlers that were dropped before their end.
    pub dropped: usize,
}

impl TestFlaky {
    /// A server whose first answers are these and whose others are echoes, and a client without a policy.
    pub async fn serve(
        script: impl IntoIterator<Item = Answer>,
    ) -> (TestServer, TestFlaky, FlakyAsyncClientProxy) {
        Self::serve_to(script, |channel| channel).await
    }

    /// The same with a channel that the test configures.
    pub async fn serve_to(
        script: impl IntoIterator<Item = Answer>,
        configure: impl FnOnce(ChannelBuilder) -> ChannelBuilder,
    ) -> (TestServer, TestFlaky, FlakyAsyncClientProxy) {
        let flaky = TestFlaky::default();
        lock(&flaky.state.script).extend(script);
        let service = flaky.clone();
        let server = TestServer::start_with(|server: Server| server.service(service)).await;
        let channel = configure(Channel::builder(server.address())).connect_lazy();
        let client = FlakyAsyncClientProxy::with(channel.expect("the target is right"));
        (server, flaky, client)
    }

    /// Has all calls fail, once the script has been played.
    pub fn fail_always(&self, status: Status) {
        *lock(&self.state.otherwise) = Some(Failure {
            status,
            only_first: false,
        });
    }

    /// Has the first attempt of each call fail, once the script has been played.
    pub fn fail_first(&self, status: Status) {
        *lock(&self.state.otherwise) = Some(Failure {
            status,
            only_first: true,
        });
    }

    /// Has all calls be answered again, once the script has been played.
    pub fn recover(&self) {
        *lock(&self.state.otherwise) = None;
    }

    /// What the handlers saw so far.
    pub fn seen(&self) -> Seen {
        self.state.seen.borrow().clone()
    }

    /// Waits until the handlers have seen what is `wanted`.
    pub async fn until(&self, wanted: impl FnMut(&Seen) -> bool) -> Seen {
        let mut seen = self.state.seen.subscribe();
        let reached = seen.wait_for(wanted).await;
        reached.expect("the service holds the sender").clone()
    }

    async fn answer(&self, cx: &Context, word: Word) -> Result<Word, Status> {
        let answer = lock(&self.state.script).pop_front();
        let otherwise = lock(&self.state.otherwise).clone();
        let otherwise = otherwise.filter(|failure| !failure.only_first || cx.attempt() == 0);
        self.state.seen.send_modify(|seen| {
            seen.attempts.push(cx.attempt());
            seen.contexts.push(cx.clone());
        });
        match (answer, otherwise) {
            (Some(Answer::Fail(status)), _) | (None, Some(Failure { status, .. })) => Err(status),
            (Some(Answer::Hang), _) => {
                let _dropped = Dropped(&self.state);
                pending().await
            }
            (Some(Answer::Echo), _) | (None, None) => Ok(word),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A handler that never ends by itself.
struct Dropped<'a>(&'a State);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.seen.send_modify(|seen| seen.dropped += 1);
    }
}

#[rpc_service]
impl Flaky for TestFlaky {
    async fn once(&self, cx: Context, word: Word) -> Result<Word, Status> {
        self.answer(&cx, word).await
    }

    async fn again(&self, cx: Context, word: Word) -> Result<Word, Status> {
        self.answer(&cx, word).await
    }

    async fn persist(&self, cx: Context, word: Word) -> Result<Word, Status> {
        self.answer(&cx, word).await
    }
}
