//! How a call ended, as interceptors are told.

use std::time::Duration;

use rpc_wire::{Code, MethodDescriptor, Status};

/// How a call ended, and what went each way: what [`Request::on_end`](super::Request::on_end) tells.
#[derive(Clone, Debug)]
pub struct Completion {
    pub(super) method: &'static MethodDescriptor,
    pub(super) result: Result<(), Status>,
    pub(super) elapsed: Duration,
    pub(super) until_response: Option<Duration>,
    pub(super) requests: Traffic,
    pub(super) replies: Traffic,
    pub(super) attempts: u32,
}

/// Messages of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// How many there were.
    pub messages: u64,
    /// Their encoded sizes together, in bytes, before compression.
    pub bytes: u64,
}

impl Completion {
    /// The method that was called.
    pub fn method(&self) -> &'static MethodDescriptor {
        self.method
    }

    /// OK, or the code of the [`status`](Self::status). A call that nobody waited for any more has
    /// `Cancelled` or, at a server, `DeadlineExceeded`.
    pub fn code(&self) -> Code {
        self.status().map_or(Code::Ok, Status::code)
    }

    /// How the call failed; `None` if it did not.
    pub fn status(&self) -> Option<&Status> {
        self.result.as_ref().err()
    }

    /// From when the chain was asked to the end of the last reply.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// From when the chain was asked until it had a response: for a stream of replies, at a server,
    /// until the handler gave the stream, and at a client until the call was sent. `None` if it had
    /// none.
    pub fn until_response(&self) -> Option<Duration> {
        self.until_response
    }

    /// The requests that were read: at a server, those that were taken for the handler, so none of a
    /// call that was refused.
    pub fn requests(&self) -> Traffic {
        self.requests
    }

    /// The replies that the caller was given.
    pub fn replies(&self) -> Traffic {
        self.replies
    }

    /// How often the call was sent, as far as this side knows: at a client 0 if an interceptor
    /// answered it.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}
