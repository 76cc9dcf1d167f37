//! How a stream begins at a server.

use std::time::Instant;

use bytes::{Buf, BytesMut};

use super::receive::too_large;
use super::{Drain, IncomingRequest, Receiving, ServerSession, ServerSink, Stream};
use crate::Status;
use crate::frame::{Flags, FrameHeader, HEADER_LEN, RequestMetadata, too_many_entries};
use crate::limits::MAX_METHOD_NUMBERS;
use crate::session::assembly::Assembly;
use crate::session::client::earlier;
use crate::session::reply::no_room_for_replies;
use crate::session::{MessageBody, Responder, SHARE_BODY_FROM, SessionError, message_cost};

/// Frames of a stream beside its messages that may cross its end, such as a CANCEL.
const OTHER_LATE_FRAMES: u64 = 16;

impl<M: Clone, C> ServerSession<M, C> {
    /// Takes a REQUEST off `input`.
    pub(super) fn handle_request(
        &mut self,
        now: Instant,
        header: &FrameHeader,
        input: &mut BytesMut,
        sink: &mut impl ServerSink<Method = M, Call = C>,
    ) -> Result<(), SessionError> {
        let id = header.stream_id;
        self.open_stream(header)?;
        let body_at = HEADER_LEN + header.metadata_len as usize;
        let metadata = RequestMetadata::decode_checked(&input[HEADER_LEN..body_at])?;
        let path_only = self.define_method(&metadata, sink)?;
        if let Some(status) = self.reason_to_refuse(header, &metadata) {
            self.refuse(id, &status);
            input.advance(header.frame_len());
            return Ok(());
        }
        let timeout = metadata.timeout();
        let deadline = timeout.and_then(|timeout| now.checked_add(timeout));
        let user_metadata = metadata.user_metadata()?;
        let Self {
            methods,
            link,
            sends,
            max_queued_replies,
            ..
        } = self;
        let method = match (&path_only, methods.get(metadata.method as usize)) {
            (Some(method), _) | (None, Some(Some((_, method)))) => method,
            _ => return Err(undefined_method(metadata.method)),
        };
        let streamed = sink.takes_stream(method);
        if !streamed && !is_whole(header) {
            let receiving = Receiving {
                method: method.clone(),
                deadline,
                metadata: user_metadata,
                attempt: metadata.attempt,
                assembly: Assembly::new(link.local.initial_stream_window, self.max_message_size),
                message_ended: false,
            };
            self.keep(id, Stream::Receiving(Box::new(receiving)));
            self.take_fragment(
                id,
                header.flags,
                &input[body_at..header.content_len()],
                sink,
            )?;
            input.advance(header.frame_len());
            return Ok(());
        }
        let body = match streamed {
            true => MessageBody::Borrowed(&[]),
            false => body_of(header, input),
        };
        let request = IncomingRequest {
            id,
            method,
            deadline,
            metadata: user_metadata,
            attempt: metadata.attempt,
            body,
            compressed: header.flags.contains(Flags::COMPRESSED),
        };
        if let Some(call) = sink.dispatch(
            request,
            Responder::new(link, sends, *max_queued_replies, id),
        ) {
            self.run_stream(id, call, deadline, streamed);
            if streamed {
                let fragment = &input[body_at..header.content_len()];
                self.take_message(id, header.flags, fragment, sink)?;
            }
        }
        if streamed || !is_shared(header) {
            input.advance(header.frame_len());
        }
        Ok(())
    }

    /// Notes a call that a handler runs.
    pub(super) fn run_stream(
        &mut self,
        id: u32,
        call: C,
        deadline: Option<Instant>,
        streamed: bool,
    ) {
        let messages = streamed.then(|| {
            let window = self.link.local.initial_stream_window;
            Box::new(Assembly::new(window, self.max_message_size))
        });
        let running = Stream::Running {
            call,
            deadline,
            messages,
            half_closed: false,
        };
        self.keep(id, running);
    }

