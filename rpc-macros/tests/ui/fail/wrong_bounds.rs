//! Implementations that calls cannot share.

use std::cell::RefCell;

use rpc_runtime::{Context, Status, rpc_service};

use hello::{Hello, HelloReply, HelloRequest};

mod hello {
    include!("../../../../rpc-build/tests/golden/hello/expected/helloworld.rs");
}

struct Counter {
    calls: RefCell<u64>,
}

#[rpc_service]
impl Hello for Counter {
    async fn hello(&self, _cx: Context, request: HelloRequest) -> Result<HelloReply, Status> {
        *self.calls.borrow_mut() += 1;
        Ok(HelloReply { msg: request.msg })
    }
}

struct Greeter<T>(T);

#[rpc_service]
impl<T> Hello for Greeter<T> {
    async fn hello(&self, _cx: Context, request: HelloRequest) -> Result<HelloReply, Status> {
        Ok(HelloReply { msg: request.msg })
    }
}

struct Borrowed<'a>(&'a str);

#[rpc_service]
impl<'a> Hello for Borrowed<'a> {
    async fn hello(&self, _cx: Context, _request: HelloRequest) -> Result<HelloReply, Status> {
        Ok(HelloReply { msg: self.0.to_owned() })
    }
}

fn main() {}
