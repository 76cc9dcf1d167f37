//! The server, with its defaults.

use bench_common::max_message_size;
use futures_util::stream::{self, Stream};
use rpc_runtime::{Context, Listener, Server, Status, rpc_service};

use crate::{Echo, EchoMessage, LogReply, LogRequest, log_reply};

/// Answers what comes in on a TCP or Unix socket.
///
/// # Errors
///
/// When the server cannot start.
pub async fn serve(listener: impl Into<Listener>) -> anyhow::Result<()> {
    let mut server = Server::new().service(Mirror { logs: log_reply() });
    if let Some(bytes) = max_message_size()? {
        server = server.max_message_size(bytes);
    }
    server.serve_with_listener(listener).await?;
    Ok(())
}

struct Mirror {
    logs: LogReply,
}

#[rpc_service]
impl Echo for Mirror {
    async fn echo(&self, _: Context, request: EchoMessage) -> Result<EchoMessage, Status> {
        Ok(request)
    }

    async fn repeat(
        &self,
        _: Context,
        request: EchoMessage,
    ) -> Result<impl Stream<Item = Result<EchoMessage, Status>> + Send + 'static, Status> {
        Ok(stream::repeat_with(move || Ok(request.clone())))
    }

    async fn logs(&self, _: Context, _: LogRequest) -> Result<LogReply, Status> {
        Ok(self.logs.clone())
    }
}
