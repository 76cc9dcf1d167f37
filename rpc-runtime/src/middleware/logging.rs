//! A line in the log for each call.

use rpc_wire::{Code, Status};
use tracing::{Instrument, Level, Span};

use super::{Completion, Interceptor, Next, Request, RequestId, Response};

/// Writes an event of [`tracing`] for each call when it has ended, on a server or on a client, with a request
/// id that all who deal with the request have in common.
///
/// The id is that in the metadata `x-request-id`. A call without one has, at a client, that of the call which it
/// is made for, and otherwise a new one. So with a `Logging` on servers and on the channels that their
/// handlers use, one id goes through all of them. Handlers have it from `cx.extension::<RequestId>()`.
///
/// What is logged while a call runs stands in the span `rpc`, which has the fields `side`, which is `client` or
/// `server`, `method`, `request_id` and `peer`. The event at its end has `code`, `elapsed`, and messages and bytes each way. It is of level
/// INFO, and WARN if the call failed with a code that speaks of a fault rather than of the request: `Unknown`,
/// `DeadlineExceeded`, `Internal`, `Unavailable` and `DataLoss`. Neither contains metadata or messages.
///
/// ```
/// use rpc_runtime::Server;
/// use rpc_runtime::middleware::Logging;
///
/// let server = Server::new().intercept(Logging::new());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Logging(());

impl Logging {
    /// Logs every call.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Interceptor for Logging {
    async fn intercept(&self, mut request: Request, next: Next) -> Result<Response, Status> {
        let id = RequestId::establish(&mut request);
        let span = span(&request, &id);
        let entered = span.clone();
        request.on_end(move |call| entered.in_scope(|| log(call)));
        next.run(request).instrument(span).await
    }
}

fn span(request: &Request, id: &RequestId) -> Span {
    let method = request.method().path();
    let (side, peer) = match (request.target(), request.peer()) {
        (Some(target), _) => ("client", Some(target.to_owned())),
        (None, peer) => ("server", peer.map(|peer| peer.to_string())),
    };
    let request_id = id.as_str();
    tracing::span!(Level::INFO, "rpc", side, method, request_id, peer)
}

fn log(call: &Completion) {
    let (sent, received) = (call.requests(), call.replies());
    macro_rules! event {
        ($level:expr) => {
            tracing::event!(
                $level,
                code = %call.code(),
                error = call.status().map(Status::message),
                elapsed = ?call.elapsed(),
                attempts = call.attempts(),
                requests = sent.messages,
                request_bytes = sent.bytes,
                replies = received.messages,
                reply_bytes = received.bytes,
                "call ended"
            )
        };
    }
    match is_fault(call.code()) {
        true => event!(Level::WARN),
        false => event!(Level::INFO),
    }
}

/// Whether a code speaks of a fault of the server or the network rather than of the request.
fn is_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}
