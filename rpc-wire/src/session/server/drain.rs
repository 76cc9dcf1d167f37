//! The orderly end of a connection, from the server's side.

use std::time::Instant;

use super::ServerSession;
use crate::frame::{GoAway, GoAwayCode, PING_LEN, VERSION, ping};
use crate::session::SessionError;

/// The PING between the two GOAWAYs of an orderly end.
const DRAIN_PING: [u8; PING_LEN] = *b"draining";

/// The PING behind the last reply.
const RECEIPT_PING: [u8; PING_LEN] = *b"got all?";

/// The way to an orderly end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drain {
    /// New streams are welcome.
    Open,
    /// The client was told; streams that it opened meanwhile are still served.
    Announced(&'static str),
    /// Streams above this id are refused.
    Final(u32, &'static str),
}

/// Whether the client has shown that it has what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Receipt {
    /// It was not asked.
    Open,
    /// The PING behind the last reply is on its way.
    Asked,
    /// It has answered, or there is nothing that it could miss.
    Given,
}

impl<M: Clone, C> ServerSession<M, C> {
    /// Begins an orderly end: the client is told to open no more streams here, and a PING finds
    /// out when it has heard. `reason` is for humans.
    pub fn drain(&mut self, reason: &'static str) {
        if self.drain == Drain::Open {
            self.drain = Drain::Announced(reason);
            self.goaway(u32::MAX, GoAwayCode::NoError, reason);
            self.link.send_ping(DRAIN_PING);
        }
    }

    /// From here on new streams are refused. The session does this by itself when the client
    /// answers the PING; the driver does it when the client takes too long.
    pub fn finish_drain(&mut self) {
        if let Drain::Announced(reason) = self.drain {
            self.drain = Drain::Final(self.last_id, reason);
            self.goaway(self.last_id, GoAwayCode::NoError, reason);
        }
    }

    /// Queues the GOAWAY that tells the client why the connection ends at once. A peer that does
    /// not speak the protocol gets none.
    pub fn fail(&mut self, error: &SessionError) {
        if error.is_stranger() {
            return;
        }
        let version_unknown = error.code() == GoAwayCode::UnsupportedVersion;
        if !self.link.settings_seen() && !version_unknown {
            self.link.send_settings();
        }
        let last_id = match self.drain {
            Drain::Final(last_id, _) => last_id,
            Drain::Open | Drain::Announced(_) => self.last_id,
        };
        self.goaway(last_id, error.code(), error.message());
    }

    fn goaway(&mut self, last_stream_id: u32, code: GoAwayCode, message: &str) {
        let versions = match code {
            GoAwayCode::UnsupportedVersion => vec![VERSION],
            _ => Vec::new(),
        };
        self.link.send_goaway(&GoAway {
            last_stream_id,
            code,
            message: message.to_owned(),
            versions,
        });
    }

    /// Whether an orderly end has come to its end, but for the output.
    pub fn is_finished(&self) -> bool {
        matches!(self.drain, Drain::Final(..)) && self.open_streams() == 0
    }

    /// Asks the client, once [`is_finished`](Self::is_finished), whether everything has arrived: by
    /// a PING behind the last reply. One that never opened a stream is not asked.
    pub fn ask_receipt(&mut self) {
        if self.receipt != Receipt::Open || !self.is_finished() {
            return;
        }
        if self.last_id == 0 {
            self.receipt = Receipt::Given;
        } else {
            self.receipt = Receipt::Asked;
            self.link.send_ping(RECEIPT_PING);
        }
    }

    /// Whether the client has shown that it has everything that was sent, after
    /// [`ask_receipt`](Self::ask_receipt).
    pub fn is_received(&self) -> bool {
        self.receipt == Receipt::Given
    }

    /// When the client last sent a PONG.
    pub fn last_pong(&self) -> Option<Instant> {
        self.last_pong
    }

    /// Takes the client's answer to a PING.
    pub(super) fn handle_pong(&mut self, now: Instant, payload: &[u8]) -> Result<(), SessionError> {
        self.last_pong = Some(now);
        match ping::decode(payload)? {
            DRAIN_PING => self.finish_drain(),
            RECEIPT_PING if self.receipt == Receipt::Asked => self.receipt = Receipt::Given,
            _ => {}
        }
        Ok(())
    }
}
