//! The service by its own proxy, and by JSON-RPC as docs/jsonrpc.md shows it.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use rpc_runtime::{Code, Server};
use simple::Arith;
use simple::arith::{ArithServiceAsyncClientProxy, ArithServiceClientProxy, Operands};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[test]
fn numbers_are_added_and_multiplied() {
    let arith = ArithServiceClientProxy::local(Arith);
    assert_eq!(arith.add(Operands { a: 2, b: 3 }).unwrap().value, 5);
    assert_eq!(arith.multiply(Operands { a: 6, b: 7 }).unwrap().value, 42);
    let status = arith.add(Operands { a: i32::MAX, b: 1 }).unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange);
}

/// What follows `marker` up to the end of its line, for each line of the document that has it.
fn shown(marker: &str) -> Vec<&'static str> {
    let document = include_str!("../../../docs/jsonrpc.md");
    let console = document.split("```console\n").nth(1).unwrap();
    let console = console.split("```").next().unwrap();
    let lines = console.lines().filter_map(|line| line.split_once(marker));
    lines.map(|(_, rest)| rest).collect()
}

#[tokio::test]
async fn what_the_document_shows_is_what_is_answered_and_any_proxy_is() {
    let bound = Server::new().service(Arith).bind("127.0.0.1:0").await;
    let bound = bound.unwrap();
    let address = bound.local_addr().to_string();
    let serving = tokio::spawn(bound.serve());
    let requests = [shown("echo '"), shown("curl -d '")].concat();
    let answers = shown("{\"jsonrpc\":\"2.0\",\"result\"");
    assert_eq!((requests.len(), answers.len()), (2, 2));
    for (request, answer) in requests.into_iter().zip(answers) {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let request = request.split('\'').next().unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answered = String::new();
        stream.read_to_string(&mut answered).await.unwrap();
        let expected = format!("{{\"jsonrpc\":\"2.0\",\"result\"{answer}\n");
        assert_eq!(answered, expected);
    }
    for target in [
        address.clone(),
        format!("jsonrpc://{address}"),
        format!("jsonrpc+http://{address}"),
    ] {
        let arith = ArithServiceAsyncClientProxy::connect(target).await.unwrap();
        assert_eq!(
            arith.multiply(Operands { a: 6, b: 7 }).await.unwrap().value,
            42
        );
    }
    serving.abort();
}
