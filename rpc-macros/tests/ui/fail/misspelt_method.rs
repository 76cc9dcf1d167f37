//! A method whose name is not quite right.

use rpc_runtime::{Context, Server, Status, rpc_service};

use hello::{Hello, HelloReply, HelloRequest};

mod hello {
    include!("../../../../rpc-build/tests/golden/hello/expected/helloworld.rs");
}

struct Greeter;

#[rpc_service]
impl Hello for Greeter {
    async fn helo(&self, _cx: Context, request: HelloRequest) -> Result<HelloReply, Status> {
        Ok(HelloReply { msg: request.msg })
    }
}

fn main() {
    let _ = Server::new().service(Greeter);
}