    fn keep(&mut self, id: u32, stream: Stream<M, C>) {
        self.earliest_deadline = earlier(self.earliest_deadline, stream.deadline());
        self.streams.insert(id, stream);
    }

    /// Takes note of a new stream.
    pub(super) fn open_stream(&mut self, header: &FrameHeader) -> Result<(), SessionError> {
        let id = header.stream_id;
        if id <= self.last_id {
            return Err(SessionError::protocol(format!(
                "REQUEST on stream {id} after stream {}: ids must increase",
                self.last_id
            )));
        }
        self.last_id = id;
        self.link.stats.streams_opened += 1;
        // However early the stream ends, its whole window may be on its way in small messages.
        let window = match header.flags.contains(Flags::END_STREAM) {
            true => 0,
            false => u64::from(self.link.local.initial_stream_window),
        };
        self.link
            .floods
            .allow_late(OTHER_LATE_FRAMES + window / message_cost(0));
        Ok(())
    }

    /// Notes what a method number means; gives the method if the request names it by path only.
    fn define_method(
        &mut self,
        metadata: &RequestMetadata,
        sink: &mut impl ServerSink<Method = M, Call = C>,
    ) -> Result<Option<M>, SessionError> {
        if metadata.path.is_empty() {
            return Ok(None);
        }
        if metadata.method == 0 {
            return Ok(Some(sink.resolve(&metadata.path)));
        }
        let number = metadata.method as usize;
        debug_assert!(
            number <= usize::from(MAX_METHOD_NUMBERS),
            "checked with the metadata"
        );
        if self.methods.len() <= number {
            self.methods.resize_with(number + 1, || None);
        }
        match &self.methods[number] {
            Some((path, _)) if **path != *metadata.path => Err(SessionError::protocol(format!(
                "method number {number} means {path:?} and cannot become {:?}",
                metadata.path
            ))),
            Some(_) => Ok(None),
            None => {
                let method = sink.resolve(&metadata.path);
                self.methods[number] = Some((metadata.path.as_str().into(), method));
                Ok(None)
            }
        }
    }

    /// Why a request is not even looked at.
    fn reason_to_refuse(&self, header: &FrameHeader, metadata: &RequestMetadata) -> Option<Status> {
        let limit = self.link.local.max_concurrent_streams as usize;
        if let Drain::Final(last, reason) = self.drain
            && header.stream_id > last
        {
            Some(Status::unavailable(reason))
        } else if self.open_streams() >= limit {
            // Not the client's fault before it knows the limit: it sends the call again.
            Some(Status::unavailable(format!(
                "the connection has max_concurrent_streams, {limit}, calls open"
            )))
        } else if header.flags.contains(Flags::COMPRESSED) && self.link.compression.is_none() {
            Some(self.link.no_compression("request"))
        } else if u64::from(header.body_len) > self.max_message_size {
            Some(too_large(self.max_message_size))
        } else {
            too_many_entries("request", metadata.metadata.len())
                .or_else(|| no_room_for_replies(&self.link, &self.sends, self.max_queued_replies))
        }
    }
}

/// Whether a request of one message is in this frame.
fn is_whole(header: &FrameHeader) -> bool {
    let whole = Flags::END_MESSAGE | Flags::END_STREAM;
    header.flags.contains(whole)
}

/// Whether a frame's body is taken off the input rather than lent.
fn is_shared(header: &FrameHeader) -> bool {
    header.body_len as usize >= SHARE_BODY_FROM
}

/// The body of the frame that `input` begins with.
fn body_of<'a>(header: &FrameHeader, input: &'a mut BytesMut) -> MessageBody<'a> {
    let body_at = HEADER_LEN + header.metadata_len as usize;
    if is_shared(header) {
        let mut frame = input.split_to(header.frame_len());
        frame.truncate(header.content_len());
        frame.advance(body_at);
        MessageBody::Shared(frame.freeze())
    } else {
        MessageBody::Borrowed(&input[body_at..header.content_len()])
    }
}

fn undefined_method(number: u32) -> SessionError {
    SessionError::protocol(format!("method number {number} was never defined"))
}
