//! A method that returns another type.

use rpc_runtime::{Context, Status, rpc_service};

use hello::{Hello, HelloReply, HelloRequest};

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

struct Maybe;

#[rpc_service]
impl Hello for Maybe {
    async fn hello(&self, _cx: Context, request: HelloRequest) -> Option<HelloReply> {
        Some(HelloReply { msg: request.msg })
    }
}

struct Disk;

#[rpc_service]
impl Hello for Disk {
    async fn hello(&self, _cx: Context, request: HelloRequest) -> std::io::Result<HelloReply> {
        Ok(HelloReply { msg: std::fs::read_to_string(request.msg)? })
    }
}

fn main() {}
