//! Sync proxies.

use rpc_runtime::Code;
use rpc_tests::probe::{Failure, Payload, ProbeClientProxy, Size};
use rpc_tests::streams::{Number, StreamsClientProxy};
use rpc_tests::{LIMIT, within_blocking};
use tokio::runtime::Runtime;

use crate::tonic_server::TonicServer;

#[test]
fn sync_proxies_make_calls_of_every_kind() {
    within_blocking(LIMIT, || {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(TonicServer::start());
        let probe = ProbeClientProxy::connect(server.target()).unwrap();
        let payload = Payload {
            data: "hello".into(),
        };
        assert_eq!(probe.echo(payload.clone()).unwrap(), payload);
        let failure = Failure {
            code: 6,
            message: "twice".to_owned(),
            ..Failure::default()
        };
        let status = probe.fail(failure).unwrap_err();
        assert_eq!(status.code(), Code::AlreadyExists);
        assert_eq!(status.message(), "twice");
        let replies = probe.subscribe(Size { bytes: 3 }).unwrap();
        for reply in replies.take(10) {
            assert_eq!(reply.unwrap().data, "xxx");
        }

        let streams = StreamsClientProxy::connect(server.target()).unwrap();
        let numbers = (1..=100).map(|value| Number { value });
        assert_eq!(streams.sum(numbers).unwrap().value, 5050);
        runtime.block_on(server.service.until_running(0));
    });
}
