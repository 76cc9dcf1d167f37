//! One service on one port, which `examples/one-port/call-all` calls natively, with gRPC for Python, `curl`, `nc` and a web page in a
//! browser. To look at the page:
//!
//! ```console
//! $ cargo run -p one-port &
//! $ python3 -m http.server --directory examples/one-port 8080 &
//! $ xdg-open http://127.0.0.1:8080
//! ```

use hello::{Hello, HelloReply, HelloRequest, RepeatRequest};
use rpc_runtime::{Context, Status, rpc_service};
use tokio_stream::Stream;

/// The generated code.
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
            return Err(Status::invalid_argument("msg is empty"));
        }
        Ok(greeting(&request.msg))
    }

    async fn repeat(
        &self,
        _cx: Context,
        request: RepeatRequest,
    ) -> Result<impl Stream<Item = Result<HelloReply, Status>> + Send + 'static, Status> {
        let greetings = (0..request.times).map(move |_| Ok(greeting(&request.msg)));
        Ok(tokio_stream::iter(greetings))
    }
}

fn greeting(name: &str) -> HelloReply {
    HelloReply {
        msg: format!("Hello {name}"),
    }
}
