//! gRPC's health checks, which every server answers.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::collections::BTreeMap;

use rpc_runtime::health::{Check, Health};
use rpc_runtime::middleware::Authenticate;
use rpc_runtime::{Code, Context, Server, Status, Streaming, rpc_service};
use rpc_tests::grpc::health::v1::health_check_response::ServingStatus::{
    self, NotServing, ServiceUnknown, Serving,
};
use rpc_tests::grpc::health::v1::{
    Health as HealthTrait, HealthAsyncClientProxy, HealthCheckRequest, HealthCheckResponse,
    HealthListRequest,
};
use rpc_tests::probe::Payload;
use rpc_tests::{LIMIT, TestProbe, TestServer, within};

async fn client(server: &TestServer) -> HealthAsyncClientProxy {
    HealthAsyncClientProxy::with(server.client().await.channel().clone())
}

fn request(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

async fn check(client: &HealthAsyncClientProxy, service: &str) -> Result<ServingStatus, Status> {
    client
        .check(request(service))
        .await
        .map(|reply| reply.status())
}

async fn watch(
    client: &HealthAsyncClientProxy,
    service: &str,
) -> Result<Streaming<HealthCheckResponse>, Status> {
    client.watch(request(service)).await
}

async fn next(statuses: &mut Streaming<HealthCheckResponse>) -> Result<ServingStatus, Status> {
    let next = statuses.message().await?;
    Ok(next.expect("a watch does not end well").status())
}

#[tokio::test]
async fn every_registered_service_serves_with_no_further_line() {
    within(LIMIT, async {
        let configure = |server: Server| server.service_as("legacy", TestProbe::new());
        let server = TestServer::start_with(configure).await;
        let client = client(&server).await;
        for service in ["", "probe.Probe", "legacy"] {
            assert_eq!(check(&client, service).await.unwrap(), Serving, "{service}");
        }
        let list = client.list(HealthListRequest {}).await.unwrap().statuses;
        let list: BTreeMap<_, _> = list
            .iter()
            .map(|(name, reply)| (name.as_str(), reply.status()))
            .collect();
        let expected = [("", Serving), ("legacy", Serving), ("probe.Probe", Serving)];
        assert!(list.into_iter().eq(expected));

        let status = check(&client, "probe.Prope").await.unwrap_err();
        assert_eq!(status.code(), Code::NotFound);
        assert!(status.message().contains("\"probe.Prope\""), "{status}");
    })
    .await;
}

#[tokio::test]
async fn a_watch_tells_the_status_and_each_change() {
    within(LIMIT, async {
        let health = Health::new();
        let server = TestServer::start_with(|server| server.health(health.clone())).await;
        let client = client(&server).await;
        let mut statuses = watch(&client, "probe.Probe").await.unwrap();
        assert_eq!(next(&mut statuses).await.unwrap(), Serving);
        health.set_serving("probe.Probe");
        health.set_not_serving("probe.Probe");
        assert_eq!(next(&mut statuses).await.unwrap(), NotServing);
        assert_eq!(check(&client, "probe.Probe").await.unwrap(), NotServing);
        assert_eq!(check(&client, "").await.unwrap(), Serving);
        health.set_serving("probe.Probe");
        assert_eq!(next(&mut statuses).await.unwrap(), Serving);
    })
    .await;
}

#[tokio::test]
async fn proxies_check_and_watch_over_grpc_too() {
    within(LIMIT, async {
        let health = Health::new();
        let server = TestServer::start_with(|server| server.health(health.clone())).await;
        let target = format!("grpc://{}", server.socket_addr());
        let client = HealthAsyncClientProxy::connect(target).await.unwrap();
        assert_eq!(check(&client, "probe.Probe").await.unwrap(), Serving);
        let mut statuses = watch(&client, "").await.unwrap();
        assert_eq!(next(&mut statuses).await.unwrap(), Serving);
        health.set_not_serving("");
        assert_eq!(next(&mut statuses).await.unwrap(), NotServing);
    })
    .await;
}

#[tokio::test]
async fn a_service_that_nobody_knows_may_be_watched_until_it_comes() {
    within(LIMIT, async {
        let health = Health::new();
        let server = TestServer::start_with(|server| server.health(health.clone())).await;
        let mut statuses = watch(&client(&server).await, "plugin").await.unwrap();
        assert_eq!(next(&mut statuses).await.unwrap(), ServiceUnknown);
        health.set_serving("plugin");
        assert_eq!(next(&mut statuses).await.unwrap(), Serving);
    })
    .await;
}

#[tokio::test]
async fn a_check_speaks_for_its_service() {
    within(LIMIT, async {
        let health = Health::new();
        health.check("probe.Probe", Check::new(|| async { false }));
        let server = TestServer::start_with(|server| server.health(health.clone())).await;
        let client = client(&server).await;
        assert_eq!(check(&client, "probe.Probe").await.unwrap(), NotServing);
        let mut statuses = watch(&client, "probe.Probe").await.unwrap();
        assert_eq!(next(&mut statuses).await.unwrap(), NotServing);
        health.check("probe.Probe", Check::new(|| async { true }));
        assert_eq!(next(&mut statuses).await.unwrap(), Serving);
    })
    .await;
}

#[tokio::test]
async fn a_shutdown_is_told_while_calls_finish_and_ends_the_watch() {
    within(LIMIT, async {
        let health = Health::new();
        let mut server = TestServer::start_with(|server| server.health(health.clone())).await;
        let held = server.client().await.hold(Payload::default()).start();
        server.probe.until_running(1).await;
        let mut statuses = watch(&client(&server).await, "").await.unwrap();
        assert_eq!(next(&mut statuses).await.unwrap(), Serving);

        server.begin_shutdown();
        assert_eq!(next(&mut statuses).await.unwrap(), NotServing);
        assert_eq!(server.probe.counts().running(), 1);
        let end = next(&mut statuses).await.unwrap_err();
        assert_eq!(end.code(), Code::Unavailable);
        let known = health.status("probe.Probe").await;
        assert_eq!(known, Some(rpc_runtime::health::ServingStatus::NotServing));
        server.probe.release_all();
        held.await.unwrap();
        let report = server.shut_down().await;
        assert_eq!(report.cut, 0, "the watch was waited for");
    })
    .await;
}

#[tokio::test]
async fn a_list_has_at_most_a_hundred_services() {
    within(LIMIT, async {
        let health = Health::new();
        let server = TestServer::start_with(|server| server.health(health.clone())).await;
        let client = client(&server).await;
        for service in 0..98 {
            health.set_serving(format!("service{service}"));
        }
        let list = client.list(HealthListRequest {}).await.unwrap();
        assert_eq!(list.statuses.len(), 100);
        health.set_serving("one.More");
        let status = client.list(HealthListRequest {}).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert!(status.message().contains("101"), "{status}");
    })
    .await;
}

#[tokio::test]
async fn interceptors_see_health_checks_and_may_let_them_pass() {
    within(LIMIT, async {
        let authenticate = || Authenticate::bearer([("billing", "t0ken")]);
        let closed = TestServer::start_with(|server| server.intercept(authenticate())).await;
        let status = check(&client(&closed).await, "").await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);

        let authenticate = authenticate().except("grpc.health.v1.Health");
        let open = TestServer::start_with(|server| server.intercept(authenticate)).await;
        assert_eq!(check(&client(&open).await, "").await.unwrap(), Serving);
    })
    .await;
}

/// A service of the user's own.
struct NeverServing;

#[rpc_service(unimplemented)]
impl HealthTrait for NeverServing {
    async fn check(
        &self,
        _cx: Context,
        _request: HealthCheckRequest,
    ) -> Result<HealthCheckResponse, Status> {
        let status = NotServing.into();
        Ok(HealthCheckResponse { status })
    }
}

#[tokio::test]
async fn a_health_service_of_the_users_own_takes_the_place() {
    within(LIMIT, async {
        let server = TestServer::start_with(|server| server.service(NeverServing)).await;
        let client = client(&server).await;
        assert_eq!(check(&client, "").await.unwrap(), NotServing);
    })
    .await;
}

#[tokio::test]
async fn health_checks_can_be_switched_off() {
    within(LIMIT, async {
        let server = TestServer::start_with(Server::without_health).await;
        let status = check(&client(&server).await, "").await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
    })
    .await;
}
