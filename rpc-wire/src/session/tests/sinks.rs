//! What the two ends learn: the client's callers and the server's handlers.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::*;
use crate::frame::Settings;
use crate::{Code, Metadata, MethodKind, Status};

/// Answered while it is received, with its own body and metadata.
pub(super) const ECHO: &str = "test.Test/Echo";
/// Answered by [`Pair::answer`].
pub(super) const LATER: &str = "test.Test/Later";
/// Answered while it is received, with NOT_FOUND.
pub(super) const FAIL: &str = "test.Test/Fail";
/// Takes a stream of requests; answered by [`Pair::answer`].
pub(super) const COLLECT: &str = "test.Test/Collect";
/// Answers with a stream of replies.
pub(super) const LIST: &str = "test.Test/List";
/// Streams both ways.
pub(super) const TALK: &str = "test.Test/Talk";
/// Takes a stream of requests, and answers with NOT_FOUND before the first of them.
pub(super) const HASTY: &str = "test.Test/Hasty";

/// What a method streams.
pub(super) fn kind(path: &str) -> MethodKind {
    match path {
        COLLECT | HASTY => MethodKind::ClientStreaming,
        LIST => MethodKind::ServerStreaming,
        TALK => MethodKind::BidiStreaming,
        _ => MethodKind::Unary,
    }
}

/// One direction of a stream, as its reader sees it.
#[derive(Debug, Default)]
pub(super) struct Arrived {
    /// The server's leading metadata.
    pub(super) headers: Option<Metadata>,
    pub(super) unread: VecDeque<Encoded>,
    /// Nothing follows.
    pub(super) ended: bool,
}

impl Arrived {
    /// Bytes that wait for the reader.
    pub(super) fn unread_bytes(&self) -> u64 {
        let unread = self.unread.iter();
        unread.map(|message| message.bytes.len() as u64).sum()
    }
}

/// What the client's callers have learned.
#[derive(Default)]
pub(super) struct Calls {
    pub(super) ids: Vec<u32>,
    pub(super) outcomes: Vec<Option<Outcome>>,
    pub(super) arrived: Vec<Arrived>,
}

impl Calls {
    pub(super) fn add(&mut self, id: u32) {
        self.ids.push(id);
        self.outcomes.push(None);
        self.arrived.push(Arrived::default());
    }
}

impl ClientSink<usize> for Calls {
    fn headers(&mut self, slot: &mut usize, metadata: Metadata) {
        let known = self.arrived[*slot].headers.replace(metadata);
        assert!(known.is_none(), "call {slot} began twice");
    }

    fn message(&mut self, slot: &mut usize, message: EncodedRef<'_>) {
        let message = message.into_owned();
        let arrived = &mut self.arrived[*slot];
        assert!(
            arrived.headers.is_some() && !arrived.ended,
            "call {slot}: a message outside of the stream"
        );
        arrived.unread.push_back(message);
    }

    fn ended(&mut self, slot: &mut usize, outcome: Outcome) {
        self.arrived[*slot].ended = true;
        let known = self.outcomes[*slot].replace(outcome);
        assert!(
            known.is_none(),
            "call {slot} ended twice, at first with {known:?}"
        );
    }
}

/// A request that came to a handler.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) attempt: u32,
    pub(super) deadline: Option<Instant>,
    pub(super) metadata: Metadata,
    pub(super) body: Encoded,
}

/// The server's methods, and what they have seen.
#[derive(Default)]
pub(super) struct Handlers {
    /// The algorithm that was agreed on.
    pub(super) compression: Option<String>,
    pub(super) resolved: Vec<String>,
    pub(super) dispatched: Vec<Seen>,
    /// Bodies of the calls that have no answer yet.
    pub(super) running: BTreeMap<u32, Bytes>,
    pub(super) cancelled: Vec<(u32, Code)>,
    /// The streams of requests, also those that have ended.
    pub(super) arrived: BTreeMap<u32, Arrived>,
}

impl ServerSink for Handlers {
    type Method = Rc<str>;
    type Call = u32;

    fn established(&mut self, _client: &Settings, compression: Option<&str>) {
        self.compression = compression.map(str::to_owned);
    }

    fn resolve(&mut self, path: &str) -> Rc<str> {
        self.resolved.push(path.to_owned());
        path.into()
    }

    fn takes_stream(&self, method: &Rc<str>) -> bool {
        kind(method).client_streams()
    }

    fn dispatch(
        &mut self,
        request: IncomingRequest<'_, Rc<str>>,
        responder: Responder<'_>,
    ) -> Option<u32> {
        let IncomingRequest {
            id,
            method,
            deadline,
            metadata,
            attempt,
            body,
            compressed,
        } = request;
        let body = body.into_bytes();
        let kept = match &**method {
            ECHO => {
                let responder = responder.compressed(compressed);
                responder.message(&mut BytesMut::from(&body[..]), &metadata);
                None
            }
            FAIL => {
                responder.status(
                    &Status::not_found("no such thing").with_details(body.clone()),
                    true,
                );
                None
            }
            HASTY => {
                responder.status(&Status::not_found("no such thing"), true);
                None
            }
            LATER | COLLECT | LIST | TALK => {
                self.running.insert(id, body.clone());
                self.arrived.insert(id, Arrived::default());
                Some(id)
            }
            _ => {
                responder.status(&Status::unimplemented("no such method"), false);
                return None;
            }
        };
        self.dispatched.push(Seen {
            attempt,
            deadline,
            metadata,
            body: Encoded {
                bytes: body,
                compressed,
            },
        });
        kept
    }

    fn message(&mut self, call: &mut u32, message: EncodedRef<'_>) {
        let message = message.into_owned();
        assert!(self.running.contains_key(call), "call {call} has ended");
        let arrived = self.arrived.get_mut(call).expect("it was dispatched");
        assert!(!arrived.ended, "call {call}: a message behind the end");
        arrived.unread.push_back(message);
    }

    fn half_closed(&mut self, call: &mut u32) {
        let arrived = self.arrived.get_mut(call).expect("it was dispatched");
        let known = std::mem::replace(&mut arrived.ended, true);
        assert!(!known, "call {call} was half-closed twice");
    }

    fn cancelled(&mut self, call: u32, code: Code) {
        assert!(
            self.running.remove(&call).is_some(),
            "call {call} ended before"
        );
        self.cancelled.push((call, code));
    }
}
