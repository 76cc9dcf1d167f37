//! A service that knows nothing of what is around its calls, and all that is:
//!
//! | what                                | who               | where          |
//! |-------------------------------------|-------------------|----------------|
//! | a line in the log, one id for all   | the library       | `server.rs`    |
//! | who calls                           | the library       | `server.rs`    |
//! | who may do what                     | this example      | `authorize.rs` |
//! | how long a call may take at most    | a layer of tower's | `server.rs`, `deadline.rs` |
//!
//! The client's side is in the program, `main.rs`.

mod authorize;
mod deadline;
mod server;
mod service;

/// The generated code: messages, the service's trait and the client proxies.
pub mod proto {
    rpc_runtime::include_proto!("counter");
}

pub use authorize::Authorize;
pub use server::server;
pub use service::Tally;
