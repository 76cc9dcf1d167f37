//! An option of a method that there is not.

use rpc_runtime::{Context, Status, rpc_service};

use hello::{Hello, HelloReply, HelloRequest};

mod hello {
    include!("../../../../rpc-build/tests/golden/hello/expected/helloworld.rs");
}

struct Greeter;

#[rpc_service]
impl Hello for Greeter {
    #[rpc(timout = std::time::Duration::from_secs(1))]
    async fn hello(&self, _cx: Context, request: HelloRequest) -> Result<HelloReply, Status> {
        Ok(HelloReply { msg: request.msg })
    }
}

fn main() {}
