//! A server with clients who must not notice an attacker, and the attacker's socket.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::client::SendRequest;
use rpc_runtime::Server;
use rpc_tests::{Bystander, JsonRpcPeer, LIMIT, TestServer, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Runs an attack beside a native client in the middle of a call, and one who speaks JSON-RPC.
pub(crate) async fn survives(
    configure: impl FnOnce(Server) -> Server,
    attack: impl AsyncFnOnce(&TestServer),
) {
    let bystander = Bystander::start(configure).await;
    let mut other = JsonRpcPeer::connect(bystander.server.socket_addr()).await;
    within(LIMIT, other.call("Probe.Echo", "{}")).await;
    within(LIMIT, attack(&bystander.server)).await;
    within(LIMIT, other.call("Probe.Echo", "{}")).await;
    bystander.noticed_nothing().await;
}

/// A connection in the hands of an attacker.
pub(crate) struct Attacker(TcpStream);

impl Attacker {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Attacker(TcpStream::connect(address).await.unwrap())
    }

    /// Sends bytes; false if the server takes no more.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends the same for ever, until the server has closed.
    pub(crate) async fn flood(mut self, bytes: impl AsRef<[u8]>) {
        let (mut reader, mut writer) = self.0.split();
        let sending = async { while writer.write_all(bytes.as_ref()).await.is_ok() {} };
        let mut ignored = vec![0; 64 * 1024];
        let reading = async { while matches!(reader.read(&mut ignored).await, Ok(1..)) {} };
        tokio::select! {
            () = sending => {}
            () = reading => {}
        }
    }

    /// What the server says until it closes.
    pub(crate) async fn rest(mut self) -> String {
        let mut said = Vec::new();
        // It may be cut off by what was sent and not read.
        let _ = self.0.read_to_end(&mut said).await;
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Some of what the server says; nothing if it has closed.
    pub(crate) async fn some(&mut self) -> String {
        let mut said = vec![0; 64 * 1024];
        let read = self.0.read(&mut said).await.unwrap_or(0);
        String::from_utf8_lossy(&said[..read]).into_owned()
    }
}

/// A client who keeps the rules of HTTP/2, on one connection. A response that is not read holds up no other.
pub(crate) async fn http2(address: SocketAddr) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut builder = h2::client::Builder::new();
    builder.initial_connection_window_size(64 * 1024 * 1024);
    let (send, connection) = builder.handshake(stream).await.unwrap();
    tokio::spawn(async move {
        // Its requests see how it ends.
        let _ = connection.await;
    });
    send
}

/// Posts a body; gives the response as far as its headers.
pub(crate) async fn post(
    client: &SendRequest<Bytes>,
    path: &str,
    content_type: &str,
    body: impl Into<Bytes>,
) -> http::Response<h2::RecvStream> {
    let request = http::Request::post(format!("http://localhost{path}"))
        .header("content-type", content_type)
        .body(())
        .unwrap();
    let client = client.clone().ready().await;
    let (response, mut sending) = client.unwrap().send_request(request, false).unwrap();
    sending.send_data(body.into(), true).unwrap();
    response.await.unwrap()
}

/// All of a body.
pub(crate) async fn body(mut response: http::Response<h2::RecvStream>) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(data) = response.body_mut().data().await {
        let data = data.unwrap();
        let flow = response.body_mut().flow_control();
        flow.release_capacity(data.len()).unwrap();
        body.extend_from_slice(&data);
    }
    body
}
