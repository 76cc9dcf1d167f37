//! SETTINGS: what its sender accepts; the first frame of each side, and sent once.

use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::BufMut;
use prost::Message;

use super::control::encode_control;
use super::{FrameError, FrameType};
use crate::{
    ASSUMED_MAX_CONCURRENT_STREAMS, DEFAULT_MAX_CONCURRENT_STREAMS, DEFAULT_MAX_FRAME_BODY,
    DEFAULT_MAX_MESSAGE_SIZE, DEFAULT_MAX_METADATA_SIZE, DEFAULT_MIN_PING_INTERVAL,
    INITIAL_STREAM_WINDOW, MAX_FRAME_BODY,
};

/// The metadata length has 24 bits in a header, so no more than this can be used.
const MAX_METADATA_SIZE: u32 = 0x00ff_ffff;

/// What one side of a connection accepts from the other.
///
/// `Settings::default()` is what this implementation accepts unless configured otherwise;
/// [`Settings::assumed`] is what holds for a peer whose SETTINGS have not arrived.
///
/// ```
/// use rpc_wire::frame::{HEADER_LEN, Settings};
///
/// let settings = Settings { max_concurrent_streams: 100, ..Settings::default() };
/// let mut frame = Vec::new();
/// settings.encode(&mut frame);
/// assert_eq!(Settings::decode(&frame[HEADER_LEN..]), Ok(settings));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Streams that the peer may have open at a time; at least 1.
    pub max_concurrent_streams: u32,
    /// Message bytes that the peer may send on a new stream before it is granted more; at least
    /// [`INITIAL_STREAM_WINDOW`].
    pub initial_stream_window: u32,
    /// Longest body of one frame, in bytes; at least [`DEFAULT_MAX_FRAME_BODY`] and at most
    /// [`MAX_FRAME_BODY`].
    pub max_frame_body: u32,
    /// Longest metadata of one frame, in bytes; at least [`DEFAULT_MAX_METADATA_SIZE`].
    pub max_metadata_size: u32,
    /// Largest message, in bytes; `None` if this side does not say.
    pub max_message_size: Option<u64>,
    /// Least time between two PINGs of the peer; whole milliseconds on the wire.
    pub min_ping_interval: Duration,
    /// The features that this side knows: bits of [`Features`].
    pub features: u64,
    /// The compression algorithms that this side can undo, the preferred one first.
    pub compression: Vec<String>,
}

/// The bits of [`Settings::features`]. A feature is in use where both sides set its bit.
#[derive(Clone, Copy, Debug)]
pub struct Features;

impl Features {
    /// Frames may carry a checksum.
    pub const CHECKSUM: u64 = 0x1;
}

/// The body: the message `rpc.wire.Settings`.
#[derive(Clone, PartialEq, Message)]
struct Body {
    #[prost(uint32, optional, tag = "1")]
    max_concurrent_streams: Option<u32>,
    #[prost(uint32, optional, tag = "2")]
    initial_stream_window: Option<u32>,
    #[prost(uint32, optional, tag = "3")]
    max_frame_body: Option<u32>,
    #[prost(uint32, optional, tag = "4")]
    max_metadata_size: Option<u32>,
    #[prost(uint64, optional, tag = "5")]
    max_message_size: Option<u64>,
    #[prost(uint32, optional, tag = "6")]
    min_ping_interval_ms: Option<u32>,
    #[prost(uint64, tag = "7")]
    features: u64,
    #[prost(string, repeated, tag = "8")]
    compression: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_concurrent_streams: DEFAULT_MAX_CONCURRENT_STREAMS,
            max_message_size: Some(DEFAULT_MAX_MESSAGE_SIZE),
            ..Self::assumed()
        }
    }
}

