//! One service, implemented and called with tonic ([`before`]) and with rpc-runtime ([`after`]): the
//! messages are the same types, so both can be in one program.

pub mod after;
pub mod before;

/// The generated code of both.
pub mod hello {
    rpc_runtime::include_proto!("helloworld");
}
