//! One type that implements two services, each registered by its generated server.

use std::sync::Arc;

use rpc_runtime::{Context, Server, Status, rpc_service};

mod hello {
    include!("../../../../rpc-build/tests/golden/hello/expected/helloworld.rs");
}

mod packages {
    include!("../../../../rpc-build/tests/golden/packages/expected/rpc_protos.rs");
}

use packages::people::registry;

struct Everything;

#[rpc_service]
impl hello::Hello for Everything {
    async fn hello(&self, _cx: Context, request: hello::HelloRequest) -> Result<hello::HelloReply, Status> {
        Ok(hello::HelloReply { msg: request.msg })
    }
}

#[rpc_service(runtime = "::rpc_runtime")]
impl registry::Registry for Everything {
    async fn find(&self, _cx: Context, name: registry::person::Name) -> Result<registry::Person, Status> {
        Ok(registry::Person { name: Some(name) })
    }
}

fn main() {
    assert_eq!(hello::HelloServer::<Everything>::NAME, "helloworld.Hello");
    let everything = Arc::new(Everything);
    let _ = Server::new()
        .service(hello::HelloServer::from_arc(Arc::clone(&everything)))
        .service(registry::RegistryServer::from_arc(everything));
}
