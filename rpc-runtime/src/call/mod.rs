//! What client and server have in common about a call.

mod amended;
mod context;
mod end;
mod extensions;
mod scope;
mod start;
mod streaming;

pub use context::Context;
pub use extensions::Extensions;
pub use streaming::Streaming;

pub(crate) use amended::{Amended, Checks};
pub(crate) use context::{CallState, joined};
pub(crate) use end::{EndOnDrop, Ended};
pub(crate) use scope::{enter, is_entered};
pub(crate) use streaming::MessageSource;
#[cfg(feature = "grpc")]
pub(crate) use streaming::batch_bodies;
