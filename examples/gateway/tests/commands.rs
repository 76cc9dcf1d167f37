//! What Redis's clients get, typed and as they send it.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use gateway::Redis;
use hello::Greeter;
use hello::hello::{HelloAsyncClientProxy, HelloRequest};
use rpc_runtime::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a client gets that sends this.
async fn answer(address: &str, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn commands_are_answered_beside_the_servers_own_clients() {
    let server = Server::new().service(Greeter).gateway(Redis);
    let bound = server.bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().to_string();
    let serving = tokio::spawn(bound.serve());
    for (sent, expected) in [
        ("PING\r\n", "+PONG\r\n"),
        (
            "CALL helloworld.Hello/Hello {\"msg\":\"you and me\"}\n",
            "$26\r\n{\"msg\":\"Hello you and me\"}\r\n",
        ),
        (
            "*3\r\n$4\r\nCALL\r\n$22\r\nhelloworld.Hello/Hello\r\n$13\r\n{\"msg\":\"you\"}\r\n*1\r\n$4\r\nPING\r\n",
            "$19\r\n{\"msg\":\"Hello you\"}\r\n+PONG\r\n",
        ),
        (
            "CALL helloworld.Hello/Hello {}\n",
            "-INVALID_ARGUMENT there is nobody to greet: msg is empty\r\n",
        ),
        (
            "*0\r\n",
            "-ERR the commands are CALL path json, and PING\r\n",
        ),
        (
            "*1\r\n$9999999999\r\n",
            "-ERR the command is over max_message_size\r\n",
        ),
        (
            "*1\r\n$4\r\nPI",
            "-ERR the connection ended within a command\r\n",
        ),
        ("*17\r\n", "-ERR a command has at most 16 words\r\n"),
    ] {
        assert_eq!(answer(&address, sent).await, expected, "{sent}");
    }
    let hello = HelloAsyncClientProxy::connect(&address).await.unwrap();
    let request = HelloRequest { msg: "you".into() };
    assert_eq!(hello.hello(request).await.unwrap().msg, "Hello you");
    serving.abort();
}
