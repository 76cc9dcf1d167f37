//! Buffers for large messages, which are used again.
//!
//! What is asked of the operating system anew costs a page fault for every 4 KiB of it, which is more than
//! copying them. So a message that is encoded, or that arrives in several frames, lies in a buffer of one of four
//! sizes, and when its last reader has dropped it the buffer waits for the next message. Messages below
//! [`LEAST_POOLED`] and above the largest size have memory of their own.
//!
//! The pool belongs to the process. It is bounded, it shrinks while it is used less, and a buffer that comes out
//! of it is empty: no bytes of an earlier message can be read.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};

/// Smallest message that gets a buffer of the pool, in bytes: below it an allocation costs less than what is
/// kept for it.
pub const LEAST_POOLED: usize = 32 * 1024;

/// What buffers have room for beside a message of a round size: its tag and length, and small fields.
const EXTRA: usize = 4 * 1024;

/// Bytes of the buffers of each size.
const SIZES: [usize; 4] = [
    64 * 1024 + EXTRA,
    256 * 1024 + EXTRA,
    1024 * 1024 + EXTRA,
    4 * 1024 * 1024 + EXTRA,
];

/// Bytes that wait in buffers of one size, at most; all sizes together are four times as much.
const MAX_FREE: usize = 8 * (1024 * 1024 + EXTRA);

/// Buffers that come back between two looks at how many were never needed.
const REVIEW_AFTER: u32 = 64;

static POOL: [Class; SIZES.len()] = [
    Class::new(SIZES[0]),
    Class::new(SIZES[1]),
    Class::new(SIZES[2]),
    Class::new(SIZES[3]),
];

/// Buffers of one size.
struct Class {
    size: usize,
    buffers: Mutex<Buffers>,
}

struct Buffers {
    free: Vec<BytesMut>,
    in_use: usize,
    hits: u64,
    misses: u64,
    /// Least number of free buffers since the last review: those were not needed.
    unneeded: usize,
    returned: u32,
}

/// What the pool has counted of the buffers of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassStats {
    /// Bytes that each buffer has room for.
    pub size: usize,
    /// Buffers with messages that somebody still reads or has yet to send. One that is being filled is not counted.
    pub in_use: usize,
    /// Buffers that wait for one.
    pub free: usize,
    /// How often a buffer was there when one was needed.
    pub hits: u64,
    /// How often one was allocated, because none was there.
    pub misses: u64,
}

/// What the pool has counted since the process began, a value for each size of buffers, the smallest first.
///
/// ```
/// for class in rpc_wire::memory::stats() {
///     println!("{} bytes: {} in use, {} free", class.size, class.in_use, class.free);
/// }
/// ```
#[must_use]
pub fn stats() -> Vec<ClassStats> {
    POOL.iter().map(Class::stats).collect()
}

/// Frees the memory of all buffers that wait; those in use come back as ever.
///
/// A pool that is used frees by itself what it has not needed. This is for a program that knows that it has had
/// its last large messages for some time.
pub fn release_unused() {
    for class in &POOL {
        let unused = std::mem::take(&mut class.lock().free);
        drop(unused);
    }
}

/// An empty buffer with room for a message of `size` bytes. It belongs to the pool once the message is
/// [shared](share).
#[must_use]
pub fn buffer(size: usize) -> BytesMut {
    match class_for(size) {
        Some(class) => class.take(),
        None => BytesMut::with_capacity(size),
    }
}

/// Makes room for `additional` bytes behind what a buffer holds.
pub fn reserve(buffer: &mut BytesMut, additional: usize) {
    let size = buffer.len() + additional;
    if size <= buffer.capacity() {
        return;
    }
    let Some(class) = class_for(size) else {
        return buffer.reserve(additional);
    };
    let mut larger = class.take();
    larger.extend_from_slice(buffer);
    drop(share(std::mem::replace(buffer, larger)));
}

/// The buffers for messages of `size` bytes, if they are of the pool.
fn class_for(size: usize) -> Option<&'static Class> {
    match size {
        LEAST_POOLED.. => POOL.iter().find(|class| size <= class.size),
        _ => None,
    }
}

/// The finished message of a buffer. When the last share of it is dropped, its memory waits for the
/// next message, if it is of one of the pool's sizes.
#[must_use]
pub fn share(message: BytesMut) -> Bytes {
    let mut classes = POOL.iter();
    match classes.find(|class| class.size == message.capacity()) {
        Some(class) => {
            class.lock().in_use += 1;
            Bytes::from_owner(Shared { message, class })
        }
        None => message.freeze(),
    }
}

/// The finished message of a buffer, which keeps what is left of its room if the message is small.
#[must_use]
pub fn take_message(buffer: &mut BytesMut) -> Bytes {
    match buffer.len() {
        LEAST_POOLED.. => share(std::mem::take(buffer)),
        _ => buffer.split().freeze(),
    }
}

/// A message that has readers.
struct Shared {
    message: BytesMut,
    class: &'static Class,
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.message
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.message);
        buffer.clear();
        self.class.give_back(buffer);
    }
}

