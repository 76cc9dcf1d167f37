//! Details of errors.

use bytes::{Bytes, BytesMut};
use prost::Message;
use prost_types::Any;

use super::schema::Schema;
use super::{JsonOptions, encode};

/// One of the details of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorDetail {
    /// The full name of its type, such as `google.rpc.BadRequest`.
    pub type_name: String,
    /// The encoded message.
    pub value: Bytes,
    /// The message as JSON, if the method's `.proto` files define its type.
    pub json: Option<String>,
}

/// `google.rpc.Status`, as far as its details go.
#[derive(Clone, PartialEq, Message)]
struct Details {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// The messages in encoded details.
pub(super) fn of(schema: &Schema, options: JsonOptions, details: &[u8]) -> Vec<ErrorDetail> {
    let details = Details::decode(details).unwrap_or_default();
    let details = details.details.into_iter();
    details
        .map(|Any { type_url, value }| {
            let name = type_url
                .rsplit_once('/')
                .map_or(&*type_url, |(_, name)| name);
            ErrorDetail {
                json: schema.message(name).and_then(|message| {
                    let mut json = BytesMut::new();
                    encode::message(schema, message, options, &value, &mut json).ok()?;
                    String::from_utf8(json.into()).ok()
                }),
                type_name: name.to_owned(),
                value: value.into(),
            }
        })
        .collect()
}
