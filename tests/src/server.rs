//! A server around the probe.

use std::net::SocketAddr;

use rpc_runtime::{Channel, ListenAddress, Protocol, Server, ShutdownReport};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::probe::ProbeAsyncClientProxy;
use crate::{RawPeer, TestProbe};

/// The same server, which answers no protocol over HTTP.
pub fn without_http(server: Server) -> Server {
    use Protocol::{Grpc, GrpcWeb, Http, JsonRpc};
    let over_http = [Grpc, GrpcWeb, Http, JsonRpc];
    over_http.into_iter().fold(server, Server::without)
}

/// A server that listens on 127.0.0.1, or elsewhere, and serves a [`TestProbe`]. Dropped, it is
/// killed.
pub struct TestServer {
    /// The handle to what it serves.
    pub probe: TestProbe,
    target: String,
    shutdown: Option<oneshot::Sender<()>>,
    task: JoinHandle<ShutdownReport>,
}

impl TestServer {
    /// A server with the defaults on a free port.
    pub async fn start() -> Self {
        Self::start_with(|server| server).await
    }

    /// A server on a free port, configured by the test.
    pub async fn start_with(configure: impl FnOnce(Server) -> Server) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), configure).await
    }

    /// A server on a given address, such as that of one that was killed.
    pub async fn start_at(
        address: impl Into<ListenAddress>,
        configure: impl FnOnce(Server) -> Server,
    ) -> Self {
        let probe = TestProbe::new();
        let server = configure(Server::new().service(probe.clone()));
        let bound = server.bind(address).await.expect("the address is free");
        let target = bound.target();
        let (shutdown, signal) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let signal = async { signal.await.unwrap_or(()) };
            bound
                .serve_with_shutdown(signal)
                .await
                .expect("serving has no errors")
        });
        TestServer {
            probe,
            target,
            shutdown: Some(shutdown),
            task,
        }
    }

    /// Where it listens, if that is on TCP.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub fn socket_addr(&self) -> SocketAddr {
        let address = self.target.trim_start_matches("rpcs://");
        address.parse().expect("it listens on TCP")
    }

    /// Where it listens, as a target.
    pub fn address(&self) -> String {
        self.target.clone()
    }

    /// A proxy on the connection that is shared within the runtime, which is open.
    pub async fn client(&self) -> ProbeAsyncClientProxy {
        ProbeAsyncClientProxy::connect(self.address())
            .await
            .expect("the server listens")
    }

    /// A proxy whose calls share one connection, however many there are.
    pub async fn client_of_one_connection(&self) -> ProbeAsyncClientProxy {
        let builder = Channel::builder(self.address()).max_connections(1);
        let channel = builder.connect().await.expect("the server listens");
        ProbeAsyncClientProxy::with(channel)
    }

    /// A round trip of another client: on a runtime with one thread, the server has read by then
    /// what was sent before, and done what there was to do.
    pub async fn settle(&self) {
        RawPeer::client(self.socket_addr()).await;
    }

    /// Tells the server to shut down, without waiting.
    pub fn begin_shutdown(&mut self) {
        if let Some(shutdown) = self.shutdown.take() {
            // Whoever was killed does not listen any more.
            let _ = shutdown.send(());
        }
    }

    /// Tells the server to shut down, and waits until it has.
    pub async fn shut_down(mut self) -> ShutdownReport {
        self.begin_shutdown();
        let ended = (&mut self.task).await;
        ended.expect("the server does not panic")
    }

    /// Ends the server and its connections without a word to anybody, and waits until it is gone.
    pub async fn kill(mut self) {
        self.task.abort();
        let ended = (&mut self.task).await;
        assert!(
            ended.is_err_and(|error| error.is_cancelled()),
            "the server ended by itself"
        );
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
