//! How long calls take.

use std::sync::Arc;

use rpc_wire::Status;

use super::{Completion, Interceptor, Next, Request, Response};

/// Tells how long each call took, and how it ended, on a server or on a client.
///
/// ```
/// use rpc_runtime::Server;
/// use rpc_runtime::middleware::Timing;
///
/// let server = Server::new().intercept(Timing::new(|call| {
///     println!("{} took {:?}", call.method().path(), call.elapsed());
/// }));
/// ```
#[derive(Clone)]
pub struct Timing {
    observe: Arc<dyn Fn(&Completion) + Send + Sync>,
}

impl Timing {
    /// Tells `observe`, on the call's own path: it must not block.
    pub fn new(observe: impl Fn(&Completion) + Send + Sync + 'static) -> Self {
        Timing {
            observe: Arc::new(observe),
        }
    }

    /// Writes an event of level DEBUG for each call, with the target `rpc_runtime::timing`.
    pub fn traced() -> Self {
        Self::new(|call| {
            tracing::debug!(
                target: "rpc_runtime::timing",
                method = call.method().path(),
                code = %call.code(),
                elapsed = ?call.elapsed(),
                until_response = ?call.until_response(),
                "call timed"
            );
        })
    }
}

impl Interceptor for Timing {
    async fn intercept(&self, mut request: Request, next: Next) -> Result<Response, Status> {
        let observe = Arc::clone(&self.observe);
        request.on_end(move |call| observe(call));
        next.run(request).await
    }
}

impl std::fmt::Debug for Timing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timing").finish_non_exhaustive()
    }
}
