//! Which gateway a connection goes to, and what one that fails does to others.

use std::error::Error;
use std::time::Duration;

use rpc_runtime::gateway::{Connection, Gateway, Prefix};
use rpc_runtime::{Channel, Server};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, TestServer, within};
use tokio::io::AsyncWriteExt;

use crate::harness::{Lines, LinesPeer, PANIC};

/// Says its name to whoever it recognises, and closes.
struct Named {
    name: &'static str,
    probe: fn(&[u8]) -> Prefix,
}

impl Gateway for Named {
    fn name(&self) -> &'static str {
        self.name
    }

    fn probe(&self, first: &[u8]) -> Prefix {
        (self.probe)(first)
    }

    async fn serve(&self, mut connection: Connection) -> Result<(), Box<dyn Error + Send + Sync>> {
        connection.write_all(self.name.as_bytes()).await?;
        Ok(())
    }
}

fn payload(data: &'static str) -> Payload {
    Payload { data: data.into() }
}

/// What a client gets that sends these pieces one after the other, and then listens.
async fn sent(server: &TestServer, pieces: &[&[u8]]) -> String {
    let mut peer = LinesPeer::connect(server.socket_addr()).await;
    for piece in pieces {
        peer.send(piece).await;
        // The server has read it by then.
        server.settle().await;
    }
    peer.rest().await
}

/// The same of a native client.
async fn assert_answers_natively(server: &TestServer) {
    // A connection of its own.
    let channel = Channel::builder(server.address()).max_connections(1);
    let probe = ProbeAsyncClientProxy::with(channel.connect().await.unwrap());
    let echo = probe.echo(payload("native")).await.unwrap();
    assert_eq!(echo.data, "native");
}

#[tokio::test]
async fn a_protocol_is_answered_beside_all_others_however_its_first_bytes_are_split() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.gateway(Lines)).await;
        let mut peer = LinesPeer::connect(server.socket_addr()).await;
        for piece in "call probe.Probe/Echo 0a0178\n".as_bytes().chunks(1) {
            peer.send(piece).await;
            server.settle().await;
        }
        assert_eq!(peer.answer::<Payload>().await.unwrap(), [payload("x")]);
        assert_answers_natively(&server).await;
        let http = b"GET /nothing HTTP/1.1\r\nconnection: close\r\n\r\n";
        assert!(sent(&server, &[http]).await.starts_with("HTTP/1.1 404"));
        let json_rpc = format!("jsonrpc://{}", server.socket_addr());
        let probe = ProbeAsyncClientProxy::connect(json_rpc).await.unwrap();
        assert_eq!(probe.echo(payload("y")).await.unwrap(), payload("y"));
    })
    .await;
}

#[tokio::test]
async fn of_several_gateways_that_match_the_first_that_was_added_has_the_connection() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| {
            server
                .gateway(Named {
                    name: "three",
                    probe: |first| Prefix::compare(first, b"abc"),
                })
                .gateway(Named {
                    name: "two",
                    probe: |first| Prefix::compare(first, b"ab"),
                })
        })
        .await;
        assert_eq!(sent(&server, &[b"abc"]).await, "three");
        assert_eq!(sent(&server, &[b"ab", b"c"]).await, "three");
        assert_eq!(sent(&server, &[b"a", b"bd"]).await, "two");
    })
    .await;
}

#[tokio::test]
async fn a_gateway_that_claims_every_connection_takes_none_of_the_librarys_protocols() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| {
            server.gateway(Named {
                name: "greedy",
                probe: |_| Prefix::Match,
            })
        })
        .await;
        assert_answers_natively(&server).await;
        let http: [&[u8]; 2] = [b"G", b"ET /nothing HTTP/1.1\r\nconnection: close\r\n\r\n"];
        assert!(sent(&server, &http).await.starts_with("HTTP/1.1 404"));
        assert_eq!(sent(&server, &[b"G", b"o"]).await, "greedy");
    })
    .await;
}

#[tokio::test]
async fn a_gateway_that_is_never_sure_holds_up_its_own_clients_until_handshake_timeout() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| {
            server
                .handshake_timeout(Duration::from_millis(50))
                .gateway(Named {
                    name: "unsure",
                    probe: |_| Prefix::NeedMore,
                })
        })
        .await;
        assert_answers_natively(&server).await;
        assert!(!sent(&server, &[b"anything"]).await.contains("unsure"));
    })
    .await;
}

#[tokio::test]
async fn a_gateway_that_is_unsure_after_1_kib_is_not_asked_any_more() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| {
            server
                .handshake_timeout(Duration::MAX)
                .gateway(Named {
                    name: "unsure",
                    probe: |first| match first.len() > 1024 {
                        true => Prefix::Match,
                        false => Prefix::NeedMore,
                    },
                })
                .gateway(Named {
                    name: "last",
                    probe: |_| Prefix::Match,
                })
        })
        .await;
        // It is shown no more either, so it does not matter how the bytes were split.
        for length in [1024, 1025] {
            assert_eq!(sent(&server, &[&vec![b'a'; length]]).await, "last");
        }
    })
    .await;
}

#[tokio::test]
async fn a_gateway_that_panics_loses_that_connection_only() {
    within(LIMIT, async {
        let configure = |server: Server| {
            server
                .gateway(Lines)
                .gateway(Named {
                    name: "panics",
                    probe: |_| panic!("in probe"),
                })
                .gateway(Named {
                    name: "next",
                    probe: |first| Prefix::compare(first, b"next"),
                })
        };
        let server = TestServer::start_with(configure).await;
        let mut other = LinesPeer::connect(server.socket_addr()).await;
        other.begin("probe.Probe/Hold", &payload("x")).await;
        server.probe.until_running(1).await;
        let panic = format!("call probe.Probe/Echo 0a0178\n{PANIC}\n");
        assert_eq!(
            sent(&server, &[panic.as_bytes()]).await,
            "from lines\nreply 0a0178\nok\n"
        );
        assert_eq!(sent(&server, &[b"next"]).await, "next");
        server.probe.release_all();
        assert_eq!(other.answer::<Payload>().await.unwrap(), [payload("x")]);
        assert_answers_natively(&server).await;
    })
    .await;
}
