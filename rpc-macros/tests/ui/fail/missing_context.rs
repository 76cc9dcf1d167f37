//! A method without a context.

use rpc_runtime::{Status, rpc_service};

use hello::{Hello, HelloReply, HelloRequest};

mod hello {
    include!("../../../../rpc-build/tests/golden/hello/expected/helloworld.rs");
}

struct Greeter;

#[rpc_service]
impl Hello for Greeter {
    async fn hello(&self, request: HelloRequest) -> Result<HelloReply, Status> {
        Ok(HelloReply { msg: request.msg })
    }
}

fn main() {}
