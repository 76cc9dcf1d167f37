//! Which requests have left for the server, as far as what is written tells.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a client's connection begins with, ahead of all frames.
const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

/// Length of the head of a frame: the length of its payload, type, flags, and stream.
const HEAD: usize = 9;

/// The type of the frame that a request begins with.
const HEADERS: u8 = 1;

/// The last stream whose request has begun to leave. Requests of later ones cannot have reached the server.
#[derive(Debug, Default)]
pub(super) struct Begun(AtomicU32);

impl Begun {
    /// Whether a server may have seen the request of this stream.
    pub(super) fn has(&self, stream: u32) -> bool {
        stream <= self.0.load(Ordering::Acquire)
    }
}

/// Follows the frames in what is written.
#[derive(Debug)]
pub(super) struct Following {
    /// Bytes to pass over before the next head.
    rest: usize,
    head: [u8; HEAD],
    /// How much of the head is there.
    known: usize,
}

impl Following {
    pub(super) fn new() -> Self {
        Following {
            rest: PREFACE,
            head: [0; HEAD],
            known: 0,
        }
    }

    /// Notes what was written behind all before it.
    pub(super) fn written(&mut self, mut bytes: &[u8], begun: &Begun) {
        while !bytes.is_empty() {
            let passed = self.rest.min(bytes.len());
            self.rest -= passed;
            bytes = &bytes[passed..];
            let taken = (HEAD - self.known).min(bytes.len());
            self.head[self.known..][..taken].copy_from_slice(&bytes[..taken]);
            self.known += taken;
            bytes = &bytes[taken..];
            if self.known == HEAD {
                self.frame(begun);
            }
        }
    }

    /// Takes the head of a frame that is whole.
    fn frame(&mut self, begun: &Begun) {
        let [a, b, c, kind, _flags, stream @ ..] = self.head;
        self.rest = u32::from_be_bytes([0, a, b, c]) as usize;
        self.known = 0;
        if kind == HEADERS {
            let stream = u32::from_be_bytes(stream);
            begun.0.fetch_max(stream, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, stream: u32, length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, kind, 0];
        frame.extend(stream.to_be_bytes());
        // What looks like a head within a payload is none.
        frame.resize(HEAD + usize::from(length), HEADERS);
        frame
    }

    #[test]
    fn a_request_has_begun_when_the_head_of_its_headers_was_written_however_writes_are_cut() {
        let frames = [
            vec![b'x'; PREFACE],
            frame(4, 0, 12),
            frame(HEADERS, 1, 0),
            frame(0, 1, 200),
            frame(9, 7, 20),
            frame(HEADERS, 3, 30),
            frame(0, 3, 0),
        ];
        let (before_1, before_3) = (PREFACE + HEAD + 12, PREFACE + 12 + 200 + 20 + 4 * HEAD);
        let bytes = frames.concat();
        for size in 1..=bytes.len() {
            let (mut following, begun) = (Following::new(), Begun::default());
            let mut written = 0;
            for part in bytes.chunks(size) {
                following.written(part, &begun);
                written += part.len();
                assert_eq!(begun.has(1), written >= before_1 + HEAD, "{size} {written}");
                assert_eq!(begun.has(3), written >= before_3 + HEAD, "{size} {written}");
                assert!(!begun.has(5));
            }
        }
    }
}
