//! What both ends of a connection have in common: settings, pings, GOAWAY and the walk from
//! frame to frame.

mod skipped;

use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};

use self::skipped::Skipped;
use super::floods::Floods;
use super::keepalive::{Keepalive, Silence};
use super::{Output, SHARE_BODY_FROM, SessionError};
use crate::Status;
use crate::frame::{
    Features, Flags, FrameError, FrameHeader, FrameType, GoAway, HEADER_LEN, PING_LEN, Settings,
    checksum, ping, plain_message,
};

/// The PING that asks a silent peer whether it is there.
const KEEPALIVE_PING: [u8; 8] = *b"anybody?";

/// The PONG that nobody asked for.
const SIGN_OF_LIFE: [u8; 8] = *b"i'm here";

/// Time after which a side that receives for open streams says that it is there: half of what a peer may wait
/// at least before it asks.
const SIGN_OF_LIFE_INTERVAL: Duration = Duration::from_secs(5);

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
    /// The metadata are larger than the limit: the frame was skipped as it arrived, and is not in
    /// the input.
    pub(crate) metadata_too_large: bool,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) local: Settings,
    pub(crate) peer: Settings,
    /// The algorithm that both sides agreed on.
    pub(crate) compression: Option<String>,
    pub(crate) output: Output,
    pub(crate) stats: SessionStats,
    settings_seen: bool,
    /// Bytes handed over for writing so far.
    taken: u64,
    skipped: Option<Skipped>,
    /// The peer has sent a frame with a checksum.
    checksums_seen: bool,
    pub(crate) floods: Floods,
    silence: Silence,
    /// When this side last said unasked that it is there.
    said: Option<Instant>,
}

