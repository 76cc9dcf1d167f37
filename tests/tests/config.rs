//! Servers and channels from a file.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fs;
use std::path::{Path, PathBuf};

use rpc_runtime::{Code, Config, ConfigError, ServeError, Server, Servers};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::streams::{CountRequest, StreamsAsyncClientProxy};
use rpc_tests::{Authority, LIMIT, TestProbe, TestStreams, within};
use tokio::sync::oneshot;

/// A folder of the test's own with `rpc.yaml` in it.
fn folder(test: &str, file: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("config-{test}"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("rpc.yaml"), file).unwrap();
    folder
}

fn load(folder: &Path, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load_with(folder.join("rpc.yaml"), |name| {
        let variable = variables.iter().find(|(known, _)| *known == name);
        variable.map(|(_, value)| (*value).to_owned())
    })
}

fn payload(size: usize) -> Payload {
    Payload {
        data: vec![b'x'; size].into(),
    }
}

const THREE_SERVICES: &str = "
services:
  - name: probe.Probe
    ip: 127.0.0.1
    port: ${PORT:-0}
  - name: streams.Streams
    address: rpcs://127.0.0.1:0
  - name: internal
    address: mem:config-internal
    aliases: [probe.Probe]

server:
  max_message_size: ${LIMIT}
  shutdown_grace: 50ms

listeners:
  - address: 127.0.0.1:0
    tls: {cert: server.pem, key: server.key, client_ca: ca.pem}
  - address: mem:config-internal
    max_message_size: 1MiB

channels:
  - name: outside
    target: ${OUTSIDE:-mem:not-yet-known}
    tls: {ca: ca.pem, cert: client.pem, key: client.key}
  - name: inside
    target: mem:config-internal
    max_message_size: 2KiB
";

fn write_certificates(folder: &Path) {
    let authority = Authority::new();
    fs::write(folder.join("ca.pem"), authority.root()).unwrap();
    for (name, host) in [("server", "127.0.0.1"), ("client", "a-client")] {
        let identity = authority.issue(&[host]);
        fs::write(folder.join(format!("{name}.pem")), identity.certificate).unwrap();
        fs::write(folder.join(format!("{name}.key")), identity.key).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn services_and_channels_are_as_the_file_says_and_end_together() {
    within(LIMIT, async {
        let folder = folder("three", THREE_SERVICES);
        write_certificates(&folder);
        let config = load(&folder, &[("LIMIT", "4KiB")]).unwrap();
        let (outer, inner) = (TestProbe::new(), TestProbe::new());
        let servers = config.servers().unwrap().service(outer.clone());
        let servers = servers.service(TestStreams::default());
        let servers = servers.service_as("internal", inner.clone());
        let bound = servers.bind().await.unwrap();

        let target = bound.target("probe.Probe").unwrap();
        assert!(target.starts_with("rpcs://127.0.0.1:"), "{target}");
        assert_eq!(bound.target("streams.Streams"), Some(target.clone()));
        assert_eq!(bound.target("internal").unwrap(), "mem:config-internal");
        assert_eq!(bound.target("other"), None);
        let (shutdown, signal) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let signal = async { signal.await.unwrap_or(()) };
            bound.serve_with_shutdown(signal).await
        });

        let config = load(&folder, &[("LIMIT", "4KiB"), ("OUTSIDE", &target)]).unwrap();
        let channel = config.channel("outside").unwrap().connect().await.unwrap();
        let outside = ProbeAsyncClientProxy::with(channel.clone());
        assert_eq!(outside.echo(payload(5)).await.unwrap(), payload(5));
        let error = outside.echo(payload(5000)).await.unwrap_err();
        assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
        let count = CountRequest {
            up_to: 1,
            ..CountRequest::default()
        };
        let streams = StreamsAsyncClientProxy::with(channel);
        let mut numbers = streams.count(count).await.unwrap();
        assert!(numbers.message().await.unwrap().is_some());
        assert!(numbers.message().await.unwrap().is_none());

        let channel = config.channel("inside").unwrap().connect().await.unwrap();
        let inside = ProbeAsyncClientProxy::with(channel);
        let error = inside.echo(payload(5000)).await.unwrap_err();
        assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
        assert_eq!(inner.counts().finished, 1, "only the reply was too large");

        let held = [outside, inside].map(|proxy| proxy.hold(payload(1)).start());
        outer.until_running(1).await;
        inner.until_running(1).await;
        shutdown.send(()).unwrap();
        for call in held {
            let status = call.await.unwrap_err();
            assert!(status.message().contains("shutdown_grace"), "{status}");
        }
        let report = serving.await.unwrap().unwrap();
        assert_eq!((report.finished, report.cut), (0, 2), "{report}");
    })
    .await;
}

