//! The service.

use std::pin::Pin;

use bench_common::max_message_size;
use futures_util::stream::{self, Stream};
use tonic::{Request, Response, Status};

use crate::echo_server::{Echo, EchoServer};
use crate::{EchoMessage, LogReply, LogRequest, log_reply};

/// The service with its defaults, unless the load raises its limit.
///
/// # Errors
///
/// When the environment has no valid limit.
pub fn service() -> anyhow::Result<EchoServer<Mirror>> {
    let service = EchoServer::new(Mirror { logs: log_reply() });
    let Some(bytes) = max_message_size()? else {
        return Ok(service);
    };
    let service = service.max_decoding_message_size(bytes);
    Ok(service.max_encoding_message_size(bytes))
}

/// Gives back what it is given.
pub struct Mirror {
    logs: LogReply,
}

#[tonic::async_trait]
impl Echo for Mirror {
    type RepeatStream = Pin<Box<dyn Stream<Item = Result<EchoMessage, Status>> + Send>>;

    async fn echo(&self, request: Request<EchoMessage>) -> Result<Response<EchoMessage>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn repeat(
        &self,
        request: Request<EchoMessage>,
    ) -> Result<Response<Self::RepeatStream>, Status> {
        let message = request.into_inner();
        let messages = stream::repeat_with(move || Ok(message.clone()));
        Ok(Response::new(Box::pin(messages)))
    }

    async fn logs(&self, _: Request<LogRequest>) -> Result<Response<LogReply>, Status> {
        Ok(Response::new(self.logs.clone()))
    }
}
