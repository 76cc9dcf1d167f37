//! The attribute `#[rpc_service]`. Use it through `rpc_runtime`, which re-exports it.
//!
//! It works in two steps, because an attribute sees only the item that it stands on. `forward` hands
//! the implementation to the service's companion macro, which `rpc-build` exports under the name of the
//! trait. The companion adds the list of methods and calls [`implement_service`], which checks the one
//! against the other.

mod args;
mod borrowed;
mod check;
mod expand;
mod handler_options;
mod implementation;
mod interface;
mod nearest;
mod signature;
mod std_trait;
mod unnamed;

use proc_macro::TokenStream;

/// Makes the implementation of a generated service trait a service that a server takes.
///
/// A method that is forgotten, misspelt or has a wrong signature is one error at the line where it is
/// wrong. A service is known by the name that its trait has where the attribute stands: import it, or
/// write its path. Of another trait, `Mine`, the compiler says "cannot find macro `Mine` in this scope":
/// it is no service, or the trait is not in scope.
///
/// ```
/// use rpc_runtime::{Context, Server, Status, rpc_service};
/// # mod hello {
/// #     include!(concat!(
/// #         env!("CARGO_MANIFEST_DIR"),
/// #         "/../rpc-build/tests/golden/hello/expected/helloworld.rs"
/// #     ));
/// # }
/// use hello::{Hello, HelloReply, HelloRequest};
///
/// struct Greeter;
///
/// #[rpc_service]
/// impl Hello for Greeter {
///     async fn hello(&self, cx: Context, request: HelloRequest) -> Result<HelloReply, Status> {
///         Ok(HelloReply { msg: format!("Hello {}", request.msg) })
///     }
/// }
///
/// let server = Server::new().service(Greeter);
/// ```
///
/// The server takes the implementation or an `Arc` of it. A type may implement several services. It is
/// then registered once for each, by the generated server types: `HelloServer::new(greeter)`.
///
/// # Arguments
///
/// - `unimplemented`: methods that are missing answer UNIMPLEMENTED, so that a new rpc in the schema
///   breaks nothing.
/// - `runtime = "::my_rpc"`: where `rpc-runtime` is, if not among the crate's own dependencies: there
///   it is found under any name.
///
/// # Options of methods
///
/// Each method may have an attribute `#[rpc(..)]`. Its values are expressions, which may use `self`.
///
/// - `timeout = Duration::from_secs(2)`: the handler may run for this long; then it is dropped and the
///   caller gets DEADLINE_EXCEEDED.
/// - `limit = 16`: so many calls may run at a time, on all connections together; further ones get
///   RESOURCE_EXHAUSTED and do not run. Each registration of a service counts for itself.
/// - `blocking`: the handler blocks its thread, so it runs on one that is made for that, and so does the
///   stream that it answers with. Both may use `std::thread::sleep`, files and the like.
///
/// ```
/// # use rpc_runtime::{Context, Server, Status, rpc_service};
/// # mod hello {
/// #     include!(concat!(
/// #         env!("CARGO_MANIFEST_DIR"),
/// #         "/../rpc-build/tests/golden/hello/expected/helloworld.rs"
/// #     ));
/// # }
/// # use hello::{Hello, HelloReply, HelloRequest};
/// use std::time::Duration;
///
/// struct Archive {
///     readers: usize,
/// }
///
/// #[rpc_service]
/// impl Hello for Archive {
///     #[rpc(blocking, limit = self.readers, timeout = Duration::from_secs(2))]
///     async fn hello(&self, _cx: Context, request: HelloRequest) -> Result<HelloReply, Status> {
///         let msg = std::fs::read_to_string(request.msg).map_err(|error| Status::not_found(error.to_string()))?;
///         Ok(HelloReply { msg })
///     }
/// }
/// ```
#[proc_macro_attribute]
pub fn rpc_service(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::forward(args.into(), item.into()).into()
}

/// The second step of [`macro@rpc_service`]: called by companion macros only.
#[doc(hidden)]
#[proc_macro]
pub fn implement_service(input: TokenStream) -> TokenStream {
    expand::implement(input.into()).into()
}
