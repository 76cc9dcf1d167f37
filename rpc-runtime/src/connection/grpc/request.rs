//! The headers of requests.

use std::time::Instant;

use http::header::{CONTENT_TYPE, TE, USER_AGENT};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};
use rpc_wire::session::OutgoingRequest;
use rpc_wire::{Stage, Status};

use super::GrpcConfig;
use crate::codec;
use crate::compression::Compression;
use crate::grpc::{content_type, metadata, timeout};

const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const PREVIOUS_ATTEMPTS: HeaderName = HeaderName::from_static("grpc-previous-rpc-attempts");

/// Who calls, if the caller does not say.
const OWN_NAME: HeaderValue =
    HeaderValue::from_static(concat!("grpc-rust-rpc-runtime/", env!("CARGO_PKG_VERSION")));

/// What the heads of all requests of a connection have in common.
pub(super) struct Head {
    /// What the server is called; `None` if that is impossible.
    origin: Option<(Scheme, Authority)>,
    accepted: Option<HeaderValue>,
}

impl Head {
    pub(super) fn new(config: &GrpcConfig) -> Self {
        let scheme = match config.origin.by_tls {
            true => Scheme::HTTPS,
            false => Scheme::HTTP,
        };
        let authority = config.origin.authority.parse().ok();
        let names: Vec<_> = config.accepted.iter().map(|way| way.name()).collect();
        let accepted = (!names.is_empty()).then(|| names.join(","));
        Head {
            origin: authority.map(|authority| (scheme, authority)),
            accepted: accepted.and_then(|names| HeaderValue::try_from(names).ok()),
        }
    }

    /// The head of a request, which may be compressed so.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT if the method's path, or the target, has characters that HTTP does not allow.
    pub(super) fn of(
        &self,
        now: Instant,
        request: &OutgoingRequest<'_>,
        compression: Option<Compression>,
    ) -> Result<Request<()>, Status> {
        let mut head = Request::new(());
        *head.method_mut() = Method::POST;
        *head.version_mut() = Version::HTTP_2;
        *head.uri_mut() = self.uri(request.path).ok_or_else(|| impossible(request))?;
        let headers = head.headers_mut();
        metadata::write(request.metadata, headers);
        headers.entry(USER_AGENT).or_insert(OWN_NAME);
        headers.insert(TE, HeaderValue::from_static("trailers"));
        let content_type = content_type::of(codec::named(request.metadata));
        let content_type = HeaderValue::try_from(&*content_type);
        headers.insert(CONTENT_TYPE, content_type.map_err(|_| impossible(request))?);
        if let Some(algorithm) = compression {
            headers.insert(ENCODING, HeaderValue::from_static(algorithm.name()));
        }
        self.add_options(now, request, headers);
        Ok(head)
    }

    fn uri(&self, path: &str) -> Option<Uri> {
        let (scheme, authority) = self.origin.clone()?;
        let path = PathAndQuery::try_from(format!("/{path}")).ok()?;
        let uri = Uri::builder().scheme(scheme).authority(authority);
        uri.path_and_query(path).build().ok()
    }

    fn add_options(&self, now: Instant, request: &OutgoingRequest<'_>, headers: &mut HeaderMap) {
        if let Some(deadline) = request.deadline {
            let left = deadline.saturating_duration_since(now);
            if let Ok(left) = HeaderValue::try_from(timeout::encode(left)) {
                headers.insert(TIMEOUT, left);
            }
        }
        if let Some(accepted) = &self.accepted {
            headers.insert(ACCEPT_ENCODING, accepted.clone());
        }
        if request.attempt > 0 {
            headers.insert(PREVIOUS_ATTEMPTS, request.attempt.into());
        }
    }
}

fn impossible(request: &OutgoingRequest<'_>) -> Status {
    Status::invalid_argument(format!(
        "the method {:?}, its codec or the target cannot be named in HTTP",
        request.path
    ))
    .with_stage(Stage::Send)
    .with_may_have_run(false)
}
