//! A handler that keeps something across an await that must stay on its thread.

use rpc_runtime::{Context, Status, rpc_service};

use hello::{Hello, HelloReply, HelloRequest};

mod hello {
    include!("../../../../rpc-build/tests/golden/hello/expected/helloworld.rs");
}

struct Greeter;

#[rpc_service]
impl Hello for Greeter {
    async fn hello(&self, _cx: Context, request: HelloRequest) -> Result<HelloReply, Status> {
        let msg = std::rc::Rc::new(request.msg);
        std::future::ready(()).await;
        Ok(HelloReply { msg: msg.to_string() })
    }
}

fn main() {}
