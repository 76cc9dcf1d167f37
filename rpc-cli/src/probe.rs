//! Finds out by trying which protocols a server speaks.

use std::time::Duration;

use futures_util::future::join_all;
use rpc_runtime::{Code, Stage, Status};

use crate::client::{Client, Outgoing, Protocol, Requests, Route, ServerArgs, Target};
use crate::health;

/// How long a server has to answer in a protocol.
const PATIENCE: Duration = Duration::from_secs(2);

/// The protocols that are tried, the most telling first.
const PROTOCOLS: [Protocol; 4] = [
    Protocol::Rpc,
    Protocol::Grpc,
    Protocol::Http,
    Protocol::JsonRpc,
];

/// The ways in which the server of `target` answers. Certificates are not checked for this: nothing is sent but
/// questions after the server's health. None for Unix sockets, whose targets have no scheme.
pub(crate) async fn spoken(target: &Target, args: &ServerArgs) -> Vec<Target> {
    if let Route::Unix(_) = target.route {
        return Vec::new();
    }
    let args = ServerArgs {
        connect_timeout: args.connect_timeout.min(PATIENCE),
        insecure: true,
        ca: None,
        headers: Vec::new(),
        ..args.clone()
    };
    let plain = PROTOCOLS.map(|protocol| target.by(protocol, false));
    let by_tls = PROTOCOLS.map(|protocol| target.by(protocol, true));
    let candidates = plain.into_iter().chain(by_tls);
    // JSON-RPC goes without TLS.
    let candidates =
        candidates.filter(|target| !(target.by_tls && target.protocol == Protocol::JsonRpc));
    let tried = candidates.map(async |target| {
        let answers = tokio::time::timeout(PATIENCE, answers(&target, &args)).await;
        answers.unwrap_or(false).then_some(target)
    });
    join_all(tried).await.into_iter().flatten().collect()
}

/// Whether the server answers this way.
async fn answers(target: &Target, args: &ServerArgs) -> bool {
    let Ok(Ok(client)) = Client::try_connect(target, args).await else {
        return false;
    };
    let answered = match target.protocol {
        // Connecting took the protocol.
        Protocol::Rpc | Protocol::Grpc => true,
        Protocol::Http | Protocol::JsonRpc | Protocol::JsonRpcHttp => {
            is_answer(&ask(&client).await)
        }
    };
    client.close().await;
    answered
}

async fn ask(client: &Client) -> Result<(), Status> {
    let method = health::check_method()?;
    let call = Outgoing {
        method: method.descriptor(),
        requests: Requests::One(method.encode(b"{}", client.format())?),
        format: client.format(),
        metadata: rpc_runtime::Metadata::new(),
        timeout: Some(PATIENCE),
    };
    client.call(call).await.map(|_| ())
}

/// Whether somebody has understood the question. What a web server says that knows no such calls is not enough, unless
/// it only knows no such path.
pub(crate) fn is_answer(outcome: &Result<(), Status>) -> bool {
    use Code::{DeadlineExceeded, Internal, Unavailable, Unknown};
    match outcome {
        Ok(()) => true,
        Err(status) => {
            let code = status.code();
            status.stage() == Some(Stage::Wait)
                && !matches!(code, DeadlineExceeded | Internal | Unavailable | Unknown)
        }
    }
}
