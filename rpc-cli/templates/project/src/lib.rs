//! The service `greeter.v1.GreeterService`: what its `.proto` describes, and an implementation of it.

use rpc_runtime::{Context, Status, rpc_service};

use greeter::{GreetRequest, GreetResponse, GreeterService};

/// The generated code: messages, the trait `GreeterService` and the client proxies.
pub mod greeter {
    rpc_runtime::include_proto!("greeter.v1");
}

/// Greets whoever asks.
#[derive(Debug)]
pub struct Greeter;

#[rpc_service]
impl GreeterService for Greeter {
    async fn greet(&self, _cx: Context, request: GreetRequest) -> Result<GreetResponse, Status> {
        if request.name.is_empty() {
            return Err(Status::invalid_argument("name is empty"));
        }
        let greeting = format!("Hello {}", request.name);
        Ok(GreetResponse { greeting })
    }
}
