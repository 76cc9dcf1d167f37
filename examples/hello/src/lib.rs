//! The service `helloworld.Hello`: what `proto/hello.proto` describes, and an implementation of it.

use rpc_runtime::{Context, Status, rpc_service};

use hello::{Hello, HelloReply, HelloRequest};

/// The generated code: messages, the trait `Hello` and the client proxies.
pub mod hello {
    rpc_runtime::include_proto!("helloworld");
}

/// Greets whoever asks.
#[derive(Debug)]
pub struct Greeter;

#[rpc_service]
impl Hello for Greeter {
    async fn hello(&self, _cx: Context, request: HelloRequest) -> Result<HelloReply, Status> {
        if request.msg.is_empty() {
            return Err(Status::invalid_argument(
                "there is nobody to greet: msg is empty",
            ));
        }
        Ok(HelloReply {
            msg: format!("Hello {}", request.msg),
        })
    }
}
