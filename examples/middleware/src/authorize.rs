//! Who may do what: an interceptor of one's own.

use rpc_runtime::Status;
use rpc_runtime::middleware::{Caller, Interceptor, Next, Request, Response};

use crate::proto::Count;

/// Lets everybody read, and nobody but `admin` change anything.
///
/// It stands behind `Authenticate`, which has found out who calls.
#[derive(Debug)]
pub struct Authorize;

/// The most that may be added at a time.
const MAX_STEP: u64 = 1_000;

impl Interceptor for Authorize {
    async fn intercept(&self, mut request: Request, next: Next) -> Result<Response, Status> {
        let caller = request.extensions().get::<Caller>();
        let name = caller.map_or("nobody", Caller::name);
        if request.method().name() != "Read" && name != "admin" {
            let method = request.method().path();
            return Err(Status::permission_denied(format!(
                "{name} must not call {method}"
            )));
        }
        // What is to be asked of the message waits until it is decoded.
        request.check(|count: &Count| match count.value {
            0..=MAX_STEP => Ok(()),
            more => Err(Status::out_of_range(format!(
                "{more} is more than the {MAX_STEP} that may be added at a time"
            ))),
        });
        next.run(request).await
    }
}
