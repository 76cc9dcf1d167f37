use std::future::pending;
use std::task::Poll;
use std::time::Duration;

use rpc_wire::{Code, MethodDescriptor, ServiceDescriptor};

use super::unary::UnaryCall;
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
