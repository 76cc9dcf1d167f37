//! gRPC as one connection speaks it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::Instant;

use h2::client::SendRequest;
use rpc_wire::session::OutgoingRequest;
use rpc_wire::{Stage, Status};
use tokio::sync::oneshot;

use super::GrpcConfig;
use super::call::GrpcCall;
use super::heard::Hearing;
use super::request::Head;
use crate::compression::Compression;
use crate::connection::foreign::{ForeignCall, NotBegun, Protocol};
use crate::grpc::frame::Framed;

/// Begins calls.
pub(super) struct Grpc {
    shared: Arc<Shared>,
    head: Head,
}

/// What calls and the future that moves the bytes share.
pub(super) struct Shared {
    pub(super) config: GrpcConfig,
    /// `None` once no more calls come, so that h2 takes leave of the server.
    send: Mutex<Option<SendRequest<Framed>>>,
    /// Who waits for the answer to a PING that was not sent yet.
    checks: Mutex<Vec<oneshot::Sender<()>>>,
    pub(super) hearing: Arc<Hearing>,
    /// The server does not know the algorithm for requests: from now on they are sent as they are.
    refuses_compression: AtomicBool,
}

impl Shared {
    pub(super) fn new(
        send: SendRequest<Framed>,
        config: GrpcConfig,
        hearing: Arc<Hearing>,
    ) -> Self {
        Shared {
            config,
            hearing,
            send: Mutex::new(Some(send)),
            refuses_compression: AtomicBool::new(false),
            checks: Mutex::default(),
        }
    }

    /// Whether the server takes no more calls on this connection, which is said to nobody twice.
    pub(super) fn is_leaving(&self, cx: &mut Context<'_>) -> bool {
        let mut send = lock(&self.send);
        let ready = send.as_mut().map(|send| send.poll_ready(cx));
        ready.is_some_and(|ready| matches!(ready, std::task::Poll::Ready(Err(_))))
    }

    /// What requests are compressed with, unless the server has refused it.
    pub(super) fn compression(&self) -> Option<Compression> {
        let is_refused = self.refuses_compression.load(Ordering::Relaxed);
        self.config.compression.filter(|_| !is_refused)
    }

    pub(super) fn note_refused_compression(&self) {
        self.refuses_compression.store(true, Ordering::Relaxed);
    }

    pub(super) fn take_checks(&self) -> Vec<oneshot::Sender<()>> {
        std::mem::take(&mut *lock(&self.checks))
    }
}

impl Grpc {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Grpc {
            head: Head::new(&shared.config),
            shared,
        }
    }
}

impl Protocol for Grpc {
    fn max_calls(&self) -> usize {
        let send = lock(&self.shared.send);
        send.as_ref()
            .map_or(0, SendRequest::current_max_send_streams)
    }

    fn begin(
        &self,
        now: Instant,
        request: &OutgoingRequest<'_>,
    ) -> Result<Box<dyn ForeignCall>, NotBegun> {
        let compression = self.compression_of(request);
        let head = self.head.of(now, request, compression);
        let head = head.map_err(NotBegun::Failed)?;
        let body = match request.kind.client_streams() {
            true => None,
            false => Some(Framed::new(request.body.clone()).map_err(not_sent)?),
        };
        let Some(mut send) = lock(&self.shared.send).clone() else {
            return Err(NotBegun::Elsewhere);
        };
        // It fails only where the connection takes no more streams.
        let (response, mut stream) = send
            .send_request(head, false)
            .map_err(|_| NotBegun::Elsewhere)?;
        if let Some(body) = body {
            // A stream that was just reset says so in its response.
            let _ = stream.send_data(body, true);
        }
        let shared = Arc::clone(&self.shared);
        let call = GrpcCall::new(shared, response, stream, request.deadline);
        Ok(Box::new(match compression {
            Some(algorithm) => call.compressed(algorithm, request.kind.client_streams()),
            None => call,
        }))
    }

    fn ping(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        lock(&self.shared.checks).push(sender);
        receiver
    }

    fn close(&self) {
        let send = lock(&self.shared.send).take();
        drop(send);
    }

    fn compression(&self) -> Option<Compression> {
        self.shared.compression()
    }
}

impl Grpc {
    /// What the requests of a call are compressed with, if any of them may be.
    fn compression_of(&self, request: &OutgoingRequest<'_>) -> Option<Compression> {
        match request.kind.client_streams() {
            true => self.shared.compression().filter(|_| request.may_compress),
            // It may have been compressed before the server refused that.
            false => self
                .shared
                .config
                .compression
                .filter(|_| request.body.compressed),
        }
    }
}

fn not_sent(status: Status) -> NotBegun {
    NotBegun::Failed(status.with_stage(Stage::Send).with_may_have_run(false))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
