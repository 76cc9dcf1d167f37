//! Streams by id.

use std::collections::HashMap;

/// Slots of the ring when the first stream is opened.
const MIN_RING: usize = 16;

/// Most slots of the ring: more would leave the processor's cache, and whoever collides with a
/// stream that outlived so many others finds room in the map.
const MAX_RING: usize = 1024;

/// A map from stream ids to `T` for ids that increase by one: looking up costs an index and a
/// comparison, because an id's place is its value modulo the size of a ring.
#[derive(Debug)]
pub(crate) struct StreamTable<T> {
    ring: Vec<Option<(u32, T)>>,
    overflow: HashMap<u32, T>,
    len: usize,
}

impl<T> Default for StreamTable<T> {
    fn default() -> Self {
        StreamTable {
            ring: Vec::new(),
            overflow: HashMap::new(),
            len: 0,
        }
    }
}

impl<T> StreamTable<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds a stream whose id is not in the table.
    pub(crate) fn insert(&mut self, id: u32, value: T) {
        if self.len >= self.ring.len() / 2 && self.ring.len() < MAX_RING {
            self.grow();
        }
        self.len += 1;
        let index = self.index(id);
        match &mut self.ring[index] {
            Some(_) => {
                self.overflow.insert(id, value);
            }
            free => *free = Some((id, value)),
        }
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        if self.ring.is_empty() {
            return None;
        }
        let index = self.index(id);
        match &mut self.ring[index] {
            Some((found, value)) if *found == id => Some(value),
            _ => self.overflow.get_mut(&id),
        }
    }

    pub(crate) fn remove(&mut self, id: u32) -> Option<T> {
        if self.ring.is_empty() {
            return None;
        }
        let index = self.index(id);
        let slot = &mut self.ring[index];
        let removed = match slot {
            Some((found, _)) if *found == id => slot.take().map(|(_, value)| value),
            _ => self.overflow.remove(&id),
        };
        self.len -= usize::from(removed.is_some());
        removed
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        let ring = self
            .ring
            .iter_mut()
            .flatten()
            .map(|(id, value)| (*id, value));
        ring.chain(self.overflow.iter_mut().map(|(id, value)| (*id, value)))
    }

    /// Takes every stream out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (u32, T)> {
        self.len = 0;
        self.ring.drain(..).flatten().chain(self.overflow.drain())
    }

    fn index(&self, id: u32) -> usize {
        id as usize & (self.ring.len() - 1)
    }

    fn grow(&mut self) {
        let size = (self.ring.len() * 2).max(MIN_RING);
        let mut ring = Vec::new();
        ring.resize_with(size, || None);
        for (id, value) in std::mem::replace(&mut self.ring, ring)
            .into_iter()
            .flatten()
        {
            let index = self.index(id);
            // Two ids that differ modulo the old size differ modulo twice that size.
            self.ring[index] = Some((id, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_outlives_the_ring_is_found_in_the_overflow_and_in_the_ring() {
        let mut table = StreamTable::default();
        table.insert(1, 1);
        for id in 2..=5000 {
            table.insert(id, id);
            if id % 2 == 0 {
                assert_eq!(table.remove(id), Some(id));
            }
        }
        assert_eq!(table.len(), 2500);
        for id in (1..=5000).step_by(2) {
            assert_eq!(table.get_mut(id).copied(), Some(id));
            assert_eq!(table.remove(id), Some(id));
            assert_eq!(table.remove(id), None);
        }
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn ids_of_the_same_place_are_not_confused() {
        let mut table = StreamTable::default();
        table.insert(3, 'a');
        assert_eq!(table.get_mut(3 + MIN_RING as u32), None);
        assert_eq!(table.remove(3 + MAX_RING as u32), None);
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn drain_empties_the_table() {
        let mut table = StreamTable::default();
        (1..=3000).for_each(|id| table.insert(id, ()));
        assert_eq!(table.drain().count(), 3000);
        assert_eq!(table.len(), 0);
        table.insert(3001, ());
        assert_eq!(table.iter_mut().count(), 1);
    }
}
