//! How long a call may take at most: a layer of tower's.

use rpc_runtime::Status;
use tower::BoxError;
use tower::timeout::error::Elapsed;

/// What callers are told of the errors of the timeout layer: without this they would be UNKNOWN.
pub(crate) fn status(error: BoxError) -> BoxError {
    match error.is::<Elapsed>() {
        true => Status::deadline_exceeded("the server gives no call more than its time").into(),
        false => error,
    }
}
