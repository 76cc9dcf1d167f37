//! Sessions whose peer sends anything.

use std::time::Instant;

use bytes::{Buf, BytesMut};
use rpc_wire::frame::Settings;
use rpc_wire::session::{
    ClientConfig, ClientSession, ClientSink, Encoded, EncodedRef, IncomingRequest, Outcome,
    OutgoingRequest, Output, Responder, ServerConfig, ServerSession, ServerSink, SessionError,
    message_cost,
};
use rpc_wire::{Code, Metadata, MethodKind, Status};

use crate::frames::assert_well_formed;
use crate::input::Input;
use crate::made::{KINDS, made_frames, path};

/// Gives bytes, as they are or made into frames, to a server and to a client with a call of each
/// kind, in pieces. What these answer is well formed, and when the connection is lost every
/// call has ended.
///
/// # Panics
///
/// If it is not, or one of them panics.
pub fn peers(bytes: &[u8]) {
    let mut input = Input(bytes);
    let (mode, piece) = (input.byte(), usize::from(input.byte()) + 1);
    let mut sent = Vec::new();
    if mode & 1 == 0 {
        Settings::default().encode(&mut sent);
    }
    if mode & 2 == 0 {
        sent.extend_from_slice(input.0);
    } else {
        sent.extend(made_frames(&mut input));
    }
    attack_server(&sent, piece);
    attack_client(&sent, piece);
}

fn attack_server(bytes: &[u8], piece: usize) {
    let now = Instant::now();
    let mut server = ServerSession::new(ServerConfig::default());
    let mut handlers = Handlers::default();
    let (mut unread, mut sent) = (BytesMut::new(), Vec::new());
    for piece in bytes.chunks(piece) {
        unread.extend_from_slice(piece);
        let received = server.receive(now, &mut unread, &mut handlers);
        for (id, cost) in handlers.unread.drain(..) {
            server.consumed(id, cost);
        }
        if let Err(error) = received {
            server.fail(&error);
            break;
        }
        if let Some(id) = handlers.running.pop()
            && let Some((_, responder)) = server.responder(id)
        {
            responder.message(&mut BytesMut::from(&b"late"[..]), &Metadata::new());
        }
        drain(&mut sent, |output| server.take_output(output));
    }
    server.cancel_all(&mut handlers);
    drain(&mut sent, |output| server.take_output(output));
    assert_well_formed(&sent);
    assert_eq!(server.open_streams(), 0);
}

fn attack_client(bytes: &[u8], piece: usize) {
    let now = Instant::now();
    let mut client = ClientSession::new(ClientConfig::default());
    let mut calls = Calls::default();
    for (index, kind) in KINDS.into_iter().enumerate() {
        let request = OutgoingRequest {
            method_number: None,
            path: path(kind),
            deadline: None,
            metadata: &Metadata::new(),
            attempt: 0,
            kind,
            body: &Encoded::default(),
            may_compress: false,
            descriptor: None,
        };
        let started = client.start(now, &request, index);
        started.expect("the first calls of a connection start");
    }
    let (mut unread, mut sent) = (BytesMut::new(), Vec::new());
    for piece in bytes.chunks(piece) {
        unread.extend_from_slice(piece);
        let received: Result<(), SessionError> = client.receive(now, &mut unread, &mut calls);
        for (index, cost) in calls.unread.drain(..) {
            client.consumed(index as u32 + 1, cost);
        }
        drain(&mut sent, |output| client.take_output(output));
        if received.is_err() {
            break;
        }
    }
    assert_well_formed(&sent);
    client.lost(u64::MAX, &Status::unavailable("the end"), &mut calls);
    assert_eq!(calls.ends, [1; KINDS.len()], "every call ends once");
}

/// Takes all output there is.
fn drain(sent: &mut Vec<u8>, mut take: impl FnMut(&mut Output)) {
    loop {
        let mut output = Output::default();
        take(&mut output);
        if !output.has_remaining() {
            return;
        }
        sent.extend_from_slice(&output.copy_to_bytes(output.remaining()));
    }
}

/// Handlers that answer some calls at once and keep the others.
#[derive(Default)]
struct Handlers {
    running: Vec<u32>,
    /// Streams and what their messages cost.
    unread: Vec<(u32, u64)>,
}

impl ServerSink for Handlers {
    type Method = bool;
    type Call = u32;

    fn resolve(&mut self, path: &str) -> bool {
        let streams = [MethodKind::ClientStreaming, MethodKind::BidiStreaming];
        streams.map(self::path).contains(&path)
    }

    fn takes_stream(&self, method: &bool) -> bool {
        *method
    }

    fn dispatch(
        &mut self,
        request: IncomingRequest<'_, bool>,
        responder: Responder<'_>,
    ) -> Option<u32> {
        if request.id.is_multiple_of(3) && !request.method {
            responder.status(&Status::aborted("a third of the calls"), true);
            return None;
        }
        self.running.push(request.id);
        Some(request.id)
    }

    fn message(&mut self, call: &mut u32, message: EncodedRef<'_>) {
        let message = message.into_owned();
        self.unread.push((*call, message_cost(message.bytes.len())));
    }

    fn half_closed(&mut self, _: &mut u32) {}

    fn cancelled(&mut self, call: u32, _: Code) {
        self.running.retain(|id| *id != call);
    }
}

/// The calls of a client, by their place in [`KINDS`].
#[derive(Default)]
struct Calls {
    ends: [u32; KINDS.len()],
    unread: Vec<(usize, u64)>,
}

impl ClientSink<usize> for Calls {
    fn headers(&mut self, _: &mut usize, _: Metadata) {}

    fn message(&mut self, slot: &mut usize, message: EncodedRef<'_>) {
        let message = message.into_owned();
        self.unread.push((*slot, message_cost(message.bytes.len())));
    }

    fn ended(&mut self, slot: &mut usize, _: Outcome) {
        self.ends[*slot] += 1;
    }
}
