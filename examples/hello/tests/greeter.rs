//! The service without a network: a proxy can call an implementation in its own process.

use hello::Greeter;
use hello::hello::{HelloClientProxy, HelloRequest};
use rpc_runtime::Code;

#[test]
fn whoever_is_named_is_greeted() {
    let hello = HelloClientProxy::local(Greeter);
    let reply = hello
        .hello(HelloRequest {
            msg: "world".into(),
        })
        .unwrap();
    assert_eq!(reply.msg, "Hello world");
}

#[test]
fn nobody_cannot_be_greeted() {
    let hello = HelloClientProxy::local(Greeter);
    let status = hello.hello(HelloRequest::default()).unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}
