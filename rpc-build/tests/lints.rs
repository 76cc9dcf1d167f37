//! The generated code compiles without a warning, whatever the user's crate warns about.
//!
//! A public module shows that everything is documented, a private one that nothing is reported as
//! unused or unreachable. Clippy's part is checked when it runs on the tests.
#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::nursery,
    clippy::pedantic
)]

/// As a file of its own, without any attribute around it.
#[allow(
    unused_qualifications,
    clippy::missing_const_for_fn,
    reason = "generated code writes every path in full and promises no const functions"
)]
pub mod hello {
    include!("golden/hello/expected/helloworld.rs");
}

/// In the module tree.
pub mod kinds {
    include!("golden/kinds/expected/rpc_protos.rs");
}

mod names {
    include!("golden/names/expected/rpc_protos.rs");
}

mod options {
    include!("golden/options/expected/rpc_protos.rs");
}

mod packages {
    include!("golden/packages/expected/rpc_protos.rs");
}

#[test]
fn services_are_named_as_in_their_files() {
    assert_eq!(hello::HelloServer::<Nobody>::NAME, "helloworld.Hello");
}

/// Implements the service, so that the test can name its server.
struct Nobody;

impl hello::Hello for Nobody {
    async fn hello(
        &self,
        _cx: rpc_runtime::Context,
        _request: hello::HelloRequest,
    ) -> Result<hello::HelloReply, rpc_runtime::Status> {
        Ok(hello::HelloReply::default())
    }
}
