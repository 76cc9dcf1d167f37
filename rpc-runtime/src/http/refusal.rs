//! What clients over HTTP are told that are not served.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rpc_wire::Status;

use super::connection::http1;
use super::cors::{Sharing, preflight};
use super::gateway::Services;
use super::io::HttpIo;
use super::prefix::{Version, version};
use super::reply::ReplyBody;
use super::requests::Requests;
use super::service::unavailable;
use crate::connection::cors::Cors;
use crate::connection::refusal::{close, tell};
use crate::connection::server_config::ConnectionConfig;
use crate::transport::Opened;

/// The types of the frames of HTTP/2 that are sent.
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

/// `ENHANCE_YOUR_CALM`: there are too many connections.
const EXCESSIVE_LOAD: u32 = 11;

/// Says `reason` to a client, and closes: by the answer to its first request, or by a GOAWAY from which it knows that
/// nothing was executed.
///
/// # Errors
///
/// If the connection breaks before.
pub(super) async fn refuse(
    services: &Services,
    mut opened: Opened,
    reason: &str,
    config: &ConnectionConfig,
) -> io::Result<()> {
    let version = version(&opened.input);
    if version == Version::Http2 {
        return tell(opened.transport, &goaway(reason)).await;
    }
    let input = std::mem::take(&mut opened.input);
    let requests = Arc::new(Requests::new(1));
    let timeout = config.write_timeout;
    let io = HttpIo::new(&mut opened.transport, input, requests, version, timeout);
    let refusal = Refusal {
        services,
        cors: config.cors.as_ref(),
        status: Status::unavailable(reason).with_may_have_run(false),
    };
    let mut http1 = http1(config);
    let served = http1
        .keep_alive(false)
        .serve_connection(TokioIo::new(io), refusal);
    let served = served.await.map_err(io::Error::other);
    close(opened.transport).await;
    served
}

/// Answers the first request of a connection that is not served.
struct Refusal<'a> {
    services: &'a Services,
    cors: Option<&'a Arc<Cors>>,
    status: Status,
}

impl Service<Request<Incoming>> for Refusal<'_> {
    type Response = Response<ReplyBody>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (head, _) = request.into_parts();
        let sharing = self.cors.and_then(|cors| Sharing::of(&head, cors));
        // A page learns why it is refused only if it may ask, for which it comes again.
        let preflight = preflight(&head, self.cors.map(Arc::as_ref));
        let mut response = preflight.unwrap_or_else(|| {
            let service = self.services.iter().find(|service| service.accepts(&head));
            match service {
                Some(service) => service.refuse(&head, self.status.clone()),
                None => unavailable(&self.status),
            }
        });
        if let Some(sharing) = sharing {
            sharing.say(response.headers_mut());
        }
        ready(Ok(response))
    }
}

fn goaway(reason: &str) -> Vec<u8> {
    let last_stream = 0_u32.to_be_bytes();
    let code = EXCESSIVE_LOAD.to_be_bytes();
    let goaway = [&last_stream, &code, reason.as_bytes()].concat();
    [frame(SETTINGS, &[]), frame(GOAWAY, &goaway)].concat()
}

/// A frame of the connection, whose payload is short.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let head = [length[1], length[2], length[3], kind, 0, 0, 0, 0, 0];
    [&head, payload].concat()
}
