//! What a client session starts with.

use crate::frame::Settings;
use crate::limits::{ASSUMED_MAX_CONCURRENT_STREAMS, DEFAULT_MAX_MESSAGE_SIZE};
use crate::session::Keepalive;

/// What a client session starts with.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Sent to the server as the first frame, with `max_message_size` filled in.
    pub settings: Settings,
    /// Largest reply that is accepted, in bytes.
    pub max_message_size: u64,
    /// Streams that are open at a time at most, however many the server allows.
    pub max_streams: u32,
    /// Streams that may be open before the server says how many it allows.
    pub assumed_streams: u32,
    /// Id of the first stream; only tests have a reason to change it.
    pub first_stream_id: u32,
    /// How a server that is gone is found out; not at all unless set.
    pub keepalive: Option<Keepalive>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        ClientConfig {
            settings: Settings::default(),
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            max_streams: u32::MAX,
            assumed_streams: ASSUMED_MAX_CONCURRENT_STREAMS,
            first_stream_id: 1,
            keepalive: None,
        }
    }
}
