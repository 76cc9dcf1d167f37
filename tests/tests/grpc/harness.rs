//! What the tests have in common.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request};
use rpc_runtime::Server;
use rpc_tests::{TestFlows, TestServer, TestStreams};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};

pub(crate) use crate::protos::flows::flows_client::FlowsClient;
pub(crate) use crate::protos::probe::probe_client::ProbeClient;
pub(crate) use crate::protos::streams::streams_client::StreamsClient;

/// A server of all test services, and clients of it on one connection.
pub(crate) struct Grpc {
    pub(crate) server: TestServer,
    pub(crate) flows_service: TestFlows,
    pub(crate) probe: ProbeClient<Channel>,
    pub(crate) streams: StreamsClient<Channel>,
    pub(crate) flows: FlowsClient<Channel>,
}

impl Grpc {
    pub(crate) async fn start() -> Self {
        Self::start_with(|server| server).await
    }

    /// With a server that the test configures.
    pub(crate) async fn start_with(configure: impl FnOnce(Server) -> Server) -> Self {
        let flows_service = TestFlows::default();
        let service = flows_service.clone();
        let server = TestServer::start_with(|server| {
            configure(server)
                .service(TestStreams::default())
                .service(service)
        });
        let server = server.await;
        let channel = connect(&server).await;
        Grpc {
            flows_service,
            probe: ProbeClient::new(channel.clone()),
            streams: StreamsClient::new(channel.clone()),
            flows: FlowsClient::new(channel),
            server,
        }
    }
}

/// One connection of tonic's.
pub(crate) async fn connect(server: &TestServer) -> Channel {
    let target = format!("http://{}", server.socket_addr());
    let endpoint = Endpoint::from_shared(target).unwrap();
    endpoint.connect().await.unwrap()
}

/// A client that keeps no rule but the test's own, on one connection.
pub(crate) struct RawGrpc {
    send: SendRequest<Bytes>,
    driver: JoinHandle<()>,
}

/// A response that is awaited.
pub(crate) struct Pending {
    response: Option<ResponseFuture>,
    reading: Option<Pin<Box<dyn Future<Output = Reply> + Send>>>,
}

/// A response that was read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    http_status: http::StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
}

impl RawGrpc {
    pub(crate) async fn connect(server: &TestServer) -> Self {
        Self::try_connect(server).await.unwrap()
    }

    pub(crate) async fn try_connect(server: &TestServer) -> Result<Self, h2::Error> {
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(8 * 1024 * 1024);
        builder.initial_connection_window_size(64 * 1024 * 1024);
        Self::connect_as(server, &builder).await
    }

    /// A client that takes no replies beyond the smallest window.
    pub(crate) async fn connect_unread(server: &TestServer) -> Self {
        let builder = h2::client::Builder::new();
        Self::connect_as(server, &builder).await.unwrap()
    }

    async fn connect_as(
        server: &TestServer,
        builder: &h2::client::Builder,
    ) -> Result<Self, h2::Error> {
        let stream = TcpStream::connect(server.socket_addr()).await.unwrap();
        let (send, connection) = builder.handshake(stream).await?;
        let driver = tokio::spawn(async move {
            // Tests see what becomes of their calls.
            let _ = connection.await;
        });
        Ok(RawGrpc { send, driver })
    }

    /// Begins a call whose request is yet to be sent.
    pub(crate) fn begin(
        &self,
        path: &str,
        headers: &[(&'static str, &'static str)],
    ) -> (Pending, SendStream<Bytes>) {
        self.try_begin(request(path, headers)).unwrap()
    }

    fn try_begin(&self, request: Request<()>) -> Result<(Pending, SendStream<Bytes>), h2::Error> {
        let (response, body) = self.send.clone().send_request(request, false)?;
        let pending = Pending {
            response: Some(response),
            reading: None,
        };
        Ok((pending, body))
    }

    /// Begins a call with one message.
    pub(crate) fn begin_whole(
        &self,
        path: &str,
        headers: &[(&'static str, &'static str)],
        message: &[u8],
    ) -> Pending {
        let (pending, mut body) = self.begin(path, headers);
        body.send_data(prefixed(message), true).unwrap();
        pending
    }

