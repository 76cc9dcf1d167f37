//! What interceptors see and do at a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prost::Message;
use rpc_runtime::middleware::{Body, Next, Request, Response};
use rpc_runtime::{
    Channel, Code, Compression, Context, Metadata, MethodDescriptor, MethodKind, Server, Status,
    rpc_service,
};
use rpc_tests::probe::{Payload, Probe, ProbeAsyncClientProxy, Size};
use rpc_tests::{LIMIT, V1Peer, within};
use tokio::sync::mpsc::unbounded_channel;

use crate::harness::{payload, plain, serve, watch};

#[tokio::test]
async fn it_sees_method_metadata_deadline_peer_and_the_message() {
    within(LIMIT, async {
        let (seen, mut sights) = unbounded_channel();
        let server = serve(|server| {
            server.intercept(move |request: Request, next: Next| {
                let _ = seen.send((
                    request.method().path(),
                    request.metadata().get("tenant").map(str::to_owned),
                    request.remaining(),
                    request.peer(),
                    request.target().map(str::to_owned),
                    request.message::<Payload>(),
                    Context::current().and_then(|context| context.method()),
                ));
                next.run(request)
            })
        })
        .await;
        let (probe, _) = plain(&server).await;
        let mut metadata = Metadata::new();
        metadata.insert("tenant", "blue").unwrap();
        let call = probe.echo(payload("seen")).metadata(metadata);
        call.timeout(LIMIT).await.unwrap();

        let (path, tenant, remaining, peer, target, message, current) =
            sights.recv().await.unwrap();
        assert_eq!(path, "probe.Probe/Echo");
        assert_eq!(tenant.as_deref(), Some("blue"));
        assert!(remaining.unwrap() > Duration::ZERO && remaining.unwrap() <= LIMIT);
        assert!(peer.unwrap().ip().is_loopback());
        assert_eq!(target, None);
        assert_eq!(message.unwrap(), payload("seen"));
        assert_eq!(current.unwrap().path(), "probe.Probe/Echo");
    })
    .await;
}

#[tokio::test]
async fn a_call_that_it_refuses_is_not_executed_and_its_message_is_never_decoded() {
    static ECHO: MethodDescriptor =
        MethodDescriptor::new("probe.Probe", "Echo", "probe.Probe/Echo", MethodKind::Unary);
    within(LIMIT, async {
        let (watch, mut ends) = watch();
        let server = serve(|server| {
            server
                .intercept(watch)
                .intercept(async |_: Request, _: Next| {
                    Err(Status::unauthenticated("who is there?"))
                })
        })
        .await;
        let (probe, _) = plain(&server).await;
        // A number where a payload has its bytes, which is no valid message.
        let call = probe
            .channel()
            .unary::<_, Payload>(&ECHO, &Size { bytes: 7 });
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{status}");
        assert_eq!(status.message(), "who is there?");
        assert!(!status.may_have_run());
        assert_eq!(server.probe.counts().started, 0);
        let end = ends.recv().await.unwrap();
        assert_eq!(end.code(), Code::Unauthenticated);
        assert_eq!(
            end.requests().messages,
            0,
            "nothing was taken for the handler"
        );
    })
    .await;
}

#[tokio::test]
async fn an_error_of_its_own_after_the_handler_has_run_is_executed() {
    within(LIMIT, async {
        let server = serve(|server| {
            server.intercept(async |request: Request, next: Next| {
                next.run(request).await?;
                Err(Status::aborted("no answer for you"))
            })
        })
        .await;
        let (probe, _) = plain(&server).await;
        let status = probe.echo(payload("")).await.unwrap_err();
        assert_eq!(status.code(), Code::Aborted);
        assert!(status.may_have_run());
        assert_eq!(server.probe.counts().finished, 1);
    })
    .await;
}

#[tokio::test]
async fn a_call_that_has_run_stays_executed_when_it_runs_it_again_and_that_is_refused() {
    within(LIMIT, async {
        let server = serve(|server| {
            server.intercept(async |request: Request, next: Next| {
                let again = request.try_clone().unwrap();
                next.run(request).await?;
                let not_a_message = again.map_body(|_| Body::message(vec![0xff, 0xff]));
                next.run(not_a_message).await
            })
        })
        .await;
        let (probe, _) = plain(&server).await;
        let status = probe.echo(payload("")).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.may_have_run());
    })
    .await;
}

