//! What arrives at a server.

use std::time::Instant;

use bytes::{Buf, BytesMut};

use super::{IncomingRequest, Receiving, ServerSession, ServerSink, Stream};
use crate::frame::{Flags, FrameHeader, FrameType, HEADER_LEN, cancel, window};
use crate::session::assembly::Refused;
use crate::session::link::common_compression;
use crate::session::{Encoded, MessageBody, SessionError, window_exceeded};
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
        self.link.heard(now);
        if self.open_streams() > 0 {
            self.link.say_alive(now);
        }
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
            let payload = &input[HEADER_LEN..header.content_len()];
            match header.frame_type {
                FrameType::Data => self.handle_data(&header, payload, sink)?,
                FrameType::Cancel => self.handle_cancel(now, &header, payload, sink)?,
                FrameType::Window => self.handle_window(&header, payload)?,
                FrameType::Ping => self.link.handle_ping(now, payload)?,
                FrameType::Pong => self.handle_pong(now, payload)?,
                FrameType::Settings => {
                    self.link.handle_settings(payload)?;
                    self.link.compression = common_compression(&self.link.peer, &self.link.local);
                    sink.established(&self.link.peer, self.link.compression.as_deref());
                    self.link.send_settings();
                }
                FrameType::GoAway => self.link.floods.note_goaway()?,
                FrameType::Extension(_) => {}
                FrameType::Request | FrameType::Response => {
                    return Err(SessionError::protocol("RESPONSE from a client"));
                }
            }
            input.advance(header.frame_len());
        }
        Ok(())
    }

    /// Finds out whether a stream ended before; a frame for it is counted and dropped.
    fn is_late(&mut self, id: u32) -> Result<bool, SessionError> {
        if id > self.last_id {
            return Err(SessionError::protocol(format!(
                "a frame for stream {id}, which was never opened"
            )));
        }
        let late = self.streams.get_mut(id).is_none();
        if late {
            self.link.handle_late(id)?;
        }
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
            return self.take_message(header.stream_id, header.flags, fragment, sink);
        }
        self.take_fragment(header.stream_id, header.flags, fragment, sink)
    }

    /// Takes a part of a request; runs the request if it was the last.
    pub(super) fn take_fragment(
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
        let first = begins && !receiving.assembly.is_partial();
        let can_decompress = self.link.can_decompress(flags, first)?;
        if flags.contains(Flags::COMPRESSED) {
            receiving.assembly.begin_compressed();
        }
        let refused = if !can_decompress {
            Some(self.link.no_compression("request"))
        } else if receiving.message_ended && begins {
            Some(Status::unimplemented(
                "a second message on a stream: the server takes unary requests",
            ))
        } else {
            match self.grants.push(&mut receiving.assembly, fragment) {
                Ok(()) => receiving.note_ends(flags),
                Err(Refused::Window) => return Err(window_exceeded(id)),
                Err(Refused::TooLarge) => Some(too_large(limit)),
            }
        };
        if let Some(status) = refused {
            self.end_stream(id, &status, sink);
        } else if flags.contains(Flags::END_STREAM) {
            self.run(id, sink);
        } else if !receiving.message_ended {
            let granted = self.grants.review(id, &mut receiving.assembly);
            if let Some(increment) = granted {
                self.link.output.window(id, increment);
            }
        }
        self.limit_unread(id, sink);
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
            mut assembly,
            ..
        } = *receiving;
        self.grants.release(id, &mut assembly);
        let Encoded { bytes, compressed } = assembly.into_message();
        let request = IncomingRequest {
            id,
            method: &method,
            deadline,
            metadata,
            attempt,
            body: MessageBody::Shared(bytes),
            compressed,
        };
        let call = sink.dispatch(request, self.respond(id));
        if let Some(call) = call {
            self.run_stream(id, call, deadline, false);
        }
        self.serve_waiting();
    }

    fn handle_cancel(
        &mut self,
        now: Instant,
        header: &FrameHeader,
        payload: &[u8],
        sink: &mut impl ServerSink<Method = M, Call = C>,
    ) -> Result<(), SessionError> {
        let code: Code = cancel::decode(payload)?;
        let id = header.stream_id;
        // A client may cancel while the last part of its reply is on its way.
        if self.drop_stream(id, code, sink).is_some() {
            self.link.stats.cancelled += 1;
            self.note_cancel(now);
            return Ok(());
        }
        if self.sends.remove(id).is_none() {
            self.is_late(id)?;
        }
        Ok(())
    }

    /// Counts a call that the client ended, as it does with a deadline too.
    pub(super) fn note_cancel(&mut self, now: Instant) {
        let stats = &self.link.stats;
        let begun = stats.streams_opened - stats.refused;
        let streams = self.link.local.max_concurrent_streams;
        self.cancels.note(now, begun, streams);
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
        // A single request was looked after when its window ran low.
        if let Some(Stream::Running {
            messages: Some(messages),
            half_closed: false,
            ..
        }) = self.streams.get_mut(id)
            && let Some(increment) = self.grants.asked(id, messages)
        {
            self.link.output.window(id, increment);
        }
        Ok(())
    }

    fn metadata_too_large(&mut self, header: &FrameHeader) -> Result<(), SessionError> {
        match header.frame_type {
            FrameType::Extension(_) => return Ok(()),
            FrameType::Request => self.open_stream(header)?,
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

pub(super) fn too_large(limit: u64) -> Status {
    Status::resource_exhausted(format!(
        "the request is over the server's limit max_message_size of {limit} bytes"
    ))
}
