//! Where protobuf's mapping to JSON leaves a choice.

use rpc_wire::DEFAULT_MAX_MESSAGE_SIZE;

/// Where protobuf's mapping to JSON leaves a choice.
///
/// By default unknown fields are rejected, fields without a value are left out, and both forms of a
/// message may be 4 MiB.
#[derive(Clone, Copy, Debug)]
pub struct JsonOptions {
    pub(super) ignore_unknown_fields: bool,
    pub(super) emit_defaults: bool,
    pub(super) max_message_size: usize,
}

impl Default for JsonOptions {
    fn default() -> Self {
        JsonOptions {
            ignore_unknown_fields: false,
            emit_defaults: false,
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE as usize,
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

    /// Limits both forms of a message, in bytes.
    pub(crate) fn max_message_size(mut self, size: usize) -> Self {
        self.max_message_size = size;
        self
    }
}
