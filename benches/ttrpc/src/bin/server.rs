//! ttrpc's server with its defaults, on a Unix socket.

use std::future;
use std::sync::Arc;

use async_trait::async_trait;
use bench_ttrpc::echo::{EchoMessage, LogReply, LogRequest};
use bench_ttrpc::echo_ttrpc::{Echo, create_echo};
use bench_ttrpc::log_reply;
use tokio::net::UnixListener;
use ttrpc::r#async::transport::Listener;
use ttrpc::r#async::{Server, ServerStreamSender, TtrpcContext};

fn main() -> anyhow::Result<()> {
    bench_common::serve_unix(accept)
}

async fn accept(listener: UnixListener) -> anyhow::Result<()> {
    let mut server = Server::new()
        .add_listener(Listener::from(listener))
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
