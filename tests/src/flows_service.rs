//! A service of streams that a test can stop and watch.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use rpc_runtime::{Code, Context, Server, Status, Streaming, rpc_service};
use tokio::sync::watch;

use crate::TestServer;
use crate::flows::{Flows, FlowsAsyncClientProxy, Order, Piece, Total};

/// The implementation of `Flows`, and the test's handle to it: clones share everything.
#[derive(Clone)]
pub struct TestFlows {
    flow: Arc<watch::Sender<Flow>>,
    /// Pieces that all calls of `Consume` together may take.
    permits: Arc<watch::Sender<u64>>,
}

/// What went through the service.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// Handlers that were started.
    pub started: usize,
    /// Handlers and streams of replies that are alive.
    pub alive: usize,
    /// Handlers of `Ignore` that were started.
    pub ignoring: usize,
    /// Pieces that were made.
    pub produced: u64,
    /// Pieces that were taken.
    pub consumed: u64,
    /// How streams of requests ended that were read to their end.
    pub ends: Vec<Code>,
    /// The time that each call had left when it was started.
    pub remaining: Vec<Option<Duration>>,
}

impl Default for TestFlows {
    fn default() -> Self {
        TestFlows {
            flow: Arc::default(),
            permits: Arc::new(watch::Sender::new(u64::MAX)),
        }
    }
}

impl TestFlows {
    /// A server of this service and a probe, and a client with an open connection to it.
    pub async fn serve() -> (TestServer, TestFlows, FlowsAsyncClientProxy) {
        Self::serve_with(|server| server).await
    }

    /// The same with a server that the test configures.
    pub async fn serve_with(
        configure: impl FnOnce(Server) -> Server,
    ) -> (TestServer, TestFlows, FlowsAsyncClientProxy) {
        let flows = TestFlows::default();
        let service = flows.clone();
        let server = TestServer::start_with(|server| configure(server).service(service)).await;
        let client = FlowsAsyncClientProxy::connect(server.address()).await;
        (server, flows, client.expect("the server listens"))
    }

    /// What has gone through so far.
    pub fn flow(&self) -> Flow {
        self.flow.borrow().clone()
    }

    /// Waits until the flow is as `wanted`.
    pub async fn until(&self, wanted: impl FnMut(&Flow) -> bool) -> Flow {
        let mut flow = self.flow.subscribe();
        let reached = flow.wait_for(wanted).await;
        reached.expect("the service holds the sender").clone()
    }

    /// Waits until no handler and no stream of replies is left.
    pub async fn until_idle(&self) -> Flow {
        self.until(|flow| flow.alive == 0).await
    }

    /// Lets calls of `Consume` take `pieces` in all, in place of any number.
    pub fn permit(&self, pieces: u64) {
        self.permits.send_replace(pieces);
    }

    async fn permitted(&self) {
        let mut permits = self.permits.subscribe();
        let consumed = || self.flow.borrow().consumed;
        let reached = permits.wait_for(|permits| *permits > consumed()).await;
        reached.expect("the service holds the sender");
    }

    /// Notes that a handler runs, until what is returned is dropped.
    fn enter(&self, cx: &Context) -> Alive {
        self.flow.send_modify(|flow| {
            flow.started += 1;
            flow.alive += 1;
            flow.remaining.push(cx.remaining());
        });
        Alive(Arc::clone(&self.flow))
    }

    /// Adds up a stream to its end. A piece that says "no" is an error.
    async fn add_up(&self, mut pieces: Streaming<Piece>) -> Result<Total, Status> {
        let mut total = Total::default();
        loop {
            self.permitted().await;
            let piece = pieces.message().await;
            let end = match &piece {
                Ok(Some(_)) => None,
                Ok(None) => Some(Code::Ok),
                Err(status) => Some(status.code()),
            };
            self.flow.send_modify(|flow| {
                flow.consumed += u64::from(end.is_none());
                flow.ends.extend(end);
            });
            match piece? {
                Some(piece) if piece.data == "no" => {
                    return Err(Status::failed_precondition("it said no"));
                }
                Some(piece) => {
                    total.pieces += 1;
                    total.bytes += piece.data.len() as u64;
                }
                None => return Ok(total),
            }
        }
    }
}

/// A handler or a stream of replies.
struct Alive(Arc<watch::Sender<Flow>>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.send_modify(|flow| flow.alive -= 1);
    }
}

/// The pieces of an order.
struct Pieces {
    alive: Alive,
    cx: Context,
    order: Order,
    made: u64,
    data: Bytes,
}

impl Stream for Pieces {
    type Item = Result<Piece, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        if self.made < self.order.pieces {
            self.made += 1;
            self.alive.0.send_modify(|flow| flow.produced += 1);
            let data = self.data.clone();
            return Poll::Ready(Some(Ok(Piece { data })));
        }
        let trailers = self.cx.metadata().clone();
        Poll::Ready(match Code::from_value(self.order.code) {
            Code::Ok => {
                self.cx.set_reply_metadata(trailers);
                None
            }
            code => {
                let status = Status::new(code, "as ordered");
                Some(Err(status.with_metadata(trailers)))
            }
        })
    }
}

/// A stream of replies that is alive as long as its call.
struct Echo {
    pieces: Streaming<Piece>,
    _alive: Alive,
}

impl Stream for Echo {
    type Item = Result<Piece, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.pieces).poll_next(cx)
    }
}

/// A piece of some bytes.
pub fn piece(data: impl Into<Bytes>) -> Piece {
    Piece { data: data.into() }
}

#[rpc_service]
impl Flows for TestFlows {
    async fn produce(
        &self,
        cx: Context,
        order: Order,
    ) -> Result<impl Stream<Item = Result<Piece, Status>> + Send + 'static, Status> {
        cx.set_reply_metadata(cx.metadata().clone());
        Ok(Pieces {
            alive: self.enter(&cx),
            cx,
            data: vec![b'p'; order.size as usize].into(),
            order,
            made: 0,
        })
    }

    async fn consume(&self, cx: Context, pieces: Streaming<Piece>) -> Result<Total, Status> {
        let _alive = self.enter(&cx);
        cx.set_reply_metadata(cx.metadata().clone());
        self.add_up(pieces).await
    }

    async fn converse(
        &self,
        cx: Context,
        pieces: Streaming<Piece>,
    ) -> Result<impl Stream<Item = Result<Piece, Status>> + Send + 'static, Status> {
        cx.set_reply_metadata(cx.metadata().clone());
        let _alive = self.enter(&cx);
        Ok(Echo { pieces, _alive })
    }

    async fn delegate(&self, cx: Context, pieces: Streaming<Piece>) -> Result<Total, Status> {
        let alive = self.enter(&cx);
        let service = self.clone();
        tokio::spawn(async move {
            let _alive = alive;
            // How it ended is noted in the flow.
            let _ = service.add_up(pieces).await;
        });
        std::future::pending().await
    }
    async fn ignore(&self, cx: Context, pieces: Streaming<Piece>) -> Result<Total, Status> {
        let _alive = (self.enter(&cx), pieces);
        self.flow.send_modify(|flow| flow.ignoring += 1);
        std::future::pending().await
    }
}
