//! The server goes away in the middle of calls: each ends, and says whether it may have run.

use bytes::Bytes;
use rpc_runtime::{Code, Stage, Status};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{Expected, LIMIT, RawPeer, TestServer, within};
use rpc_wire::frame::{FrameType, GoAway, GoAwayCode};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Calls of one test.
const CALLS: usize = 1_000;

/// A call that was under way when the server went.
const LOST: Expected<'_> = Expected {
    code: Code::Unavailable,
    stage: Some(Stage::Wait),
    may_have_run: true,
    address: None,
    method: Some("probe.Probe/Hold"),
    says: &[],
};

/// Starts calls that the server holds.
fn hold(client: &ProbeAsyncClientProxy, calls: usize) -> JoinSet<Result<Payload, Status>> {
    (0..calls)
        .map(|_| client.hold(Payload::default()))
        .collect()
}

#[tokio::test]
async fn a_thousand_calls_that_run_when_the_server_is_killed_say_that_they_may_have_run() {
    let server = TestServer::start().await;
    let (address, probe) = (server.address(), server.probe.clone());
    let calls = hold(&server.client().await, CALLS);
    within(LIMIT, probe.until_running(CALLS)).await;
    server.kill().await;

    let says = &["connection"];
    let expected = Expected {
        address: Some(&address),
        says,
        ..LOST
    };
    let outcomes = within(LIMIT, calls.join_all()).await;
    assert_eq!(outcomes.len(), CALLS);
    for outcome in outcomes {
        expected.check_err(outcome);
    }
    within(LIMIT, probe.until(|counts| counts.dropped == CALLS)).await;
}

