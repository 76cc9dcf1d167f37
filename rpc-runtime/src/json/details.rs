//! Details of errors, as JSON.

use bytes::Bytes;

/// One of the details of an error.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorDetail {
    /// The full name of its type, such as `google.rpc.BadRequest`.
    pub type_name: String,
    /// The encoded message.
    pub value: Bytes,
    /// The message as JSON, if the method's files define its type.
    pub json: Option<String>,
}
