//! No server is there, or nobody who speaks the protocol: each says so, and where.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rpc_runtime::{Channel, Code, Stage};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, ProbeClientProxy};
use rpc_tests::{Expected, LIMIT, RawPeer, TestServer, within};
use rpc_wire::frame::{FrameType, GoAway, GoAwayCode};
use tokio::net::{TcpListener, TcpStream};

/// A time limit that is meant to pass.
const SHORT: Duration = Duration::from_millis(100);

/// A connection that did not come about.
const NO_CONNECTION: Expected<'_> = Expected {
    code: Code::Unavailable,
    stage: Some(Stage::Connect),
    may_have_run: false,
    address: None,
    method: None,
    says: &[],
};

/// An address where nobody listens.
async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there is a free port");
    listener.local_addr().expect("it is bound")
}

#[tokio::test]
async fn a_refused_connection_says_where_and_what_to_check() {
    let address = nobody().await.to_string();
    let expected = Expected {
        address: Some(&address),
        says: &["cannot connect", "refused", "is the server running"],
        ..NO_CONNECTION
    };
    expected.check_err(within(LIMIT, ProbeAsyncClientProxy::connect(&address)).await);

    let lazy = ProbeAsyncClientProxy::connect_lazy(&address).unwrap();
    let called = Expected {
        method: Some("probe.Probe/Echo"),
        ..expected
    };
    called.check_err(within(LIMIT, lazy.echo(Payload::default())).await);
}

#[test]
fn a_refused_connection_of_a_sync_proxy_says_the_same() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let expected = Expected {
        address: Some(&address),
        says: &["refused"],
        ..NO_CONNECTION
    };
    expected.check_err(ProbeClientProxy::connect(&address));
}

#[tokio::test]
async fn a_host_that_does_not_exist_is_named() {
    let address = "no-such-host.invalid:8000";
    let expected = Expected {
        stage: Some(Stage::Resolve),
        address: Some(address),
        says: &[
            "cannot resolve the host \"no-such-host.invalid\"",
            "check the name",
        ],
        ..NO_CONNECTION
    };
    expected.check_err(within(LIMIT, ProbeAsyncClientProxy::connect(address)).await);

    let lazy = ProbeAsyncClientProxy::connect_lazy(address).unwrap();
    let called = Expected {
        method: Some("probe.Probe/Echo"),
        ..expected
    };
    called.check_err(within(LIMIT, lazy.echo(Payload::default())).await);
}

#[tokio::test]
async fn a_target_that_cannot_be_understood_says_what_to_write() {
    for (target, reason) in [
        ("127.0.0.1", "has no port"),
        ("127.0.0.1:http", "no number from 0 to 65535"),
        ("127.0.0.1:70000", "no number from 0 to 65535"),
        (":8000", "has no host"),
        ("ftp://127.0.0.1:8000", "unknown scheme ftp"),
        ("file:/etc/servers", "does not support"),
    ] {
        let expected = Expected {
            code: Code::InvalidArgument,
            stage: None,
            says: &[target, reason, "write host:port or rpc://host:port"],
            ..NO_CONNECTION
        };
        expected.check_err(ProbeAsyncClientProxy::connect(target).await);
        expected.check_err(ProbeAsyncClientProxy::connect_lazy(target));
        expected.check_err(ProbeClientProxy::connect_lazy(target));
    }
}

#[tokio::test]
async fn a_deadline_that_passes_while_connecting_says_that_nothing_was_sent() {
    let server = TestServer::start().await;
    let (address, hang) = (server.socket_addr(), Arc::new(AtomicBool::new(false)));
    let hangs = hang.clone();
    let connector = move || {
        let hangs = hangs.load(Ordering::SeqCst);
        async move {
            if hangs {
                pending().await
            } else {
                TcpStream::connect(address).await
            }
        }
    };
    let client = ProbeAsyncClientProxy::connect_with(connector)
        .await
        .unwrap();
    hang.store(true, Ordering::SeqCst);
    server.kill().await;
    // The first call may meet the connection before the client knows that it is dead.
    let _ = within(LIMIT, client.echo(Payload::default()).timeout(SHORT)).await;

    let expected = Expected {
        code: Code::DeadlineExceeded,
        address: Some("the given connector"),
        method: Some("probe.Probe/Echo"),
        says: &["the deadline passed while connecting"],
        ..NO_CONNECTION
    };
    expected.check_err(within(LIMIT, client.echo(Payload::default()).timeout(SHORT)).await);
}

