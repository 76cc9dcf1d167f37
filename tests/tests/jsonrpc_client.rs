//! Proxies call servers that speak JSON-RPC over TCP: `jsonrpc://` targets.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use hello::hello::{HelloAsyncClientProxy, HelloRequest};
use rpc_runtime::{Batch, Channel, Code, HealthCheck, Status};
use rpc_tests::probe::{Failure, Payload, ProbeAsyncClientProxy, ProbeClientProxy, Size};
use rpc_tests::{LIMIT, TestServer, within, within_blocking};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

fn payload(data: impl Into<bytes::Bytes>) -> Payload {
    Payload { data: data.into() }
}

fn target(server: &TestServer) -> String {
    format!("jsonrpc://{}", server.socket_addr())
}

async fn client(server: &TestServer) -> ProbeAsyncClientProxy {
    ProbeAsyncClientProxy::connect(target(server))
        .await
        .unwrap()
}

#[tokio::test]
async fn an_async_proxy_calls_a_json_rpc_server_as_any_other() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = client(&server).await;
        assert_eq!(client.echo(payload("x")).await.unwrap(), payload("x"));
        assert_eq!(client.echo(payload("")).await.unwrap(), payload(""));
        let seen = client.inspect(()).await.unwrap();
        assert_eq!(seen.method, "probe.Probe/Inspect");
        let large = client.produce(Size { bytes: 2_000_000 }).await.unwrap();
        assert_eq!(large.data.len(), 2_000_000);
    })
    .await;
}

#[tokio::test]
async fn a_sync_proxy_calls_a_json_rpc_server_as_any_other() {
    let server = TestServer::start().await;
    let target = target(&server);
    let calling = tokio::task::spawn_blocking(move || {
        within_blocking(LIMIT, move || {
            let client = ProbeClientProxy::connect(target).unwrap();
            client.echo(payload("x")).unwrap()
        })
    });
    assert_eq!(calling.await.unwrap(), payload("x"));
}

#[tokio::test]
async fn calls_share_a_connection_and_end_in_any_order() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let channel = Channel::builder(target(&server)).max_connections(1);
        let client = ProbeAsyncClientProxy::with(channel.connect().await.unwrap());
        let calls: Vec<_> = (0..100u8)
            .map(|byte| tokio::spawn(client.hold(payload(vec![byte]))))
            .collect();
        server.probe.until_running(100).await;
        for (byte, call) in calls.into_iter().enumerate().rev() {
            server.probe.release(vec![byte as u8]);
            assert_eq!(call.await.unwrap().unwrap().data, vec![byte as u8]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_status_arrives_as_the_handler_gave_it() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = client(&server).await;
        for value in 1..=16 {
            let failure = Failure {
                code: value,
                message: "no \"user\"".into(),
                details: vec![0xff, 0].into(),
            };
            let status = client.fail(failure).await.unwrap_err();
            assert_eq!(status.code(), Code::from_value(value));
            assert_eq!(status.message(), "no \"user\"");
            assert_eq!(status.details(), [0xff, 0]);
            assert!(status.may_have_run(), "{status}");
            assert_eq!(status.method(), Some("probe.Probe/Fail"));
        }
    })
    .await;
}

