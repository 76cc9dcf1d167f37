//! What client and server have in common about a call.

mod context;
mod end;
mod scope;
mod start;
mod streaming;

pub use context::Context;
pub use streaming::Streaming;

pub(crate) use context::CallState;
pub(crate) use end::{EndOnDrop, Ended};
pub(crate) use scope::enter;
pub(crate) use streaming::MessageSource;
