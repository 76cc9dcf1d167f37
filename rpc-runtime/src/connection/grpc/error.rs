//! What an error of HTTP/2 says of a call.

use std::time::Instant;

use h2::Reason;
use rpc_wire::{Code, Status};

/// The status of a call whose stream ended with an error, by gRPC's table. It says whether the call may have run.
/// `None` if the connection is lost: why is known to whoever moves its bytes.
pub(super) fn status(error: h2::Error, deadline: Option<Instant>) -> Option<Status> {
    if error.is_io() {
        return None;
    }
    let is_late = || deadline.is_some_and(|deadline| deadline <= Instant::now());
    let status = match error.reason() {
        // Streams above the last one that a GOAWAY names get its error, others go on.
        Some(_) if error.is_go_away() && error.is_remote() => {
            Status::unavailable(format!("the server takes no more calls here: {error}"))
                .with_may_have_run(false)
        }
        Some(Reason::REFUSED_STREAM) if error.is_remote() => {
            Status::unavailable("the server refused the call (REFUSED_STREAM)")
                .with_may_have_run(false)
        }
        // A server that keeps the time itself may be first.
        Some(Reason::CANCEL) if error.is_remote() && is_late() => {
            Status::deadline_exceeded("the server ended the call at its deadline")
        }
        Some(reason) if error.is_reset() && error.is_remote() => Status::new(
            code_of(reason),
            format!("the server reset the stream: {reason}"),
        ),
        Some(_) if error.is_reset() => Status::internal(format!(
            "what the server sent breaks HTTP/2, or has more headers than max_metadata_size lets it: {error}"
        )),
        _ => Status::unavailable(format!("the connection broke: {error}")),
    };
    Some(status.with_source(error))
}

fn code_of(reason: Reason) -> Code {
    match reason {
        Reason::CANCEL => Code::Cancelled,
        Reason::ENHANCE_YOUR_CALM => Code::ResourceExhausted,
        Reason::INADEQUATE_SECURITY => Code::PermissionDenied,
        _ => Code::Internal,
    }
}
