//! Makes calls.

mod attempt;
mod backoff;
mod batch;
pub mod blocking;
mod builder;
mod call;
mod channel;
mod compression;
mod future;
mod peer;
mod registry;
mod response;
mod runtime;
mod streaming;

pub use batch::{Batch, BatchResults};
pub use builder::ChannelBuilder;
pub use call::Call;
pub use channel::Channel;
pub use future::RpcFuture;
pub use response::Response;
