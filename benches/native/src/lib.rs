//! The code that this project generates for the echo service.

rpc_runtime::include_proto!("bench");