impl Settings {
    /// What holds before the peer's SETTINGS arrive, and for every field that they leave out.
    pub const fn assumed() -> Self {
        Self {
            max_concurrent_streams: ASSUMED_MAX_CONCURRENT_STREAMS,
            initial_stream_window: INITIAL_STREAM_WINDOW,
            max_frame_body: DEFAULT_MAX_FRAME_BODY,
            max_metadata_size: DEFAULT_MAX_METADATA_SIZE,
            max_message_size: None,
            min_ping_interval: DEFAULT_MIN_PING_INTERVAL,
            features: 0,
            compression: Vec::new(),
        }
    }

    /// Appends the whole frame. What is as in [`Settings::assumed`] is left out.
    ///
    /// A ping interval is sent in whole milliseconds, rounded down; the numbers are sent as they
    /// are, so keep them in their ranges.
    pub fn encode(&self, out: &mut impl BufMut) {
        let assumed = Self::assumed();
        let body = Body {
            max_concurrent_streams: unless_assumed(
                self.max_concurrent_streams,
                assumed.max_concurrent_streams,
            ),
            initial_stream_window: unless_assumed(
                self.initial_stream_window,
                assumed.initial_stream_window,
            ),
            max_frame_body: unless_assumed(self.max_frame_body, assumed.max_frame_body),
            max_metadata_size: unless_assumed(self.max_metadata_size, assumed.max_metadata_size),
            max_message_size: self.max_message_size,
            min_ping_interval_ms: unless_assumed(
                whole_millis(self.min_ping_interval),
                whole_millis(assumed.min_ping_interval),
            ),
            features: self.features,
            compression: self.compression.clone(),
        };
        encode_control(FrameType::Settings, 0, &body.encode_to_vec(), out);
    }

    /// Reads the body of a SETTINGS frame; what it leaves out is as in [`Settings::assumed`].
    ///
    /// # Errors
    ///
    /// [`FrameError::Malformed`] if the body is not the message `rpc.wire.Settings`, and
    /// [`FrameError::SettingOutOfRange`] if a number is out of its range.
    pub fn decode(body: &[u8]) -> Result<Self, FrameError> {
        let body = Body::decode(body).map_err(|error| FrameError::malformed("SETTINGS", error))?;
        let assumed = Self::assumed();
        let settings = Self {
            max_concurrent_streams: body
                .max_concurrent_streams
                .unwrap_or(assumed.max_concurrent_streams),
            initial_stream_window: body
                .initial_stream_window
                .unwrap_or(assumed.initial_stream_window),
            max_frame_body: body.max_frame_body.unwrap_or(assumed.max_frame_body),
            max_metadata_size: body.max_metadata_size.unwrap_or(assumed.max_metadata_size),
            max_message_size: body.max_message_size,
            min_ping_interval: body
                .min_ping_interval_ms
                .map_or(assumed.min_ping_interval, |ms| {
                    Duration::from_millis(ms.into())
                }),
            features: body.features,
            compression: body.compression,
        };
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), FrameError> {
        in_range(
            "max_concurrent_streams",
            self.max_concurrent_streams,
            1..=u32::MAX,
        )?;
        in_range(
            "initial_stream_window",
            self.initial_stream_window,
            INITIAL_STREAM_WINDOW..=u32::MAX,
        )?;
        in_range(
            "max_frame_body",
            self.max_frame_body,
            DEFAULT_MAX_FRAME_BODY..=MAX_FRAME_BODY,
        )?;
        in_range(
            "max_metadata_size",
            self.max_metadata_size,
            DEFAULT_MAX_METADATA_SIZE..=MAX_METADATA_SIZE,
        )
    }
}

fn unless_assumed(value: u32, assumed: u32) -> Option<u32> {
    (value != assumed).then_some(value)
}

fn whole_millis(interval: Duration) -> u32 {
    u32::try_from(interval.as_millis()).unwrap_or(u32::MAX)
}

fn in_range(name: &'static str, value: u32, range: RangeInclusive<u32>) -> Result<(), FrameError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(FrameError::SettingOutOfRange {
        name,
        value: value.into(),
        min: (*range.start()).into(),
        max: (*range.end()).into(),
    })
}
