//! Message bodies that do not fit into one frame.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use super::encoded::{Encoded, EncodedRef};
use super::flow::{MESSAGE_OVERHEAD, admits, message_cost};
use super::output::Output;
use super::table::StreamTable;
use crate::frame::{Flags, data_header, window};

/// Bodies are cut into frames until this many bytes wait to be written; the rest follows once
/// they are gone. It keeps small messages from queueing behind megabytes.
pub(crate) const OUTPUT_TARGET: usize = 256 * 1024;

/// A body that is partly sent.
#[derive(Debug)]
struct Sending {
    /// What is left of the message that is being sent; may be empty.
    rest: Option<Bytes>,
    /// Bytes of the message that is being sent, which stay in memory until the last went out.
    length: usize,
    /// Bytes of the message that was not taken, which waits at its sender.
    waiting: usize,
    /// What the frame that begins the message carries besides; nothing once it was sent.
    first_flags: Flags,
    /// Bytes that the receiver still lets us send; below 0 after small messages.
    window: i64,
    /// What the last frame carries besides [`Flags::END_MESSAGE`].
    last_flags: Flags,
    blocked: bool,
    /// More messages may follow on the stream.
    open: bool,
}

/// What became of a message that was offered to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It is on its way.
    Taken,
    /// An earlier one is still being sent, or the connection is busy: offer it again when the
    /// stream is writable.
    Full,
    /// The stream takes no messages any more.
    Closed,
}

/// Large bodies, cut into frames in turn: one frame of each, so that all advance alike.
#[derive(Debug, Default)]
pub(crate) struct SendQueue {
    bodies: StreamTable<Sending>,
    /// Streams that have bytes and a window, in the order of their turns.
    turns: VecDeque<u32>,
    /// Streams whose message was not taken.
    refused: Vec<u32>,
    /// Bodies that more messages may follow.
    open: usize,
    /// Bytes of all messages that are sent in part or wait for it.
    held: usize,
    /// Counts what shows that the receiver takes messages: grants, and frames that were cut.
    progress: u64,
}

impl SendQueue {
    /// Opens a stream of messages.
    pub(crate) fn open(&mut self, id: u32, window: i64) {
        let sending = Sending {
            rest: None,
            length: 0,
            waiting: 0,
            first_flags: Flags::NONE,
            window,
            last_flags: Flags::NONE,
            blocked: false,
            open: true,
        };
        self.bodies.insert(id, sending);
        self.open += 1;
    }

    /// Sends a message on an open stream, if it may be sent now.
    pub(crate) fn offer(
        &mut self,
        id: u32,
        message: EncodedRef<'_>,
        output: &mut Output,
        max_frame_body: usize,
    ) -> Offered {
        let Some(body) = self.bodies.get_mut(id).filter(|body| body.open) else {
            return Offered::Closed;
        };
        let target = output_target(&self.turns);
        let length = message.body.len();
        self.held -= std::mem::take(&mut body.waiting);
        if body.rest.is_some() || output.remaining() >= target {
            body.waiting = length;
            self.held += length;
            self.refuse(id);
            return Offered::Full;
        }
        if length > max_frame_body || !admits(body.window, length) {
            body.first_flags = message.flags();
            body.rest = Some(message.body.into_bytes());
            body.length = length;
            self.held += length;
            self.turns.push_back(id);
            return Offered::Taken;
        }
        body.window -= message_cost(length) as i64;
        let header = data_header(id, Flags::END_MESSAGE | message.flags(), length as u32);
        output.frame_with_body(|tail| header.encode(tail), message.body);
        Offered::Taken
    }

