//! Calls over HTTP by the Connect protocol.

mod envelope;
mod error;
mod headers;
mod replies;
mod streams;

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::Request;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper_util::client::legacy::{Client, Error as HyperError};
use hyper_util::rt::TokioExecutor;
use rpc_runtime::{MethodKind, Stage, Status};
use tokio::time::Instant;

use self::headers::write_metadata;
use self::replies::{by, read_head, read_whole};
use self::streams::Streams;
use super::dialer::Dialer;
use super::target::Target;
use super::{Format, Outgoing, Requests};

pub(super) use self::headers::to_base64;
pub(super) use self::replies::ConnectReplies;

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Calls a server over HTTP.
pub(super) struct ConnectClient {
    /// HTTP/1.1, or what ALPN chooses.
    usual: Client<Streams, Body>,
    /// For calls that stream both ways, which HTTP/1.1 does not: HTTP/2 by prior knowledge.
    http2: Client<Streams, Body>,
    /// What methods' paths are put behind.
    base: String,
}

impl ConnectClient {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Why the server cannot be reached.
    pub(super) async fn connect(dialer: Dialer, target: &Target) -> Result<Self, Status> {
        let streams = Streams::open(dialer).await?;
        let scheme = if target.by_tls { "https" } else { "http" };
        Ok(ConnectClient {
            usual: Client::builder(TokioExecutor::new()).build(streams.clone()),
            http2: Client::builder(TokioExecutor::new())
                .http2_only(true)
                .build(streams),
            base: format!("{scheme}://{}{}", target.authority(), target.path),
        })
    }

    /// Makes a call, as far as its reply or the head of its stream.
    ///
    /// # Errors
    ///
    /// How the call ended.
    pub(super) async fn call(&self, call: Outgoing) -> Result<ConnectReplies, Status> {
        let deadline = call.timeout.map(|timeout| Instant::now() + timeout);
        by(deadline, self.call_in_time(call, deadline)).await
    }

    async fn call_in_time(
        &self,
        call: Outgoing,
        deadline: Option<Instant>,
    ) -> Result<ConnectReplies, Status> {
        let kind = call.method.kind();
        let client = match kind {
            MethodKind::BidiStreaming => &self.http2,
            _ => &self.usual,
        };
        let content_type = content_type(kind, call.format);
        let response = client.request(self.request(call)?).await.map_err(failed)?;
        match kind {
            MethodKind::Unary => read_whole(response, content_type).await,
            _ => read_head(response, content_type, deadline).await,
        }
    }

    fn request(&self, call: Outgoing) -> Result<Request<Body>, Status> {
        let method = call.method;
        let is_unary = method.kind() == MethodKind::Unary;
        let mut request = Request::post(format!("{}/{}", self.base, method.path()))
            .header(CONTENT_TYPE, content_type(method.kind(), call.format))
            .header(USER_AGENT, concat!("rpc-cli/", env!("CARGO_PKG_VERSION")))
            .header("connect-protocol-version", "1");
        if let Some(timeout) = call.timeout {
            request = request.header("connect-timeout-ms", timeout_ms(timeout));
        }
        if let Some(headers) = request.headers_mut() {
            write_metadata(&call.metadata, headers);
        }
        let body = match call.requests {
            Requests::One(message) if is_unary => Full::new(message).boxed_unsync(),
            Requests::One(message) => Full::new(envelope::wrap(&message)).boxed_unsync(),
            Requests::Many(messages) => in_envelopes(messages),
        };
        let request = request.body(body);
        request.map_err(|error| Status::invalid_argument(format!("there is no such URL: {error}")))
    }
}

/// Of requests and replies.
fn content_type(kind: MethodKind, format: Format) -> &'static str {
    match (kind, format) {
        (MethodKind::Unary, Format::Json) => "application/json",
        (MethodKind::Unary, Format::Protobuf) => "application/proto",
        (_, Format::Json) => "application/connect+json",
        (_, Format::Protobuf) => "application/connect+proto",
    }
}

/// Connect allows ten digits.
fn timeout_ms(timeout: Duration) -> String {
    timeout.as_millis().clamp(1, 9_999_999_999).to_string()
}

fn in_envelopes(messages: impl Stream<Item = Bytes> + Send + 'static) -> Body {
    let frames = messages.map(|message| Ok(Frame::data(envelope::wrap(&message))));
    StreamBody::new(frames).boxed_unsync()
}

/// The status of a call that got no answer: that of the [`Dialer`], if there was no connection.
fn failed(error: HyperError) -> Status {
    let mut cause: &dyn Error = &error;
    while let Some(source) = cause.source() {
        if let Some(status) = source.downcast_ref::<Status>() {
            return status.clone();
        }
        cause = source;
    }
    let message = format!("the server does not answer by HTTP: {cause}; is it the right port?");
    Status::unavailable(message).with_stage(Stage::Wait)
}