/// What is said when the servers of `file` are started with these implementations.
async fn refused(test: &str, file: &str, implement: impl FnOnce(Servers) -> Servers) -> String {
    let folder = folder(test, file);
    let servers = load(&folder, &[]).unwrap().servers().unwrap();
    let error = implement(servers).bind().await.unwrap_err();
    assert!(matches!(error, ServeError::Config(_)), "{error:?}");
    error.to_string().replace(folder.to_str().unwrap(), "")
}

#[tokio::test]
async fn a_service_without_implementation_is_an_error_at_its_entry() {
    let file = "services:\n  - {name: probe.Probe, address: 'mem:config-missing'}";
    let error = refused("missing", file, |servers| servers).await;
    assert_eq!(
        error,
        "/rpc.yaml:2:5: services[0]: the service \"probe.Probe\" has no implementation; register \
         one with service(..), or remove the entry"
    );
}

#[tokio::test]
async fn an_implementation_without_entry_is_an_error_that_names_its_type() {
    let file = "services:\n  - {name: probe.Prob, address: 'mem:config-unknown'}";
    let error = refused("unknown", file, |it| it.service(TestProbe::new())).await;
    assert_eq!(
        error,
        "/rpc.yaml:2:3: services: no entry has the name \"probe.Probe\", which \
         rpc_tests::service::TestProbe implements; add one, or register the implementation with \
         service_as under a name that there is: did you mean probe.Prob?"
    );
}

#[tokio::test]
async fn servers_without_services_are_an_error() {
    let error = refused("nothing", "server:\n  checksum: true", |it| it).await;
    assert_eq!(
        error,
        "/rpc.yaml:1:1: services: there is no service to serve; add an entry with name, ip and port"
    );
}

#[tokio::test]
async fn two_implementations_of_one_service_are_an_error_that_names_both() {
    let file = "services:\n  - {name: probe.Probe, address: 'mem:config-twice'}";
    let folder = folder("twice", file);
    let servers = Server::from_config(folder.join("rpc.yaml")).unwrap();
    let servers = servers.service(TestProbe::new());
    let twice = servers.service_as("probe.Probe", TestStreams::default());
    let error = twice.bind().await.unwrap_err();
    let text = error.to_string();
    assert!(
        matches!(error, ServeError::DuplicateService { .. }),
        "{text}"
    );
    assert!(
        text.contains("TestProbe") && text.contains("TestStreams"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_are_those_of_the_process_and_code_adds_what_a_file_cannot_say() {
    let file = "
services:
  - {name: probe.Probe, address: 'mem:${CARGO_PKG_NAME}-environment'}
channels:
  - {name: probe, target: 'mem:${CARGO_PKG_NAME}-environment'}
";
    within(LIMIT, async {
        let path = folder("environment", file).join("rpc.yaml");
        let servers = Server::from_config(&path).unwrap();
        let servers = servers.service(TestProbe::new());
        let limited = servers.each(|server| server.max_message_size(1000));
        let bound = limited.bind().await.unwrap();
        let target = bound.target("probe.Probe").unwrap();
        assert_eq!(target, "mem:rpc-tests-environment");
        tokio::spawn(bound.serve());

        let channel = Config::load(&path).unwrap().channel("probe").unwrap();
        let channel = channel.timeout(LIMIT).connect().await.unwrap();
        let error = ProbeAsyncClientProxy::with(channel)
            .echo(payload(2000))
            .await
            .unwrap_err();
        assert!(error.message().contains("1000"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn servers_that_would_block_an_async_runtime_are_told_what_to_use() {
    let file = "services:\n  - {name: probe.Probe, address: 'mem:config-blocking'}";
    let folder = folder("blocking", file);
    let servers = load(&folder, &[]).unwrap().servers().unwrap();
    let error = servers.service(TestProbe::new()).serve_blocking();
    assert!(matches!(error, Err(ServeError::InsideRuntime)), "{error:?}");
}