/// A listener that takes no connection any more, and those that it took: the system lets others
/// wait, as a host does that cannot be reached.
#[cfg(target_os = "linux")]
async fn full() -> (TcpListener, Vec<TcpStream>) {
    /// Linux takes one more than the backlog.
    const BACKLOG: u32 = 1;
    let socket = tokio::net::TcpSocket::new_v4().expect("there are sockets");
    socket
        .bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .expect("there is a free port");
    let listener = socket.listen(BACKLOG).expect("it is bound");
    let address = listener.local_addr().expect("it is bound");
    let mut taken = Vec::new();
    for _ in 0..=BACKLOG {
        taken.push(
            within(LIMIT, TcpStream::connect(address))
                .await
                .expect("there is room"),
        );
    }
    (listener, taken)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_host_that_cannot_be_reached_is_given_up_after_the_connect_timeout() {
    let (listener, _taken) = full().await;
    let address = listener.local_addr().unwrap().to_string();
    let expected = Expected {
        address: Some(&address),
        says: &[
            "no connection after 100ms (connect_timeout)",
            "is the host reachable?",
        ],
        ..NO_CONNECTION
    };
    let builder = || Channel::builder(&address).connect_timeout(SHORT);
    expected.check_err(within(LIMIT, builder().connect()).await);

    let lazy = ProbeAsyncClientProxy::with(builder().connect_lazy().unwrap());
    let called = Expected {
        method: Some("probe.Probe/Echo"),
        ..expected
    };
    called.check_err(within(LIMIT, lazy.echo(Payload::default())).await);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_after_the_connect_timeout() {
    // Whoever is in the backlog is connected; nobody will ever answer.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let connecting = Channel::builder(&address).connect_timeout(SHORT).connect();
    let expected = Expected {
        address: Some(&address),
        says: &[
            "no answer after 100ms (connect_timeout)",
            "is it an rpc server?",
        ],
        ..NO_CONNECTION
    };
    expected.check_err(within(LIMIT, connecting).await);
}

#[tokio::test]
async fn a_call_to_a_server_that_says_nothing_ends_with_its_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let client = ProbeAsyncClientProxy::connect_lazy(&address).unwrap();
    // Long enough to connect: it must be the answer that is missing.
    let expected = Expected {
        code: Code::DeadlineExceeded,
        stage: Some(Stage::Wait),
        may_have_run: true,
        address: Some(&address),
        method: Some("probe.Probe/Echo"),
        says: &["no answer before the deadline"],
    };
    expected.check_err(within(LIMIT, client.echo(Payload::default()).timeout(10 * SHORT)).await);
}

/// A server that answers the first bytes of every connection with `answer` and closes.
async fn stranger(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there is a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        loop {
            let mut peer = RawPeer::accept(&listener).await;
            peer.next_frame().await;
            peer.send(answer).await;
        }
    });
    address
}

#[tokio::test]
async fn a_server_of_another_protocol_is_recognised_by_its_first_bytes() {
    for (answer, says) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            "are those of HTTP;",
        ),
        (
            b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80",
            "are those of HTTP/2 or gRPC;",
        ),
        (b"\x15\x03\x01\0\x02\x02\x46", "are those of TLS;"),
        (b"220 mail.example ESMTP\r\n", "its first bytes, \"220 \""),
    ] {
        let address = stranger(answer).await.to_string();
        let says = &[
            "does not speak this protocol",
            says,
            "check address, port and scheme",
        ];
        let expected = Expected {
            address: Some(&address),
            says,
            ..NO_CONNECTION
        };
        expected.check_err(within(LIMIT, ProbeAsyncClientProxy::connect(&address)).await);

        let lazy = ProbeAsyncClientProxy::connect_lazy(&address).unwrap();
        let called = Expected {
            // The request was behind the first bytes, and nobody knows what became of it.
            stage: Some(Stage::Wait),
            may_have_run: true,
            method: Some("probe.Probe/Echo"),
            ..expected
        };
        called.check_err(within(LIMIT, lazy.echo(Payload::default())).await);
    }
}

#[tokio::test]
async fn a_server_that_closes_without_a_word_is_no_server() {
    let address = stranger(b"").await.to_string();
    let says = &["the server closed the connection"];
    let expected = Expected {
        address: Some(&address),
        says,
        ..NO_CONNECTION
    };
    expected.check_err(within(LIMIT, ProbeAsyncClientProxy::connect(&address)).await);
}

#[tokio::test]
async fn a_server_of_a_later_version_is_told_apart() {
    // A header of version 3.
    let address = stranger(b"\x12\x34\x03\x01\0\0\0\0\0\0\0\0\0\0\0\0")
        .await
        .to_string();
    let says = &[
        "the peer speaks version 3 of the protocol, this side version 2",
        "update",
    ];
    let expected = Expected {
        address: Some(&address),
        says,
        ..NO_CONNECTION
    };
    expected.check_err(within(LIMIT, ProbeAsyncClientProxy::connect(&address)).await);
}

#[tokio::test]
async fn a_server_that_does_not_speak_the_clients_version_is_heard() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move {
        let mut server = RawPeer::accept(&listener).await;
        server.expect(FrameType::Settings).await;
        let goaway = GoAway {
            last_stream_id: 0,
            code: GoAwayCode::UnsupportedVersion,
            message: "this server speaks version 3".to_owned(),
            versions: vec![3],
        };
        server.send_goaway(&goaway).await;
        server.rest().await
    });
    let says = &[
        "the server closed the connection",
        "UnsupportedVersion",
        "speaks version 3",
    ];
    let expected = Expected {
        address: Some(&address),
        says,
        ..NO_CONNECTION
    };
    expected.check_err(within(LIMIT, ProbeAsyncClientProxy::connect(&address)).await);
    within(LIMIT, server).await.unwrap();
}
