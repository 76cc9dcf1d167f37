//! connectrpc's own server with its defaults.
#![allow(
    refining_impl_trait,
    reason = "handlers that name their types are what its documentation shows"
)]

use std::sync::Arc;

use bench_connectrpc::bench::{Echo, EchoMessage, LogReply, LogRequest};
use bench_connectrpc::log_reply;
use connectrpc::{
    RequestContext, Response, Router, Server, ServiceRequest, ServiceResult, ServiceStream,
};
use futures_util::stream;
use tokio::net::TcpListener;

fn main() -> anyhow::Result<()> {
    bench_common::serve(accept)
}

async fn accept(listener: TcpListener) -> anyhow::Result<()> {
    let router = Router::new().add_service(Arc::new(Mirror { logs: log_reply() }));
    let server = Server::from_listener(listener);
    server
        .serve(router)
        .await
        .map_err(anyhow::Error::from_boxed)
}

struct Mirror {
    logs: LogReply,
}

impl Echo for Mirror {
    async fn echo(
        &self,
        _: RequestContext,
        request: ServiceRequest<'_, EchoMessage>,
    ) -> ServiceResult<EchoMessage> {
        Response::ok(request.to_owned_message())
    }

    async fn repeat(
        &self,
        _: RequestContext,
        request: ServiceRequest<'_, EchoMessage>,
    ) -> ServiceResult<ServiceStream<EchoMessage>> {
        let message = request.to_owned_message();
        let messages = stream::repeat_with(move || Ok(message.clone()));
        Response::ok(Box::pin(messages) as ServiceStream<_>)
    }

    async fn logs(
        &self,
        _: RequestContext,
        _: ServiceRequest<'_, LogRequest>,
    ) -> ServiceResult<LogReply> {
        Response::ok(self.logs.clone())
    }
}
