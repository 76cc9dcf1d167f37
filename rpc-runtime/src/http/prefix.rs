//! What connections over HTTP begin with.

use crate::transport::Prefix;

/// HTTP/2 with prior knowledge, or after ALPN.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The methods of HTTP/1.1. Those that nothing here answers are recognised too, to be told so.
const METHODS: [&[u8]; 9] = [
    b"GET ",
    b"POST ",
    b"HEAD ",
    b"OPTIONS ",
    b"PUT ",
    b"DELETE ",
    b"PATCH ",
    b"TRACE ",
    b"CONNECT ",
];

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// What some clients of HTTP/1.1 send ahead of a request; hyper passes over it.
const EMPTY_LINE: &[u8] = b"\r\n";

/// Whether a connection that begins with these bytes is one over HTTP.
pub(super) fn probe(first: &[u8]) -> Prefix {
    if let Some(behind) = first.strip_prefix(EMPTY_LINE) {
        return compare(behind, METHODS);
    }
    match Prefix::compare(first, EMPTY_LINE) {
        Prefix::NoMatch => compare(first, METHODS.iter().copied().chain([PREFACE])),
        decided => decided,
    }
}

/// Whether bytes begin with one of these words.
fn compare<'a>(first: &[u8], words: impl IntoIterator<Item = &'a [u8]>) -> Prefix {
    let mut undecided = false;
    for expected in words {
        match Prefix::compare(first, expected) {
            Prefix::Match => return Prefix::Match,
            Prefix::NeedMore => undecided = true,
            Prefix::NoMatch => {}
        }
    }
    match undecided {
        true => Prefix::NeedMore,
        false => Prefix::NoMatch,
    }
}

/// The version of a connection that was recognised.
pub(super) fn version(first: &[u8]) -> Version {
    match first.starts_with(PREFACE) {
        true => Version::Http2,
        false => Version::Http1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_recognised_however_its_first_bytes_are_split() {
        for (first, version_of) in [
            (&b"GET /healthz HTTP/1.1\r\n"[..], Version::Http1),
            (b"POST / HTTP/1.1\r\n", Version::Http1),
            (b"PUT / HTTP/1.1\r\n", Version::Http1),
            (b"\r\nPUT / HTTP/1.1\r\n", Version::Http1),
            (PREFACE, Version::Http2),
        ] {
            let end = (1..=first.len())
                .find(|end| probe(&first[..*end]) != Prefix::NeedMore)
                .unwrap();
            assert_eq!(probe(&first[..end]), Prefix::Match);
            assert_eq!(version(&first[..end]), version_of);
        }
    }

    #[test]
    fn other_protocols_are_told_from_it_by_their_first_byte() {
        for first in [
            &b"\x12\x34\x02"[..],
            b"{\"jsonrpc\"",
            b"[",
            b"\x16\x03\x01",
            b"get ",
        ] {
            assert_eq!(probe(&first[..1]), Prefix::NoMatch);
        }
        for first in [
            &b"PRI * HTTP/1.1"[..],
            b"\r\nPRI",
            b"\r\n{",
            b"\r\n\r",
            b"\rG",
            b"\nG",
        ] {
            assert_eq!(probe(first), Prefix::NoMatch);
        }
    }
}
