//! `grpc.reflection.v1.ServerReflection`.

use std::sync::Arc;

use futures_core::Stream;
use futures_util::stream::try_unfold;
use rpc_wire::Status;

use super::Served;
use super::answers::Answers;
use super::generated::grpc::reflection::v1::{
    ServerReflection, ServerReflectionRequest, ServerReflectionResponse,
};
use crate::call::{Context, Streaming};

/// Answers with what a server serves.
pub(super) struct ReflectionService {
    served: Arc<Served>,
}

impl ReflectionService {
    pub(super) fn new(served: Arc<Served>) -> Self {
        ReflectionService { served }
    }
}

#[crate::rpc_service(runtime = "crate")]
impl ServerReflection for ReflectionService {
    async fn server_reflection_info(
        &self,
        _cx: Context,
        requests: Streaming<ServerReflectionRequest>,
    ) -> Result<
        impl Stream<Item = Result<ServerReflectionResponse, Status>> + Send + 'static + use<>,
        Status,
    > {
        let answers = Answers::new(Arc::clone(&self.served));
        Ok(try_unfold(
            (requests, answers),
            |(mut requests, mut answers)| async {
                let Some(request) = requests.message().await? else {
                    return Ok(None);
                };
                Ok(Some((answers.answer(request), (requests, answers))))
            },
        ))
    }
}
