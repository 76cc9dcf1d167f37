//! Where protobuf's mapping to JSON leaves a choice.

use rpc_wire::{DEFAULT_MAX_MESSAGE_SIZE, DEFAULT_MAX_QUEUED_REPLIES};

/// Where protobuf's mapping to JSON leaves a choice.
///
/// By default unknown fields are rejected, and fields without a value are left out.
#[derive(Clone, Copy, Debug)]
pub struct JsonOptions {
    pub(super) ignore_unknown_fields: bool,
    pub(super) emit_defaults: bool,
    /// Of what is read, in bytes of either form.
    pub(super) max_message_size: usize,
    /// Of what is written, in bytes.
    pub(super) max_json_size: usize,
}

impl Default for JsonOptions {
    fn default() -> Self {
        JsonOptions {
            ignore_unknown_fields: false,
            emit_defaults: false,
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE as usize,
            max_json_size: DEFAULT_MAX_QUEUED_REPLIES,
        }
    }
}

impl JsonOptions {
    /// What protobuf's mapping recommends.
    pub fn new() -> Self {
        Self::default()
    }

    /// Skips fields that the message does not have, and values that an enum does not have, instead of
    /// rejecting the JSON.
    #[must_use]
    pub fn ignore_unknown_fields(mut self, ignore: bool) -> Self {
        self.ignore_unknown_fields = ignore;
        self
    }

    /// Writes fields that have no presence also where they have their default value: numbers that are 0,
    /// empty strings, lists and maps, and the first value of an enum.
    #[must_use]
    pub fn emit_defaults(mut self, emit: bool) -> Self {
        self.emit_defaults = emit;
        self
    }

    /// Limits what is read, in both forms, and the JSON that is written; in bytes. 4 MiB and 256 MiB unless set. A server
    /// sets its own limits.
    #[must_use]
    pub fn limits(mut self, max_message_size: usize, max_json_size: usize) -> Self {
        self.max_message_size = max_message_size;
        self.max_json_size = max_json_size;
        self
    }
}
