//! How a stream ends, and for whom.

use crate::frame::{Flags, ResponseMetadata, StatusBody};
use crate::session::{Encoded, EncodedRef, SessionError};
use crate::{Code, Metadata, Stage, Status};

/// How a stream ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The server answered with OK.
    Reply {
        /// The encoded message.
        body: Encoded,
        /// Sent along by the server.
        metadata: Metadata,
    },
    /// Anything else. The status says stage and whether the call may have run.
    Failed(Status),
}

/// Visited with what a session learns.
pub trait ClientSink<T> {
    /// The server began a stream of replies, and sent `metadata` ahead.
    fn headers(&mut self, slot: &mut T, metadata: Metadata);

    /// A message of a stream of replies. Say so when it is taken:
    /// [`ClientSession::consumed`](super::ClientSession::consumed).
    fn message(&mut self, slot: &mut T, message: EncodedRef<'_>);

    /// The stream that holds `slot` ended; the slot stays until it is
    /// [released](super::ClientSession::release).
    fn ended(&mut self, slot: &mut T, outcome: Outcome);
}

/// What a whole reply says.
pub(super) fn outcome(
    metadata: ResponseMetadata,
    flags: Flags,
    body: Encoded,
) -> Result<Outcome, SessionError> {
    let code = metadata.status_code();
    let user_metadata = metadata.user_metadata()?;
    if code == Code::Ok {
        if flags.contains(Flags::STATUS) || flags.contains(Flags::NOT_EXECUTED) {
            return Err(SessionError::protocol(
                "RESPONSE with an error's flags and code OK",
            ));
        }
        return Ok(Outcome::Reply {
            body,
            metadata: user_metadata,
        });
    }
    let mut status = Status::new(code, "");
    if flags.contains(Flags::STATUS) {
        let body = StatusBody::decode_checked(&body.bytes)?;
        status = Status::new(code, body.message);
        if !body.details.is_empty() {
            status = status.with_details(body.details);
        }
    }
    if let Some(pushback) = metadata.retry_pushback() {
        status = status.with_retry_pushback(pushback);
    }
    let executed = !flags.contains(Flags::NOT_EXECUTED);
    let status = status.with_metadata(user_metadata).with_stage(Stage::Wait);
    Ok(Outcome::Failed(status.with_may_have_run(executed)))
}

pub(super) fn too_large(limit: u64) -> Status {
    Status::resource_exhausted(format!(
        "the reply is over the client's limit max_message_size of {limit} bytes"
    ))
}
