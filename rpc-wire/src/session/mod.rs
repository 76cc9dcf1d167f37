//! One multiplexed connection as a state machine.
//!
//! A session does no I/O and reads no clock: bytes and instants go in, bytes and events come
//! out. Whoever drives it owns the socket, the timer and the wakers:
//!
//! 1. [`ClientSession::start`] (or, in a server, the sink's dispatch) opens a stream;
//! 2. `receive` takes bytes that were read and visits what they mean on a sink;
//! 3. `expire` is called when `next_timeout` has passed;
//! 4. `send` offers a message of a stream, `consumed` tells that its reader took one;
//! 5. `take_output` gives the bytes to write. Call it after each of the above;
//! 6. `take_writable`, after it, visits the streams that may send again.
//!
//! An `Err` from `receive` ends the connection: write what `take_output` still gives (the GOAWAY
//! that says why), then close.
//!
//! # A stream at the client
//!
//! ```text
//!            start                 RESPONSE + END_STREAM, CANCEL, deadline,
//!   (none) ----------> Open ------------------------------------------------> Ended
//!                       |          GOAWAY below its id, connection lost         |
//!                       |  release (sends CANCEL)                      release  |
//!                       +------------------------> (none) <---------------------+
//! ```
//!
//! # A stream at the server
//!
//! ```text
//!            REQUEST                 END_STREAM               respond, deadline
//!   (none) -----------> Receiving --------------> Running ---------------------> (none)
//!                           |                        |                             ^
//!                           +------ CANCEL, over a limit, connection lost ---------+
//! ```
//!
//! A stream of requests runs from its REQUEST on, and its END_STREAM half-closes it.

mod assembly;
mod budget;
mod client;
mod encoded;
mod floods;
mod flow;
mod keepalive;
mod link;
mod output;
mod reply;
mod send_queue;
mod server;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::frame::{FrameError, GoAwayCode};

pub use client::{ClientConfig, ClientSession, ClientSink, Outcome, OutgoingRequest, StartError};
pub use encoded::{Encoded, EncodedRef, MessageBody};
pub use flow::message_cost;
pub use keepalive::{Keepalive, Silence};
pub use link::SessionStats;
pub use output::{Output, SHARE_BODY_FROM};
pub use reply::{Responder, too_many_unread};
pub use send_queue::Offered;
pub use server::{Cancels, IncomingRequest, ServerConfig, ServerSession, ServerSink};

/// Why a connection cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionError {
    code: GoAwayCode,
    message: String,
    stranger: bool,
}

impl SessionError {
    /// An error of a driver's own, such as a peer that takes too long.
    pub fn new(code: GoAwayCode, message: impl Into<String>) -> Self {
        SessionError {
            code,
            message: message.into(),
            stranger: false,
        }
    }

    pub(crate) fn protocol(message: impl Into<String>) -> Self {
        Self::new(GoAwayCode::ProtocolError, message)
    }

    /// What the peer is told.
    pub fn code(&self) -> GoAwayCode {
        self.code
    }

    /// What happened, for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the peer does not speak this protocol at all, so that no GOAWAY is sent to it.
    pub fn is_stranger(&self) -> bool {
        self.stranger
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SessionError {}

impl From<FrameError> for SessionError {
    fn from(error: FrameError) -> Self {
        let code = match error {
            FrameError::UnsupportedVersion(_) => GoAwayCode::UnsupportedVersion,
            _ => GoAwayCode::ProtocolError,
        };
        SessionError {
            code,
            message: error.to_string(),
            stranger: matches!(error, FrameError::NotThisProtocol { .. }),
        }
    }
}

/// A peer that sends more than it was granted.
fn window_exceeded(id: u32) -> SessionError {
    SessionError::new(
        GoAwayCode::FlowControlError,
        format!("more bytes on stream {id} than its window allows"),
    )
}
