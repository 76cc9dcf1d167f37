//! A client that finds an error says so, however much of its output waits.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use rpc_testkit::VirtualLink;
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, frame, once, within};
use rpc_wire::frame::{Flags, FrameHeader, FrameType, GoAway, GoAwayCode, HEADER_LEN, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// More than the link and the connection's output hold together.
const LARGE: usize = 900 * 1024;

/// The type and the body of the last frame.
fn last_frame(mut bytes: &[u8]) -> (FrameType, &[u8]) {
    loop {
        let header = FrameHeader::parse(bytes.first_chunk().unwrap()).unwrap();
        let (frame, rest) = bytes.split_at(header.frame_len());
        if rest.is_empty() {
            return (header.frame_type, &frame[HEADER_LEN..]);
        }
        bytes = rest;
    }
}

#[tokio::test]
async fn a_client_whose_output_is_backed_up_still_tells_the_server_what_it_did_wrong() {
    within(LIMIT, async {
        let (_link, client, mut server) = VirtualLink::open();
        let mut settings = Vec::new();
        Settings::default().encode(&mut settings);
        server.write_all(&settings).await.unwrap();
        let probe = ProbeAsyncClientProxy::connect_with(once(client))
            .await
            .unwrap();
        let data = vec![7; LARGE].into();
        let call = probe.echo(Payload { data }).start();

        // Its request has begun to leave, and fills the link.
        let mut received = vec![0; 1024];
        server.read_exact(&mut received).await.unwrap();
        let wrong = frame(FrameType::Response, Flags::NONE, 99, b"", b"");
        server.write_all(&wrong).await.unwrap();

        server.read_to_end(&mut received).await.unwrap();
        assert!(received.len() < LARGE, "it went on as if nothing had been");
        let (frame_type, body) = last_frame(&received);
        assert_eq!(frame_type, FrameType::GoAway);
        let goaway = GoAway::decode(body).unwrap();
        assert_eq!(goaway.code, GoAwayCode::ProtocolError, "{}", goaway.message);
        call.await.unwrap_err();
    })
    .await;
}
