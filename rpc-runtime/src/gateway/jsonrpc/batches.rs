//! Batches whose answer is not complete.

use std::collections::HashMap;
use std::ops::Range;
use std::vec;

use bytes::{BufMut, BytesMut};

/// The batches of a connection that have begun.
#[derive(Default)]
pub(super) struct Batches {
    open: HashMap<u64, Batch>,
    /// How many there were.
    count: u64,
    /// Bytes of all answers in them.
    held: usize,
}

/// The answers to a batch.
struct Batch {
    /// As an array that has not ended.
    answers: BytesMut,
    /// Requests that have not ended, and those that have not begun.
    remaining: usize,
}

/// The requests of a batch that have not begun.
pub(super) struct Requests {
    pub(super) batch: u64,
    text: Box<str>,
    places: vec::IntoIter<Range<usize>>,
}

impl Requests {
    /// The next one.
    pub(super) fn next(&mut self) -> Option<&str> {
        Some(&self.text[self.places.next()?])
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.len() == 0
    }
}

impl Batches {
    /// Begins a batch of the requests at these `places` of `text`, of which there is at least one.
    pub(super) fn open(&mut self, text: &str, places: Vec<Range<usize>>) -> Requests {
        let batch = self.count;
        self.count += 1;
        let answers = BytesMut::from("[");
        self.held += answers.len();
        let remaining = places.len();
        self.open.insert(batch, Batch { answers, remaining });
        Requests {
            batch,
            text: text.into(),
            places: places.into_iter(),
        }
    }

    /// Bytes of answers that wait for others of their batch.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Takes the end of one request, with its answer if it has one. If it was the last of its batch, the
    /// answers to that are appended to `output`; nothing if there are none.
    pub(super) fn answer(&mut self, id: u64, answer: &[u8], output: &mut BytesMut) {
        let Some(batch) = self.open.get_mut(&id) else {
            return;
        };
        if !answer.is_empty() {
            let before = batch.answers.len();
            if before > 1 {
                batch.answers.put_u8(b',');
            }
            batch.answers.put_slice(answer);
            self.held += batch.answers.len() - before;
        }
        batch.remaining -= 1;
        if batch.remaining == 0 {
            self.close(id, output);
        }
    }

    fn close(&mut self, id: u64, output: &mut BytesMut) {
        let Some(Batch { answers, .. }) = self.open.remove(&id) else {
            return;
        };
        self.held -= answers.len();
        if answers.len() > 1 {
            output.put_slice(&answers);
            output.put_slice(b"]\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[1,22,333]";

    fn open(batches: &mut Batches) -> Requests {
        batches.open(TEXT, vec![1..2, 3..5, 6..9])
    }

    #[test]
    fn a_batch_is_answered_when_its_last_request_has_ended() {
        let (mut batches, mut output) = (Batches::default(), BytesMut::new());
        let mut requests = open(&mut batches);
        let other = open(&mut batches);
        for text in ["1", "22", "333"] {
            assert!(!requests.is_empty());
            assert_eq!(requests.next(), Some(text));
        }
        assert!(requests.is_empty());
        batches.answer(requests.batch, b"a", &mut output);
        batches.answer(other.batch, b"x", &mut output);
        batches.answer(requests.batch, b"", &mut output);
        assert_eq!((&output[..], batches.held()), (&b""[..], 4));
        batches.answer(requests.batch, b"bc", &mut output);
        assert_eq!((&output[..], batches.held()), (&b"[a,bc]\n"[..], 2));
    }

    #[test]
    fn a_batch_without_answers_is_not_answered() {
        let (mut batches, mut output) = (Batches::default(), BytesMut::new());
        let batch = open(&mut batches).batch;
        for _ in 0..3 {
            batches.answer(batch, b"", &mut output);
        }
        assert_eq!((&output[..], batches.held()), (&b""[..], 0));
    }
}
