//! How HTTP and the protocols over it meet.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use rpc_wire::Status;

use super::body::RequestBody;
use super::connection::HttpConnection;
use super::reply::{ReplyBody, text};
use crate::server::Router;

/// A protocol that is carried by HTTP.
pub(crate) trait HttpService: Send + Sync {
    /// What the protocol is called, in logs and by whoever switches it off.
    fn name(&self) -> &'static str;

    /// Whether a request is of this protocol. Of several services that say so the first answers.
    fn accepts(&self, request: &Parts) -> bool;

    /// Whether the server is to answer HTTP for the sake of this alone.
    fn stands_alone(&self) -> bool {
        true
    }

    /// What a request is answered on a connection that is not served, with the status 503; its text unless
    /// overridden. Nothing of the request's body is read.
    fn refuse(&self, _request: &Parts, status: Status) -> Response<ReplyBody> {
        unavailable(&status)
    }

    /// What is said of a request that no service accepts, if its path is this protocol's.
    fn explain(&self, _request: &Parts, _router: &Router) -> Option<Response<ReplyBody>> {
        None
    }

    /// Answers a request. Dropped, what it gives cancels its call.
    fn call(&self, request: HttpRequest) -> Answering;
}

/// Says that a connection is not served.
pub(super) fn unavailable(status: &Status) -> Response<ReplyBody> {
    let reason = format!("{}\n", status.message());
    text(StatusCode::SERVICE_UNAVAILABLE, reason)
}

/// A request for an [`HttpService`].
pub(crate) struct HttpRequest {
    pub(crate) head: Parts,
    pub(crate) body: RequestBody,
    pub(crate) connection: Arc<HttpConnection>,
}

/// What [`HttpService::call`] returns. It is first polled where the connection is served, and if it is
/// not ready then, in a task of its own over HTTP/2.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Response<ReplyBody>> + Send>>;
