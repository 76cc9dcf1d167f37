//! The flags of a frame.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// The flags of a frame, a set of bits.
///
/// ```
/// use rpc_wire::frame::Flags;
///
/// let flags = Flags::END_STREAM | Flags::END_MESSAGE;
/// assert!(flags.contains(Flags::END_STREAM));
/// assert!(!flags.contains(Flags::END_STREAM | Flags::STATUS));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(u8);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// On REQUEST and DATA: the client sends no further message on this stream. On RESPONSE: this
    /// is the final one.
    pub const END_STREAM: Self = Self(0x01);
    /// The frame's body ends a message.
    pub const END_MESSAGE: Self = Self(0x02);
    /// The message that begins in this frame is compressed.
    pub const COMPRESSED: Self = Self(0x04);
    /// The body is a [`StatusBody`](super::StatusBody) instead of a message.
    pub const STATUS: Self = Self(0x08);
    /// No handler was started for this call.
    pub const NOT_EXECUTED: Self = Self(0x10);
    /// A CRC-32C of the frame follows the body.
    pub const CHECKSUM: Self = Self(0x20);
    /// A receiver that does not know the frame's type skips the frame.
    pub const IGNORABLE: Self = Self(0x80);

    /// The flags with exactly these bits.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The flags as they stand in the header.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether every flag of `other` is set here.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The flags that are set here or in `other`.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether some flag of `other` is set here.
    pub(super) const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.union(other);
    }
}

/// The names of the flags, such as `Flags(END_STREAM | END_MESSAGE)`.
impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 8] = [
            "END_STREAM",
            "END_MESSAGE",
            "COMPRESSED",
            "STATUS",
            "NOT_EXECUTED",
            "CHECKSUM",
            "RESERVED",
            "IGNORABLE",
        ];
        let is_set = |bit: &usize| self.0 & (1 << bit) != 0;
        let names: Vec<&str> = (0..8).filter(is_set).map(|bit| NAMES[bit]).collect();
        let names = if names.is_empty() {
            "NONE".to_owned()
        } else {
            names.join(" | ")
        };
        write!(f, "Flags({names})")
    }
}
