//! From a request over HTTP to a call, and back.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use bytes::{Buf, Bytes};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Response, StatusCode, Version};
use rpc_wire::session::{MessageBody, SHARE_BODY_FROM};
use rpc_wire::{Metadata, MethodKind, Status};

use super::head::{self, ACCEPT_ENCODING, ENCODING, Head};
use super::packing::{Packing, framed, framed_in_place};
use super::replies::Replies;
use super::response::{failed, trailers, with_headers};
use crate::call::Context;
use crate::connection::reschedule::step_aside;
use crate::grpc::frame::PREFIX_SIZE;
use crate::http::{HttpConnection, HttpRequest, Messages, ReplyBody, RequestBody, not_post, text};
use crate::server::{Route, StreamRequests};

/// Answers a request.
pub(super) async fn answer(request: HttpRequest) -> Response<ReplyBody> {
    let head = &request.head;
    if let Some(refused) = wrong_method(&head.method).or_else(|| not_http2(head.version)) {
        return refused;
    }
    let content_type = head.headers.get(CONTENT_TYPE).cloned();
    let content_type = content_type.unwrap_or(HeaderValue::from_static("application/grpc"));
    call(request, content_type).await
}

/// Makes the call that a request asks for. Its response has this content type.
pub(super) async fn call(request: HttpRequest, content_type: HeaderValue) -> Response<ReplyBody> {
    let HttpRequest {
        head: parts,
        body,
        connection,
    } = request;
    let head = match head::read(&parts.headers, &connection) {
        Ok(head) => head,
        Err(status) => return refused(content_type, &status, &connection),
    };
    let path = parts.uri.path();
    let route = connection
        .router
        .route(path.strip_prefix('/').unwrap_or(path));
    let calling = Calling {
        head,
        body,
        connection,
        content_type: content_type.clone(),
    };
    let answered = match route.method().map(|method| method.kind()) {
        Ok(MethodKind::Unary) => unary(&route, calling).await,
        Ok(kind) => streaming(&route, kind, calling).await,
        Err(status) => Err(status),
    };
    answered.unwrap_or_else(|status| failed(content_type, &status))
}

/// What is said to a request that cannot be a call.
pub(super) fn wrong_method(method: &Method) -> Option<Response<ReplyBody>> {
    (method != Method::POST).then(|| not_post(method))
}

/// What is said to a request that has no place for trailers.
fn not_http2(version: Version) -> Option<Response<ReplyBody>> {
    (version < Version::HTTP_2).then(|| {
        let reason = format!("gRPC takes HTTP/2, not {version:?}; gRPC-Web takes both\n");
        text(StatusCode::HTTP_VERSION_NOT_SUPPORTED, reason)
    })
}

/// A response to a call whose headers are wrong, which says how requests may be compressed.
fn refused(
    content_type: HeaderValue,
    status: &Status,
    connection: &HttpConnection,
) -> Response<ReplyBody> {
    let mut response = failed(content_type, status);
    if let Ok(accepted) = HeaderValue::try_from(head::accepted(connection)) {
        response.headers_mut().insert(ACCEPT_ENCODING, accepted);
    }
    response
}

/// What there is to answer a call with, beside its method.
struct Calling {
    head: Head,
    body: RequestBody,
    connection: Arc<HttpConnection>,
    content_type: HeaderValue,
}

impl Calling {
    fn packing(&self) -> Packing {
        Packing {
            algorithm: self.head.replies,
            from: self.connection.config.compress_from,
        }
    }
}

/// Answers a call with one request and one reply.
async fn unary(route: &Route, calling: Calling) -> Result<Response<ReplyBody>, Status> {
    let packing = calling.packing();
    let Head {
        mut parts,
        requests,
        ..
    } = calling.head;
    let request = Messages::new(calling.body, requests, ENCODING).only();
    let (request, compressed) = before(parts.deadline, request).await??;
    parts.compressed = compressed;
    let router = &calling.connection.router;
    let mut call = router.unary(route, parts, MessageBody::Shared(request))?;
    call.leave_room(PREFIX_SIZE);
    let context = call.context().clone();
    let answer = match call.poll_once() {
        Poll::Ready(answer) => answer,
        Poll::Pending => call.finish().await,
    };
    let (mut reply, leading) = answer?;
    let reply = if packing.wants(reply.len() - PREFIX_SIZE, &context) {
        // It takes a while, which the other calls of the connection need not wait for.
        step_aside().await;
        reply.advance(PREFIX_SIZE);
        framed(&packing.pack(reply.freeze(), &context))?
    } else {
        framed_in_place(reply)?
    };
    let trailing = context.take_reply_metadata();
    let body = whole(reply, &trailing, &calling.connection)?;
    let content_type = calling.content_type;
    Ok(with_headers(
        content_type,
        &leading,
        packing.algorithm,
        body,
    ))
}

/// The body of a call with one reply.
fn whole(
    reply: Bytes,
    trailing: &Metadata,
    connection: &HttpConnection,
) -> Result<ReplyBody, Status> {
    let share = match reply.len() {
        // What is small counts as the call that it is of.
        0..SHARE_BODY_FROM => None,
        length => Some(connection.hold_reply(length)?),
    };
    let body = ReplyBody::with_trailers(reply, trailers(Ok(trailing)));
    Ok(match share {
        Some(share) => body.holding(share),
        None => body,
    })
}

/// Answers a call with streams.
async fn streaming(
    route: &Route,
    kind: MethodKind,
    calling: Calling,
) -> Result<Response<ReplyBody>, Status> {
    let packing = calling.packing();
    let Head {
        mut parts,
        requests,
        ..
    } = calling.head;
    let requests = Messages::new(calling.body, requests, ENCODING);
    let requests = if kind.client_streams() {
        StreamRequests::Many(Box::new(requests))
    } else {
        let (request, compressed) = before(parts.deadline, requests.only()).await??;
        parts.compressed = compressed;
        StreamRequests::One(request)
    };
    let mut call = calling.connection.router.stream(route, parts, requests)?;
    let leading = call.headers().await?;
    let body = if kind.server_streams() {
        let share = calling.connection.hold_reply(0)?;
        ReplyBody::stream(Replies::new(call, packing, share))
    } else {
        let mut reply = Bytes::new();
        let mut take = |_: &Context, only: MessageBody<'_>| {
            reply = only.into_bytes();
            Ok(true)
        };
        poll_fn(|cx| call.poll_replies(cx, &mut take)).await?;
        let reply = packing.pack(reply, call.context());
        whole(framed(&reply)?, &call.trailers(), &calling.connection)?
    };
    let content_type = calling.content_type;
    Ok(with_headers(
        content_type,
        &leading,
        packing.algorithm,
        body,
    ))
}

/// What `future` gives before the deadline.
///
/// # Errors
///
/// DEADLINE_EXCEEDED if it is too late.
async fn before<F: Future>(deadline: Option<Instant>, future: F) -> Result<F::Output, Status> {
    let Some(deadline) = deadline else {
        return Ok(future.await);
    };
    let before = tokio::time::timeout_at(deadline.into(), future).await;
    before
        .map_err(|_| Status::deadline_exceeded("the deadline passed before the request was whole"))
}
