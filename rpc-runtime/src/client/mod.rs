//! Makes calls.

mod attempt;
mod batch;
pub mod blocking;
mod builder;
mod call;
mod callbacks;
mod channel;
mod compression;
mod dormant;
mod establish;
mod future;
mod hedged;
mod inner;
mod intercepted;
mod intercepted_replies;
mod interceptors;
mod pool_options;
mod repeat;
mod replies;
mod resend;
mod response;
mod retrying;
mod runtime;
mod started;
mod streaming;
mod task;

pub use batch::{Batch, BatchResults};
pub use builder::ChannelBuilder;
pub use call::Call;
pub use channel::Channel;
pub use future::RpcFuture;
pub use response::Response;
pub use task::{CallTask, TaskStatus};
