//! A connection that breaks with requests of which the server has seen something, and nothing.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rpc_wire::session::{Encoded, Keepalive, Outcome, OutgoingRequest};
use rpc_wire::{Metadata, MethodKind, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::{GrpcConfig, Origin, connect};
use crate::connection::client::Started;
use crate::connection::client_driver::DriverConfig;
use crate::connection::foreign::{ForeignConnection, ForeignDriver};
use crate::connection::keeper::Keeper;
use crate::connection::observer::{Observed, Observer};

/// What a pipe to the server holds.
const PIPE: usize = 4096;

struct Nobody;

impl Keeper for Nobody {
    fn freed(&self) {}
    fn leaving(&self) {}
    fn closed(&self, _: &Status, _: bool) {}
}

fn config() -> GrpcConfig {
    GrpcConfig {
        origin: Origin {
            authority: "localhost:1".to_owned(),
            by_tls: false,
        },
        compression: None,
        accepted: Vec::new(),
        max_message_size: 1024,
        max_metadata_size: 1024,
        max_ratio: 1,
        keepalive: Keepalive {
            interval: Duration::from_secs(60),
            timeout: Duration::from_secs(60),
        },
    }
}

fn start(connection: &ForeignConnection, length: usize) -> u32 {
    let body = Encoded::from(bytes::Bytes::from(vec![b'x'; length]));
    let request = OutgoingRequest {
        method_number: None,
        path: "a.A/B",
        deadline: None,
        metadata: &Metadata::new(),
        attempt: 0,
        kind: MethodKind::Unary,
        body: &body,
        may_compress: false,
        descriptor: None,
    };
    let cx = Context::from_waker(Waker::noop());
    match connection.start(Instant::now(), &request, false, &cx) {
        Started::Open(id) => id,
        other => panic!("{other:?}"),
    }
}

/// Lets a task do what there is to do.
async fn turn(task: &mut Pin<Box<impl Future<Output = ()>>>) {
    let polled = poll_fn(|cx| Poll::Ready(task.as_mut().poll(cx))).await;
    assert!(polled.is_pending());
}

#[tokio::test]
async fn a_request_of_which_nothing_was_written_has_not_run_when_the_connection_breaks() {
    let (client, mut server) = duplex(PIPE);
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    server.write_all(&settings).await.unwrap();
    let connected = connect(
        Box::new(client),
        config(),
        "here".into(),
        9,
        Arc::new(Nobody),
    );
    let (connection, moving) = connected.await.unwrap();
    let driver = DriverConfig {
        handshake_timeout: Duration::MAX,
        idle_timeout: Duration::MAX,
        max_age: None,
    };
    let observed = Observed::open("here".into(), Observer::default());
    let driver = ForeignDriver::new(Arc::clone(&connection), moving, driver, observed);
    let mut driver = Box::pin(driver.run());
    turn(&mut driver).await;
    // What comes first fills the pipe.
    let written = start(&connection, 10 * PIPE);
    turn(&mut driver).await;
    let unwritten = start(&connection, 1);
    turn(&mut driver).await;
    // The server goes without having read all of the first.
    server.read_exact(&mut [0; 100]).await.unwrap();
    drop(server);
    driver.await;
    for (id, may_have_run) in [(written, true), (unwritten, false)] {
        let outcome = poll_fn(|cx| connection.poll_reply(id, cx)).await;
        let Outcome::Failed(status) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(status.may_have_run(), may_have_run, "{status}");
    }
}