    /// A call with one message.
    pub(crate) async fn call(
        &self,
        path: &str,
        headers: &[(&'static str, &'static str)],
        message: &[u8],
    ) -> Reply {
        self.begin_whole(path, headers, message).await
    }

    /// As [`call`](Self::call), unless the connection is of no use.
    pub(crate) async fn try_call(&self, path: &str, message: &[u8]) -> Result<Reply, h2::Error> {
        let (pending, mut body) = self.try_begin(request(path, &[]))?;
        body.send_data(prefixed(message), true)?;
        pending.read().await
    }

    /// A call with any bytes in place of messages.
    pub(crate) async fn call_body(
        &self,
        path: &str,
        headers: &[(&'static str, &'static str)],
        bytes: &[u8],
    ) -> Reply {
        self.send(request(path, headers), bytes).await
    }

    /// Any request.
    pub(crate) async fn send(&self, request: Request<()>, bytes: &[u8]) -> Reply {
        let (pending, mut body) = self.try_begin(request).unwrap();
        let data = Bytes::copy_from_slice(bytes);
        body.send_data(data, true).unwrap();
        pending.await
    }

    /// Waits until the server has closed the connection.
    pub(crate) async fn closed(&mut self) {
        (&mut self.driver).await.unwrap();
    }

    /// Closes the connection without a word.
    pub(crate) async fn cut(self) {
        self.driver.abort();
        assert!(self.driver.await.is_err());
    }
}

/// A call of gRPC. Headers that are given take the place of the usual ones.
fn request(path: &str, headers: &[(&'static str, &'static str)]) -> Request<()> {
    let mut request = Request::post(format!("http://localhost{path}"));
    for (name, value) in [("content-type", "application/grpc"), ("te", "trailers")] {
        if headers.iter().all(|(given, _)| *given != name) {
            request = request.header(name, value);
        }
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

/// A message behind its prefix.
fn prefixed(message: &[u8]) -> Bytes {
    let mut bytes = vec![0];
    bytes.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(message);
    bytes.into()
}

impl Pending {
    /// The headers, when they are there.
    pub(crate) async fn head(mut self) -> http::Response<RecvStream> {
        self.response.take().unwrap().await.unwrap()
    }

    async fn read(mut self) -> Result<Reply, h2::Error> {
        read(self.response.take().unwrap()).await
    }
}

async fn read(response: ResponseFuture) -> Result<Reply, h2::Error> {
    let (head, mut stream) = response.await?.into_parts();
    let mut body = Vec::new();
    while let Some(data) = stream.data().await {
        let data = data?;
        stream.flow_control().release_capacity(data.len())?;
        body.extend_from_slice(&data);
    }
    Ok(Reply {
        http_status: head.status,
        headers: head.headers,
        body,
        trailers: stream.trailers().await?,
    })
}

impl Future for Pending {
    type Output = Reply;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reply> {
        if let Some(response) = self.response.take() {
            let reading = async { read(response).await.unwrap() };
            self.reading = Some(Box::pin(reading));
        }
        self.reading.as_mut().unwrap().as_mut().poll(cx)
    }
}

impl Reply {
    pub(crate) fn http_status(&self) -> u16 {
        self.http_status.as_u16()
    }

    fn last_word(&self, name: &str) -> &str {
        let trailers = self.trailers.as_ref().unwrap_or(&self.headers);
        trailers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The `grpc-status`.
    pub(crate) fn status(&self) -> &str {
        self.last_word("grpc-status")
    }

    /// The `grpc-message`, as it is written.
    pub(crate) fn message(&self) -> &str {
        self.last_word("grpc-message")
    }

    /// The messages, none of which is compressed.
    pub(crate) fn messages(&self) -> Vec<Vec<u8>> {
        let (mut rest, mut messages) = (&self.body[..], Vec::new());
        while let [0, a, b, c, d, after @ ..] = rest {
            let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            messages.push(after[..length].to_vec());
            rest = &after[length..];
        }
        assert!(rest.is_empty());
        messages
    }
}
