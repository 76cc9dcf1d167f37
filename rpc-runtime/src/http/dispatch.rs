//! Gives requests to the services.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::Incoming;
use hyper::service::Service;
use hyper::{Request, Response};

use super::body::RequestBody;
use super::connection::HttpConnection;
use super::cors::{Sharing, preflight};
use super::gateway::{Services, not_accepted};
use super::reply::ReplyBody;
use super::requests::Running;
use super::service::{Answering, HttpRequest};

/// Gives requests to the services.
pub(super) struct Dispatch {
    pub(super) services: Arc<Services>,
    pub(super) connection: Arc<HttpConnection>,
}

impl Service<Request<Incoming>> for Dispatch {
    type Response = Response<ReplyBody>;
    type Error = Infallible;
    type Future = Responding;

    fn call(&self, request: Request<Incoming>) -> Responding {
        let running = self.connection.requests.begin();
        let (head, body) = request.into_parts();
        let cors = self.connection.config.cors.as_ref();
        let sharing = cors.and_then(|cors| Sharing::of(&head, cors));
        let service = self.services.iter().find(|service| service.accepts(&head));
        let answering = match service {
            Some(service) => service.call(HttpRequest {
                head,
                body: RequestBody::new(body, &self.connection),
                connection: Arc::clone(&self.connection),
            }),
            None => {
                let preflight = preflight(&head, cors.map(Arc::as_ref));
                Box::pin(ready(preflight.unwrap_or_else(|| {
                    not_accepted(&self.services, &head, &self.connection.router)
                })))
            }
        };
        Responding {
            answering,
            sharing,
            running: Some(running),
        }
    }
}

/// A request that is being answered.
pub(super) struct Responding {
    answering: Answering,
    sharing: Option<Sharing>,
    running: Option<Running>,
}

impl Future for Responding {
    type Output = Result<Response<ReplyBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.answering.as_mut().poll(cx).map(|mut response| {
            if let Some(sharing) = self.sharing.take() {
                sharing.say(response.headers_mut());
            }
            Ok(match self.running.take() {
                Some(running) => response.map(|body| body.running(running)),
                None => response,
            })
        })
    }
}
