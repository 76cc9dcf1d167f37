//! The beginning of a connection: which protocol it is of.

use std::io;
use std::time::Instant;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;

use super::BoxTransport;

/// A connection of which the first bytes may have been read.
pub(crate) struct Opened {
    pub(crate) transport: BoxTransport,
    /// The first bytes: whoever serves the connection begins with them.
    pub(crate) input: BytesMut,
    /// When the connection was accepted.
    pub(crate) since: Instant,
}

/// What the first bytes of a connection say about a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// They are how it begins.
    Match,
    /// They may become how it begins.
    NeedMore,
    /// They are of some other protocol.
    NoMatch,
}

impl Prefix {
    /// Compares the `first` bytes of a connection with what all of a protocol's begin with.
    ///
    /// ```
    /// use rpc_runtime::gateway::Prefix;
    ///
    /// assert_eq!(Prefix::compare(b"HEL", b"HELLO "), Prefix::NeedMore);
    /// assert_eq!(Prefix::compare(b"HELLO w", b"HELLO "), Prefix::Match);
    /// assert_eq!(Prefix::compare(b"HEAD /", b"HELLO "), Prefix::NoMatch);
    /// ```
    pub fn compare(first: &[u8], expected: &[u8]) -> Self {
        if first.starts_with(expected) {
            Prefix::Match
        } else if expected.starts_with(first) {
            Prefix::NeedMore
        } else {
            Prefix::NoMatch
        }
    }
}

impl Opened {
    /// A connection that was accepted at `since`, of which nothing has been read.
    pub(crate) fn new(transport: BoxTransport, since: Instant) -> Self {
        Opened {
            transport,
            input: BytesMut::new(),
            since,
        }
    }

    /// Reads on, up to `room` bytes at a time, until it is clear which of `protocols` the connection
    /// is of: the first that `probe` says matches. While one needs more, those behind it wait, so that
    /// nothing depends on where the bytes were split. `None` if it is of no other than the reader's own, or
    /// has ended.
    ///
    /// # Cancel safety
    ///
    /// What was read is in `input`.
    pub(crate) async fn sniff<'a, P>(
        &mut self,
        room: usize,
        protocols: &'a [P],
        probe: impl Fn(&P, &[u8]) -> Prefix,
    ) -> io::Result<Option<&'a P>> {
        loop {
            self.input.reserve(room);
            if self.transport.read_buf(&mut self.input).await? == 0 {
                return Ok(None);
            }
            let probes = protocols
                .iter()
                .map(|known| (known, probe(known, &self.input)));
            let mut claims = probes.filter(|(_, prefix)| *prefix != Prefix::NoMatch);
            match claims.next() {
                Some((protocol, Prefix::Match)) => return Ok(Some(protocol)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    const PROTOCOLS: [&[u8]; 4] = [b"GET ", b"\x12\x34\x01", b"\x12\x34\x05\x06", b"G"];

    /// Sends bytes, one after the other, and the end; gives what they are found to be, and how many it took.
    async fn sniff(sent: &[u8]) -> (Option<&'static [u8]>, usize) {
        let (mut client, server) = duplex(1);
        let mut opened = Opened::new(Box::new(server), Instant::now());
        let sending = async {
            // The pipe holds one at a time.
            client.write_all(sent).await.unwrap();
            drop(client);
        };
        let probe = |expected: &&[u8], first: &[u8]| Prefix::compare(first, expected);
        let sniffing = async {
            let protocol = opened.sniff(64, &PROTOCOLS, probe).await.unwrap();
            // The rest has to go somewhere.
            let read = opened.input.len();
            opened.transport.read_to_end(&mut Vec::new()).await.unwrap();
            (protocol.copied(), read)
        };
        tokio::join!(sending, sniffing).1
    }

    #[tokio::test]
    async fn a_connection_is_of_the_protocol_whose_prefix_it_has() {
        for (sent, protocol, read) in [
            (&b"GET / HTTP"[..], Some(0), 4),
            (b"\x12\x34\x01\x01", Some(1), 3),
            (b"\x12\x34\x05\x06", Some(2), 4),
            // Several claim it: the first of them that knows it has it.
            (b"GO ", Some(3), 2),
            // It is somebody else's as soon as it is nobody's here.
            (b"\x12\x34\x02\x01", None, 3),
            (b"\x12\x34\x05\x07\x08", None, 4),
            (b"POST", None, 1),
            (b"\x12\x34", None, 2),
            (b"", None, 0),
        ] {
            let expected = (protocol.map(|at: usize| PROTOCOLS[at]), read);
            assert_eq!(sniff(sent).await, expected, "{}", sent.escape_ascii());
        }
    }

    #[test]
    fn a_prefix_is_compared_as_far_as_it_has_come() {
        assert_eq!(Prefix::compare(b"", b"GET "), Prefix::NeedMore);
        assert_eq!(Prefix::compare(b"GET", b"GET "), Prefix::NeedMore);
        assert_eq!(Prefix::compare(b"GET ", b"GET "), Prefix::Match);
        assert_eq!(Prefix::compare(b"GET /", b"GET "), Prefix::Match);
        assert_eq!(Prefix::compare(b"GEM", b"GET "), Prefix::NoMatch);
    }
}
