//! The algorithms there are.

use std::fmt;
use std::io::{self, Read, Write};

use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

/// Largest window that a zstd message may ask for, as a power of two: 8 MiB, which RFC 8878
/// recommends decoders to support. A window is memory that is taken before a byte is decompressed.
const ZSTD_WINDOW_LOG: u32 = 23;

/// What a frame of zstd begins with that is skipped: its magic number.
const ZSTD_SKIPPABLE: u32 = 0x184d_2a50;

/// An algorithm that compresses messages, with its library's default level.
///
/// ```
/// use rpc_runtime::Compression;
///
/// assert_eq!(Compression::Zstd.name(), "zstd");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// `gzip` (RFC 1952): known everywhere.
    Gzip,
    /// `zstd` (RFC 8878): the smallest messages, and several times faster than gzip.
    Zstd,
    /// `snappy`, in its framing format: the least work, and the largest messages.
    Snappy,
}

impl Compression {
    /// All of them, the one that a channel likes best first.
    pub(crate) const ALL: &[Self] = &[Self::Zstd, Self::Gzip, Self::Snappy];

    /// The name that both sides know it by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Snappy => "snappy",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|algorithm| algorithm.name() == name)
    }

    pub(super) fn compress(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(plain)?;
                encoder.finish()
            }
            Self::Zstd => zstd::bulk::compress(plain, zstd::DEFAULT_COMPRESSION_LEVEL),
            Self::Snappy => {
                let mut encoder = snap::write::FrameEncoder::new(Vec::new());
                encoder.write_all(plain)?;
                encoder.into_inner().map_err(|error| error.into_error())
            }
        }
    }

    /// Makes a compressed message `length` bytes long at least, if the algorithm has a way: zstd
    /// skips frames, and the others never make a message too short.
    pub(super) fn pad(self, packed: &mut Vec<u8>, length: usize) {
        let missing = length.saturating_sub(packed.len());
        if let (Self::Zstd, Ok(missing @ 1..)) = (self, u32::try_from(missing)) {
            packed.extend_from_slice(&ZSTD_SKIPPABLE.to_le_bytes());
            packed.extend_from_slice(&missing.to_le_bytes());
            packed.resize(packed.len() + missing as usize, 0);
        }
    }

    /// Undoes it; `None` if there are more than `allowed` bytes. Memory grows with the bytes that
    /// come out, whatever the message says of its length.
    ///
    /// # Errors
    ///
    /// The bytes are not what the algorithm makes.
    pub(super) fn decompress(self, bytes: &[u8], allowed: u64) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Gzip => read(MultiGzDecoder::new(bytes), allowed),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                read(decoder, allowed)
            }
            Self::Snappy => read(snap::read::FrameDecoder::new(bytes), allowed),
        }
    }
}

fn read(decoder: impl Read, allowed: u64) -> io::Result<Option<Vec<u8>>> {
    let mut plain = Vec::new();
    decoder
        .take(allowed.saturating_add(1))
        .read_to_end(&mut plain)?;
    Ok((plain.len() as u64 <= allowed).then_some(plain))
}

/// The [name](Compression::name).
impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compressed_comes_out_as_it_went_in() -> io::Result<()> {
        for algorithm in Compression::ALL {
            for length in [0, 1, 1000, 300_000] {
                let plain: Vec<u8> = (0..length).map(|byte| (byte % 251) as u8).collect();
                let packed = algorithm.compress(&plain)?;
                assert_eq!(algorithm.decompress(&packed, length)?, Some(plain));
                if length > 0 {
                    assert_eq!(algorithm.decompress(&packed, length - 1)?, None);
                }
            }
        }
        Ok(())
    }

    #[test]
    fn every_algorithm_has_its_name() {
        for algorithm in Compression::ALL {
            assert_eq!(Compression::from_name(algorithm.name()), Some(*algorithm));
        }
        assert_eq!(Compression::from_name("lzma"), None);
    }

    #[test]
    fn bytes_that_are_cut_or_changed_or_followed_by_others_are_errors() -> io::Result<()> {
        // Random enough that nothing is left of it when it is compressed.
        let plain: Vec<u8> = (0..5_000_u32)
            .map(|n| (n.wrapping_mul(n) >> 7) as u8)
            .collect();
        for algorithm in Compression::ALL {
            let packed = algorithm.compress(&plain)?;
            let refused = |bytes: &[u8]| algorithm.decompress(bytes, 10_000).is_err();
            assert!(refused(&packed[..packed.len() - 1]), "{algorithm}: cut");
            assert!(
                refused(&[&packed[..], b"more"].concat()),
                "{algorithm}: followed"
            );
            assert!(refused(b"garbage"), "{algorithm}");
            if *algorithm != Compression::Zstd {
                // The library writes no checksum into its frames.
                let mut changed = packed;
                let middle = changed.len() / 2;
                changed[middle] ^= 1;
                assert!(refused(&changed), "{algorithm}: changed");
            }
        }
        Ok(())
    }

    #[test]
    fn padding_says_nothing() -> io::Result<()> {
        let mut packed = Compression::Zstd.compress(b"message")?;
        Compression::Zstd.pad(&mut packed, 1_000);
        assert!(packed.len() >= 1_000);
        let plain = Compression::Zstd.decompress(&packed, 7)?;
        assert_eq!(plain.as_deref(), Some(&b"message"[..]));
        Ok(())
    }

    #[test]
    fn a_zstd_message_cannot_ask_for_a_large_window() {
        // A frame that asks for a window of 128 MiB, and has one byte.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x88, 9, 0, 0, b'x'];
        let error = Compression::Zstd.decompress(&frame, 1 << 20).unwrap_err();
        assert!(error.to_string().contains("memory"), "{error}");
    }

    #[test]
    fn the_gzip_message_of_the_protocols_document_is_one() -> io::Result<()> {
        let packed = [
            0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0xe3, 0xd2, 0x48, 0x24, 0x12, 0, 0, 0x79, 0x48,
            0xdb, 0xcc, 0x2a, 0, 0, 0,
        ];
        let plain = [b"\x0a\x28", &[b'a'; 40][..]].concat();
        assert_eq!(Compression::Gzip.decompress(&packed, 42)?, Some(plain));
        Ok(())
    }
}