impl Class {
    const fn new(size: usize) -> Self {
        Class {
            size,
            buffers: Mutex::new(Buffers {
                free: Vec::new(),
                in_use: 0,
                hits: 0,
                misses: 0,
                unneeded: 0,
                returned: 0,
            }),
        }
    }

    fn take(&self) -> BytesMut {
        let mut buffers = self.lock();
        let found = buffers.free.pop();
        buffers.unneeded = buffers.unneeded.min(buffers.free.len());
        match &found {
            Some(_) => buffers.hits += 1,
            None => buffers.misses += 1,
        }
        drop(buffers);
        found.unwrap_or_else(|| BytesMut::with_capacity(self.size))
    }

    fn give_back(&self, buffer: BytesMut) {
        let mut buffers = self.lock();
        buffers.in_use -= 1;
        buffers.returned += 1;
        if buffers.free.len() < MAX_FREE / self.size {
            buffers.free.push(buffer);
        }
        if buffers.returned < REVIEW_AFTER {
            return;
        }
        buffers.returned = 0;
        let left = buffers.free.len() - buffers.unneeded.div_ceil(2).min(buffers.free.len());
        let unneeded = buffers.free.split_off(left);
        buffers.unneeded = left;
        drop(buffers);
        drop(unneeded);
    }

    fn stats(&self) -> ClassStats {
        let buffers = self.lock();
        ClassStats {
            size: self.size,
            in_use: buffers.in_use,
            free: buffers.free.len(),
            hits: buffers.hits,
            misses: buffers.misses,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Buffers> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use bytes::BufMut;

    use super::*;

    // The pool belongs to the process and tests run in parallel: each has classes of its own.

    fn leaked(size: usize) -> &'static Class {
        Box::leak(Box::new(Class::new(size)))
    }

    fn message(class: &'static Class, fill: u8) -> Bytes {
        let mut message = class.take();
        message.put_bytes(fill, class.size);
        class.lock().in_use += 1;
        Bytes::from_owner(Shared { message, class })
    }

    #[test]
    fn a_buffer_waits_for_the_next_message_once_its_last_reader_is_gone() {
        let class = leaked(LEAST_POOLED);
        let first = message(class, 1);
        let part = first.slice(10..20);
        drop(first);
        assert_eq!((class.stats().in_use, class.stats().free), (1, 0));
        assert_eq!(part, [1; 10][..]);
        drop(part);
        assert_eq!((class.stats().in_use, class.stats().free), (0, 1));

        let again = class.take();
        assert!(again.is_empty(), "no old bytes");
        assert_eq!(again.capacity(), LEAST_POOLED);
        assert_eq!((class.stats().hits, class.stats().misses), (1, 1));
    }

    #[test]
    fn no_more_buffers_wait_than_the_bound_allows() {
        let class = leaked(MAX_FREE / 4);
        let messages: Vec<_> = (0..6).map(|fill| message(class, fill)).collect();
        assert_eq!(class.stats().in_use, 6);
        drop(messages);
        assert_eq!((class.stats().in_use, class.stats().free), (0, 4));
    }

    #[test]
    fn what_is_not_needed_any_more_is_freed_while_others_are_used() {
        let class = leaked(LEAST_POOLED);
        let burst: Vec<_> = (0..100).map(|fill| message(class, fill)).collect();
        drop(burst);
        assert_eq!(class.stats().free, 100);
        for _ in 0..20 * REVIEW_AFTER {
            drop(message(class, 0));
        }
        assert!(class.stats().free <= 2, "{} are left", class.stats().free);
    }

    #[test]
    fn a_buffer_that_grows_keeps_what_it_holds() {
        let mut grown = BytesMut::new();
        let mut expected = Vec::new();
        // Beyond the largest size.
        while grown.len() < SIZES[3] + 100_000 {
            let fill = (expected.len() / 10_000) as u8;
            reserve(&mut grown, 10_000);
            let capacity = grown.capacity();
            grown.put_bytes(fill, 10_000);
            assert_eq!(grown.capacity(), capacity, "there was room");
            expected.extend([fill; 10_000]);
        }
        assert!(grown == expected);
        assert!(share(grown) == expected);
    }

    #[test]
    fn messages_of_every_size_are_shared_as_they_are() {
        let lengths = [0, 1, LEAST_POOLED - 1, LEAST_POOLED]
            .into_iter()
            .chain(SIZES.into_iter().flat_map(|size| [size, size + 1]));
        for length in lengths {
            let mut message = buffer(length);
            assert!(message.is_empty() && message.capacity() >= length);
            message.put_bytes(7, length);
            let taken = take_message(&mut message.clone());
            assert_eq!(taken.len(), length);
            assert_eq!(share(message), taken);
        }
    }

    #[test]
    fn memory_that_waits_can_be_given_back() {
        drop(share(buffer(SIZES[2])));
        release_unused();
        // Other tests use the pool meanwhile, but not buffers of this size twice.
        assert!(stats()[2].free <= 1);
    }
}
