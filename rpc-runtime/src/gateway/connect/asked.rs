//! What a request asks for, as far as its first lines say.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use rpc_wire::{Idempotency, MethodKind};

use super::{accept, query};
use crate::http::{ReplyBody, not_allowed, text};
use crate::server::RoutedMethod;

const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

const JSON: &str = "application/json";
const PROTO: &str = "application/proto";
const CONNECT_JSON: &str = "application/connect+json";
const CONNECT_PROTO: &str = "application/connect+proto";
const LINES: &str = "application/x-ndjson";
const EVENTS: &str = "text/event-stream";

/// How messages are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Json,
    Proto,
}

/// Where the requests of a call are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// One, in the query of a GET.
    Query,
    /// One, in the body.
    Body,
    /// Any number, in the body, each behind its length.
    Envelopes,
}

/// How the replies of a call are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// There is one.
    Body,
    /// Each stands behind its length.
    Envelopes,
    /// Each is a line.
    Lines,
    /// Each is a server-sent event.
    Events,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) encoding: Encoding,
    pub(super) from: From,
}

impl Asked {
    /// What a request [of this protocol](is_asked) asks for.
    pub(super) fn of(request: &Parts) -> Option<Self> {
        let (encoding, from) = match request.method {
            Method::GET => (query::encoding(request.uri.query()?)?, From::Query),
            _ => match content_type(&request.headers)?.as_str() {
                JSON => (Encoding::Json, From::Body),
                PROTO => (Encoding::Proto, From::Body),
                CONNECT_JSON => (Encoding::Json, From::Envelopes),
                CONNECT_PROTO => (Encoding::Proto, From::Envelopes),
                _ => return None,
            },
        };
        Some(Asked { encoding, from })
    }

    /// How a method of this kind is to reply.
    ///
    /// # Errors
    ///
    /// A response that says how such a method is to be called instead.
    pub(super) fn to(
        self,
        kind: MethodKind,
        headers: &HeaderMap,
    ) -> Result<To, Box<Response<ReplyBody>>> {
        match (self.from, kind, self.encoding) {
            (From::Query | From::Body, MethodKind::Unary, _) => Ok(To::Body),
            (From::Query | From::Body, MethodKind::ServerStreaming, Encoding::Json) => {
                let events = accepts(headers, EVENTS) && !accepts(headers, LINES);
                Ok(if events { To::Events } else { To::Lines })
            }
            (From::Envelopes, MethodKind::Unary, _) | (From::Query | From::Body, ..) => {
                Err(Box::new(other_type(headers, kind)))
            }
            (From::Envelopes, ..) => Ok(To::Envelopes),
        }
    }

    /// The type of the body of a response.
    pub(super) fn content_type(self, to: To) -> HeaderValue {
        HeaderValue::from_static(match (to, self.encoding) {
            (To::Body, Encoding::Json) => JSON,
            (To::Body, Encoding::Proto) => PROTO,
            (To::Envelopes, Encoding::Json) => CONNECT_JSON,
            (To::Envelopes, Encoding::Proto) => CONNECT_PROTO,
            (To::Lines, _) => LINES,
            (To::Events, _) => EVENTS,
        })
    }
}

/// Whether a request is of this protocol: one of its content types is posted to `/Service/Method`, or such
/// a path is asked for with a message in the query.
pub(super) fn is_asked(request: &Parts) -> bool {
    let is_method = matches!(request.method, Method::POST | Method::GET);
    let mut names = request.uri.path().split('/').skip(1);
    let is_path = matches!(
        (names.next(), names.next(), names.next()),
        (Some(service), Some(method), None) if !service.is_empty() && !method.is_empty()
    );
    is_method && is_path && Asked::of(request).is_some()
}

/// What is said of a request of a method that is none of this protocol.
pub(super) fn not_asked(request: &Parts, method: &RoutedMethod) -> Response<ReplyBody> {
    let path = request.uri.path();
    let is_safe = method.idempotency() == Idempotency::NoSideEffects;
    match request.method {
        Method::POST => other_type(&request.headers, method.kind()),
        Method::GET if is_safe => {
            let how = "?encoding=json&message={..}, or with encoding=proto and base64=1";
            let reason = format!("the query has no encoding that is known: use {path}{how}\n");
            text(StatusCode::BAD_REQUEST, reason)
        }
        Method::GET => not_safe(path),
        ref other => {
            let (how, allowed) = match is_safe {
                true => ("GET or POST", "GET, POST"),
                false => ("POST", "POST"),
            };
            let reason = format!("{path} is called with {how}, not with {other}\n");
            not_allowed(reason, allowed)
        }
    }
}

/// What is said where a method is called with GET that may change something.
pub(super) fn not_safe(path: &str) -> Response<ReplyBody> {
    let reason = format!(
        "{path} may have side effects, so it is called with POST; a method without any is marked with \
         \"option idempotency_level = NO_SIDE_EFFECTS\" in the .proto file\n"
    );
    not_allowed(reason, "POST")
}

/// What is said where a method of this kind is called with a content type for others, or with none.
fn other_type(headers: &HeaderMap, kind: MethodKind) -> Response<ReplyBody> {
    let (streams, types): (_, &[&str]) = match kind {
        MethodKind::Unary => ("no streams", &[JSON, PROTO]),
        MethodKind::ServerStreaming => {
            ("a stream of replies", &[CONNECT_PROTO, CONNECT_JSON, JSON])
        }
        MethodKind::ClientStreaming | MethodKind::BidiStreaming => {
            ("a stream of requests", &[CONNECT_PROTO, CONNECT_JSON])
        }
    };
    let reason = format!(
        "the method has {streams}: use content-type: {}, not {:?}\n",
        types.join(" or "),
        content_type(headers).unwrap_or_default()
    );
    let mut response = text(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason);
    if let Ok(types) = HeaderValue::try_from(types.join(", ")) {
        response.headers_mut().insert(ACCEPT_POST, types);
    }
    response
}

/// The type of a request's body, without parameters such as its character set.
fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let (name, _) = value.split_once(';').unwrap_or((value, ""));
    Some(name.trim().to_ascii_lowercase())
}

/// Whether `Accept` lists this type.
fn accepts(headers: &HeaderMap, name: &str) -> bool {
    let values = headers.get_all(ACCEPT).iter();
    let mut values = values.filter_map(|value| value.to_str().ok());
    values.any(|value| accept::has(value, name))
}
