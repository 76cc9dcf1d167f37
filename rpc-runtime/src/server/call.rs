//! Calls that do not come over the native protocol.

use std::future::Future;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Waker, ready};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rpc_wire::session::MessageBody;
use rpc_wire::{Metadata, MethodKind, Status};
use tokio::time::{Sleep, sleep_until};

use super::limit::Counted;
use super::pace::Pace;
use super::reply::Handler;
use super::router::{Route, Router};
use super::run::{catch, poll};
use super::service::{Incoming, Reply, ReplyKind};
use crate::call::{CallState, Context};
use crate::connection::reschedule::wake_another_thread;
use crate::transport::PeerIdentity;

/// What comes with a call, beside its messages.
#[derive(Default)]
pub(crate) struct CallParts {
    pub(crate) metadata: Metadata,
    /// When the caller stops waiting.
    pub(crate) deadline: Option<Instant>,
    /// The caller has no way to say when: `default_timeout` holds, unless the method has a timeout.
    pub(crate) without_deadline: bool,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) identity: Option<Arc<PeerIdentity>>,
}

/// What a call with one reply comes to: the encoded message and its metadata.
pub(crate) type Answer = Result<(BytesMut, Metadata), Status>;

/// A call with one request and one reply, whose handler was made and has not ended.
///
/// Dropping it cancels the call. Panics of the handler are contained, also while it is dropped.
pub(crate) struct UnaryCall {
    context: Context,
    handler: Handler,
    body: BytesMut,
    /// The caller's; what the method's options say is up to the handler.
    deadline: Option<Instant>,
    /// Where the deadline comes from, if not from the caller.
    default_timeout: Option<Duration>,
    /// Made when the handler has to wait.
    timer: Option<Pin<Box<Sleep>>>,
    /// To be told how long the first poll takes.
    unpolled: Option<Arc<Pace>>,
    /// Among the calls of its server.
    _counted: Option<Arc<Counted>>,
}

impl Router {
    /// Begins a call with one request and one reply: makes the handler, as the options of its method
    /// say.
    ///
    /// # Errors
    ///
    /// Why there is no handler: the method does not exist or has streams, the request is not valid, a
    /// limit was hit. Nothing was executed.
    pub(crate) fn unary(
        &self,
        route: &Route,
        parts: CallParts,
        body: MessageBody<'_>,
    ) -> Result<UnaryCall, Status> {
        let route = match route {
            Route::Method(route) => route,
            Route::Unknown(status) => return Err(status.clone()),
        };
        let method = route.descriptor;
        if method.kind() != MethodKind::Unary {
            let message = format!(
                "{} has streams, which the client cannot serve",
                method.path()
            );
            return Err(Status::unimplemented(message));
        }
        let counted = self.admit()?.map(Arc::new);
        let has_timeout = route.deadline(None).is_some();
        let default_timeout =
            (parts.without_deadline && !has_timeout).then_some(self.default_timeout());
        let default = default_timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let deadline = parts.deadline.or(default);
        let context = Context::from_state(Arc::new(CallState {
            method: Some(method),
            deadline: route.deadline(deadline),
            metadata: parts.metadata,
            peer: parts.peer,
            identity: parts.identity,
            ..CallState::default()
        }));
        let incoming: Incoming<'_> = Incoming {
            context: context.clone(),
            body,
            compressed: None,
            handling: route.handling(&counted),
            streams: None,
            spare: &mut None,
            codec: PhantomData,
        };
        let Reply(reply) = self.call(&context, route, incoming)?;
        match reply {
            ReplyKind::Running(handler) | ReplyKind::Deferred(handler) => Ok(UnaryCall {
                context,
                handler,
                body: BytesMut::new(),
                deadline,
                default_timeout,
                timer: None,
                unpolled: Some(Arc::clone(&route.pace)),
                _counted: counted,
            }),
            ReplyKind::Intercepted(_) => unreachable!("only interceptors ask for it"),
            ReplyKind::Refused(status) => Err(status),
            ReplyKind::Spawned(task) => {
                task.abort();
                Err(Status::internal(
                    "a method without streams has a handler with streams",
                ))
            }
        }
    }
}

