//! An option of a method that is of a wrong type.

use rpc_runtime::{Context, Status, rpc_service};

use hello::{Hello, HelloReply, HelloRequest};

mod hello {
    include!("../../../../rpc-build/tests/golden/hello/expected/helloworld.rs");
}

struct Greeter;

#[rpc_service]
impl Hello for Greeter {
    #[rpc(timeout = 5)]
    async fn hello(&self, _cx: Context, request: HelloRequest) -> Result<HelloReply, Status> {
        Ok(HelloReply { msg: request.msg })
    }
}

fn main() {}
