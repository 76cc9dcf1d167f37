//! The gateway of all protocols over HTTP.

use std::sync::Arc;

use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use super::connection::serve;
use super::prefix::probe;
use super::refusal::refuse;
use super::reply::{ReplyBody, not_post, text};
use super::service::HttpService;
use crate::connection::server_config::ConnectionConfig;
use crate::server::{AnyGateway, GatewayConnection, Refusing, Route, Router, Serving};
use crate::transport::{Opened, Prefix};

/// The protocols of a server over HTTP.
pub(super) type Services = Vec<Box<dyn HttpService>>;

/// Answers HTTP.
pub(crate) struct Http {
    services: Arc<Services>,
}

impl Http {
    /// Answers requests by the first of `services` that accepts them.
    pub(crate) fn new(services: Services) -> Self {
        Http {
            services: Arc::new(services),
        }
    }
}

impl AnyGateway for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn probe(&self, first: &[u8]) -> Prefix {
        probe(first)
    }

    fn alpn(&self) -> &'static [&'static [u8]] {
        &[b"h2", b"http/1.1"]
    }

    fn leave_out(&mut self, protocol: &str) -> bool {
        if let Some(services) = Arc::get_mut(&mut self.services) {
            services.retain(|service| service.name() != protocol);
        }
        self.services.iter().any(|service| service.stands_alone())
    }

    fn refuse<'a>(
        &'a self,
        opened: Opened,
        reason: &'a str,
        config: &'a ConnectionConfig,
    ) -> Refusing<'a> {
        Box::pin(refuse(&self.services, opened, reason, config))
    }

    fn serve(&self, connection: GatewayConnection) -> Serving {
        Box::pin(serve(Arc::clone(&self.services), connection))
    }
}

/// What is said of a request that no service accepts.
pub(super) fn not_accepted(
    services: &Services,
    request: &Parts,
    router: &Router,
) -> Response<ReplyBody> {
    let mut services = services.iter();
    if let Some(explained) = services.find_map(|service| service.explain(request, router)) {
        return explained;
    }
    let path = request.uri.path();
    match router.route(path.strip_prefix('/').unwrap_or(path)) {
        Route::Unknown(_) => not_found(path, router),
        Route::Method(_) if request.method == Method::POST => {
            let content_type = request.headers.get(CONTENT_TYPE);
            let none = HeaderValue::from_static("");
            let reason = format!(
                "this server answers no requests of the content-type {:?} at {path}\n",
                content_type.unwrap_or(&none)
            );
            text(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason)
        }
        Route::Method(_) => not_post(&request.method),
    }
}

fn not_found(path: &str, router: &Router) -> Response<ReplyBody> {
    let meant = router.nearest(path);
    let meant = meant.map(|meant| format!("; did you mean /{meant}?"));
    let reason = format!(
        "there is nothing at {path}: methods are at /package.Service/Method{}\n",
        meant.unwrap_or_default()
    );
    text(StatusCode::NOT_FOUND, reason)
}
