//! The bodies of responses.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Response, StatusCode};
use rpc_wire::Status;

use super::budget::Share;
use super::requests::Running;

/// How much is sent of a body at a time, in bytes: four frames of HTTP/2.
const PIECE: usize = 64 * 1024;

/// The body of a response. While it is there its request counts as running.
pub(crate) struct ReplyBody {
    kind: Kind,
    running: Option<Running>,
    /// What it holds of what may wait for the client.
    _share: Option<Share>,
}

enum Kind {
    Whole {
        data: Option<Bytes>,
        trailers: Option<HeaderMap>,
    },
    Stream(Pin<Box<dyn Body<Data = Bytes, Error = Status> + Send>>),
}

impl ReplyBody {
    /// No body.
    pub(crate) fn empty() -> Self {
        Self::of(None, None)
    }

    /// One that is there already.
    pub(crate) fn whole(data: Bytes) -> Self {
        Self::of(Some(data), None)
    }

    /// One that is there already, and what comes behind it.
    #[cfg(feature = "grpc")]
    pub(crate) fn with_trailers(data: Bytes, trailers: HeaderMap) -> Self {
        Self::of(Some(data), Some(trailers))
    }

    fn of(data: Option<Bytes>, trailers: Option<HeaderMap>) -> Self {
        ReplyBody {
            kind: Kind::Whole {
                data: data.filter(|data| !data.is_empty()),
                trailers,
            },
            running: None,
            _share: None,
        }
    }

    /// The same, which holds a share while it is there.
    pub(crate) fn holding(self, share: Share) -> Self {
        ReplyBody {
            _share: Some(share),
            ..self
        }
    }

    /// One that is made as fast as the client takes it. An error cuts it off, which the client sees.
    pub(crate) fn stream(body: impl Body<Data = Bytes, Error = Status> + Send + 'static) -> Self {
        ReplyBody {
            kind: Kind::Stream(Box::pin(body)),
            running: None,
            _share: None,
        }
    }

    /// The request is over when this body is.
    pub(super) fn running(mut self, mut running: Running) -> Self {
        if self.is_end_stream() {
            running.finished();
        }
        self.running = Some(running);
        self
    }
}

/// Takes what is sent next of `data`. What was given away waits for the client where nobody counts it.
pub(crate) fn next_piece(data: &mut Option<Bytes>) -> Option<Bytes> {
    match data {
        Some(whole) if whole.len() > PIECE => Some(whole.split_to(PIECE)),
        _ => data.take(),
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let body = &mut *self;
        // Whoever asks for more has sent what it had.
        if let Some(running) = &mut body.running {
            running.taken();
        }
        let polled = match &mut body.kind {
            Kind::Whole { data, trailers } => {
                let frame = next_piece(data).map(Frame::data);
                let frame = frame.or_else(|| trailers.take().map(Frame::trailers));
                Poll::Ready(frame.map(Ok))
            }
            Kind::Stream(body) => body.as_mut().poll_frame(cx),
        };
        let (is_data, is_last) = match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                (frame.is_data(), frame.is_trailers() || body.is_end_stream())
            }
            Poll::Ready(_) => (false, true),
            Poll::Pending => (false, false),
        };
        if let Some(running) = &mut body.running {
            if is_data {
                running.given();
            }
            if is_last {
                running.finished();
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole { data, trailers } => data.is_none() && trailers.is_none(),
            Kind::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole {
                data,
                trailers: None,
            } => SizeHint::with_exact(data.as_ref().map_or(0, |data| data.len() as u64)),
            // What has trailers must not say its length: over HTTP/1.1 they would be lost.
            Kind::Whole { .. } => SizeHint::default(),
            Kind::Stream(body) => body.size_hint(),
        }
    }
}

/// A response for humans.
pub(crate) fn text(status: StatusCode, text: impl Into<String>) -> Response<ReplyBody> {
    let text: String = text.into();
    let mut response = Response::new(ReplyBody::whole(text.into()));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// What is said where a path is not for the request's method, but for those that are `allowed`.
pub(crate) fn not_allowed(reason: impl Into<String>, allowed: &'static str) -> Response<ReplyBody> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, reason);
    let allowed = HeaderValue::from_static(allowed);
    response.headers_mut().insert(ALLOW, allowed);
    response
}

/// What is said where a method of a service is called otherwise than with POST.
pub(crate) fn not_post(method: &Method) -> Response<ReplyBody> {
    let reason = format!("methods are called with POST, not with {method}\n");
    not_allowed(reason, "POST")
}
