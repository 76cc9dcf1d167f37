//! Models of what callers and a connection's task hand each other, in every order that is possible. A
//! wake-up that is lost shows as a deadlock.
//!
//! ```sh
//! RUSTFLAGS="--cfg rpc_loom" cargo test -p rpc-runtime --lib models --release
//! ```

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use loom::future::block_on;
use loom::thread;
use rpc_wire::frame::Settings;
use rpc_wire::session::{ClientConfig, Encoded, Outcome, OutgoingRequest, Output};
use rpc_wire::{Metadata, MethodKind, Status};

use super::client::{ClientConnection, EndedCalls, Started, wake_all};
use super::client_driver::{Event, poll_callers};
use super::completions::{Completion, Completions};
use super::packing::Packing;
use super::server_streams::ServerStream;

/// Threads lose their turn to others this often: all known mistakes of this kind need fewer, and with
/// any number the models take minutes.
const PREEMPTIONS: usize = 3;

fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(PREEMPTIONS);
    model.check(run);
}

fn connection() -> Arc<ClientConnection> {
    ClientConnection::new("model".into(), ClientConfig::default(), 1)
}

/// A connection whose server allows so many streams.
fn connection_with_streams(max_concurrent_streams: u32) -> Arc<ClientConnection> {
    let connection = connection();
    let settings = Settings {
        max_concurrent_streams,
        ..Settings::default()
    };
    let mut input = BytesMut::new();
    settings.encode(&mut input);
    let mut shared = connection.lock();
    let received = shared
        .session
        .receive(Instant::now(), &mut input, &mut EndedCalls::default());
    received.expect("SETTINGS come first");
    drop(shared);
    connection
}

/// A call from its start; gives its stream, or nothing if the connection takes none.
fn start(connection: &ClientConnection) -> impl Future<Output = Option<u32>> {
    let mut ticket = None;
    poll_fn(move |cx| {
        let request = OutgoingRequest {
            method_number: None,
            path: "model.Model/Call",
            deadline: None,
            metadata: &Metadata::new(),
            attempt: 0,
            kind: MethodKind::Unary,
            body: &Encoded::default(),
        };
        match connection.start(Instant::now(), &request, ticket, cx) {
            Started::Open(id) => Poll::Ready(Some(id)),
            Started::Queued(place) => {
                ticket = Some(place);
                Poll::Pending
            }
            Started::Elsewhere => Poll::Ready(None),
            Started::Failed(status) => panic!("{status}"),
        }
    })
}

/// What a driver does with its callers' output; gives the number of bytes it took.
fn poll_output(connection: &ClientConnection, cx: &Context<'_>) -> Poll<usize> {
    let mut shared = connection.lock();
    let event = match poll_callers(&mut shared, true, cx) {
        Poll::Ready(event) => event,
        Poll::Pending => return Poll::Pending,
    };
    assert!(matches!(event, Event::Output), "{event:?}");
    let mut output = Output::default();
    shared.session.take_output(&mut output);
    let mut admitted = Vec::new();
    shared.admit(&mut admitted);
    drop(shared);
    wake_all(admitted);
    Poll::Ready(output.remaining())
}

/// Takes output until it is `bytes` in all.
fn take_output(connection: &ClientConnection, bytes: usize) {
    let mut taken = 0;
    while taken < bytes {
        taken += block_on(poll_fn(|cx| poll_output(connection, cx)));
    }
}

/// Bytes that a new connection and so many calls write.
fn bytes_of(calls: usize) -> usize {
    let connection = connection();
    for _ in 0..calls {
        block_on(start(&connection));
    }
    let mut output = Output::default();
    connection.lock().session.take_output(&mut output);
    output.remaining()
}

#[test]
fn a_driver_that_falls_asleep_misses_no_caller() {
    model(|| {
        let (connection, bytes) = (connection(), bytes_of(2));
        let callers = [(); 2].map(|()| {
            let connection = Arc::clone(&connection);
            thread::spawn(move || {
                block_on(start(&connection));
            })
        });
        take_output(&connection, bytes);
        for caller in callers {
            caller.join().expect("callers do not panic");
        }
    });
}

#[test]
fn a_caller_in_the_queue_gets_the_stream_of_one_that_gives_up() {
    model(|| {
        let connection = connection_with_streams(1);
        let first = block_on(start(&connection)).expect("it is the first");
        let queued = Arc::clone(&connection);
        let queued = thread::spawn(move || block_on(start(&queued)));
        connection.cancel(first);
        let second = queued.join().expect("callers do not panic");
        assert_eq!(second, Some(first + 1));
    });
}

#[test]
fn every_call_ends_with_its_connection_however_far_it_is() {
    model(|| {
        let connection = connection_with_streams(1);
        let callers = [(); 2].map(|()| {
            let connection = Arc::clone(&connection);
            thread::spawn(move || {
                let Some(id) = block_on(start(&connection)) else {
                    return;
                };
                let outcome = block_on(poll_fn(|cx| connection.poll_reply(id, cx)));
                assert!(matches!(outcome, Outcome::Failed(_)));
            })
        });
        connection.lost(0, Status::unavailable("the end"));
        for caller in callers {
            caller.join().expect("callers do not panic");
        }
    });
}

#[test]
fn a_server_that_falls_asleep_misses_no_reply_and_no_stream() {
    model(|| {
        let completions = Arc::new(Completions::default());
        let replying = Arc::clone(&completions);
        let reply = thread::spawn(move || {
            replying.push(Completion {
                id: 1,
                result: Ok(BytesMut::new()),
                metadata: Metadata::new(),
                compressed: false,
                executed: true,
            });
        });
        let stream = ServerStream::new(2, Arc::clone(&completions), Packing::default());
        let stream = thread::spawn(move || stream.send(Bytes::new().into()));
        let (mut done, mut streams) = (Vec::new(), Vec::new());
        while done.is_empty() || streams.is_empty() {
            block_on(poll_fn(|cx| match completions.poll_ready(cx.waker()) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }));
            let (mut replies, mut announced) = (Vec::new(), Vec::new());
            completions.take(&mut replies);
            completions.take_streams(&mut announced);
            done.append(&mut replies);
            streams.append(&mut announced);
        }
        reply.join().expect("handlers do not panic");
        stream.join().expect("handlers do not panic");
    });
}

#[test]
fn a_stream_and_its_connection_miss_nothing_of_each_other() {
    model(|| {
        let completions = Arc::new(Completions::default());
        let stream = ServerStream::new(1, Arc::clone(&completions), Packing::default());
        let handler = Arc::clone(&stream);
        let handler = thread::spawn(move || {
            let request = block_on(poll_fn(|cx| handler.poll_request(cx)));
            assert_eq!(
                request.expect("it has not ended"),
                Some(Bytes::new().into())
            );
            let request = block_on(poll_fn(|cx| handler.poll_request(cx)));
            assert_eq!(request.expect("it has not ended"), None);
        });
        stream.push_request(Bytes::new().into());
        stream.half_close();
        handler.join().expect("handlers do not panic");
    });
}
