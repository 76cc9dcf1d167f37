//! Message bodies that do not fit into one frame.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use super::output::Output;
use super::table::StreamTable;
use crate::frame::{Flags, FrameHeader, FrameType, window};

/// Bodies are cut into frames until this many bytes wait to be written; the rest follows once
/// they are gone. It keeps small messages from queueing behind megabytes.
pub(crate) const OUTPUT_TARGET: usize = 256 * 1024;

/// A body that is partly sent.
#[derive(Debug)]
struct Sending {
    rest: Bytes,
    /// Bytes that the receiver still lets us send.
    window: u64,
    /// What the last frame carries besides [`Flags::END_MESSAGE`].
    last_flags: Flags,
    blocked: bool,
}

/// Large bodies, cut into frames in turn: one frame of each, so that all advance alike.
#[derive(Debug, Default)]
pub(crate) struct SendQueue {
    bodies: StreamTable<Sending>,
    /// Streams that have bytes and a window, in the order of their turns.
    turns: VecDeque<u32>,
}

impl SendQueue {
    /// Takes what is left of a message after its first frame.
    pub(crate) fn push(&mut self, id: u32, rest: Bytes, window: u64, last_flags: Flags) {
        self.bodies.insert(
            id,
            Sending {
                rest,
                window,
                last_flags,
                blocked: false,
            },
        );
        self.turns.push_back(id);
    }

    /// The receiver grants more bytes.
    pub(crate) fn grant(&mut self, id: u32, increment: u32) {
        let Some(body) = self.bodies.get_mut(id) else {
            return;
        };
        body.window = body.window.saturating_add(u64::from(increment));
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

    /// Forgets what was not sent; true if there was something.
    pub(crate) fn remove(&mut self, id: u32) -> bool {
        self.bodies.remove(id).is_some()
    }

    /// Bodies of which a part is not sent.
    pub(crate) fn len(&self) -> usize {
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
            if body.window == 0 {
                body.blocked = true;
                window::encode(id, window::BLOCKED, output.tail());
                continue;
            }
            let window = usize::try_from(body.window).unwrap_or(usize::MAX);
            let fragment = body
                .rest
                .split_to(body.rest.len().min(max_frame_body).min(window));
            body.window -= fragment.len() as u64;
            let last = body.rest.is_empty();
            let header = FrameHeader {
                frame_type: FrameType::Data,
                flags: if last {
                    Flags::END_MESSAGE | body.last_flags
                } else {
                    Flags::NONE
                },
                stream_id: id,
                metadata_len: 0,
                body_len: fragment.len() as u32,
            };
            header.encode(output.tail());
            output.push_body(fragment);
            if last {
                self.bodies.remove(id);
                ended(id, output);
            } else {
                self.turns.push_back(id);
            }
        }
    }
}
