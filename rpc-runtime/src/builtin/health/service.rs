//! `grpc.health.v1.Health`.

use futures_core::Stream;
use futures_util::stream::unfold;
use rpc_wire::Status;

use super::generated::grpc::health::v1::health_check_response::ServingStatus as Wire;
use super::generated::grpc::health::v1::{
    Health as HealthTrait, HealthCheckRequest, HealthCheckResponse, HealthListRequest,
    HealthListResponse,
};
use super::server::ServerHealth;
use super::watch::Watch;
use crate::call::Context;
use crate::connection::shutdown::SHUTTING_DOWN;

/// As many services as a list may have, by gRPC's definition of it.
const MAX_LIST: usize = 100;

/// Answers with what a server knows.
pub(super) struct HealthService {
    health: ServerHealth,
}

impl HealthService {
    pub(super) fn new(health: ServerHealth) -> Self {
        HealthService { health }
    }
}

#[crate::rpc_service(runtime = "crate")]
impl HealthTrait for HealthService {
    async fn check(
        &self,
        _cx: Context,
        request: HealthCheckRequest,
    ) -> Result<HealthCheckResponse, Status> {
        let HealthCheckRequest { service } = request;
        match self.health.status(&service).await {
            Some(status) => Ok(response(status.into())),
            None => Err(Status::not_found(format!(
                "the server knows of no health of a service {service:?}: check the name, or leave it empty for \
                 the server as a whole"
            ))),
        }
    }

    async fn list(
        &self,
        _cx: Context,
        _request: HealthListRequest,
    ) -> Result<HealthListResponse, Status> {
        let statuses = self.health.statuses().await;
        if statuses.len() > MAX_LIST {
            return Err(Status::resource_exhausted(format!(
                "the server knows the health of {} services, and a list has at most {MAX_LIST}: check those that \
                 are of interest",
                statuses.len()
            )));
        }
        let statuses = statuses.into_iter();
        Ok(HealthListResponse {
            statuses: statuses
                .map(|(name, status)| (name, response(status.into())))
                .collect(),
        })
    }

    async fn watch(
        &self,
        _cx: Context,
        request: HealthCheckRequest,
    ) -> Result<
        impl Stream<Item = Result<HealthCheckResponse, Status>> + Send + 'static + use<>,
        Status,
    > {
        let watch = Watch::new(&self.health, request.service);
        Ok(unfold(Some(watch), |watch| async {
            let mut watch = watch?;
            match watch.next().await {
                Some(seen) => {
                    let status = seen.map_or(Wire::ServiceUnknown, Wire::from);
                    Some((Ok(response(status)), Some(watch)))
                }
                // The client is to watch another server.
                None => Some((Err(Status::unavailable(SHUTTING_DOWN)), None)),
            }
        }))
    }
}

fn response(status: Wire) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}
