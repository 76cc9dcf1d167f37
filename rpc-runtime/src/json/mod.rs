//! Protobuf's own mapping of messages to JSON, through the descriptors that generated code embeds.
//!
//! A [`Transcoder`] turns the requests and replies of one method from JSON to protobuf and back, without
//! knowing their Rust types: JSON is written as protobuf while it is parsed, and protobuf is read in
//! place, so neither form becomes a tree in between.

mod decode;
mod details;
mod encode;
mod options;
mod schema;
mod time;
mod transcoder;

pub use details::ErrorDetail;
pub use options::JsonOptions;
pub use transcoder::Transcoder;

/// How deep messages, lists and maps may nest: what protobuf's decoders allow, so that what is decoded
/// here can be read by them.
const MAX_NESTING: usize = 100;
