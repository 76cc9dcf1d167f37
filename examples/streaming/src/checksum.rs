//! How sender and receiver of a file find out that they have the same bytes.

/// The first prime below 2^16, as Adler-32 has it.
const MODULUS: u32 = 65_521;

/// The Adler-32 checksum of bytes that come part by part.
///
/// ```
/// let mut checksum = streaming::Checksum::default();
/// checksum.update(b"Wiki");
/// checksum.update(b"pedia");
/// assert_eq!(checksum.value(), 0x11E6_0398);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Checksum {
    sum: u32,
    sum_of_sums: u32,
}

impl Default for Checksum {
    fn default() -> Self {
        Checksum {
            sum: 1,
            sum_of_sums: 0,
        }
    }
}

impl Checksum {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.sum = (self.sum + u32::from(*byte)) % MODULUS;
            self.sum_of_sums = (self.sum_of_sums + self.sum) % MODULUS;
        }
    }

    /// The checksum of all bytes so far.
    pub fn value(self) -> u32 {
        self.sum_of_sums << 16 | self.sum
    }
}