#[tokio::test]
async fn what_json_rpc_cannot_do_fails_before_it_is_sent() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = client(&server).await;
        let subscribed = client.subscribe(Size { bytes: 3 }).await;
        let status = match subscribed {
            Ok(mut replies) => replies.message().await.unwrap_err(),
            Err(status) => status,
        };
        assert_eq!(status.code(), Code::Unimplemented);
        assert!(status.message().contains("has streams"), "{status}");
        assert!(!status.may_have_run());
    })
    .await;
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_and_its_late_answer_reaches_nobody() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = client(&server).await;
        let held = client
            .hold(payload("late"))
            .timeout(Duration::from_millis(20));
        assert_eq!(held.await.unwrap_err().code(), Code::DeadlineExceeded);
        server.probe.until_running(1).await;
        let dropped = tokio::spawn(client.hold(payload("dropped")));
        server.probe.until_running(2).await;
        dropped.abort();
        server.probe.release_all();
        for _ in 0..10 {
            assert_eq!(client.echo(payload("x")).await.unwrap(), payload("x"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_method_that_the_server_does_not_have_was_not_executed() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = HelloAsyncClientProxy::connect(target(&server))
            .await
            .unwrap();
        let status = client.hello(HelloRequest::default()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
        assert!(!status.may_have_run(), "{status}");
    })
    .await;
}

/// A server in the hands of a test, which reads lines.
struct Script {
    listener: TcpListener,
}

impl Script {
    async fn start() -> (Script, HelloAsyncClientProxy) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = format!("jsonrpc://{}", listener.local_addr().unwrap());
        let client = HelloAsyncClientProxy::connect_lazy(target).unwrap();
        (Script { listener }, client)
    }

    async fn accept(&self) -> BufReader<TcpStream> {
        BufReader::new(self.listener.accept().await.unwrap().0)
    }
}

async fn line(stream: &mut BufReader<TcpStream>) -> Value {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    serde_json::from_str(&line).unwrap()
}

fn world() -> HelloRequest {
    HelloRequest { msg: "w".into() }
}

