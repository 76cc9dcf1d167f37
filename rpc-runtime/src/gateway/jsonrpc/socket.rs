//! The calls of a client over WebSocket: each message is a text of requests, or of answers.

use std::io::{self, Cursor, Read, Write};
use std::task::{Context, Poll, ready};

use bytes::{BufMut, Bytes, BytesMut};
use tungstenite::error::CapacityError;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, FrameHeader};
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

use super::calls::{Calls, tell, too_large};
use crate::connection::server_config::ConnectionConfig;
use crate::exchange::{Exchange, Failure};
use crate::jsonrpc::ErrorObject;

/// Bytes that a frame is read in at a time. It was read from the network before.
const READ_SIZE: usize = 4 * 1024;

/// Longest text that says why a connection ends, in bytes, by the protocol.
const MAX_REASON: usize = 123;

const CLOSED: &str = "the client closed the connection";

/// The calls of one connection. Dropped, it cancels those that run.
pub(super) struct Socket {
    calls: Calls,
    frames: WebSocketContext,
    max_message_size: usize,
    /// Bytes of frames of a message whose last one is not there.
    parts: usize,
    /// Why nothing more is read, if that is the client's fault.
    fault: Option<CloseCode>,
    /// The client takes no more answers.
    closed: bool,
}

/// What was taken of what arrived.
enum Taken {
    /// No frame is whole.
    Nothing,
    /// A frame that is not the last of a message, or has none.
    Frame,
    /// A frame that was the last of this message.
    Message(Bytes),
}

impl Socket {
    pub(super) fn new(calls: Calls, config: &ConnectionConfig) -> Self {
        let max_message_size = config.session.max_message_size;
        let max_message_size = usize::try_from(max_message_size).unwrap_or(usize::MAX);
        let settings = WebSocketConfig::default()
            .read_buffer_size(READ_SIZE)
            .write_buffer_size(0)
            .max_message_size(Some(max_message_size))
            .max_frame_size(Some(max_message_size));
        Socket {
            calls,
            frames: WebSocketContext::new(Role::Server, Some(settings)),
            max_message_size,
            parts: 0,
            fault: None,
            closed: false,
        }
    }

    /// Takes the next frame of `input`.
    fn next_frame(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Result<Taken, Error> {
        let mut header = Cursor::new(&input[..]);
        let Some((_, length)) = FrameHeader::parse(&mut header)? else {
            return Ok(Taken::Nothing);
        };
        let max_size = self.max_message_size;
        let size = usize::try_from(length).unwrap_or(usize::MAX);
        if size > max_size {
            // Before it is here.
            return Err(CapacityError::MessageTooLong { size, max_size }.into());
        }
        let length = header.position() as usize + size;
        if input.len() < length {
            return Ok(Taken::Nothing);
        }
        let frame = input.split_to(length);
        self.parts += length;
        let mut pipe = Pipe {
            input: &frame,
            output,
        };
        let message = match self.frames.read(&mut pipe) {
            Ok(Message::Text(text)) => text.into(),
            Ok(Message::Binary(bytes)) => bytes,
            Ok(Message::Close(_)) => return Err(Error::ConnectionClosed),
            Ok(_) => {
                self.parts -= length;
                self.frames.flush(&mut pipe)?;
                return Ok(Taken::Frame);
            }
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return Ok(Taken::Frame);
            }
            Err(error) => return Err(error),
        };
        self.parts = 0;
        Ok(Taken::Message(message))
    }

    /// The client has closed the connection, or broken a rule.
    fn fail(&mut self, error: Error, output: &mut BytesMut) -> Failure {
        let code = match &error {
            Error::ConnectionClosed => {
                self.close_back(output);
                return Failure::Told(CLOSED.to_owned());
            }
            Error::Capacity(_) => CloseCode::Size,
            Error::Utf8(_) => CloseCode::Invalid,
            _ => CloseCode::Protocol,
        };
        self.fault = Some(code);
        let told = match code {
            CloseCode::Size => too_large(self.max_message_size as u64),
            _ => ErrorObject::parse_error(error.to_string()),
        };
        framed(output, |output| tell(&told, output));
        Failure::Told(told.to_string())
    }

