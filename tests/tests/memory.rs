//! A length that a peer claims is never believed. Alone in its process, so that only what it
//! causes is measured.
#![cfg(target_os = "linux")]

use rpc_runtime::{Code, Stage};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{Expected, LIMIT, RawPeer, TestServer, within};
use rpc_wire::frame::{Flags, FrameHeader, FrameType, GoAwayCode};
use tokio::net::TcpListener;

/// Far below the 4 GiB that are claimed, far above what a few connections and their threads take.
const ALLOWED: usize = 512 * 1024 * 1024;

/// The most address space that this process ever had, in bytes: it counts also what is set aside
/// and never touched.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs is there");
    let line = status.lines().find(|line| line.starts_with("VmPeak:"));
    let kibi = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<usize>().ok());
    kibi.expect("the line has a number") * 1024
}

/// A header that claims a body of nearly 4 GiB.
fn claim(frame_type: FrameType, flags: Flags, stream_id: u32) -> Vec<u8> {
    let mut header = Vec::new();
    let body_len = u32::MAX;
    FrameHeader {
        frame_type,
        flags,
        stream_id,
        metadata_len: 0,
        body_len,
    }
    .encode(&mut header);
    header
}

#[tokio::test]
async fn a_header_that_claims_four_gibibytes_costs_the_connection_and_no_memory() {
    let server = TestServer::start().await;
    let client = server.client().await;
    within(LIMIT, client.echo(Payload::default()))
        .await
        .unwrap();
    let before = peak();

    let whole = Flags::END_MESSAGE | Flags::END_STREAM;
    for (frame_type, flags, stream_id) in [
        (FrameType::Request, whole, 1),
        (FrameType::Request, Flags::NONE, 1),
        (FrameType::Data, Flags::NONE, 1),
        (FrameType::Settings, Flags::NONE, 0),
        (FrameType::GoAway, Flags::NONE, 0),
        (FrameType::Extension(0x80), Flags::IGNORABLE, 1),
    ] {
        let mut peer = RawPeer::client(server.socket_addr()).await;
        peer.send(&claim(frame_type, flags, stream_id)).await;
        let goaway = within(LIMIT, peer.expect(FrameType::GoAway)).await.goaway();
        assert_eq!(goaway.code, GoAwayCode::ProtocolError, "{goaway:?}");
        assert!(goaway.message.contains("4294967295 bytes"), "{goaway:?}");
    }
    // The client believes no more than the server does.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let liar = tokio::spawn(async move {
        let mut liar = RawPeer::server(&listener).await;
        let id = liar.expect(FrameType::Request).await.header.stream_id;
        liar.send(&claim(FrameType::Response, whole, id)).await;
        liar
    });
    let call = ProbeAsyncClientProxy::connect_lazy(&address)
        .unwrap()
        .echo(Payload::default());
    let expected = Expected {
        code: Code::Unavailable,
        stage: Some(Stage::Wait),
        may_have_run: true,
        address: Some(&address),
        method: Some("probe.Probe/Echo"),
        says: &["RESPONSE frame with a body of 4294967295 bytes; at most 16384 are accepted"],
    };
    expected.check_err(within(LIMIT, call).await);
    within(LIMIT, liar).await.unwrap();

    let grown = peak() - before;
    assert!(grown < ALLOWED, "{grown} bytes more were set aside");
    within(LIMIT, client.echo(Payload::default()))
        .await
        .unwrap();
}