    /// Sends of these messages the first that may be sent now and have `largest` bytes at most; gives how many.
    pub(crate) fn offer_run<'a>(
        &mut self,
        id: u32,
        run: impl Iterator<Item = &'a [u8]>,
        output: &mut Output,
        largest: usize,
    ) -> usize {
        let takes = |body: &&mut Sending| body.open && body.rest.is_none() && body.waiting == 0;
        let Some(body) = self.bodies.get_mut(id).filter(takes) else {
            return 0;
        };
        let target = output_target(&self.turns);
        let mut count = 0;
        for message in run {
            let length = message.len();
            if length > largest || !admits(body.window, length) || output.remaining() >= target {
                break;
            }
            let header = data_header(id, Flags::END_MESSAGE, length as u32);
            output.frame(|tail| {
                header.encode(tail);
                tail.extend_from_slice(message);
            });
            body.window -= message_cost(length) as i64;
            count += 1;
        }
        count
    }

    /// Whether a stream of messages was opened and not finished.
    pub(crate) fn is_open(&mut self, id: u32) -> bool {
        self.bodies.get_mut(id).is_some_and(|body| body.open)
    }

    /// No more messages follow on an open stream.
    pub(crate) fn finish(&mut self, id: u32, output: &mut Output) {
        let Some(body) = self.bodies.get_mut(id).filter(|body| body.open) else {
            return;
        };
        body.open = false;
        self.open -= 1;
        self.held -= std::mem::take(&mut body.waiting);
        if body.rest.is_none() {
            self.bodies.remove(id);
            let header = data_header(id, Flags::END_STREAM, 0);
            output.frame(|tail| header.encode(tail));
        } else {
            body.last_flags |= Flags::END_STREAM;
        }
    }

    /// Whether a message of an open stream is sent in part only; if so, the stream is visited
    /// when it is writable again.
    pub(crate) fn is_busy(&mut self, id: u32) -> bool {
        let body = self.bodies.get_mut(id);
        let busy = body.is_some_and(|body| body.rest.is_some());
        if busy {
            self.refuse(id);
        }
        busy
    }

    /// Notes a stream to be visited when it is writable.
    fn refuse(&mut self, id: u32) {
        if !self.refused.contains(&id) {
            self.refused.push(id);
        }
    }

    /// Visits the streams whose message was not taken and may be now, those that waited before in
    /// turn.
    pub(crate) fn take_writable(&mut self, output: &Output, mut visit: impl FnMut(u32)) {
        if self.refused.is_empty() || output.remaining() >= OUTPUT_TARGET / 2 {
            return;
        }
        // Whoever comes first may fill the output: it is another one each time.
        self.refused.rotate_left(1);
        let bodies = &mut self.bodies;
        self.refused.retain(|id| {
            let busy = bodies.get_mut(*id).is_some_and(|body| body.rest.is_some());
            if !busy {
                visit(*id);
            }
            busy
        });
    }

    /// Takes what is left of a message after its REQUEST or RESPONSE; all of it, if its bytes begin
    /// in DATA, and only then it may be marked as compressed. The whole message has `length` bytes.
    pub(crate) fn push(
        &mut self,
        id: u32,
        rest: Encoded,
        length: usize,
        window: i64,
        last_flags: Flags,
    ) {
        self.held += length;
        self.bodies.insert(
            id,
            Sending {
                first_flags: rest.flags(),
                rest: Some(rest.bytes),
                length,
                waiting: 0,
                window,
                last_flags,
                blocked: false,
                open: false,
            },
        );
        self.turns.push_back(id);
    }

    /// The receiver grants more bytes.
    pub(crate) fn grant(&mut self, id: u32, increment: u32) {
        let Some(body) = self.bodies.get_mut(id) else {
            return;
        };
        self.progress += 1;
        body.window = body.window.saturating_add(i64::from(increment));
        if std::mem::take(&mut body.blocked) {
            self.turns.push_back(id);
        }
    }

    /// The receiver lets every stream send more.
    pub(crate) fn grant_all(&mut self, increment: u32) {
        let ids: Vec<u32> = self.bodies.iter_mut().map(|(id, _)| id).collect();
        for id in ids {
            self.grant(id, increment);
        }
    }

    /// Forgets what was not sent; gives the window that is left, if there was something.
    pub(crate) fn remove(&mut self, id: u32) -> Option<i64> {
        let removed = self.bodies.remove(id)?;
        self.open -= usize::from(removed.open);
        self.held -= removed.length + removed.waiting;
        if removed.rest.is_some() && !removed.blocked {
            self.turns.retain(|turn| *turn != id);
        }
        Some(removed.window)
    }

    /// Last messages of which a part is not sent.
    pub(crate) fn len(&self) -> usize {
        self.bodies.len() - self.open
    }

    /// Bytes of all messages that are sent in part or wait for it.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held
    }

    /// While last messages wait for the receiver's grants, and for nothing else: a number that changes
    /// with each sign that it takes messages.
    pub(crate) fn awaits_grant(&self) -> Option<u64> {
        (self.turns.is_empty() && self.len() > 0).then_some(self.progress)
    }

    /// Whether a message of the stream was offered and not taken, so that it is counted already.
    pub(crate) fn is_waiting(&mut self, id: u32) -> bool {
        let body = self.bodies.get_mut(id);
        body.is_some_and(|body| body.waiting > 0)
    }

    /// All streams that are known here.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.bodies.len()
    }

    /// Whether some body has its turn now.
    pub(crate) fn is_ready(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Cuts frames until `output` holds [`OUTPUT_TARGET`] bytes, and calls `ended` with the id of
    /// every stream whose last byte went out.
    pub(crate) fn pump(
        &mut self,
        output: &mut Output,
        max_frame_body: usize,
        mut ended: impl FnMut(u32, &Output),
    ) {
        while output.remaining() < OUTPUT_TARGET {
            let Some(id) = self.turns.pop_front() else {
                return;
            };
            let Some(body) = self.bodies.get_mut(id) else {
                continue;
            };
            let Some(rest) = &mut body.rest else {
                continue;
            };
            let window = usize::try_from(body.window).unwrap_or(0);
            if window == 0 {
                body.blocked = true;
                output.window(id, window::BLOCKED);
                continue;
            }
            let fragment = rest.split_to(rest.len().min(max_frame_body).min(window));
            let last = rest.is_empty();
            self.progress += 1;
            body.window -= fragment.len() as i64;
            if last {
                body.window -= MESSAGE_OVERHEAD as i64;
                body.rest = None;
                self.held -= std::mem::take(&mut body.length);
            }
            let mut flags = std::mem::take(&mut body.first_flags);
            if last {
                flags |= Flags::END_MESSAGE | body.last_flags;
            }
            let header = data_header(id, flags, fragment.len() as u32);
            output.frame_with_body(|tail| header.encode(tail), fragment);
            if last && body.open {
                continue;
            }
            if last {
                self.bodies.remove(id);
                ended(id, output);
            } else {
                self.turns.push_back(id);
            }
        }
    }
}

/// Bytes from which on the output takes no more messages. Those in part keep a share of it, so that small ones cannot
/// starve them.
fn output_target(turns: &VecDeque<u32>) -> usize {
    match turns.is_empty() {
        true => OUTPUT_TARGET,
        false => OUTPUT_TARGET / 2,
    }
}
