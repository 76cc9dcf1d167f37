//! Calls with streams.

use rpc_tests::streams::{Chunk, CountRequest, Number};
use rpc_tests::{Http1Client, LIMIT, within};

use crate::harness::{COUNT, Reply, WEB, call, call_body, request, start};

#[tokio::test]
async fn a_stream_of_replies_ends_with_trailers() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    for up_to in [0, 1, 10_000] {
        let reply = call(
            &mut client,
            COUNT,
            &[],
            &CountRequest {
                up_to,
                ..Default::default()
            },
        )
        .await;
        let numbers = reply.messages::<Number>();
        let values: Vec<_> = numbers.iter().map(|number| number.value).collect();
        assert_eq!(values, (1..=up_to).collect::<Vec<_>>());
        assert_eq!(reply.status(), "0");
    }
}

#[tokio::test]
async fn a_stream_that_fails_has_its_replies_and_the_status_in_the_trailers() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    let fails = CountRequest {
        up_to: 2,
        code: 9,
        ..Default::default()
    };
    let reply = call(&mut client, COUNT, &[], &fails).await;
    assert_eq!(reply.header("grpc-status"), "", "it was not known yet");
    assert_eq!(reply.messages::<Number>().len(), 2);
    assert_eq!(reply.status(), "9");
}

#[tokio::test]
async fn replies_arrive_as_they_are_made() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    let hangs = CountRequest {
        up_to: 3,
        hangs: true,
        ..Default::default()
    };
    let content_type = format!("content-type: {WEB}");
    let body = request(&hangs);
    client
        .send(&format!("POST {COUNT}"), &[&content_type], &body)
        .await;
    within(LIMIT, async {
        let head = client.head().await;
        assert_eq!(head.header("content-type"), Some(WEB));
        let expected = [1, 2, 3].map(|value| request(&Number { value })).concat();
        let mut read = Vec::new();
        while read.len() < expected.len() {
            read.extend(client.chunk().await.unwrap());
        }
        assert_eq!(read, expected, "and no trailers yet");
    })
    .await;
}

#[tokio::test]
async fn requests_in_streams_may_all_be_in_one_body() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    let numbers = [1, 2, 3].map(|value| request(&Number { value })).concat();
    let reply = call_body(&mut client, "/streams.Streams/Sum", &[], &numbers).await;
    assert_eq!(reply.messages::<Number>(), [Number { value: 6 }]);
    let chunks = [&b"a"[..], b"", b"ccc"].map(|data| Chunk { data: data.into() });
    let body = chunks.clone().map(|chunk| request(&chunk)).concat();
    let reply: Reply = call_body(&mut client, "/streams.Streams/Chat", &[], &body).await;
    assert_eq!(reply.messages::<Chunk>(), chunks);
    assert_eq!(reply.status(), "0");
}
