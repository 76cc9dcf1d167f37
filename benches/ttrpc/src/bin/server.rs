//! ttrpc's server with its defaults, on a Unix socket without a file.

use std::future;
use std::process;
use std::sync::Arc;

use async_trait::async_trait;
use bench_ttrpc::echo::{EchoMessage, LogReply, LogRequest};
use bench_ttrpc::echo_ttrpc::{Echo, create_echo};
use bench_ttrpc::log_reply;
use tokio::runtime::Runtime;
use ttrpc::r#async::{Server, ServerStreamSender, TtrpcContext};

fn main() -> anyhow::Result<()> {
    let address = format!("unix://@bench-ttrpc-{}", process::id());
    let listening = address.clone();
    bench_common::serve_at(&address, move || {
        Runtime::new()?.block_on(serve(&listening))
    })
}

async fn serve(address: &str) -> anyhow::Result<()> {
    let mut server = Server::new()
        .bind(address)?
        .register_service(create_echo(Arc::new(Mirror { logs: log_reply() })));
    server.start().await?;
    future::pending().await
}

struct Mirror {
    logs: LogReply,
}

#[async_trait]
impl Echo for Mirror {
    async fn echo(&self, _: &TtrpcContext, request: EchoMessage) -> ttrpc::Result<EchoMessage> {
        Ok(request)
    }

    async fn repeat(
        &self,
        _: &TtrpcContext,
        request: EchoMessage,
        stream: ServerStreamSender<EchoMessage>,
    ) -> ttrpc::Result<()> {
        loop {
            stream.send(&request).await?;
        }
    }

    async fn logs(&self, _: &TtrpcContext, _: LogRequest) -> ttrpc::Result<LogReply> {
        Ok(self.logs.clone())
    }
}
