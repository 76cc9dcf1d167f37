//! The algorithms there are without the feature `compression`: none, so that nothing is compressed,
//! and what would do it is left out of the program.

use std::io;

/// An algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {}

impl Compression {
    pub(crate) const ALL: &[Self] = &[];

    pub(crate) fn from_name(_name: &str) -> Option<Self> {
        None
    }

    pub(crate) fn name(self) -> &'static str {
        match self {}
    }

    pub(super) fn compress(self, _plain: &[u8]) -> io::Result<Vec<u8>> {
        match self {}
    }

    pub(super) fn pad(self, _packed: &mut Vec<u8>, _length: usize) {
        match self {}
    }

    pub(super) fn decompress(self, _bytes: &[u8], _allowed: u64) -> io::Result<Option<Vec<u8>>> {
        match self {}
    }
}