    /// Answers the client's own end.
    fn close_back(&mut self, output: &mut BytesMut) {
        self.closed = true;
        self.calls.cancel();
        let mut pipe = Pipe { input: &[], output };
        // It says that the connection is closed.
        let _ = self.frames.flush(&mut pipe);
    }
}

impl Exchange for Socket {
    const NAME: &'static str = "JSON-RPC over WebSocket";
    const ANSWERS_AFTER_END: bool = false;

    fn running(&self) -> usize {
        match self.closed {
            true => 0,
            false => self.calls.running(),
        }
    }

    fn has_room(&self) -> bool {
        self.calls.has_room()
    }

    fn begin_next(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Result<bool, Failure> {
        if self.closed || self.fault.is_some() {
            return Ok(false);
        }
        if framed(output, |output| self.calls.call_next(output)) {
            return Ok(true);
        }
        loop {
            match self.next_frame(input, output) {
                Ok(Taken::Nothing) => return Ok(false),
                Ok(Taken::Frame) => {}
                Ok(Taken::Message(text)) => {
                    framed(output, |output| self.calls.take(text.trim_ascii(), output));
                    return Ok(true);
                }
                Err(error) => return Err(self.fail(error, output)),
            }
        }
    }

    fn poll_reply(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut BytesMut,
    ) -> Poll<Result<(), Failure>> {
        if self.closed {
            return Poll::Pending;
        }
        let replied = framed(output, |output| self.calls.poll_reply(cx, output));
        Poll::Ready(ready!(replied))
    }

    fn unfinished(&self, input: &BytesMut) -> usize {
        self.parts + input.len()
    }

    fn ask(&mut self, output: &mut BytesMut) -> bool {
        let mut pipe = Pipe { input: &[], output };
        let asked = self.frames.write(&mut pipe, Message::Ping(Bytes::new()));
        asked.is_ok()
    }

    fn take_leave(&mut self, why: &str, output: &mut BytesMut) {
        let mut pipe = Pipe { input: &[], output };
        let frame = CloseFrame {
            code: self.fault.unwrap_or(CloseCode::Away),
            reason: why[..why.floor_char_boundary(MAX_REASON)].into(),
        };
        // A client that has closed the connection knows of its end.
        let _ = self.frames.close(&mut pipe, Some(frame));
    }

    fn cut_off(&mut self, why: &str, output: &mut BytesMut) {
        self.fault = Some(CloseCode::Policy);
        framed(output, |output| {
            tell(&ErrorObject::parse_error(why), output);
        });
    }

    fn cancel(&mut self) {
        self.calls.cancel();
    }
}

/// Has `write` append a line, and makes it a message.
fn framed<T>(output: &mut BytesMut, write: impl FnOnce(&mut BytesMut) -> T) -> T {
    let start = output.len();
    let written = write(output);
    let Some(length) = (output.len() - start).checked_sub(1) else {
        return written;
    };
    // Without its line break.
    output.truncate(start + length);
    let header = FrameHeader {
        opcode: OpCode::Data(Data::Text),
        ..FrameHeader::default()
    };
    let room = header.len(length as u64);
    output.put_bytes(0, room);
    output.copy_within(start..start + length, start + room);
    // There is as much room as it takes.
    let _ = header.format(length as u64, &mut &mut output[start..start + room]);
    written
}

/// What the protocol reads from, and writes to.
struct Pipe<'a> {
    input: &'a [u8],
    output: &'a mut BytesMut,
}

impl Read for Pipe<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.input.is_empty() {
            true => Err(io::ErrorKind::WouldBlock.into()),
            false => self.input.read(buffer),
        }
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.put_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