#[tokio::test]
async fn a_request_is_one_line_and_an_answer_of_another_library_is_understood() {
    within(LIMIT, async {
        let (script, client) = Script::start().await;
        let serving = async {
            let mut stream = script.accept().await;
            let request = line(&mut stream).await;
            let expected = json!({
                "jsonrpc": "2.0", "method": "helloworld.Hello/Hello", "params": {"msg": "w"}, "id": 1,
            });
            assert_eq!(request, expected);
            let mut samples = include_str!("../samples/jsonrpc-tcp.txt").lines().skip(1);
            let answer = samples.next().unwrap();
            stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            assert_eq!(line(&mut stream).await["id"], 2);
            let error = samples.next().unwrap();
            stream.get_mut().write_all(error.as_bytes()).await.unwrap();
            stream
        };
        let calling = async {
            assert_eq!(client.hello(world()).await.unwrap().msg, "Hello w");
            let status = client.hello(world()).await.unwrap_err();
            assert_eq!(status.code(), Code::Internal);
            assert_eq!(status.message(), "Internal error: handler says no");
        };
        tokio::join!(serving, calling);
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_one_message_and_so_may_be_its_answer() {
    within(LIMIT, async {
        let (script, client) = Script::start().await;
        let serving = async {
            let mut stream = script.accept().await;
            let first = line(&mut stream).await;
            let answer =
                |id: &Value| json!({"jsonrpc": "2.0", "result": {"msg": id.to_string()}, "id": id});
            let answered = answer(&first["id"]).to_string();
            stream
                .get_mut()
                .write_all(answered.as_bytes())
                .await
                .unwrap();
            let batch = line(&mut stream).await;
            let requests = batch.as_array().unwrap();
            assert_eq!(requests.len(), 3);
            let answers: Vec<_> = requests
                .iter()
                .rev()
                .map(|request| answer(&request["id"]))
                .collect();
            let answers = Value::from(answers).to_string();
            stream
                .get_mut()
                .write_all(answers.as_bytes())
                .await
                .unwrap();
            // Whoever comes after is alone again.
            let last = line(&mut stream).await;
            let answered = answer(&last["id"]).to_string();
            stream
                .get_mut()
                .write_all(answered.as_bytes())
                .await
                .unwrap();
            stream
        };
        let calling = async {
            // Connects.
            client.hello(world()).await.unwrap();
            let batch: Batch<_> = (0..3).map(|_| client.hello(world())).collect();
            let replies = batch.all().await.into_iter();
            let replies: Vec<_> = replies.map(|reply| reply.unwrap().msg).collect();
            assert_eq!(replies, ["2", "3", "4"]);
            assert_eq!(client.hello(world()).await.unwrap().msg, "5");
        };
        tokio::join!(serving, calling);
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_many_calls_is_answered_by_a_server_of_ours() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let client = client(&server).await;
        let batch: Batch<_> = (0..2000u32)
            .map(|number| client.echo(payload(number.to_be_bytes().to_vec())))
            .collect();
        for (number, reply) in batch.all().await.into_iter().enumerate() {
            assert_eq!(reply.unwrap().data, (number as u32).to_be_bytes().to_vec());
        }
    })
    .await;
}

/// What a call comes to whose server answers these bytes and closes.
async fn answered(answer: &'static str) -> Status {
    let (script, client) = Script::start().await;
    let serving = async {
        let mut stream = script.accept().await;
        line(&mut stream).await;
        stream.get_mut().write_all(answer.as_bytes()).await.unwrap();
        drop(stream);
    };
    let calling = async { client.hello(world()).await.unwrap_err() };
    tokio::join!(serving, calling).1
}

#[tokio::test]
async fn a_server_that_speaks_something_else_or_nothing_is_told_from_one_that_does_not_answer() {
    within(LIMIT, async {
        for (answer, says) in [
            ("HTTP/1.1 400 Bad Request\r\n\r\n", "no JSON-RPC"),
            ("{\"jsonrpc\":\"2.0\",\"error\":7,\"id\":1}", "no JSON-RPC"),
            ("", "the server closed the connection"),
            ("{\"jsonrpc\":", "the server closed the connection"),
            (
                "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"Parse error\"},\"id\":null}",
                "of no call in particular: Parse error",
            ),
        ] {
            let status = answered(answer).await;
            assert!(status.message().contains(says), "{answer}: {status}");
            assert!(status.may_have_run(), "{answer}: {status}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_answer_over_max_message_size_ends_the_call() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let channel = Channel::builder(target(&server)).max_message_size(1000);
        let client = ProbeAsyncClientProxy::with(channel.connect().await.unwrap());
        let status = client.produce(Size { bytes: 2000 }).await.unwrap_err();
        assert!(
            status.message().contains("max_message_size of 1000 bytes"),
            "{status}"
        );
        assert_eq!(client.echo(payload("x")).await.unwrap(), payload("x"));
    })
    .await;
}

#[tokio::test]
async fn a_connection_is_checked_by_a_call_that_any_server_answers() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let channel =
            Channel::builder(target(&server)).health_check(HealthCheck::default().on_borrow());
        let client = ProbeAsyncClientProxy::with(channel.connect().await.unwrap());
        for _ in 0..3 {
            assert_eq!(client.echo(payload("x")).await.unwrap(), payload("x"));
        }
        assert_eq!(server.probe.counts().started, 3);
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_is_lost_is_replaced() {
    within(LIMIT, async {
        let server = TestServer::start().await;
        let address = server.socket_addr();
        let client = client(&server).await;
        let held = tokio::spawn(client.hold(payload("x")));
        server.probe.until_running(1).await;
        server.kill().await;
        let status = held.await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.may_have_run());
        let _server = TestServer::start_at(address, |server| server).await;
        assert_eq!(client.echo(payload("x")).await.unwrap(), payload("x"));
    })
    .await;
}

#[tokio::test]
async fn a_server_finishes_the_calls_of_its_json_rpc_clients_when_it_shuts_down() {
    within(LIMIT, async {
        let mut server = TestServer::start().await;
        let client = client(&server).await;
        let calls: Vec<_> = (0..10)
            .map(|_| tokio::spawn(client.hold(payload("x"))))
            .collect();
        server.probe.until_running(10).await;
        server.begin_shutdown();
        server.probe.release_all();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        server.shut_down().await;
    })
    .await;
}