impl Link {
    pub(crate) fn new(local: Settings, keepalive: Option<Keepalive>) -> Self {
        Link {
            local: within_window(local),
            peer: Settings::assumed(),
            compression: None,
            output: Output::default(),
            stats: SessionStats::default(),
            settings_seen: false,
            taken: 0,
            skipped: None,
            checksums_seen: false,
            floods: Floods::default(),
            silence: Silence::new(keepalive),
            said: None,
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
        self.output.move_into(into);
    }

    /// Forgets what is queued and was not handed over.
    pub(crate) fn discard_output(&mut self) {
        self.output.clear();
    }

    pub(crate) fn send_settings(&mut self) {
        let Self { local, output, .. } = self;
        output.frame(|tail| local.encode(tail));
    }

    pub(crate) fn send_goaway(&mut self, goaway: &GoAway) {
        self.output.frame(|tail| goaway.encode(tail));
    }

    pub(crate) fn send_ping(&mut self, opaque: [u8; PING_LEN]) {
        self.output.frame(|tail| ping::encode_ping(opaque, tail));
    }

    /// Finds the next whole frame, whose checksum is right if it has one. It is left at the start of
    /// `input`: the caller advances by [`FrameHeader::frame_len`], or not at all if the metadata are
    /// too large.
    pub(crate) fn next_frame(
        &mut self,
        input: &mut BytesMut,
    ) -> Result<Option<FoundFrame>, SessionError> {
        if self.skipped.is_some() {
            return self.go_on_skipping(input);
        }
        let Some(head) = input.first_chunk::<HEADER_LEN>() else {
            // A stranger is recognised by its first bytes: it may never send sixteen.
            return FrameHeader::check_prefix(input)
                .map(|()| None)
                .map_err(|error| self.misread(error));
        };
        let header = FrameHeader::parse(head).map_err(|error| self.misread(error))?;
        self.check(&header)?;
        if header.metadata_len > self.local.max_metadata_size {
            let skipped = Skipped::after(header, head);
            input.advance(HEADER_LEN);
            return self.skip(skipped, input);
        }
        if input.len() < header.frame_len() {
            return Ok(None);
        }
        if header.flags.contains(Flags::CHECKSUM) {
            let (content, rest) = input.split_at(header.content_len());
            self.verify(&header, checksum::of(content), rest)?;
        }
        Ok(Some(FoundFrame {
            header,
            metadata_too_large: false,
        }))
    }

    /// The message that `bytes` begin with, behind a frame of DATA on this stream, if it needs no further look: see
    /// [`plain_message`]. One that is not borrowed is none.
    #[inline]
    pub(crate) fn next_message<'a>(&self, bytes: &'a [u8], id: u32) -> Option<&'a [u8]> {
        // Once the peer sends checksums, a frame without one is an error.
        let plain = !self.checksums_seen;
        // Every frame may have a body that long.
        plain.then(|| plain_message(bytes, id, SHARE_BODY_FROM - 1))?
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
        if header.flags.contains(Flags::CHECKSUM) || self.checksums_seen {
            self.check_checksum_flag(header)?;
        }
        header.check_body_limit(self.local.max_frame_body)?;
        Ok(())
    }

    fn check_checksum_flag(&self, header: &FrameHeader) -> Result<(), SessionError> {
        let FrameHeader {
            frame_type,
            stream_id,
            ..
        } = header;
        let expected = match frame_type {
            // What the peer wants is in the frame itself.
            FrameType::Settings => self.local.features & Features::CHECKSUM != 0,
            _ => self.checksums_agreed(),
        };
        let skipped = matches!(frame_type, FrameType::Extension(_));
        match header.flags.contains(Flags::CHECKSUM) {
            true if !expected && !skipped => Err(SessionError::protocol(
                "checksum without agreement in SETTINGS",
            )),
            false if self.checksums_seen => Err(SessionError::protocol(format!(
                "{frame_type} frame on stream {stream_id} without a checksum, which those before it have"
            ))),
            _ => Ok(()),
        }
    }

    /// Whether both sides want checksums.
    fn checksums_agreed(&self) -> bool {
        self.local.features & self.peer.features & Features::CHECKSUM != 0
    }

    /// Compares a frame's checksum with the one that `rest` begins with. One that was not agreed,
    /// which an extension may have, says nothing.
    fn verify(
        &mut self,
        header: &FrameHeader,
        expected: u32,
        rest: &[u8],
    ) -> Result<(), SessionError> {
        if matches!(header.frame_type, FrameType::Extension(_)) && !self.checksums_agreed() {
            return Ok(());
        }
        self.checksums_seen = true;
        if rest.first_chunk() == Some(&expected.to_be_bytes()) {
            return Ok(());
        }
        Err(SessionError::protocol(format!(
            "{} frame on stream {} with a wrong checksum: bytes were changed on the way",
            header.frame_type, header.stream_id
        )))
    }

    /// Whether a frame is being skipped that has not arrived whole.
    pub(crate) fn is_skipping(&self) -> bool {
        self.skipped.is_some()
    }

    /// What is wrong with bytes that no frame begins with. A peer that has sent SETTINGS speaks
    /// the protocol, so something happened to its bytes.
    fn misread(&self, error: FrameError) -> SessionError {
        match error {
            FrameError::NotThisProtocol { .. } | FrameError::UnsupportedVersion(_)
                if self.settings_seen =>
            {
                SessionError::protocol(
                    "no frame begins where the one before it ended: bytes were changed or lost on the way",
                )
            }
            error => error.into(),
        }
    }

    pub(crate) fn handle_settings(&mut self, body: &[u8]) -> Result<(), SessionError> {
        if self.settings_seen {
            return Err(SessionError::protocol("a second SETTINGS frame"));
        }
        self.peer = within_window(Settings::decode(body)?);
        self.settings_seen = true;
        if self.checksums_agreed() {
            self.output.begin_checksums();
        } else if self.checksums_seen {
            return Err(SessionError::protocol(
                "checksum without agreement in SETTINGS",
            ));
        }
        Ok(())
    }

    /// Whether a frame with these flags can be taken: a compressed message only if an algorithm was
    /// agreed on. `begins` says whether a message begins in the frame.
    #[inline]
    pub(crate) fn can_decompress(&self, flags: Flags, begins: bool) -> Result<bool, SessionError> {
        if !flags.contains(Flags::COMPRESSED) {
            return Ok(true);
        }
        if !begins {
            return Err(SessionError::protocol(
                "COMPRESSED on a frame in which no message begins",
            ));
        }
        Ok(self.compression.is_some())
    }

    /// What is told of a compressed message when no algorithm was agreed on.
    pub(crate) fn no_compression(&self, what: &str) -> Status {
        let supported = match &self.local.compression[..] {
            [] => "none is supported here".to_owned(),
            names => format!("supported here: {}", names.join(", ")),
        };
        Status::unimplemented(format!(
            "the {what} is compressed, and no algorithm was agreed on in SETTINGS; {supported}"
        ))
    }

    /// Counts a frame for a stream that had ended.
    pub(crate) fn handle_late(&mut self, id: u32) -> Result<(), SessionError> {
        self.stats.late_frames += 1;
        self.floods.note_late(id)
    }

    /// Something arrives for open streams. The peer is told unasked that this side is there: where the
    /// link is slow and much is on its way, a PING would come too late to be answered in time.
    pub(crate) fn say_alive(&mut self, now: Instant) {
        let since = *self.said.get_or_insert(now);
        if self.settings_seen && now.saturating_duration_since(since) >= SIGN_OF_LIFE_INTERVAL {
            self.said = Some(now);
            self.output
                .frame(|tail| ping::encode_pong(SIGN_OF_LIFE, tail));
        }
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
            self.send_ping(KEEPALIVE_PING);
        }
        Ok(())
    }

    /// Whether the peer was heard lately; if not, it is asked whether it is there.
    pub(crate) fn check_alive(&mut self, now: Instant) -> bool {
        let least = self.peer.min_ping_interval;
        let (alive, ask) = self.silence.check(now, least);
        if ask {
            self.send_ping(KEEPALIVE_PING);
        }
        alive
    }

    /// Answers a PING.
    pub(crate) fn handle_ping(&mut self, now: Instant, body: &[u8]) -> Result<(), SessionError> {
        let payload = ping::decode(body)?;
        let interval = self.local.min_ping_interval;
        self.floods.note_ping(now, interval)?;
        self.output.frame(|tail| ping::encode_pong(payload, tail));
        Ok(())
    }
}

/// The algorithm that client and server have in common, and that the client likes best.
pub(crate) fn common_compression(client: &Settings, server: &Settings) -> Option<String> {
    let mut offered = client.compression.iter();
    let common = offered.find(|name| server.compression.contains(name));
    common.cloned()
}

/// A frame's body cannot be longer than the window that it has to fit into.
fn within_window(settings: Settings) -> Settings {
    let max_frame_body = settings.max_frame_body.min(settings.initial_stream_window);
    Settings {
        max_frame_body,
        ..settings
    }
}
