//! Interceptors are told how calls end, once, and what went each way.

use std::time::Duration;

use prost::Message;
use rpc_runtime::middleware::{Completion, Next, Request, Traffic};
use rpc_runtime::{Code, Status};
use rpc_tests::probe::panics::When;
use rpc_tests::probe::{Failure, Panics};
use rpc_tests::streams::{Chunk, CountRequest, Number};
use rpc_tests::{LIMIT, channel, within};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::harness::{clients, payload, plain, serve, watch};

fn messages(traffic: Traffic) -> (u64, u64) {
    (traffic.messages, traffic.bytes)
}

fn size(message: &impl Message) -> u64 {
    message.encoded_len() as u64
}

/// The end that both sides tell of.
async fn both(ends: &mut [UnboundedReceiver<Completion>; 2]) -> [Completion; 2] {
    let [at_client, at_server] = ends;
    let both = [at_client.recv().await, at_server.recv().await];
    both.map(|end| end.unwrap())
}

#[tokio::test]
async fn a_unary_call_has_one_message_each_way_on_both_sides() {
    within(LIMIT, async {
        let ((at_client, client_ends), (at_server, server_ends)) = (watch(), watch());
        let server = serve(|server| server.intercept(at_server)).await;
        let (probe, _) = clients(&server, |builder| builder.intercept(at_client)).await;
        let request = payload(vec![1; 1000]);
        probe.echo(request.clone()).await.unwrap();
        for end in both(&mut [client_ends, server_ends]).await {
            assert_eq!(end.code(), Code::Ok);
            assert!(end.status().is_none());
            assert_eq!(messages(end.requests()), (1, size(&request)));
            assert_eq!(messages(end.replies()), (1, size(&request)));
            assert_eq!(end.attempts(), 1);
            assert!(end.until_response().unwrap() <= end.elapsed());
        }
    })
    .await;
}

#[tokio::test]
async fn streams_count_every_message_on_both_sides() {
    within(LIMIT, async {
        let ((at_client, client_ends), (at_server, server_ends)) = (watch(), watch());
        let server = serve(|server| server.intercept(at_server)).await;
        let (_, streams) = clients(&server, |builder| builder.intercept(at_client)).await;
        let mut ends = [client_ends, server_ends];

        let request = CountRequest {
            up_to: 5,
            ..CountRequest::default()
        };
        let mut replies = streams.count(request).await.unwrap();
        while replies.message().await.unwrap().is_some() {}
        for end in both(&mut ends).await {
            assert_eq!(end.code(), Code::Ok);
            assert_eq!(messages(end.requests()), (1, size(&request)));
            assert_eq!(messages(end.replies()), (5, 5 * size(&Number { value: 1 })));
        }

        let (sender, requests) = channel(1);
        let mut replies = streams.chat(requests).await.unwrap();
        for text in ["one", "three"] {
            let chunk = Chunk { data: text.into() };
            sender.send(chunk.clone()).await.unwrap();
            assert_eq!(replies.message().await.unwrap(), Some(chunk));
        }
        drop(sender);
        assert_eq!(replies.message().await.unwrap(), None);
        for end in both(&mut ends).await {
            assert_eq!(end.code(), Code::Ok);
            assert_eq!(messages(end.requests()), (2, 3 + 5 + 2 * 2));
            assert_eq!(messages(end.replies()), (2, 3 + 5 + 2 * 2));
        }
    })
    .await;
}

#[tokio::test]
async fn an_error_of_the_handler_is_the_end_of_its_call_also_within_a_stream() {
    within(LIMIT, async {
        let ((at_client, client_ends), (at_server, server_ends)) = (watch(), watch());
        let server = serve(|server| server.intercept(at_server)).await;
        let (probe, streams) = clients(&server, |builder| builder.intercept(at_client)).await;
        let mut ends = [client_ends, server_ends];

        let failure = Failure {
            code: Code::NotFound.value(),
            message: "no such thing".to_owned(),
            ..Failure::default()
        };
        probe.fail(failure).await.unwrap_err();
        for end in both(&mut ends).await {
            assert_eq!(end.code(), Code::NotFound);
            assert_eq!(end.status().unwrap().message(), "no such thing");
            assert_eq!((end.replies().messages, end.until_response()), (0, None));
        }

        let request = CountRequest {
            up_to: 2,
            code: Code::DataLoss.value(),
            ..CountRequest::default()
        };
        let mut replies = streams.count(request).await.unwrap();
        while let Ok(Some(_)) = replies.message().await {}
        for end in both(&mut ends).await {
            assert_eq!((end.code(), end.replies().messages), (Code::DataLoss, 2));
        }
    })
    .await;
}

