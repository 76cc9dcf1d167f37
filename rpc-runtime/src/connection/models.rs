//! Models of what callers and a connection's task hand each other, in every order that is possible. A
//! wake-up that is lost shows as a deadlock.
//!
//! ```sh
//! RUSTFLAGS="--cfg rpc_loom" cargo test -p rpc-runtime --lib models --release
//! ```

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use loom::future::block_on;
use loom::thread;
use rpc_wire::frame::{Flags, FrameHeader, FrameType, Settings};
use rpc_wire::session::{ClientConfig, Encoded, Outcome, OutgoingRequest, Output};
use rpc_wire::{Metadata, MethodKind, Status};

use super::client::{ClientConnection, EndedCalls, Started, wake_all};
use super::client_driver::{Event, poll_callers};
use super::completions::{Completion, Completions};
use super::keeper::{Keeper, Reserved};
use super::messages::Messages;
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

/// A keeper that wakes who waits for room.
#[derive(Default)]
struct Waiting(loom::sync::Mutex<Option<Waker>>);

impl Keeper for Waiting {
    fn freed(&self) {
        let waker = self.0.lock().expect("nobody panics").take();
        wake_all(waker);
    }
}

fn connection() -> Arc<ClientConnection> {
    connection_of(Arc::new(Waiting::default()))
}

fn connection_of(keeper: Arc<Waiting>) -> Arc<ClientConnection> {
    ClientConnection::new("model".into(), ClientConfig::default(), 1, keeper)
}

/// A connection whose server allows so many streams.
fn connection_with_streams(max_concurrent_streams: u32) -> Arc<ClientConnection> {
    keeper_with_streams(max_concurrent_streams).1
}

/// As [`connection_with_streams`], with its keeper.
fn keeper_with_streams(max_concurrent_streams: u32) -> (Arc<Waiting>, Arc<ClientConnection>) {
    let keeper = Arc::new(Waiting::default());
    let connection = connection_of(Arc::clone(&keeper));
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
    (keeper, connection)
}

/// A call from its start; gives its stream, or nothing if the connection takes none.
fn start(connection: &ClientConnection) -> impl Future<Output = Option<u32>> {
    start_in(connection, false)
}

/// As [`start`], in a place that is kept if `kept`.
fn start_in(connection: &ClientConnection, kept: bool) -> impl Future<Output = Option<u32>> {
    poll_fn(move |cx| {
        let request = OutgoingRequest {
            method_number: None,
            path: "model.Model/Call",
            deadline: None,
            metadata: &Metadata::new(),
            attempt: 0,
            kind: MethodKind::Unary,
            body: &Encoded::default(),
            may_compress: false,
            descriptor: None,
        };
        match connection.start(Instant::now(), &request, kept, cx) {
            Started::Open(id) => Poll::Ready(Some(id)),
            Started::Full | Started::Elsewhere => Poll::Ready(None),
            Started::Failed(status) => panic!("{status}"),
        }
    })
}

/// A call that waits for a place first; gives its stream.
fn start_when_free(keeper: &Waiting, connection: &ClientConnection) -> u32 {
    block_on(poll_fn(|cx| {
        let waker = cx.waker().clone();
        *keeper.0.lock().expect("nobody panics") = Some(waker);
        match connection.reserve() {
            Reserved::Kept => Poll::Ready(()),
            Reserved::Full | Reserved::Later => Poll::Pending,
            Reserved::Gone => panic!("the connection is there"),
        }
    }));
    block_on(start_in(connection, true)).expect("the place is kept")
}

/// What a driver does with its callers' output; gives what it took.
fn poll_output(connection: &ClientConnection, cx: &Context<'_>) -> Poll<BytesMut> {
    let mut shared = connection.lock();
    let event = match poll_callers(&mut shared, true, cx) {
        Poll::Ready(event) => event,
        Poll::Pending => return Poll::Pending,
    };
    assert!(matches!(event, Event::Output), "{event:?}");
    let mut output = Output::default();
    shared.session.take_output(&mut output);
    drop(shared);
    let mut taken = BytesMut::new();
    taken.put(output);
    Poll::Ready(taken)
}

/// Takes output until it is `bytes` in all.
fn take_output(connection: &ClientConnection, bytes: usize) {
    let mut taken = 0;
    while taken < bytes {
        taken += block_on(poll_fn(|cx| poll_output(connection, cx))).len();
    }
}

/// The streams that the frames in `output` open, and nothing else that they say.
fn opened(output: &mut BytesMut) -> Vec<u32> {
    let mut opened = Vec::new();
    while let Some(head) = output.first_chunk() {
        let header = FrameHeader::parse(head).expect("a session sends frames");
        output.advance(header.frame_len());
        if header.frame_type == FrameType::Request {
            opened.push(header.stream_id);
        }
    }
    opened
}

/// An answer to a call, with its stream for a body.
fn answer(id: u32) -> BytesMut {
    let body = id.to_be_bytes();
    let header = FrameHeader {
        frame_type: FrameType::Response,
        flags: Flags::END_MESSAGE | Flags::END_STREAM,
        stream_id: id,
        metadata_len: 0,
        body_len: body.len() as u32,
    };
    let mut frame = BytesMut::new();
    header.encode(&mut frame);
    frame.extend_from_slice(&body);
    frame
}