#[tokio::test]
async fn a_check_sees_the_decoded_message_ahead_of_the_handler() {
    within(LIMIT, async {
        let server = serve(|server| {
            server.intercept(async |mut request: Request, next: Next| {
                request.check(|size: &Size| match size.bytes {
                    0..10 => Ok(()),
                    _ => Err(Status::out_of_range("too many")),
                });
                next.run(request).await
            })
        })
        .await;
        let (probe, _) = plain(&server).await;
        probe.produce(Size { bytes: 9 }).await.unwrap();
        probe
            .echo(payload("no business of the check"))
            .await
            .unwrap();
        let status = probe.produce(Size { bytes: 10 }).await.unwrap_err();
        assert_eq!(status.code(), Code::OutOfRange);
        assert!(!status.may_have_run());
        assert_eq!(server.probe.counts().started, 2);
    })
    .await;
}

/// Who calls, as an interceptor found out.
struct User(&'static str);

/// Answers with the user and what is left of the metadata.
struct Greeter;

#[rpc_service(unimplemented)]
impl Probe for Greeter {
    async fn echo(&self, cx: Context, _request: Payload) -> Result<Payload, Status> {
        let user = cx.extension::<User>().map_or("nobody", |user| user.0);
        let seen: Vec<_> = cx.metadata().iter().map(|(key, _)| key).collect();
        Ok(payload(format!("{user} {}", seen.join(" "))))
    }
}

#[tokio::test]
async fn the_handler_has_what_it_learned_and_the_metadata_that_it_left() {
    within(LIMIT, async {
        let server =
            Server::new()
                .service(Greeter)
                .intercept(async |mut request: Request, next: Next| {
                    request.extensions_mut().insert(User("ann"));
                    request.metadata_mut().remove("secret");
                    request.metadata_mut().insert("added", "yes").unwrap();
                    next.run(request).await
                });
        let bound = server.bind("127.0.0.1:0").await.unwrap();
        let address = bound.local_addr().to_string();
        let serving = tokio::spawn(bound.serve());
        let probe = ProbeAsyncClientProxy::connect(address).await.unwrap();
        let mut metadata = Metadata::new();
        metadata.insert("secret", "swordfish").unwrap();
        metadata.insert("tenant", "blue").unwrap();
        let reply = probe.echo(payload("")).metadata(metadata).await.unwrap();
        assert_eq!(reply, payload("ann tenant added"));
        serving.abort();
    })
    .await;
}

#[tokio::test]
async fn it_changes_the_reply_and_its_metadata() {
    within(LIMIT, async {
        let server = serve(|server| {
            server.intercept(async |request: Request, next: Next| {
                let mut response = next.run(request).await?;
                let seen: Payload = response.message()?;
                response.metadata_mut().insert("served-by", "me").unwrap();
                let reply = payload([&seen.data[..], b"!"].concat());
                Ok(response.map_body(|_| Body::message(reply.encode_to_vec())))
            })
        })
        .await;
        let (probe, _) = plain(&server).await;
        let mut metadata = Metadata::new();
        metadata.insert("tenant", "blue").unwrap();
        let call = probe.echo(payload("hello")).metadata(metadata);
        let reply = call.with_metadata().await.unwrap();
        assert_eq!(reply.get_ref(), &payload("hello!"));
        assert_eq!(
            reply.metadata().get("tenant"),
            Some("blue"),
            "the handler's"
        );
        assert_eq!(reply.metadata().get("served-by"), Some("me"));
    })
    .await;
}

#[tokio::test]
async fn it_answers_without_a_handler() {
    within(LIMIT, async {
        let server = serve(|server| {
            server.intercept(
                async |request: Request, next: Next| match request.method().name() {
                    "Echo" => {
                        let cached = payload("from the cache").encode_to_vec();
                        Ok(Response::new(Body::message(cached)))
                    }
                    _ => next.run(request).await,
                },
            )
        })
        .await;
        let (probe, _) = plain(&server).await;
        let reply = probe.echo(payload("")).await.unwrap();
        assert_eq!(reply, payload("from the cache"));
        assert_eq!(server.probe.counts().started, 0);
    })
    .await;
}

#[tokio::test]
async fn replies_of_every_size_come_through_it() {
    within(LIMIT, async {
        let server =
            serve(|server| server.intercept(|request, next: Next| next.run(request))).await;
        let (probe, _) = plain(&server).await;
        for size in [0, 1, 1 << 12, 1 << 14, (1 << 14) + 1, 1 << 20] {
            let request = payload(vec![7; size]);
            assert_eq!(probe.echo(request.clone()).await.unwrap(), request);
        }
    })
    .await;
}

#[tokio::test]
async fn what_arrives_compressed_is_decompressed_when_it_is_asked_for() {
    within(LIMIT, async {
        let (seen, mut sights) = unbounded_channel();
        let server = serve(|server| {
            let server = server.compression([Compression::Zstd]);
            server.intercept(move |request: Request, next: Next| {
                let _ = seen.send(request.message::<Payload>());
                next.run(request)
            })
        })
        .await;
        let channel = Channel::builder(server.address()).compression([Compression::Zstd]);
        let probe = ProbeAsyncClientProxy::with(channel.connect().await.unwrap());
        let request = payload(vec![1; 100_000]);
        assert_eq!(probe.echo(request.clone()).await.unwrap(), request);
        assert_eq!(sights.recv().await.unwrap().unwrap(), request);
    })
    .await;
}

#[tokio::test]
async fn limits_on_calls_are_asked_before_it() {
    within(LIMIT, async {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let server = serve(|server| {
            let server = server.max_concurrent_calls(1);
            server.intercept(move |request, next: Next| {
                count.fetch_add(1, Ordering::SeqCst);
                next.run(request)
            })
        })
        .await;
        let (probe, _) = plain(&server).await;
        let held = probe.hold(payload("")).start();
        server.probe.until_running(1).await;
        let status = probe.echo(payload("")).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
        assert!(!status.may_have_run());
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        server.probe.release_all();
        held.await.unwrap();
        probe.echo(payload("")).await.unwrap();
    })
    .await;
}

/// Runs one call at a time.
struct OneAtATime;

#[rpc_service(unimplemented)]
impl Probe for OneAtATime {
    #[rpc(limit = 1)]
    async fn hold(&self, _cx: Context, request: Payload) -> Result<Payload, Status> {
        Ok(request)
    }
}

#[tokio::test]
async fn the_limit_of_a_method_counts_a_call_from_before_it_to_its_end() {
    within(LIMIT, async {
        let (entered, mut entries) = unbounded_channel();
        let (release, released) = tokio::sync::watch::channel(false);
        let server =
            Server::new()
                .service(OneAtATime)
                .intercept(move |request: Request, next: Next| {
                    let _ = entered.send(());
                    let mut released = released.clone();
                    async move {
                        released.wait_for(|released| *released).await.unwrap();
                        next.run(request).await
                    }
                });
        let bound = server.bind("127.0.0.1:0").await.unwrap();
        let address = bound.local_addr().to_string();
        let serving = tokio::spawn(bound.serve());
        let probe = ProbeAsyncClientProxy::connect(address).await.unwrap();
        let held = probe.hold(payload("one")).start();
        entries.recv().await.unwrap();
        let status = probe.hold(payload("two")).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
        assert!(!status.may_have_run());
        release.send_replace(true);
        assert_eq!(held.await.unwrap(), payload("one"));
        // Its place is free again.
        probe.hold(payload("three")).await.unwrap();
        serving.abort();
    })
    .await;
}

#[tokio::test]
async fn calls_of_other_protocols_pass_it_too() {
    within(LIMIT, async {
        let (watch, mut ends) = watch();
        let server = serve(|server| server.intercept(watch)).await;
        let mut peer = V1Peer::connect(server.socket_addr()).await;
        let request = payload("version 1");
        peer.request(1, "probe.Probe", "Echo", &request).await;
        let reply = peer.answer().await;
        assert_eq!(Payload::decode(&reply.body[..]).unwrap(), request);
        let end = ends.recv().await.unwrap();
        assert_eq!(end.method().path(), "probe.Probe/Echo");
        assert_eq!((end.code(), end.replies().messages), (Code::Ok, 1));
    })
    .await;
}
