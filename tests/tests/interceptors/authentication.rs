//! Servers that want to know who calls, and clients that say so.

use rpc_runtime::middleware::{Authenticate, Caller, Credentials};
use rpc_runtime::{Channel, Code, Context, Server, Status, rpc_service};
use rpc_tests::probe::{Payload, Probe, ProbeAsyncClientProxy};
use rpc_tests::{LIMIT, within};

use crate::harness::payload;

/// Answers with the caller's name, and whether the secret can be seen.
struct WhoAmI;

#[rpc_service(unimplemented)]
impl Probe for WhoAmI {
    async fn echo(&self, cx: Context, _request: Payload) -> Result<Payload, Status> {
        let name = cx.extension::<Caller>().map_or("", Caller::name);
        let secrets = cx.metadata().len();
        Ok(payload(format!("{name}, {secrets} secrets")))
    }
}

/// What a client with these credentials is told by a server that asks for some.
async fn ask(
    authenticate: Authenticate,
    credentials: Option<Credentials>,
) -> Result<Payload, Status> {
    let server = Server::new().service(WhoAmI).intercept(authenticate);
    let bound = server.bind("127.0.0.1:0").await.unwrap();
    let channel = Channel::builder(bound.target());
    let channel = match credentials {
        Some(credentials) => channel.intercept(credentials),
        None => channel,
    };
    let serving = tokio::spawn(bound.serve());
    let channel = channel.connect().await.unwrap();
    let reply = ProbeAsyncClientProxy::with(channel).echo(payload("")).await;
    serving.abort();
    reply
}

fn tokens() -> Authenticate {
    Authenticate::bearer([("ann", "one"), ("bob", "two")])
}

fn keys() -> Authenticate {
    Authenticate::api_key_in("x-key", [("ann", "one")])
}

#[tokio::test]
async fn a_caller_with_a_known_secret_has_a_name_and_the_secret_goes_no_further() {
    within(LIMIT, async {
        let reply = ask(tokens(), Some(Credentials::bearer("two"))).await;
        assert_eq!(reply.unwrap(), payload("bob, 0 secrets"));
        let reply = ask(keys(), Some(Credentials::api_key_in("x-key", "one"))).await;
        assert_eq!(reply.unwrap(), payload("ann, 0 secrets"));
    })
    .await;
}

#[tokio::test]
async fn whoever_has_none_or_another_one_is_refused_without_having_run() {
    within(LIMIT, async {
        for (authenticate, credentials) in [
            (tokens(), None),
            (tokens(), Some(Credentials::bearer("three"))),
            (tokens(), Some(Credentials::api_key("one"))),
            (keys(), Some(Credentials::api_key_in("x-key", "two"))),
        ] {
            let status = ask(authenticate, credentials).await.unwrap_err();
            assert_eq!(status.code(), Code::Unauthenticated, "{status}");
            assert!(!status.may_have_run());
        }
    })
    .await;
}

#[tokio::test]
async fn services_that_are_excepted_are_open_to_all() {
    within(LIMIT, async {
        let reply = ask(tokens().except("probe.Probe"), None).await;
        assert_eq!(reply.unwrap(), payload(", 0 secrets"));
    })
    .await;
}
