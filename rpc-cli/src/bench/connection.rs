//! Calls of one method over one connection.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use prost_reflect::MessageDescriptor;
use rpc_runtime::Status;

use super::caller::{Caller, Traffic};
use super::recorder::Recorder;
use super::template::Template;
use crate::client::{Client, Format, Outgoing, Requests};
use crate::definitions::{Method, hints};
use crate::error::{Error, Result};
use crate::exit::Exit;

/// A connection, and what is called over it.
#[derive(Clone)]
pub(crate) struct Connection {
    client: Arc<Client>,
    calls: Arc<Calls>,
}

/// What all connections have in common.
pub(crate) struct Calls {
    method: Method,
    format: Format,
    requests: Vec<Request>,
    /// The time that a call may take.
    timeout: Option<Duration>,
}

/// A message to be sent.
enum Request {
    /// The same for every call.
    Encoded(Bytes),
    Template(Template),
}

impl Calls {
    /// Calls of `method` with these requests. They are encoded now, as far as they are the same for every call.
    ///
    /// # Errors
    ///
    /// A request is no message of the method; for one with placeholders that is tried with the first call's.
    pub(crate) fn new(
        method: Method,
        message: &MessageDescriptor,
        format: Format,
        requests: Vec<Template>,
        timeout: Option<Duration>,
    ) -> Result<Self> {
        let requests = requests.into_iter().map(|template| {
            let first = encode(&method, &template, 0, format)
                .map_err(|status| mistake(message, &template, &status))?;
            Ok(match template.is_constant() {
                true => Request::Encoded(first),
                false => Request::Template(template),
            })
        });
        Ok(Self {
            requests: requests.collect::<Result<_>>()?,
            method,
            format,
            timeout,
        })
    }

    /// What the call of this number sends, and its length in bytes: one of the requests, in turn, or all of them in a stream.
    fn requests(&self, number: u64) -> Result<(Requests, u64), Status> {
        if !self.method.descriptor().kind().client_streams() {
            let place = number % self.requests.len() as u64;
            let request = self.request(place as usize, number)?;
            let length = request.len() as u64;
            return Ok((Requests::One(request), length));
        }
        let requests = 0..self.requests.len();
        let requests = requests.map(|place| self.request(place, number));
        let requests: Vec<_> = requests.collect::<Result<_, Status>>()?;
        let length = requests.iter().map(|request| request.len() as u64).sum();
        Ok((Requests::Many(Box::pin(stream::iter(requests))), length))
    }

    fn request(&self, place: usize, number: u64) -> Result<Bytes, Status> {
        match &self.requests[place] {
            Request::Encoded(request) => Ok(request.clone()),
            Request::Template(template) => encode(&self.method, template, number, self.format),
        }
    }
}

fn encode(
    method: &Method,
    template: &Template,
    number: u64,
    format: Format,
) -> Result<Bytes, Status> {
    method.encode(template.render(number).as_bytes(), format)
}

/// The error of a request that is no message of the method.
fn mistake(message: &MessageDescriptor, template: &Template, status: &Status) -> Error {
    let error = Error::new(Exit::Input, status.message());
    match hints(message, template.render(0).as_bytes()).first() {
        Some(hint) => error.with_help(hint),
        None => error,
    }
}

impl Connection {
    /// What is called over `client`.
    pub(crate) fn new(client: Client, calls: Arc<Calls>) -> Self {
        Self {
            client: Arc::new(client),
            calls,
        }
    }
}

impl Caller for Connection {
    async fn call(&self, number: u64, recorder: &Recorder) -> Result<Traffic, Status> {
        let (requests, sent_bytes) = self.calls.requests(number)?;
        let method = self.calls.method.descriptor();
        let call = Outgoing {
            method,
            requests,
            format: self.calls.format,
            metadata: self.client.metadata().clone(),
            timeout: self.calls.timeout,
        };
        // A stream need not end.
        let at_once = method.kind().server_streams();
        let mut traffic = Traffic::default();
        let mut count = |messages: Traffic| match at_once {
            true => recorder.messages(messages),
            false => traffic.add(messages),
        };
        let mut replies = self.client.call(call).await?;
        count(Traffic {
            sent_bytes,
            ..Traffic::default()
        });
        while let Some(reply) = replies.message().await? {
            count(Traffic {
                messages: 1,
                received_bytes: reply.len() as u64,
                ..Traffic::default()
            });
        }
        Ok(traffic)
    }
}
