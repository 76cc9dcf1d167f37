//! JSON-RPC 2.0: the numbers of its errors, and its requests and answers as text.
//!
//! With the feature `jsonrpc` a server answers JSON-RPC on its port, see [`Protocol::JsonRpc`].
//!
//! [`Protocol::JsonRpc`]: crate::Protocol::JsonRpc

pub mod code;
mod error;
pub(crate) mod headers;
mod request;
mod response;
mod scanner;
mod status;

pub(crate) use error::ErrorObject;
pub(crate) use request::{Elements, Invalid, NO_ID, Request, write_request};
pub(crate) use response::{Response, write_error, write_result};
pub(crate) use scanner::{Scanner, whitespace};
