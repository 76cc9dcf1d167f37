//! What handlers with streams have for their client.

use bytes::BytesMut;
use rpc_wire::Status;
use rpc_wire::session::{EncodedRef, Offered};

use super::{RequestSink, ServerDriver};
use crate::connection::server_streams::{End, RunningStream, ServerStream, Step};

impl<S: RequestSink> ServerDriver<S> {
    /// Goes on with the calls whose replies were held up by a full output.
    pub(super) fn resume_writable(&mut self) {
        let mut writable = Vec::new();
        self.session.take_writable(|id| writable.push(id));
        for id in writable {
            let call = self.session.call_mut(id);
            let stream = call.and_then(|call| call.stream().cloned());
            self.streams.extend(stream);
        }
        self.look_after_streams();
    }

    /// Does what calls with streams have to do, as far as it can be done now.
    pub(super) fn look_after_streams(&mut self) {
        let mut streams = std::mem::take(&mut self.streams);
        for stream in streams.drain(..) {
            while let Some(step) = stream.next_step(&mut self.replies) {
                if !self.take_step(&stream, step) {
                    break;
                }
            }
        }
        self.streams = streams;
    }

    /// False if the call has to wait until its stream is writable, or has ended.
    fn take_step(&mut self, stream: &ServerStream, step: Step) -> bool {
        let id = stream.id();
        let session = &mut self.session;
        match step {
            Step::Consumed(cost) => session.consumed(id, cost),
            Step::Headers(metadata) => {
                if let Err(status) = session.send_headers(id, &metadata) {
                    self.end_stream(id, End::failed(status));
                    return false;
                }
            }
            Step::Replies => return self.send_replies(stream),
            Step::End(end) => {
                if session.is_sending(id) {
                    stream.put_back(end);
                } else {
                    self.end_stream(id, end);
                }
                return false;
            }
        }
        true
    }

    /// Sends what it can of the replies that a stream gave; false if some are left.
    fn send_replies(&mut self, stream: &ServerStream) -> bool {
        let mut replies = std::mem::take(&mut self.replies);
        let before = replies.cost();
        loop {
            let sent = self.session.send_run(stream.id(), replies.front_run());
            for _ in 0..sent {
                replies.pop();
            }
            let Some(reply) = replies.front() else { break };
            if !self.send_reply(stream.id(), reply) {
                break;
            }
            replies.pop();
        }
        let all = replies.is_empty();
        stream.sent(before - replies.cost(), &mut replies);
        self.replies = replies;
        all
    }

    /// False if the reply has to wait, or its call has ended.
    fn send_reply(&mut self, id: u32, reply: EncodedRef<'_>) -> bool {
        let session = &mut self.session;
        let length = reply.body.len();
        let limit = session.peer_settings().max_message_size.unwrap_or(u64::MAX);
        if length as u64 > limit {
            if session.is_sending(id) {
                return false;
            }
            let status = Status::resource_exhausted(format!(
                "a message of {length} bytes is over the client's limit max_message_size of {limit} bytes"
            ));
            self.end_stream(id, End::failed(status));
            return false;
        }
        if let Some(status) = session.no_room_for_reply(id, length) {
            self.end_stream(id, End::failed(status));
            return false;
        }
        matches!(session.send(id, reply), Offered::Taken)
    }

    fn end_stream(&mut self, id: u32, end: End) {
        let Some((_call, responder)) = self.session.responder(id) else {
            return;
        };
        match end.result {
            Ok(()) => responder.message(&mut BytesMut::new(), &end.metadata),
            Err(status) => responder.status(&status, end.executed),
        }
    }
}
