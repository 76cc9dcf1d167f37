//! JSON-RPC over HTTP/1.1: each call is a POST, and one at a time is on its way on a connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rpc_wire::session::OutgoingRequest;
use rpc_wire::{Code, Stage, Status};
use tokio::sync::oneshot;

use super::call::PostedCall;
use super::messages::Messages;
use super::table::Answer;
use crate::connection::foreign::{self, ForeignCall, ForeignConnection, NotBegun, Protocol};
use crate::connection::keeper::Keeper;
use crate::grpc::metadata;
use crate::jsonrpc::{Response, write_request};
use crate::transport::BoxTransport;

/// The id of every request: each has its answer in its own response.
const ID: u64 = 1;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Who calls, if the caller does not say.
const OWN_NAME: HeaderValue =
    HeaderValue::from_static(concat!("rpc-runtime/", env!("CARGO_PKG_VERSION")));

/// Where requests are posted.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// The `host:port` of the target.
    pub(crate) authority: String,
    /// Its path, with the slash before it.
    pub(crate) path: String,
}

/// Begins calls.
struct Posts {
    endpoint: Endpoint,
    max_message_size: u64,
    messages: Messages,
    sender: Arc<Sender>,
}

/// Where requests are handed over; `None` while one is on its way, and when no more come.
#[derive(Default)]
struct Sender(Mutex<Option<SendRequest<Full<Bytes>>>>);

impl Sender {
    fn lock(&self) -> MutexGuard<'_, Option<SendRequest<Full<Bytes>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Posts requests over `transport`.
///
/// # Errors
///
/// The connection cannot be used.
pub(crate) async fn connect_http(
    transport: BoxTransport,
    endpoint: Endpoint,
    max_message_size: u64,
    address: Arc<str>,
    keeper: Arc<dyn Keeper>,
) -> Result<(Arc<ForeignConnection>, foreign::Moving), Status> {
    let shaken = http1::handshake(TokioIo::new(transport)).await;
    let (send, connection) = shaken.map_err(|error| {
        Status::unavailable(format!("the connection broke: {error}"))
            .with_stage(Stage::Connect)
            .with_may_have_run(false)
    })?;
    let protocol = Box::new(Posts {
        endpoint,
        max_message_size,
        messages: Messages::default(),
        sender: Arc::new(Sender(Mutex::new(Some(send)))),
    });
    let moving = async {
        Status::unavailable(match connection.await {
            Ok(()) => "the server closed the connection".to_owned(),
            Err(error) => format!("the connection broke: {error}"),
        })
    };
    let connection = ForeignConnection::new(protocol, address, 1, keeper);
    Ok((connection, Box::pin(moving)))
}

impl Posts {
    fn request(
        &self,
        request: &OutgoingRequest<'_>,
        body: BytesMut,
    ) -> Result<Request<Full<Bytes>>, Status> {
        let wrong = |error: http::Error| {
            let why = format!("the target cannot be called by HTTP: {error}");
            Status::invalid_argument(why).with_may_have_run(false)
        };
        let uri = Uri::try_from(self.endpoint.path.as_str());
        let uri = uri.map_err(|error| wrong(error.into()))?;
        let host = HeaderValue::try_from(self.endpoint.authority.as_str());
        let host = host.map_err(|error| wrong(error.into()))?;
        let mut posted = Request::post(uri)
            .body(Full::new(body.freeze()))
            .map_err(wrong)?;
        let headers = posted.headers_mut();
        headers.insert(USER_AGENT, OWN_NAME);
        metadata::write(request.metadata, headers);
        headers.insert(HOST, host);
        headers.insert(CONTENT_TYPE, JSON);
        Ok(posted)
    }
}

impl Protocol for Posts {
    fn max_calls(&self) -> usize {
        1
    }

    fn begin(
        &self,
        _now: Instant,
        request: &OutgoingRequest<'_>,
    ) -> Result<Box<dyn ForeignCall>, NotBegun> {
        let (params, reply) = self.messages.params(request)?;
        let mut body = BytesMut::new();
        write_request(ID, request.path, Some(&params), &mut body);
        let posted = self.request(request, body).map_err(NotBegun::Failed)?;
        let Some(send) = self.sender.lock().take() else {
            return Err(NotBegun::Elsewhere);
        };
        let sender = Arc::clone(&self.sender);
        let answer = answer(send, posted, self.max_message_size, sender);
        Ok(Box::new(PostedCall::new(answer, reply)))
    }

    /// hyper reads while nothing is asked, so an open connection is known to be one.
    fn ping(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        // The receiver is here.
        let _ = sender.send(());
        receiver
    }

    fn close(&self) {
        let send = self.sender.lock().take();
        drop(send);
    }
}

/// Posts a request and reads its answer; then the connection can be used again.
async fn answer(
    mut send: SendRequest<Full<Bytes>>,
    posted: Request<Full<Bytes>>,
    max_message_size: u64,
    sender: Arc<Sender>,
) -> Answer {
    let ready = send.ready().await;
    ready.map_err(|error| broken(&error).with_may_have_run(false))?;
    let response = send.send_request(posted).await;
    let (head, body) = response
        .map_err(|error| broken(&error).with_may_have_run(!error.is_canceled()))?
        .into_parts();
    let text = collect(body, max_message_size).await?;
    *sender.lock() = Some(send);
    read(head.status, &text)
}

async fn collect(body: Incoming, max_message_size: u64) -> Result<Bytes, Status> {
    let limit = usize::try_from(max_message_size).unwrap_or(usize::MAX);
    let collected = Limited::new(body, limit).collect().await;
    let collected = collected.map_err(|error| match error.is::<LengthLimitError>() {
        true => Status::resource_exhausted(format!(
            "the answer is over the client's limit max_message_size of {limit} bytes"
        )),
        false => Status::unavailable(format!("the response broke off: {error}")),
    });
    let collected = collected.map_err(|status| status.with_stage(Stage::Receive))?;
    Ok(collected.to_bytes())
}

/// The answer in a response, or what its status says if there is none.
fn read(status: StatusCode, body: &[u8]) -> Answer {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let why = match Response::parse(text) {
        Ok(Response {
            id: None,
            answer: Some(Err(status)),
        }) => return Err(status),
        Ok(Response {
            id: Some(ID),
            answer: Some(answer),
        }) => return answer.map(|result| Bytes::copy_from_slice(result.as_bytes())),
        Ok(_) => "it has another id".to_owned(),
        Err(_) if body.is_empty() => "it is empty".to_owned(),
        Err(error) => error.to_string(),
    };
    let why = format!("the response, {status}, is no answer of JSON-RPC: {why}");
    Err(Status::new(code_of(status), why))
}

fn code_of(status: StatusCode) -> Code {
    match status.as_u16() {
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 | 405 | 415 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

fn broken(error: &hyper::Error) -> Status {
    Status::unavailable(format!("the connection broke: {error}"))
}
