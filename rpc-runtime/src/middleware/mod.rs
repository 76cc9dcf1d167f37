//! Code around calls: [`Interceptor`]s and tower layers, on servers and on clients, for calls of every
//! kind.
//!
//! [`Server::intercept`] and [`ChannelBuilder::intercept`] register one; `layer` beside them takes a
//! [`tower_layer::Layer`]. They form one chain, in which the first that was registered is the
//! outermost: it sees a call first and its end last. A chain is asynchronous, and sees bytes:
//!
//! - on a server what is ahead of [`Next::run`] comes before the request is decoded. An error there
//!   refuses the call, which is marked as not executed; nothing of an upload is read. What is to be
//!   asked of the decoded message is registered with [`Request::check`];
//! - on a client the chain is around the whole call: its retries happen inside;
//! - [`Request::on_end`] tells how the call ended, whatever its kind, and what went each way.
//!
//! Without any, a call costs what it did. What is shipped: [`Authenticate`] and [`Credentials`],
//! [`Logging`], [`Timing`].
//!
//! ```
//! use rpc_runtime::middleware::{Interceptor, Next, Request, Response};
//! use rpc_runtime::{Server, Status};
//!
//! /// Who calls.
//! struct Tenant(String);
//!
//! /// Refuses calls that do not say for whom they are.
//! struct Tenants;
//!
//! impl Interceptor for Tenants {
//!     async fn intercept(&self, mut request: Request, next: Next) -> Result<Response, Status> {
//!         let Some(tenant) = request.metadata().get("tenant") else {
//!             return Err(Status::unauthenticated("send the metadata key `tenant`"));
//!         };
//!         // Handlers have it from `cx.extension::<Tenant>()`.
//!         let tenant = Tenant(tenant.to_owned());
//!         request.extensions_mut().insert(tenant);
//!         next.run(request).await
//!     }
//! }
//!
//! let server = Server::new().intercept(Tenants);
//! ```
//!
//! [`Server::intercept`]: crate::Server::intercept
//! [`ChannelBuilder::intercept`]: crate::ChannelBuilder::intercept

mod authenticate;
mod body;
mod completion;
mod credentials;
mod interceptor;
mod layers;
mod logging;
mod record;
mod request;
mod request_id;
mod response;
mod secret;
mod timing;

pub use crate::call::Extensions;
pub use authenticate::{Authenticate, Caller};
pub use body::Body;
pub use completion::{Completion, Traffic};
pub use credentials::Credentials;
pub use interceptor::{Interceptor, Next, ResponseFuture};
pub use logging::Logging;
pub use request::Request;
pub use request_id::RequestId;
pub use response::Response;
pub use timing::Timing;

pub(crate) use interceptor::Destination;
pub(crate) use layers::Layers;
pub(crate) use record::{Record, run};
pub(crate) use request::Outgoing;