impl UnaryCall {
    /// Polls the handler for the first time, unless those of its method take long. If it has to
    /// wait, the call is to be [finished](Self::finish) in a task of its own.
    pub(crate) fn poll_once(&mut self) -> Poll<Answer> {
        if self.unpolled.as_ref().is_some_and(|pace| pace.is_slow()) {
            return Poll::Pending;
        }
        Pin::new(self).poll(&mut std::task::Context::from_waker(Waker::noop()))
    }

    /// Goes on with a call that [`poll_once`](Self::poll_once) left.
    pub(crate) async fn finish(self) -> Answer {
        if self.unpolled.is_some() {
            wake_another_thread();
        }
        self.await
    }

    /// Ready with DEADLINE_EXCEEDED once the deadline has passed.
    fn poll_deadline(&mut self, cx: &mut std::task::Context<'_>) -> Poll<Status> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline.into())));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Status::deadline_exceeded(match self.default_timeout {
            Some(timeout) => format!(
                "it took longer than {timeout:?} (default_timeout); a method may have another time, \
                 #[rpc(timeout = ..)]"
            ),
            None => "the deadline passed at the server".to_owned(),
        }))
    }
}

impl Future for UnaryCall {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Answer> {
        let call = self.get_mut();
        let handler = call.handler.as_mut();
        let pace = call.unpolled.take();
        let poll = || poll(&call.context, handler, cx, &mut call.body);
        let polled = match pace {
            Some(pace) => pace.time(poll),
            None => poll(),
        };
        match polled {
            Poll::Ready(result) => {
                let handler = call.handler.as_mut();
                let result = result.and(catch(&call.context, || handler.clear()));
                let body = std::mem::take(&mut call.body);
                Poll::Ready(result.map(|()| (body, call.context.take_reply_metadata())))
            }
            Poll::Pending => call.poll_deadline(cx).map(Err),
        }
    }
}

impl Drop for UnaryCall {
    fn drop(&mut self) {
        let handler = self.handler.as_mut();
        // Nobody is left to be told of a panic, which is in the log.
        let _ = catch(&self.context, || handler.clear());
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use rpc_wire::{Code, MethodDescriptor, ServiceDescriptor};

    use super::*;
    use crate::server::router::{CallConfig, Services};
    use crate::server::{HandlerOptions, Service};

    static METHODS: [MethodDescriptor; 7] = [
        method("Double", "test.Test/Double", MethodKind::Unary),
        method("Burn", "test.Test/Burn", MethodKind::Unary),
        method("Wait", "test.Test/Wait", MethodKind::Unary),
        method("Limited", "test.Test/Limited", MethodKind::Unary),
        method("Brief", "test.Test/Brief", MethodKind::Unary),
        method("Patient", "test.Test/Patient", MethodKind::Unary),
        method("Count", "test.Test/Count", MethodKind::ServerStreaming),
    ];
    static SERVICE: ServiceDescriptor = ServiceDescriptor::new("test.Test", &METHODS, &[]);

    const fn method(name: &'static str, path: &'static str, kind: MethodKind) -> MethodDescriptor {
        MethodDescriptor::new("test.Test", name, path, kind)
    }

    /// Doubles numbers, at once or after a while on the thread, or waits for ever.
    struct Test;

    /// Panics when it is dropped.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
    }

    impl Service for Test {
        fn descriptor(&self) -> &'static ServiceDescriptor {
            &SERVICE
        }

        fn handler_options(&self, method: usize) -> HandlerOptions {
            match METHODS[method].name() {
                "Limited" => HandlerOptions::new().with_limit(1),
                "Brief" => HandlerOptions::new().with_timeout(Duration::ZERO),
                "Patient" => HandlerOptions::new().with_timeout(Duration::from_secs(3600)),
                _ => HandlerOptions::new(),
            }
        }

