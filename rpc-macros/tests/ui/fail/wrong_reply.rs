//! A method that returns another message.

use rpc_runtime::{Context, Status, rpc_service};

use hello::{Hello, HelloRequest};

mod hello {
    include!("../../../../rpc-build/tests/golden/hello/expected/helloworld.rs");
}

struct Greeter;

#[rpc_service]
impl Hello for Greeter {
    async fn hello(&self, _cx: Context, request: HelloRequest) -> Result<HelloRequest, Status> {
        Ok(request)
    }
}

fn main() {}
