//! What the service answers.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use one_port::Greeter;
use one_port::hello::{HelloClientProxy, HelloRequest, RepeatRequest};
use rpc_runtime::Code;

#[test]
fn people_are_greeted_once_or_more_often() {
    let hello = HelloClientProxy::local(Greeter);
    let once = hello.hello(HelloRequest { msg: "you".into() });
    assert_eq!(once.unwrap().msg, "Hello you");
    let nobody = hello.hello(HelloRequest::default());
    assert_eq!(nobody.unwrap_err().code(), Code::InvalidArgument);
    let often = hello.repeat(RepeatRequest {
        msg: "you".into(),
        times: 2,
    });
    let greetings: Vec<_> = often.unwrap().map(|reply| reply.unwrap().msg).collect();
    assert_eq!(greetings, ["Hello you", "Hello you"]);
}
