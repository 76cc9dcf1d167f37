//! From a request over HTTP to a call, and back.

use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode, Version};
use rpc_wire::session::{MessageBody, SHARE_BODY_FROM};
use rpc_wire::{Code, Idempotency, Metadata, Status};

use super::asked::{Asked, From, To, not_safe};
use super::codec::Codec;
use super::form::{self, Form};
use super::head::{self, Head, STREAM_ACCEPT_ENCODING, STREAM_ENCODING};
use super::packing::Packing;
use super::replies::Replies;
use super::requests::Requests;
use super::{body, error, metadata};
use crate::compression::Compression;
use crate::connection::reschedule::step_aside;
use crate::http::{HttpConnection, HttpRequest, Messages, ReplyBody, RequestBody, text};
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
    let path = request.uri.path();
    let route = connection
        .router
        .route(path.strip_prefix('/').unwrap_or(path));
    let calling = match Calling::new(&route, &request, &connection) {
        Ok(calling) => calling,
        Err(refused) => {
            if request.version < Version::HTTP_2 {
                // The next request stands behind it. What is wrong with it makes no difference.
                let _ = body.collect(LARGE as u64).await;
            }
            return *refused;
        }
    };
    let (asked, method) = (calling.asked, calling.method);
    let answered = match calling.to {
        To::Body => calling.unary(body).await,
        _ => calling.streaming(body).await,
    };
    answered.unwrap_or_else(|status| failed(asked, &status, Some(method), &connection))
}

/// The response to a call that failed before any reply.
fn failed(
    asked: Asked,
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
    if let (Code::Unimplemented, Ok(accepted)) = (
        status.code(),
        HeaderValue::try_from(connection.accepted_encodings()),
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
    head: Head,
    connection: &'a Arc<HttpConnection>,
}

impl<'a> Calling<'a> {
    /// Finds out what is to be called, and how.
    ///
    /// # Errors
    ///
    /// The response to a request whose first lines are wrong.
    fn new(
        route: &'a Route,
        request: &'a Parts,
        connection: &'a Arc<HttpConnection>,
    ) -> Result<Self, Box<Response<ReplyBody>>> {
        let Some(asked) = Asked::of(request) else {
            // Only such requests are accepted.
            return Err(Box::new(text(StatusCode::UNSUPPORTED_MEDIA_TYPE, "")));
        };
        let refused = |status: &Status, method| Box::new(failed(asked, status, method, connection));
        let method = route.method().map_err(|status| refused(&status, None))?;
        if asked.from == From::Query && method.idempotency() != Idempotency::NoSideEffects {
            return Err(Box::new(not_safe(request.uri.path())));
        }
        let to = asked.to(method.kind(), &request.headers)?;
        let head = head::read(request, asked.from, connection);
        let head = head.map_err(|status| refused(&status, Some(method)))?;
        Ok(Calling {
            asked,
            to,
            route,
            method,
            request,
            head,
            connection,
        })
    }

    fn packing(&self, algorithm: Option<Compression>) -> Packing {
        Packing {
            algorithm,
            from: self.connection.config.compress_from,
        }
    }

    /// Answers a call with one request and one reply.
    async fn unary(mut self, body: RequestBody) -> Result<Response<ReplyBody>, Status> {
        let Head {
            requests, replies, ..
        } = self.head;
        let mut parts = std::mem::take(&mut self.head.parts);
        parts.without_deadline = parts.deadline.is_none();
        let codec = Codec::new(self.asked.encoding, self.method)?;
        let request = body::only(
            self.asked.from,
            self.request,
            body,
            requests,
            parts.deadline,
        );
        let (request, compressed) = request.await?;
        parts.compressed = compressed;
        if request.len() > LARGE {
            step_aside().await;
        }
        let request = MessageBody::Shared(codec.request(request)?);
        let mut call = self.connection.router.unary(self.route, parts, request)?;
        let context = call.context().clone();
        let answer = match call.poll_once() {
            Poll::Ready(answer) => answer,
            Poll::Pending => call.finish().await,
        };
        let (reply, leading) = answer?;
        let packing = self.packing(replies);
        if reply.len() > LARGE || packing.algorithm(reply.len(), &context).is_some() {
            step_aside().await;
        }
        let reply = packing.pack(codec.reply(reply)?, &context);
        let algorithm = replies.filter(|_| reply.compressed);
        let body = self.whole(reply.bytes)?;
        let mut response = self.response(&leading, CONTENT_ENCODING, algorithm, body);
        metadata::write_trailing(&context.take_reply_metadata(), response.headers_mut());
        Ok(response)
    }

    /// Answers a call with streams.
    async fn streaming(mut self, body: RequestBody) -> Result<Response<ReplyBody>, Status> {
        let Head {
            requests, replies, ..
        } = self.head;
        let mut parts = std::mem::take(&mut self.head.parts);
        let codec = Codec::new(self.asked.encoding, self.method)?;
        let kind = self.method.kind();
        let requests = match kind.client_streams() {
            true => StreamRequests::Many(Box::new(Requests {
                messages: Messages::new(body, requests, STREAM_ENCODING),
                codec: codec.clone(),
            })),
            false => {
                let from = self.asked.from;
                let request = body::only(from, self.request, body, requests, parts.deadline);
                let (request, compressed) = request.await?;
                parts.compressed = compressed;
                StreamRequests::One(codec.request(request)?)
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
        encoding: HeaderName,
        algorithm: Option<Compression>,
        body: ReplyBody,
    ) -> Response<ReplyBody> {
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.asked.content_type(self.to));
        if let Some(algorithm) = algorithm {
            headers.insert(encoding, HeaderValue::from_static(algorithm.name()));
        }
        if self.asked.from == From::Query {
            // Caches may keep it.
            headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
        }
        metadata::write(leading, headers);
        response
    }
}
