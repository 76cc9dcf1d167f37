//! What a connection may hold of requests that no handler has taken.

use super::{ServerSession, ServerSink, Stream};
use crate::Status;

impl<M, C> Stream<M, C> {
    /// Bytes of requests that are held for the stream.
    fn held(&self) -> u64 {
        match self {
            Stream::Receiving(receiving) => receiving.assembly.held(),
            Stream::Running { messages, .. } => {
                messages.as_ref().map_or(0, |messages| messages.held())
            }
        }
    }
}

impl<M: Clone, C> ServerSession<M, C> {
    /// Holds the connection to `max_unread_input` once a part of a request arrived on stream `id`. Whoever
    /// holds most has to go, so that uploads that nobody reads are no reason to refuse other calls;
    /// of those that hold as much it is the one that sent last.
    pub(super) fn limit_unread(
        &mut self,
        id: u32,
        sink: &mut impl ServerSink<Method = M, Call = C>,
    ) {
        let limit = self.max_unread_input;
        while self.grants.held() > limit {
            let holders = self.streams.iter_mut();
            let holders = holders.map(|(other, stream)| (stream.held(), other == id, other));
            let Some((held, _, largest)) = holders.max() else {
                return;
            };
            let status = Status::resource_exhausted(format!(
                "the connection's unread requests are over the server's limit max_unread_input of {limit} bytes, \
                 and this call has the most of them, {held} bytes"
            ));
            self.end_stream(largest, &status, sink);
        }
    }
}
