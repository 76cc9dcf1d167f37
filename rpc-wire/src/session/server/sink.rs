//! Who learns what a server session received.

use std::time::Instant;

use crate::frame::Settings;
use crate::session::{EncodedRef, MessageBody, Responder};
use crate::{Code, Metadata};

/// A request: whole, or the beginning of a stream of them.
#[derive(Debug)]
pub struct IncomingRequest<'a, M> {
    /// The stream to answer on.
    pub id: u32,
    /// What [`ServerSink::resolve`] made of the path.
    pub method: &'a M,
    /// When the client stops waiting.
    pub deadline: Option<Instant>,
    /// Sent along by the client.
    pub metadata: Metadata,
    /// How often the client sent the call before.
    pub attempt: u32,
    /// The encoded message; empty where the requests are a stream, which follows through
    /// [`ServerSink::message`].
    pub body: MessageBody<'a>,
    /// The body is to be decompressed, by the algorithm that both sides agreed on.
    pub compressed: bool,
}

/// Visited with what a session learns.
pub trait ServerSink {
    /// What stands for a method on this connection.
    type Method: Clone;
    /// What stands for a call that runs.
    type Call;

    /// The client's SETTINGS are here. Messages may be compressed with the algorithm of this name, if
    /// the two have one in common.
    fn established(&mut self, _client: &Settings, _compression: Option<&str>) {}

    /// Looks a path up. It is called once for each method number, so a method that does not
    /// exist has a value too.
    fn resolve(&mut self, path: &str) -> Self::Method;

    /// Whether a method takes a stream of requests.
    fn takes_stream(&self, method: &Self::Method) -> bool;

    /// Runs a request. Either it is answered through `responder` now and `None` is returned, or
    /// later through [`ServerSession::responder`](super::ServerSession::responder).
    fn dispatch(
        &mut self,
        request: IncomingRequest<'_, Self::Method>,
        responder: Responder<'_>,
    ) -> Option<Self::Call>;

    /// A message of a call that takes a stream of them. Say so when its handler has taken it:
    /// [`ServerSession::consumed`](super::ServerSession::consumed).
    fn message(&mut self, call: &mut Self::Call, message: EncodedRef<'_>);

    /// The client sends no more messages on a call that takes a stream of them.
    fn half_closed(&mut self, call: &mut Self::Call);

    /// A call is about to be answered by the session, and then [`cancelled`](Self::cancelled).
    /// Whether no handler was started for it, and none will be from here on.
    fn withdraw(&mut self, _call: &Self::Call) -> bool {
        false
    }

    /// A call ends before it was answered: the client cancelled it or left, or its deadline
    /// passed.
    fn cancelled(&mut self, call: Self::Call, code: Code);
}
