//! What both ends of a connection have in common: settings, pings, GOAWAY and the walk from
//! frame to frame.

use std::time::Instant;

use bytes::{Buf, BytesMut};

use super::keepalive::{Keepalive, Silence};
use super::{Output, SessionError};
use crate::frame::{Flags, FrameHeader, FrameType, GoAway, GoAwayCode, HEADER_LEN, Settings, ping};

/// Pings that may come earlier than agreed before the peer is told to leave: a few are early
/// when the network bunches them.
const EARLY_PINGS_TOLERATED: u32 = 8;

/// The PING that asks a silent peer whether it is there.
const KEEPALIVE_PING: [u8; 8] = *b"anybody?";

/// Counts kept for the life of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionStats {
    /// Streams opened, by this side for a client, by the peer for a server.
    pub streams_opened: u64,
    /// Frames that arrived for streams that had ended; they are dropped.
    pub late_frames: u64,
    /// Calls that the peer cancelled while they ran.
    pub cancelled: u64,
    /// Calls that were refused before they came to a handler.
    pub refused: u64,
}

/// A frame at the start of the input.
pub(crate) struct FoundFrame {
    pub(crate) header: FrameHeader,
    /// The metadata are larger than the limit: the payload is not in the input and is skipped
    /// as it arrives.
    pub(crate) metadata_too_large: bool,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) local: Settings,
    pub(crate) peer: Settings,
    pub(crate) output: Output,
    pub(crate) stats: SessionStats,
    settings_seen: bool,
    /// Bytes handed over for writing so far.
    taken: u64,
    /// Payload bytes that are discarded as they arrive.
    skip: usize,
    last_ping: Option<Instant>,
    early_pings: u32,
    /// Late frames that the peer may still send.
    late_allowance: u64,
    silence: Silence,
}

impl Link {
    pub(crate) fn new(local: Settings, keepalive: Option<Keepalive>) -> Self {
        Link {
            local: within_window(local),
            peer: Settings::assumed(),
            output: Output::default(),
            stats: SessionStats::default(),
            settings_seen: false,
            taken: 0,
            skip: 0,
            last_ping: None,
            early_pings: 0,
            late_allowance: 0,
            silence: Silence::new(keepalive),
        }
    }

    pub(crate) fn settings_seen(&self) -> bool {
        self.settings_seen
    }

    /// The position after the last byte queued, counted from the connection's first byte.
    pub(crate) fn position(&self) -> u64 {
        self.taken + self.output.remaining() as u64
    }

    /// Moves what is queued into `into`, which is empty.
    pub(crate) fn take_output(&mut self, into: &mut Output) {
        self.taken += self.output.remaining() as u64;
        std::mem::swap(&mut self.output, into);
    }

    /// Forgets what is queued and was not handed over.
    pub(crate) fn discard_output(&mut self) {
        self.output = Output::default();
    }

    pub(crate) fn send_settings(&mut self) {
        self.local.encode(self.output.tail());
    }

    pub(crate) fn send_goaway(&mut self, goaway: &GoAway) {
        goaway.encode(self.output.tail());
    }

    /// Finds the next whole frame. It is left at the start of `input`: the caller advances by
    /// [`FrameHeader::frame_len`], or not at all if the metadata are too large.
    pub(crate) fn next_frame(
        &mut self,
        input: &mut BytesMut,
    ) -> Result<Option<FoundFrame>, SessionError> {
        if self.skip > 0 {
            let skipped = self.skip.min(input.len());
            input.advance(skipped);
            self.skip -= skipped;
            if self.skip > 0 {
                return Ok(None);
            }
        }
        let Some(head) = input.first_chunk::<HEADER_LEN>() else {
            // A stranger is recognised by its first bytes: it may never send sixteen.
            return FrameHeader::check_prefix(input)
                .map(|()| None)
                .map_err(SessionError::from);
        };
        let header = FrameHeader::parse(head)?;
        self.check(&header)?;
        if header.metadata_len > self.local.max_metadata_size {
            input.advance(HEADER_LEN);
            self.skip = header.payload_len();
            return Ok(Some(FoundFrame {
                header,
                metadata_too_large: true,
            }));
        }
        if input.len() < header.frame_len() {
            return Ok(None);
        }
        Ok(Some(FoundFrame {
            header,
            metadata_too_large: false,
        }))
    }

