//! What a server session starts with.

use crate::frame::Settings;
use crate::limits::{
    DEFAULT_MAX_MESSAGE_SIZE, DEFAULT_MAX_QUEUED_REPLIES, DEFAULT_MAX_UNREAD_INPUT,
};
use crate::session::Keepalive;

/// What a server session starts with.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Sent to the client as the first frame, with `max_message_size` filled in.
    pub settings: Settings,
    /// Largest request that is accepted, in bytes.
    pub max_message_size: u64,
    /// Bytes of requests that the connection may hold before handlers have taken them; over it the
    /// call ends that holds most.
    pub max_unread_input: u64,
    /// Bytes of replies that may wait for the client; while there are as many no call begins, and
    /// replies that are not small become RESOURCE_EXHAUSTED.
    pub max_queued_replies: usize,
    /// How a client that is gone is found out; not at all unless set.
    pub keepalive: Option<Keepalive>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            settings: Settings::default(),
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            max_unread_input: DEFAULT_MAX_UNREAD_INPUT,
            max_queued_replies: DEFAULT_MAX_QUEUED_REPLIES,
            keepalive: None,
        }
    }
}