/// What a driver does with bytes that arrive.
fn receive(connection: &ClientConnection, mut input: BytesMut) {
    let mut ended = EndedCalls::default();
    let mut shared = connection.lock();
    let received = shared
        .session
        .receive(Instant::now(), &mut input, &mut ended);
    let freed = shared.take_wanted();
    drop(shared);
    received.expect("the server keeps to the protocol");
    ended.wake();
    connection.tell_freed(freed);
}

/// Answers so many calls, each as soon as it is seen.
fn answer_calls(connection: &ClientConnection, calls: usize) {
    let mut answered = 0;
    while answered < calls {
        let mut output = block_on(poll_fn(|cx| poll_output(connection, cx)));
        for id in opened(&mut output) {
            receive(connection, answer(id));
            answered += 1;
        }
    }
}

/// Waits for the answer to a call, which must be its own.
fn expect_answer(connection: &ClientConnection, id: u32) {
    match block_on(poll_fn(|cx| connection.poll_reply(id, cx))) {
        Outcome::Reply { body, .. } => assert_eq!(body.bytes, id.to_be_bytes()[..]),
        Outcome::Failed(status) => panic!("{status}"),
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
fn who_finds_no_place_is_told_of_the_one_that_another_gives_up() {
    model(|| {
        let (keeper, connection) = keeper_with_streams(1);
        let first = block_on(start(&connection)).expect("it is the first");
        let waiting = Arc::clone(&connection);
        let waiting = thread::spawn(move || start_when_free(&keeper, &waiting));
        connection.cancel(first);
        let second = waiting.join().expect("callers do not panic");
        assert_eq!(second, first + 1);
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
fn callers_get_their_own_answers_while_others_start_and_cancel() {
    model(|| {
        let connection = connection_with_streams(2);
        let cancelled = block_on(start(&connection)).expect("it is the first");
        let calling = Arc::clone(&connection);
        let caller = thread::spawn(move || {
            let id = block_on(start(&calling)).expect("there is room");
            expect_answer(&calling, id);
        });
        let cancelling = Arc::clone(&connection);
        let canceller = thread::spawn(move || cancelling.cancel(cancelled));
        answer_calls(&connection, 2);
        caller.join().expect("callers do not panic");
        canceller.join().expect("callers do not panic");
        let mut shared = connection.lock();
        assert_eq!(shared.session.open_streams(), 0);
        assert!((1..=2).all(|id| shared.session.slot_mut(id).is_none()));
    });
}

/// Streams whose ids differ by this have one place in a new table.
const TABLE: u32 = 16;

#[test]
fn two_calls_whose_streams_have_one_place_in_the_table_are_not_confused() {
    model(|| {
        let connection = connection_with_streams(2);
        let first = block_on(start(&connection)).expect("there is room");
        for _ in 1..TABLE {
            let id = block_on(start(&connection)).expect("there is room");
            connection.cancel(id);
        }
        let starting = Arc::clone(&connection);
        let starter = thread::spawn(move || {
            let id = block_on(start(&starting)).expect("there is room");
            assert_eq!(id, first + TABLE);
            expect_answer(&starting, id);
        });
        answer_calls(&connection, 1 + TABLE as usize);
        expect_answer(&connection, first);
        starter.join().expect("callers do not panic");
    });
}

#[test]
fn who_gets_the_place_of_a_call_that_was_answered_gets_its_own_answer() {
    model(|| {
        let (keeper, connection) = keeper_with_streams(1);
        let first = block_on(start(&connection)).expect("it is the first");
        let waiting = Arc::clone(&connection);
        let waiting = thread::spawn(move || {
            let id = start_when_free(&keeper, &waiting);
            expect_answer(&waiting, id);
        });
        answer_calls(&connection, 2);
        expect_answer(&connection, first);
        waiting.join().expect("callers do not panic");
    });
}

#[test]
fn a_server_that_falls_asleep_misses_no_reply_and_no_stream() {
    model(|| {
        let completions = Arc::new(Completions::new(usize::MAX));
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
        let stream = thread::spawn(move || {
            let mut reply = Messages::default();
            reply.push(Bytes::new().into());
            stream.send(&mut reply);
        });
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
        let completions = Arc::new(Completions::new(usize::MAX));
        let stream = ServerStream::new(1, Arc::clone(&completions), Packing::default());
        let handler = Arc::clone(&stream);
        let handler = thread::spawn(move || {
            let (mut read, mut taken) = (0, Messages::default());
            let more = block_on(poll_fn(|cx| {
                handler.poll_requests(&mut read, &mut taken, cx)
            }));
            assert!(more.expect("it has not ended"));
            assert_eq!(taken.pop().map(|request| request.body.len()), Some(0));
            let more = block_on(poll_fn(|cx| {
                handler.poll_requests(&mut read, &mut taken, cx)
            }));
            assert!(!more.expect("it has not ended"));
        });
        stream.push_request(Bytes::new().into());
        stream.half_close();
        handler.join().expect("handlers do not panic");
    });
}
