//! What messages take from the window of their stream.

/// What a message takes from the window beside its bytes, when it ends: about what it costs a
/// receiver to keep even an empty one until it is read.
pub(crate) const MESSAGE_OVERHEAD: u64 = 64;

/// What a message of `length` bytes takes from the window of its stream. A reader gives as much
/// back with [`ClientSession::consumed`](super::ClientSession::consumed) or
/// [`ServerSession::consumed`](super::ServerSession::consumed).
///
/// ```
/// assert_eq!(rpc_wire::session::message_cost(0), 64);
/// ```
pub const fn message_cost(length: usize) -> u64 {
    length as u64 + MESSAGE_OVERHEAD
}

/// Whether a window lets `length` bytes of a message through. The overhead of the message before
/// may have taken it below 0, and then nothing passes.
pub(super) const fn admits(window: i64, length: usize) -> bool {
    window > 0 && length as u64 <= window.unsigned_abs()
}
