//! The calls of a client that has the connection to itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, BytesMut};
use rpc_wire::{Metadata, Status};
use tokio::task::{JoinError, JoinSet};

use super::batches::{Batches, Requests};
use super::endpoint::{Endpoint, SMALL, bound, elements};
use crate::connection::server_config::ConnectionConfig;
use crate::exchange::{Exchange, Failure};
use crate::jsonrpc::{ErrorObject, Invalid, NO_ID, Request, Scanner, whitespace, write_error};
use crate::server::CallParts;
use crate::transport::PeerIdentity;

/// The calls of one connection. Dropped, it cancels those that run.
pub(super) struct Calls {
    endpoint: Arc<Endpoint>,
    peer: Option<SocketAddr>,
    identity: Option<Arc<PeerIdentity>>,
    /// What comes with every call.
    metadata: Metadata,
    max_message_size: u64,
    max_batch_length: usize,
    max_queued_replies: usize,
    scanner: Scanner,
    /// The client was told that what it sends cannot be read any more.
    broken: bool,
    batches: Batches,
    /// What is left of the last batch. It begins before anything that came later.
    waiting: Option<Requests>,
    /// Calls whose handlers have to wait, each in a task of its own.
    running: JoinSet<Ended>,
}

/// A call that ended in its task.
struct Ended {
    id: Option<Box<str>>,
    batch: Option<u64>,
    answer: BytesMut,
}

impl Calls {
    pub(super) fn new(
        endpoint: Arc<Endpoint>,
        peer: Option<SocketAddr>,
        identity: Option<Arc<PeerIdentity>>,
        config: &ConnectionConfig,
    ) -> Self {
        Calls {
            endpoint,
            peer,
            identity,
            metadata: Metadata::new(),
            max_message_size: config.session.max_message_size,
            max_batch_length: config.max_batch_length,
            max_queued_replies: config.session.max_queued_replies,
            scanner: Scanner::default(),
            broken: false,
            batches: Batches::default(),
            waiting: None,
            running: JoinSet::new(),
        }
    }

    /// Calls with these metadata.
    #[cfg(feature = "jsonrpc-ws")]
    pub(super) fn with_metadata(self, metadata: Metadata) -> Self {
        Calls { metadata, ..self }
    }

    /// The length of the text that `input` begins with, if it is whole.
    fn text_length(&mut self, input: &mut BytesMut) -> Result<Option<usize>, ErrorObject> {
        if self.scanner.is_between_texts() {
            input.advance(whitespace(input));
        }
        let end = self.scanner.end(input);
        let end = end.map_err(|broken| ErrorObject::parse_error(broken.to_string()))?;
        let length = end.unwrap_or(input.len()) as u64;
        if length > self.max_message_size {
            return Err(too_large(self.max_message_size));
        }
        Ok(end)
    }

    /// Begins what a text asks for; [`call_next`](Self::call_next) goes on with a batch.
    pub(super) fn take(&mut self, text: &[u8], output: &mut BytesMut) {
        let taken = match std::str::from_utf8(text) {
            Ok(text) if text.starts_with('[') => self.take_batch(text),
            Ok(text) => {
                self.call(text, None, output);
                Ok(())
            }
            Err(error) => Err(ErrorObject::parse_error(error.to_string())),
        };
        if let Err(error) = taken {
            tell(&error, output);
        }
    }

    fn take_batch(&mut self, text: &str) -> Result<(), ErrorObject> {
        let places = elements(text, self.max_batch_length)?;
        self.waiting = Some(self.batches.open(text, places));
        Ok(())
    }

    /// Begins the next call of the last batch, if there is one.
    pub(super) fn call_next(&mut self, output: &mut BytesMut) -> bool {
        let Some(mut requests) = self.waiting.take() else {
            return false;
        };
        let batch = requests.batch;
        if let Some(text) = requests.next() {
            self.call(text, Some(batch), output);
        }
        if !requests.is_empty() {
            self.waiting = Some(requests);
        }
        true
    }

