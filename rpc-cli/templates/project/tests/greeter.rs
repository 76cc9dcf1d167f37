//! The service as its clients see it, without a network and with one.

use __name__::Greeter;
use __name__::greeter::{GreetRequest, GreeterServiceAsyncClientProxy, GreeterServiceClientProxy};
use rpc_runtime::{Code, Server};

fn request(name: &str) -> GreetRequest {
    GreetRequest { name: name.into() }
}

#[test]
fn people_are_greeted_by_name() {
    let greeter = GreeterServiceClientProxy::local(Greeter);
    let reply = greeter.greet(request("world")).unwrap();
    assert_eq!(reply.greeting, "Hello world");
}

#[test]
fn nobody_cannot_be_greeted() {
    let greeter = GreeterServiceClientProxy::local(Greeter);
    let status = greeter.greet(request("")).unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn people_are_greeted_over_a_socket() {
    let server = Server::new().service(Greeter).bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string();
    let serving = tokio::spawn(server.serve());
    let greeter = GreeterServiceAsyncClientProxy::connect(&address).await.unwrap();
    let reply = greeter.greet(request("world")).await.unwrap();
    assert_eq!(reply.greeting, "Hello world");
    serving.abort();
}