    fn check(&self, header: &FrameHeader) -> Result<(), SessionError> {
        // A GOAWAY comes first from a server that does not speak this side's version.
        let may_be_first = matches!(header.frame_type, FrameType::Settings | FrameType::GoAway);
        if !self.settings_seen && !may_be_first {
            return Err(SessionError::protocol(format!(
                "the first frame is {}, expected SETTINGS",
                header.frame_type
            )));
        }
        let skipped = matches!(header.frame_type, FrameType::Extension(_));
        if header.flags.contains(Flags::CHECKSUM) && !skipped {
            return Err(SessionError::protocol(
                "checksum without agreement in SETTINGS",
            ));
        }
        header.check_body_limit(self.local.max_frame_body)?;
        Ok(())
    }

    pub(crate) fn handle_settings(&mut self, body: &[u8]) -> Result<(), SessionError> {
        if self.settings_seen {
            return Err(SessionError::protocol("a second SETTINGS frame"));
        }
        self.peer = within_window(Settings::decode(body)?);
        self.settings_seen = true;
        Ok(())
    }

    /// A stream was opened, or ended by this side: `frames` of the peer may cross that on their way.
    pub(crate) fn allow_late(&mut self, frames: u64) {
        self.late_allowance += frames;
    }

    /// Counts a frame for a stream that had ended, and tells a peer that floods us with them to leave.
    pub(crate) fn handle_late(&mut self, id: u32) -> Result<(), SessionError> {
        self.stats.late_frames += 1;
        let allowance = self.late_allowance.checked_sub(1).ok_or_else(|| {
            SessionError::new(
                GoAwayCode::ExcessiveLoad,
                format!("more frames for streams that had ended than can be on their way, the last for stream {id}"),
            )
        })?;
        self.late_allowance = allowance;
        Ok(())
    }

    /// Something arrived, or nothing could because nobody reads.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.silence.heard(now);
    }

    /// When [`expire`](Self::expire) wants to be called.
    pub(crate) fn next_timeout(&self, has_streams: bool) -> Option<Instant> {
        self.silence
            .next_timeout(has_streams, self.peer.min_ping_interval)
    }

    /// Asks a silent peer whether it is there, and finds out if it is not.
    pub(crate) fn expire(&mut self, now: Instant, has_streams: bool) -> Result<(), SessionError> {
        let least = self.peer.min_ping_interval;
        if self.silence.expire(now, has_streams, least)? {
            ping::encode_ping(KEEPALIVE_PING, self.output.tail());
        }
        Ok(())
    }

    /// Answers a PING, and tells a peer that floods us with them to leave.
    pub(crate) fn handle_ping(&mut self, now: Instant, body: &[u8]) -> Result<(), SessionError> {
        let payload = ping::decode(body)?;
        let interval = self.local.min_ping_interval;
        let early = self
            .last_ping
            .is_some_and(|last| now.saturating_duration_since(last) < interval);
        self.last_ping = Some(now);
        if early {
            self.early_pings += 1;
        } else {
            self.early_pings = 0;
        }
        if self.early_pings > EARLY_PINGS_TOLERATED {
            return Err(SessionError::new(
                GoAwayCode::ExcessiveLoad,
                format!("pings came more often than every {interval:?}, the agreed interval"),
            ));
        }
        ping::encode_pong(payload, self.output.tail());
        Ok(())
    }
}

/// A frame's body cannot be longer than the window that it has to fit into.
fn within_window(settings: Settings) -> Settings {
    let max_frame_body = settings.max_frame_body.min(settings.initial_stream_window);
    Settings {
        max_frame_body,
        ..settings
    }
}
