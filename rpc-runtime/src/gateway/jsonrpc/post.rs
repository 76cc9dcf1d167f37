//! Requests in the bodies of HTTP's.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use rpc_wire::{Code, Metadata, Status};
use tokio::task::JoinSet;

use super::endpoint::{Endpoint, bound, elements};
use crate::grpc::metadata;
use crate::http::{HttpConnection, HttpRequest, ReplyBody};
use crate::jsonrpc::{ErrorObject, Invalid, NO_ID, Request, write_error};
use crate::server::CallParts;

/// What the content of requests is called. Others would let any web page make a browser call.
const CONTENT_TYPES: [&str; 2] = ["application/json", "application/json-rpc"];

/// Whether a request is JSON-RPC: JSON that is sent to the root, or to a path of one name. Longer ones are methods'.
pub(super) fn accepts(request: &Parts) -> bool {
    let content_type = request.headers.get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let content_type = content_type.and_then(|value| value.split(';').next());
    let is_json = content_type.is_some_and(|value| {
        let known = |name: &&str| name.eq_ignore_ascii_case(value.trim());
        CONTENT_TYPES.iter().any(known)
    });
    request.method == Method::POST && is_json && is_endpoint(request)
}

/// Whether a path is JSON-RPC's.
pub(super) fn is_endpoint(request: &Parts) -> bool {
    request.uri.path().matches('/').count() <= 1
}

/// Answers a request: what it asks for may be one call, or a batch.
pub(super) async fn answer(endpoint: Arc<Endpoint>, request: HttpRequest) -> Response<ReplyBody> {
    let HttpRequest {
        head,
        body,
        connection,
    } = request;
    let mut out = BytesMut::new();
    let text = body.collect(connection.max_message_size()).await;
    let status = match text.and_then(|text| Ok((text, metadata::read(&head.headers)?))) {
        Ok((text, metadata)) => {
            let caller = Caller {
                endpoint,
                metadata,
                connection,
            };
            if let Err(error) = caller.answer(text, &mut out).await {
                out.clear();
                write_error(NO_ID, &error, &mut out);
            }
            StatusCode::OK
        }
        Err(status) => {
            let http = http_status(status.code());
            write_error(NO_ID, &ErrorObject::not_executed(status), &mut out);
            http
        }
    };
    response(status, out.freeze())
}

/// Who makes the calls of a request.
struct Caller {
    endpoint: Arc<Endpoint>,
    metadata: Metadata,
    connection: Arc<HttpConnection>,
}

impl Caller {
    async fn answer(&self, text: Bytes, out: &mut BytesMut) -> Result<(), ErrorObject> {
        let text = std::str::from_utf8(&text);
        let text = text.map_err(|error| ErrorObject::parse_error(error.to_string()))?;
        let text = text.trim_start();
        if text.starts_with('[') {
            return self.answer_batch(text, out).await;
        }
        match Request::parse(text) {
            Ok(request) => {
                if let Some(call) = self.endpoint.begin(&request, self.parts(), out) {
                    (_, *out) = call.finish().await;
                }
            }
            Err(Invalid { id, error }) => write_error(id, &error, out),
        }
        Ok(())
    }

    /// Runs the calls of a batch at a time, and appends the answers in the order in which they end.
    async fn answer_batch(&self, text: &str, out: &mut BytesMut) -> Result<(), ErrorObject> {
        let config = &self.connection.config;
        let places = elements(text, config.max_batch_length)?;
        let mut answers = Answers {
            out,
            max_size: config.session.max_queued_replies,
        };
        let mut running = JoinSet::new();
        for place in places {
            let mut answer = BytesMut::new();
            match Request::parse(&text[place]) {
                Ok(request) => match self.endpoint.begin(&request, self.parts(), &mut answer) {
                    Some(call) => drop(running.spawn(call.finish())),
                    None => answers.add(request.id, answer),
                },
                Err(Invalid { id, error }) => {
                    write_error(id, &error, &mut answer);
                    answers.add(Some(id), answer);
                }
            }
        }
        while let Some(ended) = running.join_next().await {
            let (id, answer) = ended.map_err(|error| {
                let why = format!("a call of the batch did not come to its end: {error}");
                ErrorObject::from(Status::internal(why))
            })?;
            answers.add(id.as_deref(), answer);
        }
        answers.end();
        Ok(())
    }

    fn parts(&self) -> CallParts {
        CallParts {
            without_deadline: true,
            ..self.connection.call_parts(self.metadata.clone())
        }
    }
}

/// The answers to a batch, as an array that grows.
struct Answers<'a> {
    out: &'a mut BytesMut,
    /// What they may have together before large ones become errors, in bytes.
    max_size: usize,
}

impl Answers<'_> {
    fn add(&mut self, id: Option<&str>, mut answer: BytesMut) {
        let room = self.max_size.saturating_sub(self.out.len());
        bound(id, 0, room, &mut answer);
        if !answer.is_empty() {
            let before = if self.out.is_empty() { b'[' } else { b',' };
            self.out.put_u8(before);
            self.out.put_slice(&answer);
        }
    }

    fn end(self) {
        if !self.out.is_empty() {
            self.out.put_u8(b']');
        }
    }
}

/// What HTTP says of a body that did not come whole, or of headers that are wrong.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::ResourceExhausted => StatusCode::PAYLOAD_TOO_LARGE,
        Code::DeadlineExceeded => StatusCode::REQUEST_TIMEOUT,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn response(status: StatusCode, body: Bytes) -> Response<ReplyBody> {
    let is_empty = body.is_empty();
    let mut response = Response::new(ReplyBody::whole(body));
    if is_empty {
        *response.status_mut() = StatusCode::NO_CONTENT;
        return response;
    }
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(CONTENT_TYPES[0]);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
