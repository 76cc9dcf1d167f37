//! The attribute `#[rpc_service]`. Use it through `rpc_runtime`, which re-exports it.

mod args;
mod expand;
mod service;

use proc_macro::TokenStream;

/// Makes the implementation of a generated service trait a service that a server takes.
///
/// The implementation stays as it is. A forgotten method, or one with a wrong signature, is an error
/// of the compiler's own, at the line where it is wrong.
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
/// A type may implement several services. It is then registered once for each, by the generated
/// server types: `HelloServer::new(greeter)`.
///
/// Where `rpc-runtime` has another name, say so: `#[rpc_service(runtime = "::my_rpc")]`.
#[proc_macro_attribute]
pub fn rpc_service(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(args.into(), item.into()).into()
}
