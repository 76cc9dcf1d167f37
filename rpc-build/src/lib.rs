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
//! # Several crates
//!
//! A crate publishes its protos with [`Builder::publish`]; the protos of a crate that depends on it import
//! them after [`Builder::import_from`], and both crates have the same types.
//!
//! # Generated files under version control
//!
//! [`Builder::out_dir`] writes them into the source tree, and [`Builder::check`] finds those that nobody
//! generated again. A crate that is built without this one includes them itself:
//!
//! ```ignore
//! // `ignore`: the files are written by the build script.
//! include!("generated/rpc_protos.rs");
//! ```
//!
//! # Options of methods
//!
//! Methods can say more about themselves with the options of a file that is built in, `rpc/options.proto`:
//!
//! ```text
//! import "rpc/options.proto";
//!
//! service Archive {
//!   rpc Find(Key) returns (Entry) {
//!     option idempotency_level = NO_SIDE_EFFECTS; // may be repeated
//!     option (rpc.timeout) = "1.5s";              // for calls that set none
//!     option (rpc.retry) = { max_attempts: 3, initial_backoff: "50ms" };
//!     option (rpc.blocking) = true;               // the handler blocks its thread
//!     option (rpc.alias) = "Get";                 // the server answers to this name too
//!   }
//! }
//! ```
//!
//! # Tools
//!
//! [`Schema`] reads the same files, with the same errors, for tools that need descriptors instead of code.
//!
//! # Mistakes
//!
//! A mistake in a `.proto` file shows in `cargo build` with file, line, column and the line itself.
//! [`configure`] has the options.

mod annotate;
mod builder;
mod comments;
mod deprecated;
mod descriptor_set;
mod diagnostic;
mod edition;
mod element;
mod emit;
mod error;
mod exchange;
mod features;
mod format;
mod front_end;
mod generated;
mod include;
mod load;
mod location;
mod method_options;
mod names;
mod options;
mod output;
mod packages;
mod pipeline;
mod runtime_path;
mod schema;
mod unmatched;
mod validate;

pub use builder::{Builder, compile, configure};
pub use diagnostic::Diagnostic;
pub use error::{Error, Result};
pub use generated::Generated;
pub use location::Location;
pub use schema::Schema;
