//! A caller that waits alone, call after call, moves its bytes itself; nobody else is the worse for it.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll};
use std::thread::{self, ThreadId};
use std::time::Duration;

use rpc_runtime::{Channel, Code, blocking};
use rpc_tests::probe::{Payload, ProbeClientProxy, Size};
use rpc_tests::{LIMIT, TestServer, within_blocking};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// More calls than it takes until their callers move the bytes.
const CALLS: usize = 100;

/// All sync callers of a process have one runtime, and only one of them can be alone.
static ALONE: Mutex<()> = Mutex::new(());

/// A server on threads of its own, whose clients are the only ones.
fn start() -> (MutexGuard<'static, ()>, Runtime, TestServer) {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let server = runtime.block_on(TestServer::start());
    (alone, runtime, server)
}

fn payload() -> Payload {
    Payload {
        data: "alone".into(),
    }
}

fn call_often(client: &ProbeClientProxy) {
    for _ in 0..CALLS {
        assert_eq!(client.echo(payload()).unwrap(), payload());
    }
}

/// Runs a test with a client that has made calls alone.
fn alone(test: impl FnOnce(&Runtime, TestServer, ProbeClientProxy) + Send + 'static) {
    within_blocking(LIMIT, || {
        let (_alone, runtime, server) = start();
        let client = ProbeClientProxy::connect(server.address()).unwrap();
        call_often(&client);
        test(&runtime, server, client);
    });
}

/// A stream that notes which thread wrote to it.
struct Noted {
    stream: TcpStream,
    writer: Arc<Mutex<Option<ThreadId>>>,
}

impl Noted {
    async fn connect(
        server: SocketAddr,
        writer: Arc<Mutex<Option<ThreadId>>>,
    ) -> io::Result<Noted> {
        let stream = TcpStream::connect(server).await?;
        Ok(Noted { stream, writer })
    }
}

impl AsyncRead for Noted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Noted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        *self.writer.lock().unwrap() = Some(thread::current().id());
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[test]
fn the_thread_of_a_caller_that_waits_alone_writes_its_requests() {
    within_blocking(LIMIT, || {
        let (_alone, _runtime, server) = start();
        let (writer, address) = (Arc::default(), server.socket_addr());
        let noted = Arc::clone(&writer);
        let connector = move || Noted::connect(address, Arc::clone(&noted));
        let client = ProbeClientProxy::with(blocking::connect_with(connector).unwrap());
        client.echo(payload()).unwrap();
        let first = *writer.lock().unwrap();
        assert_ne!(first, Some(thread::current().id()), "it may have company");
        // A thread that is kept off the processor for long is replaced.
        while *writer.lock().unwrap() != Some(thread::current().id()) {
            call_often(&client);
        }
    });
}

#[test]
fn callers_that_come_while_another_drives_are_served() {
    alone(|runtime, server, client| {
        thread::scope(|scope| {
            let held = scope.spawn(|| client.hold(payload()));
            runtime.block_on(server.probe.until_running(1));
            let others: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| call_often(&client)))
                .collect();
            for other in others {
                other.join().unwrap();
            }
            server.probe.release_all();
            assert_eq!(held.join().unwrap().unwrap(), payload());
        });
        call_often(&client);
    });
}

#[test]
fn what_nobody_waits_for_goes_on_when_a_caller_has_stopped_driving() {
    alone(|_runtime, _server, client| {
        for _ in 0..10 {
            call_often(&client);
            let (ended, end) = mpsc::channel();
            let call = client.calls().echo(payload()).start();
            call.on_complete(move |outcome| ended.send(outcome.clone()).unwrap());
            assert_eq!(end.recv().unwrap().unwrap(), payload());
        }
    });
}

#[test]
fn every_other_way_to_wait_works_after_calls_alone() {
    alone(|_runtime, server, client| {
        let started = client.calls().echo(payload()).start();
        assert_eq!(started.wait().unwrap(), payload());
        call_often(&client);
        let replies = client.subscribe(Size { bytes: 3 }).unwrap();
        assert_eq!(replies.map(Result::unwrap).count(), 3);
        call_often(&client);
        let other = Channel::builder(server.address()).idle_timeout(LIMIT);
        let other = ProbeClientProxy::with(other.connect_blocking().unwrap());
        assert_eq!(other.echo(payload()).unwrap(), payload());
    });
}

#[test]
fn a_deadline_ends_the_call_of_a_caller_that_drives() {
    alone(|_runtime, _server, client| {
        let call = client.calls().hold(payload());
        let status = call.timeout(Duration::from_millis(50)).wait();
        assert_eq!(status.unwrap_err().code(), Code::DeadlineExceeded);
        call_often(&client);
    });
}

#[test]
fn a_caller_that_drives_learns_that_its_server_is_gone() {
    alone(|runtime, server, client| {
        thread::scope(|scope| {
            let held = scope.spawn(|| client.hold(payload()));
            runtime.block_on(server.probe.until_running(1));
            runtime.block_on(server.kill());
            let status = held.join().unwrap().unwrap_err();
            assert_eq!(status.code(), Code::Unavailable, "{status}");
            assert!(status.may_have_run(), "{status}");
        });
    });
}

#[test]
fn a_callback_waits_for_a_call_of_its_own() {
    alone(|_runtime, _server, client| {
        let (ended, end) = mpsc::channel();
        let again = client.clone();
        let call = client.calls().echo(payload()).start();
        call.on_complete(move |_| {
            call_often(&again);
            ended.send(()).unwrap();
        });
        end.recv().unwrap();
    });
}
