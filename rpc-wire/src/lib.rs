//! The pure core of the rpc protocol: its vocabulary and its frames.
//!
//! This crate does no I/O, reads no clock and starts no thread: bytes and instants come in as
//! arguments, bytes and values go out. That is what makes the protocol cheap to test, and it is
//! why the core is a crate of its own: the compiler then keeps it pure.
//!
//! * The vocabulary is what every layer above speaks: [`Status`] and [`Code`], [`Metadata`],
//!   [`MethodDescriptor`] and the named limits such as [`DEFAULT_MAX_MESSAGE_SIZE`].
//! * [`frame`] turns frames into bytes and back. `docs/protocol.md` describes the same bytes in
//!   prose, for authors of other implementations.
//! * [`session`] is one connection as a state machine: what to send, what arrived, what timed out.
//!
//! Nothing read from a peer can make this crate panic, and no length field is ever trusted for an
//! allocation.

mod code;
pub mod frame;
mod limits;
pub mod memory;
mod metadata;
mod method;
pub mod session;
mod status;

pub use code::{Code, UnknownCodeName};
pub use limits::{
    ASSUMED_MAX_CONCURRENT_STREAMS, DEFAULT_GRANT_BUDGET, DEFAULT_MAX_CONCURRENT_STREAMS,
    DEFAULT_MAX_FRAME_BODY, DEFAULT_MAX_MESSAGE_SIZE, DEFAULT_MAX_METADATA_SIZE,
    DEFAULT_MAX_QUEUED_REPLIES, DEFAULT_MAX_UNREAD_INPUT, DEFAULT_MIN_PING_INTERVAL,
    INITIAL_STREAM_WINDOW, MAX_FRAME_BODY, MAX_GOAWAY_MESSAGE_LEN, MAX_METADATA_ENTRIES,
    MAX_METHOD_NUMBERS, MAX_PATH_LEN,
};
pub use metadata::{Metadata, MetadataError, MetadataValue};
pub use method::{Idempotency, MethodDescriptor, MethodKind, RetryPolicy, ServiceDescriptor};
pub use status::{Stage, Status};
