//! Options of methods, which may use what the implementation holds.
#![deny(warnings)]

use std::time::Duration;

use hello::{Hello, HelloReply, HelloRequest};
use rpc_runtime::{Context, Server, Status, rpc_service};

mod hello {
    include!("../../../../rpc-build/tests/golden/hello/expected/helloworld.rs");
}

struct Greeter<T> {
    calls: usize,
    greeting: T,
}

#[rpc_service]
impl<T: ToString + Send + Sync + 'static> Hello for Greeter<T> {
    #[rpc(limit = self.calls, timeout = Duration::from_secs(1))]
    #[rpc(blocking)]
    async fn hello(&self, _cx: Context, _request: HelloRequest) -> Result<HelloReply, Status> {
        Ok(HelloReply { msg: self.greeting.to_string() })
    }
}

fn main() {
    let _ = Server::new()
        .service(Greeter { calls: 2, greeting: "hi" })
        .service_as("numbers", Greeter { calls: 1, greeting: 5 });
}
