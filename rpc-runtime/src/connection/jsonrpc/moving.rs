//! Moves a connection's bytes.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use rpc_wire::{Code, Status};

use super::table::{Answer, Table};
use crate::connection::reschedule::TURNS_IN_A_ROW;
use crate::connection::wire::Wire;
use crate::jsonrpc::{Elements, Response, Scanner, whitespace};
use crate::transport::BoxTransport;

/// Ready with the reason when the connection has ended.
pub(super) struct Moving {
    wire: Wire<BytesMut>,
    table: Arc<Table>,
    scanner: Scanner,
    max_message_size: u64,
    /// Callers that are ready had time to hand over their requests.
    waited: bool,
}

impl Moving {
    pub(super) fn new(transport: BoxTransport, table: Arc<Table>, max_message_size: u64) -> Self {
        Moving {
            wire: Wire::new(transport, BytesMut::new()),
            table,
            scanner: Scanner::default(),
            max_message_size,
            waited: false,
        }
    }

    /// Reads what is there, and gives answers to the calls.
    fn poll_answers(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        for _ in 0..TURNS_IN_A_ROW {
            match self.wire.poll_read(cx) {
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(Status::unavailable("the server closed the connection"));
                }
                Poll::Ready(Ok(_)) => {
                    if let Err(status) = self.take_answers() {
                        return Poll::Ready(status);
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(broken(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn take_answers(&mut self) -> Result<(), Status> {
        let mut answers = Vec::new();
        let taken = self.take_texts(&mut answers);
        self.table.answer(answers.into_iter());
        taken
    }

    fn take_texts(&mut self, answers: &mut Vec<(u64, Answer)>) -> Result<(), Status> {
        loop {
            let input = &mut self.wire.input;
            if self.scanner.is_between_texts() {
                input.advance(whitespace(input));
            }
            let end = self
                .scanner
                .end(input)
                .map_err(|broken| no_json_rpc(&broken))?;
            let length = end.unwrap_or(input.len()) as u64;
            if length > self.max_message_size {
                return Err(Status::resource_exhausted(format!(
                    "an answer is over the client's limit max_message_size of {} bytes",
                    self.max_message_size
                )));
            }
            let Some(length) = end else {
                return Ok(());
            };
            let text = input.split_to(length);
            let text = std::str::from_utf8(&text).map_err(|error| no_json_rpc(&error))?;
            take_text(text, answers)?;
        }
    }

    /// Writes what there is, once callers had time to add to it; ready when nothing is left of a connection that
    /// is to end.
    fn poll_requests(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        while self.table.has_output(cx) {
            if !std::mem::replace(&mut self.waited, true) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.waited = false;
            let output = self.table.take_output();
            match self.wire.is_writing() {
                true => self.wire.output.extend_from_slice(&output),
                false => self.wire.output = output,
            }
            if let Poll::Ready(Err(error)) = self.wire.poll_write(cx) {
                return Poll::Ready(broken(error));
            }
        }
        match self.wire.poll_write(cx) {
            Poll::Ready(Ok(())) if self.table.is_closing() => {
                Poll::Ready(Status::unavailable("the connection was closed"))
            }
            Poll::Ready(Err(error)) => Poll::Ready(broken(error)),
            _ => Poll::Pending,
        }
    }
}

impl Future for Moving {
    type Output = Status;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Status> {
        if let Poll::Ready(ended) = self.poll_answers(cx) {
            return Poll::Ready(ended);
        }
        self.poll_requests(cx)
    }
}

impl Drop for Moving {
    fn drop(&mut self) {
        self.table.end();
    }
}

/// Takes the answers from a text, which has one or is an array of them.
fn take_text(text: &str, answers: &mut Vec<(u64, Answer)>) -> Result<(), Status> {
    if !text.starts_with('[') {
        return take_answer(text, answers);
    }
    let elements = Elements::find(text, usize::MAX).map_err(|error| no_json_rpc(&error))?;
    for place in elements.places {
        take_answer(&text[place], answers)?;
    }
    Ok(())
}

fn take_answer(text: &str, answers: &mut Vec<(u64, Answer)>) -> Result<(), Status> {
    let Response { id, answer } = Response::parse(text).map_err(|error| no_json_rpc(&error))?;
    match (id, answer) {
        (Some(id), Some(answer)) => {
            let answer = answer.map(|result| Bytes::copy_from_slice(result.as_bytes()));
            answers.push((id, answer));
            Ok(())
        }
        // It may be for any call, of which others may have run, unless it refuses the connection.
        (None, Some(Err(status))) => {
            let why = format!(
                "the server says of no call in particular: {}",
                status.message()
            );
            let is_refused = status.code() == Code::Unavailable && !status.may_have_run();
            Err(Status::new(status.code(), why).with_may_have_run(!is_refused))
        }
        // Somebody else's, or something that the server asks for.
        (None, Some(Ok(_))) | (_, None) => Ok(()),
    }
}

fn no_json_rpc(why: &dyn std::fmt::Display) -> Status {
    Status::unavailable(format!(
        "what the server sends is no JSON-RPC: {why}; is it the right port?"
    ))
}

fn broken(error: std::io::Error) -> Status {
    Status::unavailable(format!("the connection broke: {error}")).with_source(error)
}