        fn call(&self, method: usize, incoming: Incoming<'_>) -> Reply {
            incoming.unary(move |cx: Context, number: u64| async move {
                cx.set_reply_metadata(cx.metadata().clone());
                let _bomb = (METHODS[method].name() == "Limited").then(|| Bomb);
                match METHODS[method].name() {
                    "Double" => {}
                    "Burn" => std::thread::sleep(Duration::from_millis(1)),
                    _ => pending().await,
                }
                Ok::<u64, Status>(number * 2)
            })
        }
    }

    fn begin(method: &str, parts: CallParts) -> Result<UnaryCall, Status> {
        let router = Router::of(Arc::new(Test));
        // The encoded number 21.
        let body = MessageBody::Borrowed(&[0x08, 21]);
        router.unary(&router.find("test.Test", method), parts, body)
    }

    fn with_deadline(after: Duration) -> CallParts {
        CallParts {
            deadline: Some(Instant::now() + after),
            ..CallParts::default()
        }
    }

    #[tokio::test]
    async fn a_handler_that_proved_fast_answers_the_first_poll() {
        let router = Router::of(Arc::new(Test));
        let route = router.find("test.Test", "Double");
        let begin = || {
            let mut parts = CallParts::default();
            parts.metadata.insert("tenant", "blue").unwrap();
            let body = MessageBody::Borrowed(&[0x08, 21]);
            router.unary(&route, parts, body).unwrap()
        };
        let mut answer = begin().poll_once();
        assert!(answer.is_pending(), "nobody knows it yet");
        while answer.is_pending() {
            begin().await.unwrap();
            answer = begin().poll_once();
        }
        let Poll::Ready(Ok((body, metadata))) = answer else {
            panic!("it does not fail");
        };
        assert_eq!(&*body, [0x08, 42]);
        assert_eq!(metadata.get("tenant"), Some("blue"));
    }

    #[tokio::test]
    async fn a_handler_that_is_slow_is_never_polled_inline() {
        let router = Router::of(Arc::new(Test));
        let route = router.find("test.Test", "Burn");
        for _ in 0..10 {
            let body = MessageBody::Borrowed(&[0x08, 21]);
            let mut call = router.unary(&route, CallParts::default(), body).unwrap();
            assert!(call.poll_once().is_pending());
            assert_eq!(&*call.await.unwrap().0, [0x08, 42]);
        }
    }

    #[tokio::test]
    async fn a_call_ends_at_its_deadline_or_the_timeout_of_its_method() {
        for (method, deadline, says) in [
            ("Wait", Duration::ZERO, "the deadline passed"),
            ("Brief", Duration::from_secs(3600), "its timeout, 0ns"),
        ] {
            let status = begin(method, with_deadline(deadline)).unwrap().await;
            let status = status.unwrap_err();
            assert_eq!(status.code(), Code::DeadlineExceeded);
            assert!(status.message().contains(says), "{status}");
        }
    }

    #[tokio::test]
    async fn a_caller_that_cannot_say_how_long_it_waits_waits_for_the_default_timeout() {
        let config = CallConfig {
            default_timeout: Duration::ZERO,
            ..CallConfig::default()
        };
        let mut services = Services::default();
        services
            .add("test.Test".into(), Arc::new(Test), "")
            .unwrap();
        let router = Router::new(services, config);
        let begin = |method, without_deadline| {
            let parts = CallParts {
                without_deadline,
                ..CallParts::default()
            };
            let route = router.find("test.Test", method);
            router
                .unary(&route, parts, MessageBody::Borrowed(&[]))
                .unwrap()
        };
        let status = begin("Wait", true).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert!(
            status.message().contains("0ns (default_timeout)"),
            "{status}"
        );
        // Its method has a time of its own; a caller that could say waits as long as it takes.
        for mut unlimited in [begin("Patient", true), begin("Wait", false)] {
            assert!(unlimited.poll_once().is_pending());
        }
    }

    #[test]
    fn a_dropped_call_drops_its_handler_and_survives_its_panic() {
        let router = Router::of(Arc::new(Test));
        let route = router.find("test.Test", "Limited");
        let body = || MessageBody::Borrowed(&[]);
        let begin = || router.unary(&route, CallParts::default(), body());
        for _ in 0..2 {
            let mut call = begin().unwrap();
            assert!(call.poll_once().is_pending());
            let refused = begin().err().unwrap();
            assert_eq!(refused.code(), Code::ResourceExhausted);
            drop(call);
        }
    }

    #[test]
    fn a_call_that_cannot_begin_says_why() {
        for (method, code) in [
            ("Nothing", Code::Unimplemented),
            ("Count", Code::Unimplemented),
        ] {
            let refused = begin(method, CallParts::default()).err().unwrap();
            assert_eq!(refused.code(), code);
            assert!(refused.message().contains(method), "{refused}");
        }
    }
}
