//! Protobuf's own mapping of messages to JSON, through the descriptors that generated code embeds.
//!
//! A [`Transcoder`] turns the requests and replies of one method from JSON to protobuf and back, without
//! knowing their Rust types. The gateways that speak JSON are made with it.

mod details;
mod options;
mod transcoder;

pub use details::ErrorDetail;
pub use options::JsonOptions;
pub use transcoder::Transcoder;
