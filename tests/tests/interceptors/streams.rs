//! Calls with streams go through the same chain.

use bytes::Bytes;
use futures_core::Stream;
use prost::Message;
use rpc_runtime::middleware::{Interceptor, Next, Request, Response};
use rpc_runtime::{Code, Status, Streaming};
use rpc_tests::streams::{Chunk, CountRequest, Number};
use rpc_tests::{LIMIT, channel, within};

use crate::harness::{clients, plain, serve, watch};

fn numbers(values: &[u64]) -> impl Stream<Item = Number> + use<> {
    let values = values.iter().map(|&value| Number { value });
    tokio_stream::iter(values.collect::<Vec<_>>())
}

fn count_to(up_to: u64) -> CountRequest {
    CountRequest {
        up_to,
        ..CountRequest::default()
    }
}

async fn all(mut replies: Streaming<Number>) -> Result<Vec<u64>, Status> {
    let mut values = Vec::new();
    while let Some(number) = replies.message().await? {
        values.push(number.value);
    }
    Ok(values)
}

/// Adds one to every number in every direction.
struct AddOne;

fn add_one(number: Bytes) -> Result<Bytes, Status> {
    let Ok(Number { value }) = Number::decode(number) else {
        return Err(Status::invalid_argument("not a number"));
    };
    Ok(Number { value: value + 1 }.encode_to_vec().into())
}

impl Interceptor for AddOne {
    async fn intercept(&self, request: Request, next: Next) -> Result<Response, Status> {
        let request = match request.body().is_stream() {
            true => request.map_body(|body| body.map(add_one)),
            false => request,
        };
        let mut response = next.run(request).await?;
        response.metadata_mut().insert("added", "one").unwrap();
        Ok(response.map_body(|body| body.map(add_one)))
    }
}

#[tokio::test]
async fn a_server_may_change_the_messages_both_ways() {
    within(LIMIT, async {
        let server = serve(|server| server.intercept(AddOne)).await;
        let (_, streams) = plain(&server).await;

        let mut counted = streams.count(count_to(3)).await.unwrap();
        let headers = counted.headers().await.unwrap();
        assert_eq!(headers.get("counts"), Some("from one"), "the handler's");
        assert_eq!(headers.get("added"), Some("one"));
        assert_eq!(all(counted).await.unwrap(), [2, 3, 4]);

        let sum = streams.sum(numbers(&[10, 20])).await.unwrap();
        assert_eq!(sum.value, 10 + 1 + 20 + 1 + 1);
    })
    .await;
}

#[tokio::test]
async fn a_client_may_change_the_messages_both_ways() {
    within(LIMIT, async {
        let server = serve(|server| server).await;
        let (_, streams) = clients(&server, |builder| builder.intercept(AddOne)).await;
        let counted = streams.count(count_to(3)).await.unwrap();
        assert_eq!(all(counted).await.unwrap(), [2, 3, 4]);
        let sum = streams.sum(numbers(&[10, 20])).await.unwrap();
        assert_eq!(sum.value, 10 + 1 + 20 + 1 + 1);
    })
    .await;
}

#[tokio::test]
async fn a_client_that_changes_nothing_keeps_headers_trailers_and_the_order_of_messages() {
    within(LIMIT, async {
        let pass = |request: Request, next: Next| next.run(request);
        let server = serve(|server| server.intercept(pass)).await;
        let (_, streams) = clients(&server, |builder| builder.intercept(pass)).await;
        let mut counted = streams.count(count_to(100)).await.unwrap();
        let headers = counted.headers().await.unwrap();
        assert_eq!(headers.get("counts"), Some("from one"));
        for value in 1..=100 {
            assert_eq!(counted.message().await.unwrap(), Some(Number { value }));
        }
        assert_eq!(counted.message().await.unwrap(), None);
        assert!(counted.trailers().is_some());
    })
    .await;
}

#[tokio::test]
async fn a_conversation_needs_no_request_ahead_of_its_call() {
    within(LIMIT, async {
        let pass = |request: Request, next: Next| next.run(request);
        let server = serve(|server| server.intercept(pass)).await;
        let (_, streams) = clients(&server, |builder| builder.intercept(pass)).await;
        let (sender, requests) = channel(1);
        let mut replies = streams.chat(requests).await.unwrap();
        for text in ["one", "two"] {
            let chunk = Chunk { data: text.into() };
            sender.send(chunk.clone()).await.unwrap();
            assert_eq!(replies.message().await.unwrap(), Some(chunk));
        }
        drop(sender);
        assert_eq!(replies.message().await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_read_of_an_upload_that_is_refused() {
    within(LIMIT, async {
        let (watch, mut ends) = watch();
        let server = serve(|server| {
            server
                .intercept(watch)
                .intercept(async |_: Request, _: Next| Err(Status::permission_denied("not you")))
        })
        .await;
        let (_, streams) = plain(&server).await;
        let status = streams.sum(numbers(&[1, 2, 3])).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{status}");
        assert!(!status.may_have_run());
        assert_eq!(ends.recv().await.unwrap().requests().messages, 0);

        let (_sender, requests) = channel(1);
        let mut replies = streams.chat(requests).await.unwrap();
        let status = replies.message().await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{status}");
        assert!(!status.may_have_run());
        assert_eq!(ends.recv().await.unwrap().requests().messages, 0);
    })
    .await;
}

#[tokio::test]
async fn a_check_sees_each_request_of_a_stream() {
    within(LIMIT, async {
        let server = serve(|server| {
            server.intercept(async |mut request: Request, next: Next| {
                request.check(|number: &Number| match number.value {
                    13 => Err(Status::out_of_range("an unlucky number")),
                    _ => Ok(()),
                });
                next.run(request).await
            })
        })
        .await;
        let (_, streams) = plain(&server).await;
        assert_eq!(streams.sum(numbers(&[12, 14])).await.unwrap().value, 26);
        let status = streams.sum(numbers(&[12, 13, 14])).await.unwrap_err();
        assert_eq!(status.code(), Code::OutOfRange);
        assert_eq!(status.message(), "an unlucky number");
    })
    .await;
}
