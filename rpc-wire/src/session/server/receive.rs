//! What arrives at a server.

use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};

use super::{
    DRAIN_PING, Drain, IncomingRequest, Receiving, RequestBody, ServerSession, ServerSink, Stream,
};
use crate::frame::{
    Flags, FrameHeader, FrameType, HEADER_LEN, RequestMetadata, cancel, ping, window,
};
use crate::limits::MAX_METHOD_NUMBERS;
use crate::session::assembly::{Assembly, Refused};
use crate::session::client::earlier;
use crate::session::{Responder, SHARE_BODY_FROM, SessionError, window_exceeded};
use crate::{Code, Status};

impl<M: Clone, C> ServerSession<M, C> {
    /// Takes whole frames off `input` and visits what they mean.
    ///
    /// # Errors
    ///
    /// The peer broke the protocol: call [`fail`](Self::fail) and
    /// [`cancel_all`](Self::cancel_all), write the last output and close.
    pub fn receive(
        &mut self,
        now: Instant,
        input: &mut BytesMut,
        sink: &mut impl ServerSink<Method = M, Call = C>,
    ) -> Result<(), SessionError> {
        while let Some(found) = self.link.next_frame(input)? {
            let header = found.header;
            if found.metadata_too_large {
                self.metadata_too_large(&header)?;
                continue;
            }
            if header.frame_type == FrameType::Request {
                self.handle_request(now, &header, input, sink)?;
                continue;
            }
            let payload = &input[HEADER_LEN..header.frame_len()];
            match header.frame_type {
                FrameType::Data => self.handle_data(&header, payload, sink)?,
                FrameType::Cancel => self.handle_cancel(&header, payload, sink)?,
                FrameType::Window => self.handle_window(&header, payload)?,
                FrameType::Ping => self.link.handle_ping(now, payload)?,
                FrameType::Pong => {
                    if ping::decode(payload)? == DRAIN_PING {
                        self.finish_drain();
                    }
                }
                FrameType::Settings => {
                    self.link.handle_settings(payload)?;
                    self.link.send_settings();
                }
                FrameType::GoAway | FrameType::Extension(_) => {}
                FrameType::Request | FrameType::Response => {
                    return Err(SessionError::protocol("RESPONSE from a client"));
                }
            }
            input.advance(header.frame_len());
        }
        Ok(())
    }

    /// Takes a REQUEST off `input`.
    fn handle_request(
        &mut self,
        now: Instant,
        header: &FrameHeader,
        input: &mut BytesMut,
        sink: &mut impl ServerSink<Method = M, Call = C>,
    ) -> Result<(), SessionError> {
        let id = header.stream_id;
        self.open_stream(id)?;
        let body_at = HEADER_LEN + header.metadata_len as usize;
        let metadata = RequestMetadata::decode_checked(&input[HEADER_LEN..body_at])?;
        let path_only = self.define_method(&metadata, sink)?;
        if let Some(status) = self.reason_to_refuse(header) {
            self.refuse(id, &status);
            input.advance(header.frame_len());
            return Ok(());
        }
        let deadline = metadata
            .timeout()
            .and_then(|timeout| now.checked_add(timeout));
        let user_metadata = metadata.user_metadata()?;
        let Self {
            methods,
            link,
            sends,
            ..
        } = self;
        let method = match (&path_only, methods.get(metadata.method as usize)) {
            (Some(method), _) | (None, Some(Some((_, method)))) => method,
            _ => return Err(undefined_method(metadata.method)),
        };
        if sink.takes_stream(method) {
            let request = IncomingRequest {
                id,
                method,
                deadline,
                metadata: user_metadata,
                attempt: metadata.attempt,
                body: RequestBody::Borrowed(&[]),
            };
            let call = sink.dispatch(request, Responder { link, sends, id });
            let window = link.local.initial_stream_window;
            let messages = Box::new(Assembly::new(window, self.max_message_size));
            self.keep(id, deadline, call, Some(messages));
            if !self.is_late(id)? {
                let mut frame = input.split_to(header.frame_len());
                frame.advance(body_at);
                return self.take_message(id, header.flags, frame.freeze(), sink);
            }
            input.advance(header.frame_len());
            return Ok(());
        }
        if !header
            .flags
            .contains(Flags::END_MESSAGE | Flags::END_STREAM)
        {
            let receiving = Receiving {
                method: method.clone(),
                deadline,
                metadata: user_metadata,
                attempt: metadata.attempt,
                assembly: Assembly::new(link.local.initial_stream_window, self.max_message_size),
                message_ended: false,
            };
            self.earliest_deadline = earlier(self.earliest_deadline, deadline);
            self.streams
                .insert(id, Stream::Receiving(Box::new(receiving)));
            self.take_fragment(id, header.flags, &input[body_at..header.frame_len()], sink)?;
            input.advance(header.frame_len());
            return Ok(());
        }
        let request = IncomingRequest {
            id,
            method,
            deadline,
            metadata: user_metadata,
            attempt: metadata.attempt,
            body: body_of(header, input),
        };
        let call = sink.dispatch(request, Responder { link, sends, id });
        if !is_shared(header) {
            input.advance(header.frame_len());
        }
        self.keep(id, deadline, call, None);
        Ok(())
    }

