//! What browsers are told of who may call: CORS, as the Fetch standard has it.

use std::sync::Arc;

use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName,
    HeaderValue, ORIGIN, VARY,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use super::reply::{ReplyBody, text};
use crate::connection::cors::Cors;

/// What methods are called with.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");

/// Headers of responses that any page may read.
const SAFE: [&str; 7] = [
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
];

/// The answer to a browser that asks whether a page may send a request, if that is what it does.
pub(super) fn preflight(request: &Parts, cors: Option<&Cors>) -> Option<Response<ReplyBody>> {
    let headers = &request.headers;
    let asks = headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let origin = headers.get(ORIGIN)?;
    if request.method != Method::OPTIONS || !asks {
        return None;
    }
    let Some(cors) = cors.filter(|cors| allows(cors, origin)) else {
        let reason = format!(
            "web pages of the origin {origin:?} may not call this server; Server::cors lets them\n"
        );
        return Some(text(StatusCode::FORBIDDEN, reason));
    };
    let mut response = Response::new(ReplyBody::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let answer = response.headers_mut();
    allow(cors, origin.clone(), answer);
    answer.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    if let Some(asked) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        // Any header may be metadata.
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    answer.insert(ACCESS_CONTROL_MAX_AGE, cors.max_age_seconds().into());
    Some(response)
}

/// What the response to a request has to say of who may read it.
pub(super) struct Sharing {
    cors: Arc<Cors>,
    /// The origin of the page, if that may.
    origin: Option<HeaderValue>,
}

impl Sharing {
    /// What there is to say, if a browser may have sent the request, or its response may be kept for one.
    pub(super) fn of(request: &Parts, cors: &Arc<Cors>) -> Option<Self> {
        let origin = request.headers.get(ORIGIN);
        let is_relevant = match request.method {
            Method::GET => true,
            // Only preflights, which say it themselves.
            Method::OPTIONS => false,
            _ => origin.is_some(),
        };
        is_relevant.then(|| Sharing {
            cors: Arc::clone(cors),
            origin: origin.filter(|origin| allows(cors, origin)).cloned(),
        })
    }

    /// Says it. Pages may read all headers.
    pub(super) fn say(self, headers: &mut HeaderMap) {
        let Some(origin) = self.origin else {
            vary(&self.cors, headers);
            return;
        };
        let names = headers.keys().map(HeaderName::as_str);
        let names: Vec<_> = names.filter(|name| !SAFE.contains(name)).collect();
        if let Ok(names) = HeaderValue::try_from(names.join(", "))
            && !names.is_empty()
        {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, names);
        }
        allow(&self.cors, origin, headers);
    }
}

fn allows(cors: &Cors, origin: &HeaderValue) -> bool {
    let origin = origin.to_str();
    origin.is_ok_and(|origin| cors.allows(origin))
}

/// Lets pages of an origin read a response.
fn allow(cors: &Cors, origin: HeaderValue, headers: &mut HeaderMap) {
    let origin = match cors.is_any() {
        true => HeaderValue::from_static("*"),
        false => origin,
    };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if cors.allows_credentials() {
        let allowed = HeaderValue::from_static("true");
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, allowed);
    }
    vary(cors, headers);
}

/// Says to caches that pages of other origins may get another response.
fn vary(cors: &Cors, headers: &mut HeaderMap) {
    if !cors.is_any() {
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
}
