//! Compiles `.proto` files to messages, service traits and client proxies for `rpc-runtime`.
//!
//! A build script needs one line. No `protoc`, no environment variables:
//!
//! ```no_run
//! // build.rs
//! fn main() -> rpc_build::Result<()> {
//!     rpc_build::compile(&["proto/hello.proto"], &["proto"])
//! }
//! ```
//!
//! The crate then includes what was generated, one package at a time or all of them:
//!
//! ```ignore
//! // `ignore`: these lines need the files that the build script above writes.
//! pub mod hello { rpc_runtime::include_proto!("helloworld"); }
//! rpc_runtime::include_protos!(); // every package, each in its own module
//! ```
//!
//! A mistake in a `.proto` file shows in `cargo build` with file, line, column and the line itself.
//! [`configure`] has the options.

mod annotate;
mod builder;
mod comments;

mod descriptor_set;
mod diagnostic;
mod edition;
mod element;
mod emit;
mod error;
mod exchange;
mod format;
mod include;
mod load;
mod method_options;
mod names;
mod options;
mod output;
mod packages;
mod pipeline;
mod runtime_path;
mod validate;

pub use builder::{Builder, compile, configure};
pub use diagnostic::{Diagnostic, Location};
pub use error::{Error, Result};
