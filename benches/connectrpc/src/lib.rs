//! The code that connectrpc generates for the echo service.
#![allow(missing_docs, reason = "the generated code has none everywhere")]

connectrpc::include_generated!();
