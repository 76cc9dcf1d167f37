//! What both ends do with what they learn: as little as they can.

use std::hint::black_box;

use bytes::BytesMut;
use rpc_wire::session::{
    ClientSink, Encoded, IncomingRequest, Outcome, RequestBody, Responder, ServerSink,
};
use rpc_wire::{Code, Metadata};

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Echo,
    Repeat,
}

/// The client's callers.
#[derive(Debug, Default)]
pub(crate) struct Callers {
    pub(crate) answered: usize,
    pub(crate) messages: usize,
}

impl ClientSink<()> for Callers {
    fn headers(&mut self, (): &mut (), metadata: Metadata) {
        black_box(metadata);
    }

    fn message(&mut self, (): &mut (), message: Encoded) {
        self.messages += 1;
        black_box(message);
    }

    fn ended(&mut self, (): &mut (), outcome: Outcome) {
        self.answered += usize::from(matches!(outcome, Outcome::Reply { .. }));
        black_box(outcome);
    }
}

/// The server's handlers.
#[derive(Debug, Default)]
pub(crate) struct Handlers {
    reply: BytesMut,
}

impl ServerSink for Handlers {
    type Method = Method;
    type Call = ();

    fn resolve(&mut self, path: &str) -> Method {
        match path {
            crate::ECHO => Method::Echo,
            _ => Method::Repeat,
        }
    }

    fn takes_stream(&self, _: &Method) -> bool {
        false
    }

    fn dispatch(
        &mut self,
        request: IncomingRequest<'_, Method>,
        responder: Responder<'_>,
    ) -> Option<()> {
        if *request.method == Method::Repeat {
            return Some(());
        }
        match request.body {
            RequestBody::Borrowed(body) => self.reply.extend_from_slice(body),
            RequestBody::Shared(body) => self.reply.extend_from_slice(&body),
        }
        responder.message(&mut self.reply, &Metadata::new());
        None
    }

    fn message(&mut self, (): &mut (), _: Encoded) {}

    fn half_closed(&mut self, (): &mut ()) {}

    fn cancelled(&mut self, (): (), _: Code) {}
}