    fn keep(
        &mut self,
        id: u32,
        deadline: Option<Instant>,
        call: Option<C>,
        messages: Option<Box<Assembly>>,
    ) {
        if let Some(call) = call {
            self.earliest_deadline = earlier(self.earliest_deadline, deadline);
            let running = Stream::Running {
                call,
                deadline,
                messages,
            };
            self.streams.insert(id, running);
        }
    }

    fn open_stream(&mut self, id: u32) -> Result<(), SessionError> {
        if id <= self.last_id {
            return Err(SessionError::protocol(format!(
                "REQUEST on stream {id} after stream {}: ids must increase",
                self.last_id
            )));
        }
        self.last_id = id;
        self.link.stats.streams_opened += 1;
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
    fn reason_to_refuse(&self, header: &FrameHeader) -> Option<Status> {
        let limit = self.link.local.max_concurrent_streams as usize;
        if matches!(self.drain, Drain::Final(last) if header.stream_id > last) {
            Some(Status::unavailable("the server is shutting down"))
        } else if self.open_streams() >= limit {
            // Not the client's fault before it knows the limit: it sends the call again.
            Some(Status::unavailable(format!(
                "the connection has max_concurrent_streams, {limit}, calls open"
            )))
        } else if header.flags.contains(Flags::COMPRESSED) {
            Some(no_compression())
        } else if u64::from(header.body_len) > self.max_message_size {
            Some(too_large(self.max_message_size))
        } else {
            None
        }
    }

    /// Finds out whether a stream ended before; a frame for it is counted and dropped.
    fn is_late(&mut self, id: u32) -> Result<bool, SessionError> {
        if id > self.last_id {
            return Err(SessionError::protocol(format!(
                "a frame for stream {id}, which was never opened"
            )));
        }
        let late = self.streams.get_mut(id).is_none();
        self.link.stats.late_frames += u64::from(late);
        Ok(late)
    }

    fn handle_data(
        &mut self,
        header: &FrameHeader,
        fragment: &[u8],
        sink: &mut impl ServerSink<Method = M, Call = C>,
    ) -> Result<(), SessionError> {
        if self.is_late(header.stream_id)? {
            return Ok(());
        }
        if let Some(Stream::Running { .. }) = self.streams.get_mut(header.stream_id) {
            let fragment = Bytes::copy_from_slice(fragment);
            return self.take_message(header.stream_id, header.flags, fragment, sink);
        }
        self.take_fragment(header.stream_id, header.flags, fragment, sink)
    }

    /// Takes a part of a request; runs the request if it was the last.
    fn take_fragment(
        &mut self,
        id: u32,
        flags: Flags,
        fragment: &[u8],
        sink: &mut impl ServerSink<Method = M, Call = C>,
    ) -> Result<(), SessionError> {
        let limit = self.max_message_size;
        let Some(Stream::Receiving(receiving)) = self.streams.get_mut(id) else {
            return Err(behind_the_end(id));
        };
        let begins = !fragment.is_empty() || flags.contains(Flags::END_MESSAGE);
        let refused = if flags.contains(Flags::COMPRESSED) {
            Some(no_compression())
        } else if receiving.message_ended && begins {
            Some(Status::unimplemented(
                "a second message on a stream: the server takes unary requests",
            ))
        } else {
            match receiving.assembly.push(fragment) {
                Ok(()) => receiving.note_ends(flags),
                Err(Refused::Window) => return Err(window_exceeded(id)),
                Err(Refused::TooLarge) => Some(too_large(limit)),
            }
        };
        if let Some(status) = refused {
            self.drop_stream(id, status.code(), sink);
            self.refuse(id, &status);
        } else if flags.contains(Flags::END_STREAM) {
            self.run(id, sink);
        } else if !receiving.message_ended {
            let initial = self.link.local.initial_stream_window;
            let granted = self
                .grants
                .review(id, &mut receiving.assembly, initial, false);
            if let Some(increment) = granted {
                window::encode(id, increment, self.link.output.tail());
            }
        }
        Ok(())
    }

    /// Runs a request that is complete.
    fn run(&mut self, id: u32, sink: &mut impl ServerSink<Method = M, Call = C>) {
        let Some(Stream::Receiving(receiving)) = self.streams.remove(id) else {
            return;
        };
        let Receiving {
            method,
            deadline,
            metadata,
            attempt,
            assembly,
            ..
        } = *receiving;
        self.grants.release(id, &assembly);
        let body: Bytes = assembly.into_body();
        let body = RequestBody::Shared(body);
        let request = IncomingRequest {
            id,
            method: &method,
            deadline,
            metadata,
            attempt,
            body,
        };
        let call = sink.dispatch(request, self.respond(id));
        self.keep(id, deadline, call, None);
        self.serve_waiting();
    }

    fn handle_cancel(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        sink: &mut impl ServerSink<Method = M, Call = C>,
    ) -> Result<(), SessionError> {
        let code: Code = cancel::decode(payload)?;
        let id = header.stream_id;
        // A client may cancel while the last part of its reply is on its way.
        if !self.drop_stream(id, code, sink) && !self.sends.remove(id) {
            self.is_late(id)?;
        }
        Ok(())
    }

    fn handle_window(&mut self, header: &FrameHeader, payload: &[u8]) -> Result<(), SessionError> {
        let increment = window::decode(payload)?;
        let id = header.stream_id;
        if increment != window::BLOCKED && id <= self.last_id {
            // A grant for a reply whose last byte is on its way is normal, not late.
            self.sends.grant(id, increment);
            return Ok(());
        }
        if self.is_late(id)? {
            return Ok(());
        }
        let assembly = match self.streams.get_mut(id) {
            Some(Stream::Receiving(receiving)) => &mut receiving.assembly,
            Some(Stream::Running {
                messages: Some(messages),
                ..
            }) => &mut **messages,
            _ => return Ok(()),
        };
        let initial = self.link.local.initial_stream_window;
        if let Some(increment) = self.grants.review(id, assembly, initial, true) {
            window::encode(id, increment, self.link.output.tail());
        }
        Ok(())
    }

    fn metadata_too_large(&mut self, header: &FrameHeader) -> Result<(), SessionError> {
        match header.frame_type {
            FrameType::Extension(_) => return Ok(()),
            FrameType::Request => self.open_stream(header.stream_id)?,
            other => return Err(SessionError::protocol(format!("metadata on {other}"))),
        }
        let limit = self.link.local.max_metadata_size;
        let status = Status::resource_exhausted(format!(
            "the request's metadata of {} bytes are over the server's limit max_metadata_size of {limit} bytes",
            header.metadata_len
        ));
        self.refuse(header.stream_id, &status);
        Ok(())
    }
}

/// Whether a frame's body is taken off the input rather than lent.
fn is_shared(header: &FrameHeader) -> bool {
    header.body_len as usize >= SHARE_BODY_FROM
}

/// The body of the frame that `input` begins with.
fn body_of<'a>(header: &FrameHeader, input: &'a mut BytesMut) -> RequestBody<'a> {
    let body_at = HEADER_LEN + header.metadata_len as usize;
    if is_shared(header) {
        let mut frame = input.split_to(header.frame_len());
        frame.advance(body_at);
        RequestBody::Shared(frame.freeze())
    } else {
        RequestBody::Borrowed(&input[body_at..header.frame_len()])
    }
}

impl<M> Receiving<M> {
    /// Notes what ends with a fragment; gives the error of a request that ends within its message.
    fn note_ends(&mut self, flags: Flags) -> Option<Status> {
        self.message_ended |= flags.contains(Flags::END_MESSAGE);
        let cut_off = flags.contains(Flags::END_STREAM) && !self.message_ended;
        cut_off.then(cut_off_message)
    }
}

pub(super) fn cut_off_message() -> Status {
    Status::internal("the request ended before its message was complete")
}

pub(super) fn behind_the_end(id: u32) -> SessionError {
    SessionError::protocol(format!("DATA behind the end of stream {id}"))
}

pub(super) fn no_compression() -> Status {
    Status::unimplemented("the request is compressed, which was not agreed")
}

pub(super) fn too_large(limit: u64) -> Status {
    Status::resource_exhausted(format!(
        "the request is over the server's limit max_message_size of {limit} bytes"
    ))
}

fn undefined_method(number: u32) -> SessionError {
    SessionError::protocol(format!("method number {number} was never defined"))
}
