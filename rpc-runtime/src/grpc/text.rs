//! Bodies that are text, which gRPC-Web may have.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use rpc_wire::Status;

/// Characters of base64 that stand for up to three bytes.
const GROUP: usize = 4;

/// A piece of a body as text, with padding of its own, so that all of it can be read at once.
#[cfg(any(feature = "grpc", test))]
pub(crate) fn write(piece: &[u8]) -> Bytes {
    BASE64_STANDARD.encode(piece).into()
}

/// Reads a body that is text, however it is cut. It may be put together of several that are padded.
#[derive(Debug, Default)]
pub(crate) struct TextReader {
    /// Characters of a group that is not whole.
    partial: Vec<u8>,
}

impl TextReader {
    /// The bytes of what arrived, as far as they are whole.
    ///
    /// # Errors
    ///
    /// INTERNAL if it is not base64. Nothing after that can be read.
    pub(crate) fn read(&mut self, mut text: &[u8]) -> Result<Bytes, Status> {
        let mut bytes = Vec::with_capacity((self.partial.len() + text.len()) / GROUP * 3);
        if self.has_begun() {
            let missing = GROUP - self.partial.len();
            let (start, rest) = text.split_at(missing.min(text.len()));
            self.partial.extend_from_slice(start);
            text = rest;
            if self.partial.len() == GROUP {
                decode(&self.partial, &mut bytes)?;
                self.partial.clear();
            }
        }
        let (groups, rest) = text.split_at(text.len() / GROUP * GROUP);
        decode(groups, &mut bytes)?;
        self.partial.extend_from_slice(rest);
        Ok(bytes.into())
    }

    /// Whether more has to come.
    pub(crate) fn has_begun(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Says that nothing more comes.
    ///
    /// # Errors
    ///
    /// INTERNAL within a group of characters.
    pub(crate) fn finish(&self) -> Result<(), Status> {
        match self.partial.len() {
            0 => Ok(()),
            rest => Err(Status::internal(format!(
                "the body ends with {rest} characters of base64, which has groups of {GROUP}, padded with \"=\""
            ))),
        }
    }
}

/// Appends the bytes of whole groups, of which any may be padded.
fn decode(mut groups: &[u8], bytes: &mut Vec<u8>) -> Result<(), Status> {
    while !groups.is_empty() {
        let padding = groups.iter().position(|character| *character == b'=');
        let last = padding.unwrap_or(groups.len() - 1) / GROUP;
        let (piece, rest) = groups.split_at((last + 1) * GROUP);
        BASE64_STANDARD
            .decode_vec(piece, bytes)
            .map_err(|error| Status::internal("the body is not base64").with_source(error))?;
        groups = rest;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_that_is_not_base64_is_an_error() {
        for text in ["====", "A===", "AA=A", "A AA", "AA\r\n", "AA_-", "AB=="] {
            let read = TextReader::default().read(text.as_bytes());
            assert!(read.is_err(), "{text:?}");
        }
        let mut reader = TextReader::default();
        assert_eq!(reader.read(b"AAAAAA").unwrap(), [0; 3][..]);
        assert!(reader.finish().is_err());
    }

    proptest! {
        #[test]
        fn text_in_padded_pieces_is_read_however_it_is_cut(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let text: Vec<u8> = pieces.iter().flat_map(|piece| write(piece)).collect();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let mut reader = TextReader::default();
            let mut bytes = Vec::new();
            for cut in cuts.windows(2) {
                bytes.extend(reader.read(&text[cut[0]..cut[1]]).unwrap());
            }
            reader.finish().unwrap();
            prop_assert_eq!(bytes, pieces.concat());
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<Vec<u8>>()) {
            let _ = TextReader::default().read(&text);
        }
    }
}
