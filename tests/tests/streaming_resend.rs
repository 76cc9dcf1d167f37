//! Streams of replies whose server provably never began them.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use bytes::Bytes;
use rpc_runtime::{Code, Metadata};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, Size};
use rpc_tests::streams::StreamsAsyncClientProxy;
use rpc_tests::{LIMIT, RawFrame, RawPeer, frame, within};
use rpc_wire::frame::{Flags, FrameType, GoAway, GoAwayCode, RequestMetadata, ResponseMetadata};
use tokio::net::TcpListener;

/// A place for raw servers, and a client of theirs.
async fn site() -> (TcpListener, ProbeAsyncClientProxy) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let client = ProbeAsyncClientProxy::connect_lazy(address).unwrap();
    (listener, client)
}

/// The next server's connection, and the request that it got.
async fn request(listener: &TcpListener) -> (RawPeer, RawFrame) {
    let mut server = RawPeer::server(listener).await;
    let request = server.expect(FrameType::Request).await;
    (server, request)
}

/// Leaves without having begun any call.
async fn leave(server: &mut RawPeer) {
    let goaway = GoAway {
        last_stream_id: 0,
        code: GoAwayCode::NoError,
        message: String::new(),
        versions: Vec::new(),
    };
    server.send_goaway(&goaway).await;
}

/// A RESPONSE with empty body.
async fn respond(server: &mut RawPeer, id: u32, flags: Flags, code: Code) {
    let metadata = ResponseMetadata::new(code, &Metadata::new());
    let metadata = prost::Message::encode_to_vec(&metadata);
    let response = frame(FrameType::Response, flags, id, &metadata, b"");
    server.send(&response).await;
}

/// Begins a stream of replies with this one.
async fn begin(server: &mut RawPeer, id: u32, body: &[u8]) {
    respond(server, id, Flags::NONE, Code::Ok).await;
    let data = frame(FrameType::Data, Flags::END_MESSAGE, id, b"", body);
    server.send(&data).await;
}

#[tokio::test]
async fn a_stream_that_a_leaving_server_did_not_begin_is_sent_to_its_successor() {
    within(LIMIT, async {
        let (listener, client) = site().await;
        let mut replies = client.subscribe(Size { bytes: 7 }).await.unwrap();
        let reading = async { replies.message().await };
        let serving = async {
            let (mut leaving, first) = request(&listener).await;
            leave(&mut leaving).await;
            let (mut next, second) = request(&listener).await;
            assert_eq!(first.body, second.body);
            let metadata = RequestMetadata::decode_checked(&second.metadata).unwrap();
            assert_eq!(metadata.attempt, 1);
            let id = second.header.stream_id;
            begin(&mut next, id, &prost::Message::encode_to_vec(&payload())).await;
            let whole = Flags::END_MESSAGE | Flags::END_STREAM;
            respond(&mut next, id, whole, Code::Ok).await;
            (leaving, next)
        };
        let (reply, servers) = tokio::join!(reading, serving);
        assert_eq!(reply.unwrap(), Some(payload()));
        assert_eq!(replies.message().await.unwrap(), None);
        drop(servers);
    })
    .await;
}

#[tokio::test]
async fn metadata_are_waited_for_as_replies_are() {
    within(LIMIT, async {
        let (listener, client) = site().await;
        let mut replies = client.subscribe(Size { bytes: 7 }).await.unwrap();
        let serving = async {
            let (mut leaving, _) = request(&listener).await;
            leave(&mut leaving).await;
            let (mut next, request) = request(&listener).await;
            respond(&mut next, request.header.stream_id, Flags::NONE, Code::Ok).await;
            (leaving, next)
        };
        let (headers, servers) = tokio::join!(replies.headers(), serving);
        assert!(headers.unwrap().is_empty());
        drop(servers);
    })
    .await;
}

#[tokio::test]
async fn a_stream_is_not_sent_again_once_its_caller_has_seen_something_of_it() {
    within(LIMIT, async {
        let (listener, client) = site().await;
        let mut replies = client.subscribe(Size { bytes: 7 }).await.unwrap();
        let (reply, mut leaving) = tokio::join!(replies.message(), async {
            let (mut server, request) = request(&listener).await;
            let id = request.header.stream_id;
            begin(&mut server, id, &prost::Message::encode_to_vec(&payload())).await;
            server
        });
        assert_eq!(reply.unwrap(), Some(payload()));
        // It says that it did not begin what it has answered.
        leave(&mut leaving).await;
        let status = replies.message().await.unwrap_err();
        assert_eq!((status.code(), status.attempts()), (Code::Unavailable, 1));
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_no_server_begins_ends_with_what_the_last_one_said() {
    within(LIMIT, async {
        let (listener, client) = site().await;
        let mut replies = client.subscribe(Size { bytes: 7 }).await.unwrap();
        let serving = async {
            let mut servers = Vec::new();
            for _ in 0..4 {
                let (mut server, _) = request(&listener).await;
                leave(&mut server).await;
                servers.push(server);
            }
            servers
        };
        let (headers, servers) = tokio::join!(replies.headers(), serving);
        let status = headers.unwrap_err();
        assert_eq!((status.code(), status.attempts()), (Code::Unavailable, 4));
        assert!(!status.may_have_run());
        let again = replies.message().await.unwrap_err();
        assert_eq!(again.message(), status.message());
        drop(servers);
    })
    .await;
}

#[tokio::test]
async fn a_stream_of_requests_that_was_begun_is_not_sent_again() {
    within(LIMIT, async {
        let (listener, client) = site().await;
        let address = client.channel().clone();
        let client = StreamsAsyncClientProxy::with(address);
        let requests = tokio_stream::iter([Default::default()]);
        let mut replies = client.chat(requests).await.unwrap();
        let serving = async {
            let (mut leaving, _) = request(&listener).await;
            leave(&mut leaving).await;
            leaving
        };
        let (reply, leaving) = tokio::join!(replies.message(), serving);
        let status = reply.unwrap_err();
        assert_eq!((status.code(), status.attempts()), (Code::Unavailable, 1));
        drop(leaving);
    })
    .await;
}

fn payload() -> Payload {
    Payload {
        data: Bytes::from_static(b"seven"),
    }
}
