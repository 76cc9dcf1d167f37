//! What happens later, in the order in which it does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The unit of the times in keys, in nanoseconds: 65 microseconds.
const UNIT: u64 = 1 << 16;

/// Bits of a key that count entries. Nobody has a key for so long that a million others come, so none is mistaken
/// for that of an entry which was taken out.
const COUNT_BITS: u32 = 20;

/// The last time of a key, in units: nothing is due later than in 36 years.
const LAST: u64 = u64::MAX >> COUNT_BITS;

/// Where an entry of a [`Queue`] stands: when it is due, in units since the queue began, and a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(u64);

/// Entries by the time when they are due.
#[derive(Debug)]
pub(super) struct Queue<T> {
    began: Instant,
    entries: BTreeMap<Key, T>,
    /// Entries that were ever added.
    count: u64,
    capacity: usize,
}

impl<T> Queue<T> {
    /// A queue for so many entries.
    pub(super) fn new(began: Instant, capacity: usize) -> Self {
        Queue {
            began,
            entries: BTreeMap::new(),
            count: 0,
            capacity,
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Adds an entry; whether it is the first that will be due is told by [`next`](Self::next).
    ///
    /// # Errors
    ///
    /// The entry, if the queue is full.
    pub(super) fn insert(&mut self, at: Instant, entry: T) -> Result<Key, T> {
        if self.entries.len() >= self.capacity {
            return Err(entry);
        }
        let mut key = self.next_key(at);
        while self.entries.contains_key(&key) {
            key = self.next_key(at);
        }
        self.entries.insert(key, entry);
        Ok(key)
    }

    /// Takes an entry out before it is due.
    pub(super) fn remove(&mut self, key: Key) -> Option<T> {
        self.entries.remove(&key)
    }

    /// Takes out what is `chosen`.
    pub(super) fn remove_all(&mut self, chosen: impl Fn(&T) -> bool) -> Vec<T> {
        let entries = self.entries.extract_if(.., |_, entry| chosen(entry));
        entries.map(|(_, entry)| entry).collect()
    }

    /// Takes the first entry if it is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<T> {
        if self.next()? > now {
            return None;
        }
        let (_, first) = self.entries.pop_first()?;
        Some(first)
    }

    /// When the first entry is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.entries.keys().next().map(|key| self.at(*key))
    }

    /// Takes all entries.
    pub(super) fn drain(&mut self) -> BTreeMap<Key, T> {
        std::mem::take(&mut self.entries)
    }

    /// The entries and when they are due, the first one first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Instant, &T)> {
        self.entries
            .iter()
            .map(|(key, entry)| (self.at(*key), entry))
    }

    /// A key for an entry that is due then, and never before.
    fn next_key(&mut self, at: Instant) -> Key {
        let nanos = at.saturating_duration_since(self.began).as_nanos();
        let units = nanos.div_ceil(u128::from(UNIT));
        let units = u64::try_from(units).unwrap_or(LAST).min(LAST);
        self.count += 1;
        Key((units << COUNT_BITS) | (self.count % (1 << COUNT_BITS)))
    }

    fn at(&self, key: Key) -> Instant {
        self.began + Duration::from_nanos((key.0 >> COUNT_BITS) * UNIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_in_the_order_in_which_they_are_due_and_none_before() {
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let began = Instant::now();
        let mut queue = Queue::new(began, usize::MAX);
        let mut expected = Vec::new();
        for number in 0..1_000 {
            // Few instants, so that many entries share one.
            let at = began + Duration::from_nanos(random.u64(..100) * 1_000_000);
            let key = queue.insert(at, (at, number)).unwrap();
            if random.u8(..4) == 0 {
                assert_eq!(queue.remove(key), Some((at, number)));
                assert_eq!(queue.remove(key), None);
            } else {
                expected.push((at, number));
            }
        }
        let mut taken = Vec::new();
        for step in 0..=100 {
            let now = began + Duration::from_micros(1_000 * step + 1);
            while let Some((at, number)) = queue.take_due(now) {
                assert!(at <= now, "{at:?} is after {now:?}");
                taken.push((at, number));
            }
            assert!(queue.next().is_none_or(|next| next > now));
        }
        assert!(taken.is_sorted_by_key(|(at, _)| *at));
        taken.sort_unstable();
        expected.sort_unstable();
        assert_eq!(taken, expected);
    }

    #[test]
    fn a_key_is_never_given_twice() {
        let began = Instant::now();
        let mut queue = Queue::new(began, 10);
        let first = queue.insert(began, 1).unwrap();
        assert_eq!(queue.take_due(began + Duration::from_nanos(1)), Some(1));
        let second = queue.insert(began, 2).unwrap();
        assert_ne!(second, first);
        assert_eq!(queue.remove(first), None);
        assert_eq!(queue.remove(second), Some(2));
        let third = queue.insert(began, 3).unwrap();
        assert_eq!(queue.remove(second), None);
        assert_eq!(queue.remove(third), Some(3));
    }

    #[test]
    fn a_full_queue_gives_the_entry_back() {
        let now = Instant::now();
        let mut queue = Queue::new(now, 1);
        queue.insert(now, "one").unwrap();
        assert_eq!(queue.insert(now, "two"), Err("two"));
    }

    #[test]
    fn what_is_due_in_a_thousand_years_waits() {
        let now = Instant::now();
        let far = Duration::from_secs(1_000 * 365 * 24 * 3_600);
        let Some(far) = now.checked_add(far) else {
            return;
        };
        let mut queue = Queue::new(now, 2);
        queue.insert(far, 1).unwrap();
        queue.insert(far, 2).unwrap();
        assert_eq!(queue.take_due(now + Duration::from_secs(3_600)), None);
        queue.next().unwrap();
    }
}