#[tokio::test]
async fn calls_that_were_queued_when_the_server_was_killed_say_that_they_did_not_run() {
    const STREAMS: usize = 400;
    let server =
        TestServer::start_with(|server| server.max_concurrent_streams(STREAMS as u32)).await;
    let (address, probe) = (server.address(), server.probe.clone());
    let client = server.client_of_one_connection().await;
    let running = hold(&client, STREAMS);
    within(LIMIT, probe.until_running(STREAMS)).await;
    // Tasks of one thread are polled in turn: those of the set come before this one goes on.
    let queued = hold(&client, CALLS - STREAMS);
    tokio::task::yield_now().await;
    server.kill().await;

    let ran = Expected {
        address: Some(&address),
        ..LOST
    };
    for outcome in within(LIMIT, running.join_all()).await {
        ran.check_err(outcome);
    }
    let not_run = Expected {
        stage: Some(Stage::Connect),
        may_have_run: false,
        ..ran
    };
    for outcome in within(LIMIT, queued.join_all()).await {
        not_run.check_err(outcome);
    }
    assert_eq!(probe.counts().started, STREAMS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_moment_the_server_is_killed_at_no_call_that_ran_says_that_it_did_not() {
    let server = TestServer::start().await;
    let probe = server.probe.clone();
    let client = server.client().await;
    let payload = Payload {
        data: vec![b'x'; 20_000].into(),
    };
    let calls: JoinSet<_> = (0..CALLS).map(|_| client.echo(payload.clone())).collect();
    within(LIMIT, probe.until(|counts| counts.started > CALLS / 3)).await;
    server.kill().await;

    let outcomes = within(LIMIT, calls.join_all()).await;
    assert_eq!(outcomes.len(), CALLS);
    let mut may_have_run = 0;
    for outcome in outcomes {
        match outcome {
            Ok(_) => may_have_run += 1,
            Err(status) => {
                assert_eq!(status.code(), Code::Unavailable, "{status}");
                assert!(
                    status.address().is_some() && status.stage().is_some(),
                    "{status:?}"
                );
                may_have_run += usize::from(status.may_have_run());
            }
        }
    }
    let started = probe.counts().started;
    assert!(
        started <= may_have_run,
        "{started} ran, and only {may_have_run} calls say they may have"
    );
}

/// A raw server for one connection, and a client that has sent it a call.
async fn one_call() -> (RawPeer, u32, String, JoinSet<Result<Payload, Status>>) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there is a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let client = ProbeAsyncClientProxy::connect_lazy(&address).expect("the target is fine");
    let calls = hold(&client, 1);
    let mut server = within(LIMIT, RawPeer::server(&listener)).await;
    let id = within(LIMIT, server.expect(FrameType::Request))
        .await
        .header
        .stream_id;
    (server, id, address, calls)
}

#[tokio::test]
async fn the_reason_that_a_server_gives_for_leaving_is_what_the_caller_reads() {
    let (mut server, _, address, calls) = one_call().await;
    let goaway = GoAway {
        last_stream_id: u32::MAX,
        code: GoAwayCode::ExcessiveLoad,
        message: "too many pings".to_owned(),
        versions: Vec::new(),
    };
    server.send_goaway(&goaway).await;
    drop(server);
    let says = &[
        "the server closed the connection",
        "ExcessiveLoad",
        "too many pings",
    ];
    let expected = Expected {
        address: Some(&address),
        says,
        ..LOST
    };
    within(LIMIT, calls.join_all())
        .await
        .into_iter()
        .for_each(|outcome| expected.check_err(outcome));
}

#[tokio::test]
async fn a_connection_that_is_closed_without_a_reason_says_so() {
    let (server, _, address, calls) = one_call().await;
    drop(server);
    let says = &["connection"];
    let expected = Expected {
        address: Some(&address),
        says,
        ..LOST
    };
    within(LIMIT, calls.join_all())
        .await
        .into_iter()
        .for_each(|outcome| expected.check_err(outcome));
}

#[tokio::test]
async fn a_reply_that_is_not_the_message_is_internal_at_the_decoder() {
    let (mut server, id, address, calls) = one_call().await;
    // Field 1 with a length that the bytes do not have.
    server.send_response(id, b"\x0a\x7fshort").await;
    let expected = Expected {
        code: Code::Internal,
        stage: Some(Stage::Decode),
        address: Some(&address),
        says: &["the reply is not the expected message"],
        ..LOST
    };
    let [outcome] = within(LIMIT, calls.join_all()).await.try_into().unwrap();
    let status = outcome.unwrap_err();
    expected.check(&status);
    assert!(std::error::Error::source(&status).is_some(), "{status:?}");
}

#[tokio::test]
async fn a_server_that_breaks_the_protocol_is_told_why_and_its_calls_end() {
    let (mut server, _, address, calls) = one_call().await;
    // A reply to a stream that was never opened.
    server.send_response(77, b"").await;
    let says = &["a frame for stream 77, which was never opened"];
    let expected = Expected {
        address: Some(&address),
        says,
        ..LOST
    };
    within(LIMIT, calls.join_all())
        .await
        .into_iter()
        .for_each(|outcome| expected.check_err(outcome));
    let goaway = within(LIMIT, server.expect(FrameType::GoAway))
        .await
        .goaway();
    assert_eq!(goaway.code, GoAwayCode::ProtocolError);
    assert!(goaway.message.contains("stream 77"), "{goaway:?}");
    assert_eq!(within(LIMIT, server.rest()).await, Bytes::new());
}

#[tokio::test]
async fn a_request_that_is_said_not_to_have_run_never_leaves_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client =
        ProbeAsyncClientProxy::connect_lazy(listener.local_addr().unwrap().to_string()).unwrap();
    // The SETTINGS are exchanged with a first call, so that the others are sent all at once.
    let mut calls = hold(&client, 1);
    let mut server = within(LIMIT, RawPeer::server(&listener)).await;
    let id = within(LIMIT, server.expect(FrameType::Request))
        .await
        .header
        .stream_id;
    server.send_response(id, b"").await;
    within(LIMIT, calls.join_next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    drop(listener);

    // Far more than sockets buffer, in requests of one frame each.
    let payload = Payload {
        data: vec![b'x'; 15_000].into(),
    };
    let calls: JoinSet<_> = (0..CALLS).map(|_| client.hold(payload.clone())).collect();
    let first = within(LIMIT, server.expect(FrameType::Request)).await;
    assert_eq!(first.header.body_len as usize, payload.data.len() + 3);
    server.finish_sending().await;
    let mut not_run = 0;
    for outcome in within(LIMIT, calls.join_all()).await {
        let status = outcome.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        not_run += usize::from(!status.may_have_run());
    }
    assert!(not_run > 0, "all {CALLS} requests fitted into the sockets");
    let mut arrived = 1;
    let whole_frames = async {
        while let Some(frame) = server.next_frame_or_cut().await {
            arrived += usize::from(frame.header.frame_type == FrameType::Request);
        }
    };
    within(LIMIT, whole_frames).await;
    assert!(
        arrived + not_run <= CALLS,
        "{arrived} arrived, {not_run} were said not to have run"
    );
}