    /// Begins a call, on its own or of a batch.
    fn call(&mut self, text: &str, batch: Option<u64>, output: &mut BytesMut) {
        let (mut answer, unwritten) = (BytesMut::new(), output.len());
        let out = match batch {
            Some(_) => &mut answer,
            None => &mut *output,
        };
        let before = out.len();
        match Request::parse(text) {
            Err(Invalid { id, error }) => write_error(id, &error, out),
            Ok(request) => {
                if let Some(call) = self.endpoint.begin(&request, self.parts(), out) {
                    self.running.spawn(async move {
                        let (id, answer) = call.finish().await;
                        Ended { id, batch, answer }
                    });
                    return;
                }
                let room = self.room(unwritten);
                bound(request.id, before, room, out);
            }
        }
        match batch {
            Some(batch) => self.batches.answer(batch, &answer, output),
            None if output.len() > unwritten => output.put_u8(b'\n'),
            None => {}
        }
    }

    fn parts(&self) -> CallParts {
        CallParts {
            metadata: self.metadata.clone(),
            peer: self.peer,
            identity: self.identity.clone(),
            without_deadline: true,
            ..CallParts::default()
        }
    }

    /// How large an answer may be beside those that wait.
    fn room(&self, unwritten: usize) -> usize {
        let waiting = unwritten + self.batches.held();
        self.max_queued_replies.saturating_sub(waiting).max(SMALL)
    }

    fn end(
        &mut self,
        ended: Result<Ended, JoinError>,
        output: &mut BytesMut,
    ) -> Result<(), Failure> {
        let Ended {
            id,
            batch,
            mut answer,
        } = ended
            .map_err(|error| Failure::Untold(format!("a call did not come to its end: {error}")))?;
        bound(id.as_deref(), 0, self.room(output.len()), &mut answer);
        match batch {
            Some(batch) => self.batches.answer(batch, &answer, output),
            None if answer.is_empty() => {}
            None => {
                output.put_slice(&answer);
                output.put_u8(b'\n');
            }
        }
        Ok(())
    }
}

/// What is said of a text that is longer than `limit` bytes.
pub(super) fn too_large(limit: u64) -> ErrorObject {
    let why = format!("what was sent is over the limit max_message_size of {limit} bytes");
    ErrorObject::not_executed(Status::resource_exhausted(why))
}

/// Answers what cannot be told to be any request.
pub(super) fn tell(error: &ErrorObject, output: &mut BytesMut) {
    write_error(NO_ID, error, output);
    output.put_u8(b'\n');
}

impl Exchange for Calls {
    const NAME: &'static str = "JSON-RPC";
    const ANSWERS_AFTER_END: bool = true;

    fn running(&self) -> usize {
        self.running.len()
    }

    /// Small answers always fit, so no batch begins beside those whose answers wait in large numbers.
    fn has_room(&self) -> bool {
        self.waiting.is_some() || self.batches.held() < self.max_queued_replies
    }

    fn begin_next(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Result<bool, Failure> {
        if self.broken {
            return Ok(false);
        }
        if self.call_next(output) {
            return Ok(true);
        }
        match self.text_length(input) {
            Ok(Some(length)) => {
                self.take(&input[..length], output);
                input.advance(length);
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(error) => {
                // Nobody can say where the next text begins.
                self.broken = true;
                tell(&error, output);
                Err(Failure::Told(error.to_string()))
            }
        }
    }

    fn poll_reply(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut BytesMut,
    ) -> Poll<Result<(), Failure>> {
        match self.running.poll_join_next(cx) {
            Poll::Ready(Some(ended)) => Poll::Ready(self.end(ended, output)),
            // Without calls there is nothing to wait for.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    fn cut_off(&mut self, why: &str, output: &mut BytesMut) {
        self.broken = true;
        tell(&ErrorObject::parse_error(why), output);
    }

    fn cancel(&mut self) {
        self.running.abort_all();
    }
}