#[tokio::test]
async fn a_handler_that_panics_is_an_internal_error_to_whoever_is_outside() {
    within(LIMIT, async {
        let (watch, mut ends) = watch();
        let (seen, mut sights) = tokio::sync::mpsc::unbounded_channel();
        let server = serve(|server| {
            server
                .intercept(watch)
                .intercept(move |request: Request, next: Next| {
                    let seen = seen.clone();
                    async move {
                        let response = next.run(request).await;
                        let _ = seen.send(response.as_ref().map_err(Status::code).map(|_| ()));
                        response
                    }
                })
        })
        .await;
        let (probe, streams) = plain(&server).await;
        for when in [When::AtOnce, When::Later, When::Dropped] {
            let status = probe.panic(Panics { when: when.into() }).await;
            assert_eq!(status.unwrap_err().code(), Code::Internal);
            assert_eq!(sights.recv().await.unwrap(), Err(Code::Internal));
            let end = ends.recv().await.unwrap();
            assert_eq!(end.status().unwrap().message(), "the handler panicked");
        }
        let request = CountRequest {
            up_to: 2,
            panics: true,
            ..CountRequest::default()
        };
        let mut replies = streams.count(request).await.unwrap();
        while let Ok(Some(_)) = replies.message().await {}
        assert_eq!(sights.recv().await.unwrap(), Ok(()));
        assert_eq!(ends.recv().await.unwrap().code(), Code::Internal);
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_dropped_ends_as_cancelled_on_both_sides() {
    within(LIMIT, async {
        let ((at_client, client_ends), (at_server, server_ends)) = (watch(), watch());
        let server = serve(|server| server.intercept(at_server)).await;
        let (probe, streams) = clients(&server, |builder| builder.intercept(at_client)).await;
        let mut ends = [client_ends, server_ends];

        let held = probe.hold(payload("")).start();
        server.probe.until_running(1).await;
        drop(held);
        server.probe.until_running(0).await;
        for end in both(&mut ends).await {
            assert_eq!(end.code(), Code::Cancelled);
        }

        let request = CountRequest {
            up_to: 1,
            hangs: true,
            ..CountRequest::default()
        };
        let mut replies = streams.count(request).await.unwrap();
        replies.message().await.unwrap();
        drop(replies);
        for end in both(&mut ends).await {
            assert_eq!((end.code(), end.replies().messages), (Code::Cancelled, 1));
        }
    })
    .await;
}

#[tokio::test]
async fn a_deadline_that_passes_is_told_as_such_on_both_sides() {
    within(LIMIT, async {
        let ((at_client, client_ends), (at_server, server_ends)) = (watch(), watch());
        let server = serve(|server| server.intercept(at_server)).await;
        let (probe, _) = clients(&server, |builder| builder.intercept(at_client)).await;
        let call = probe.hold(payload("")).timeout(Duration::from_millis(250));
        let status = call.await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        let [at_client, at_server] = both(&mut [client_ends, server_ends]).await;
        assert_eq!(at_client.code(), Code::DeadlineExceeded);
        // The client's CANCEL may be first.
        let codes = [Code::DeadlineExceeded, Code::Cancelled];
        assert!(codes.contains(&at_server.code()), "{at_server:?}");
    })
    .await;
}

#[tokio::test]
async fn an_observer_that_panics_harms_neither_the_call_nor_other_observers() {
    within(LIMIT, async {
        let (watch, mut ends) = watch();
        let server = serve(|server| {
            let panics = async |mut request: Request, next: Next| {
                request.on_end(|_| panic!("on purpose"));
                next.run(request).await
            };
            server.intercept(panics).intercept(watch)
        })
        .await;
        let (probe, _) = plain(&server).await;
        probe.echo(payload("")).await.unwrap();
        assert_eq!(ends.recv().await.unwrap().code(), Code::Ok);
    })
    .await;
}
