//! Self types with a lifetime that is as long as a service's must be.
#![deny(warnings)]

use hello::{Hello, HelloReply, HelloRequest};
use rpc_runtime::{Context, Server, Status, rpc_service};

mod hello {
    include!("../../../../rpc-build/tests/golden/hello/expected/helloworld.rs");
}

struct Fixed<'a>(&'a str);

#[rpc_service]
impl Hello for Fixed<'static> {
    async fn hello(&self, _cx: Context, _request: HelloRequest) -> Result<HelloReply, Status> {
        Ok(HelloReply { msg: self.0.to_owned() })
    }
}

struct Bound<'a>(&'a str);

#[rpc_service]
impl<'a> Hello for Bound<'a>
where
    'a: 'static,
{
    async fn hello(&self, _cx: Context, _request: HelloRequest) -> Result<HelloReply, Status> {
        Ok(HelloReply { msg: self.0.to_owned() })
    }
}

fn main() {
    let _ = Server::new().service(Fixed("hi")).service_as("bound", Bound("hello"));
}
