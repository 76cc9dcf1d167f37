//! From a request over HTTP to a call, and back.

use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Response};
use rpc_wire::session::{RequestBody as Message, SHARE_BODY_FROM};
use rpc_wire::{Idempotency, Metadata, Status};

use super::asked::{Asked, From, To, not_safe};
use super::codec::Codec;
use super::form::{self, Form};
use super::head::{self, Head, STREAM_ACCEPT_ENCODING, STREAM_ENCODING};
use super::packing::Packing;
use super::replies::Replies;
use super::requests::{DecodedRequests, Requests};
use super::{body, error, metadata};
use crate::compression::Compression;
use crate::connection::reschedule::reschedule;
use crate::http::{HttpConnection, HttpRequest, ReplyBody, RequestBody, text};
use crate::server::{Route, RoutedMethod, StreamRequests};

/// Messages that take a while to convert, in bytes: the other calls of the connection need not wait for
/// them.
const LARGE: usize = 64 * 1024;

/// Answers a request.
pub(super) async fn answer(request: HttpRequest) -> Response<ReplyBody> {
    let HttpRequest {
        head: request,
        body,
        connection,
    } = request;
    let Some(asked) = Asked::of(&request) else {
        // Only such requests were accepted.
        return text(http::StatusCode::UNSUPPORTED_MEDIA_TYPE, "");
    };
    let path = request.uri.path();
    let route = connection
        .router
        .route(path.strip_prefix('/').unwrap_or(path));
    let method = match route.method() {
        Ok(method) => method,
        Err(status) => return failed(&asked, &status, None, &connection),
    };
    if asked.from == From::Query && method.idempotency() != Idempotency::NoSideEffects {
        return not_safe(path);
    }
    let to = match asked.to(method.kind(), &request.headers) {
        Ok(to) => to,
        Err(response) => return *response,
    };
    let head = match head::read(&request, asked.from, &connection) {
        Ok(head) => head,
        Err(status) => return failed(&asked, &status, Some(method), &connection),
    };
    let calling = Calling {
        asked,
        to,
        route: &route,
        method,
        request: &request,
        connection: &connection,
    };
    let answered = match to {
        To::Body => calling.unary(head, body).await,
        _ => calling.streaming(head, body).await,
    };
    answered.unwrap_or_else(|status| failed(&asked, &status, Some(method), &connection))
}

/// The response to a call that failed before any reply.
fn failed(
    asked: &Asked,
    status: &Status,
    method: Option<&RoutedMethod>,
    connection: &HttpConnection,
) -> Response<ReplyBody> {
    let is_stream = asked.from == From::Envelopes;
    let mut response = match is_stream {
        true => {
            let end = form::failed(status, method).freeze();
            let mut response = Response::new(ReplyBody::whole(end));
            let content_type = asked.content_type(To::Envelopes);
            response.headers_mut().insert(CONTENT_TYPE, content_type);
            response
        }
        false => error::response(status, method),
    };
    if let (rpc_wire::Code::Unimplemented, Ok(accepted)) = (
        status.code(),
        HeaderValue::try_from(head::accepted(connection)),
    ) {
        // Which compression the server takes instead, if that was it.
        let name = if is_stream {
            STREAM_ACCEPT_ENCODING
        } else {
            ACCEPT_ENCODING
        };
        response.headers_mut().insert(name, accepted);
    }
    response
}

/// A call that is to be made.
struct Calling<'a> {
    asked: Asked,
    to: To,
    route: &'a Route,
    method: &'a RoutedMethod,
    request: &'a Parts,
    connection: &'a Arc<HttpConnection>,
}

impl Calling<'_> {
    fn packing(&self, algorithm: Option<Compression>) -> Packing {
        Packing {
            algorithm,
            from: self.connection.config.compress_from,
        }
    }

    /// Answers a call with one request and one reply.
    async fn unary(&self, head: Head, body: RequestBody) -> Result<Response<ReplyBody>, Status> {
        let Head {
            mut parts,
            requests,
            replies,
        } = head;
        parts.without_deadline = parts.deadline.is_none();
        let codec = Codec::new(self.asked.encoding, self.method)?;
        let request = body::only(
            self.asked.from,
            self.request,
            body,
            requests,
            parts.deadline,
        );
        let request = request.await?;
        if request.len() > LARGE {
            reschedule().await;
        }
        let request = Message::Shared(codec.request(request)?);
        let mut call = self.connection.router.unary(self.route, parts, request)?;
        let context = call.context().clone();
        let answer = match call.poll_once() {
            Poll::Ready(answer) => answer,
            Poll::Pending => call.finish().await,
        };
        let (reply, leading) = answer?;
        let packing = self.packing(replies);
        if reply.len() > LARGE || packing.algorithm(reply.len(), &context).is_some() {
            reschedule().await;
        }
        let reply = packing.pack(codec.reply(reply)?, &context);
        let algorithm = replies.filter(|_| reply.compressed);
        let body = self.whole(reply.bytes)?;
        Ok(self.response(&leading, CONTENT_ENCODING, algorithm, body))
    }

    /// Answers a call with streams.
    async fn streaming(
        &self,
        head: Head,
        body: RequestBody,
    ) -> Result<Response<ReplyBody>, Status> {
        let Head {
            parts,
            requests,
            replies,
        } = head;
        let codec = Codec::new(self.asked.encoding, self.method)?;
        let kind = self.method.kind();
        let requests = match kind.client_streams() {
            true => StreamRequests::Many(Box::new(DecodedRequests {
                requests: Requests::new(body, requests),
                codec: codec.clone(),
            })),
            false => {
                let from = self.asked.from;
                let request = body::only(from, self.request, body, requests, parts.deadline);
                StreamRequests::One(codec.request(request.await?)?)
            }
        };
        let mut call = self.connection.router.stream(self.route, parts, requests)?;
        let leading = call.headers().await?;
        let algorithm = replies.filter(|_| self.to == To::Envelopes);
        let form = match self.to {
            To::Lines => Form::Lines,
            To::Events => Form::Events,
            To::Body | To::Envelopes => Form::Envelopes(self.packing(algorithm)),
        };
        let body = Replies {
            call,
            method: self.method.clone(),
            codec,
            form,
            pending: None,
            share: self.connection.hold_reply(0)?,
            is_over: false,
        };
        let body = ReplyBody::stream(body);
        let mut response = self.response(&leading, STREAM_ENCODING, algorithm, body);
        if self.to == To::Events {
            let headers = response.headers_mut();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        Ok(response)
    }

    /// A reply that is there already.
    fn whole(&self, reply: Bytes) -> Result<ReplyBody, Status> {
        let share = match reply.len() {
            // What is small counts as the call that it is of.
            0..SHARE_BODY_FROM => None,
            length => Some(self.connection.hold_reply(length)?),
        };
        let body = ReplyBody::whole(reply);
        Ok(match share {
            Some(share) => body.holding(share),
            None => body,
        })
    }

    fn response(
        &self,
        leading: &Metadata,
        encoding: http::HeaderName,
        algorithm: Option<Compression>,
        body: ReplyBody,
    ) -> Response<ReplyBody> {
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.asked.content_type(self.to));
        if let Some(algorithm) = algorithm {
            headers.insert(encoding, HeaderValue::from_static(algorithm.name()));
        }
        metadata::write(leading, headers);
        response
    }
}
