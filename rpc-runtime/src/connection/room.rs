//! Room for reads.

use bytes::BytesMut;

/// Room for the first read of a connection, in bytes: many connections never read more at once, and wait for it most of
/// the time.
pub(crate) const FIRST_READ_SIZE: usize = 2 * 1024;

/// Room for one read, in bytes, when reads are full: what a loopback socket gives at once under load.
pub(crate) const READ_SIZE: usize = 64 * 1024;

/// How many times larger the room becomes with each read that fills it.
const GROWTH: usize = 8;

/// A smaller part of it than this is not worth a read.
const LEAST_PART: usize = 4;

/// How much room a connection's reads have: little at first, and more once they fill it.
#[derive(Debug)]
pub(crate) struct Room {
    /// In bytes.
    size: usize,
}

impl Default for Room {
    fn default() -> Self {
        Room {
            size: FIRST_READ_SIZE,
        }
    }
}

impl Room {
    /// Makes room for a read behind `input`; gives how much there is.
    pub(crate) fn make(&self, input: &mut BytesMut) -> usize {
        // A buffer of which everything was taken begins again at its front, if no message is a part of it.
        let is_empty = input.is_empty() && input.try_reclaim(self.size);
        let room = input.capacity() - input.len();
        if is_empty || room >= self.size / LEAST_PART {
            return room;
        }
        input.reserve(self.size);
        input.capacity() - input.len()
    }

    /// A read gave so many bytes, of as many as there was `room` for.
    pub(crate) fn note(&mut self, read: usize, room: usize) {
        if read == room {
            self.size = (self.size * GROWTH).min(READ_SIZE);
        }
    }
}
