//! Messages and methods whose names mean something in Rust or in generated code.
#![deny(warnings)]

mod names {
    include!("../../../../rpc-build/tests/golden/names/expected/rpc_protos.rs");
}

fn main() {
    let _: fn(&names::KeywordsClientProxy, names::Option) -> Result<names::Result, rpc_runtime::Status> =
        names::KeywordsClientProxy::r#type;
    let _: fn(&names::KeywordsClientProxy) -> names::KeywordsClientProxy = Clone::clone;
}
