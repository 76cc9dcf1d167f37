//! What a benchmark needs to know of the method that it calls.

use rpc_runtime::Status;

use super::recorder::Recorder;

/// One connection, ready to make calls.
pub(crate) trait Caller: Clone + Send + Sync + 'static {
    /// Makes the call of this number and waits until it has ended.
    ///
    /// Messages of a stream are counted while they arrive ([`Recorder::messages`]), because a stream need not end; what is
    /// returned is the rest.
    ///
    /// # Errors
    ///
    /// How the call failed.
    fn call(
        &self,
        number: u64,
        recorder: &Recorder,
    ) -> impl Future<Output = Result<Traffic, Status>> + Send;
}

/// Messages of calls, and their bytes as they are encoded, without what the protocol adds to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Messages that were received.
    pub(crate) messages: u64,
    /// Bytes of the messages that were sent.
    pub(crate) sent_bytes: u64,
    /// Bytes of the messages that were received.
    pub(crate) received_bytes: u64,
}

impl Traffic {
    /// Adds what other calls had.
    pub(crate) fn add(&mut self, other: Traffic) {
        self.messages += other.messages;
        self.sent_bytes += other.sent_bytes;
        self.received_bytes += other.received_bytes;
    }
}
