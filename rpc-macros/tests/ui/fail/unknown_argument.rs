//! Arguments that there are not, or not so.

use rpc_runtime::{Context, Status, rpc_service};

use hello::{Hello, HelloReply, HelloRequest};

mod hello {
    include!("../../../../rpc-build/tests/golden/hello/expected/helloworld.rs");
}

struct Greeter;

#[rpc_service(name = "hello")]
impl Hello for Greeter {
    async fn hello(&self, _cx: Context, request: HelloRequest) -> Result<HelloReply, Status> {
        Ok(HelloReply { msg: request.msg })
    }
}

struct Text;

#[rpc_service("hello")]
impl Hello for Text {}

struct Value;

#[rpc_service(unimplemented = true)]
impl Hello for Value {}

struct Runtime;

#[rpc_service(runtime)]
impl Hello for Runtime {}

fn main() {}
