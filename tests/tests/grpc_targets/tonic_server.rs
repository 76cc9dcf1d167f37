//! A server of tonic's.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use rpc_runtime::{Channel, ChannelBuilder};
use rpc_tests::probe::ProbeAsyncClientProxy;
use rpc_tests::streams::StreamsAsyncClientProxy;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_stream::{Stream, StreamExt};
use tonic::codec::CompressionEncoding;
use tonic::metadata::KeyAndValueRef;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use crate::protos::probe::probe_server::{Probe, ProbeServer};
use crate::protos::probe::{Failure, Panics, Payload, Seen, Size};
use crate::protos::streams::streams_server::{Streams, StreamsServer};
use crate::protos::streams::{Chunk, CountRequest, Number};

type Replies<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// A server on a free port, which is killed when it is dropped, and the handle to its services.
pub(crate) struct TonicServer {
    pub(crate) address: SocketAddr,
    pub(crate) service: Service,
    task: JoinHandle<()>,
}

impl TonicServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(|server| server).await
    }

    /// With a server that the test configures.
    pub(crate) async fn start_with(configure: impl FnOnce(Server) -> Server) -> Self {
        Self::serve(configure, |probe| probe).await
    }

    /// Which compresses its replies, and takes compressed requests.
    pub(crate) async fn start_compressing() -> Self {
        let with_gzip = |probe: ProbeServer<Service>| {
            let gzip = CompressionEncoding::Gzip;
            probe.accept_compressed(gzip).send_compressed(gzip)
        };
        Self::serve(|server| server, with_gzip).await
    }

    async fn serve(
        configure: impl FnOnce(Server) -> Server,
        with: impl FnOnce(ProbeServer<Service>) -> ProbeServer<Service>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = Service::default();
        let serving = configure(Server::builder())
            .add_service(with(ProbeServer::new(service.clone())))
            .add_service(StreamsServer::new(service.clone()))
            .serve_with_incoming(TcpIncoming::from(listener));
        TonicServer {
            address,
            service,
            task: tokio::spawn(async move { serving.await.unwrap() }),
        }
    }

    pub(crate) fn target(&self) -> String {
        format!("grpc://{}", self.address)
    }

    pub(crate) fn channel(&self) -> ChannelBuilder {
        Channel::builder(self.target())
    }

    pub(crate) async fn probe(&self) -> ProbeAsyncClientProxy {
        let proxy = ProbeAsyncClientProxy::connect(self.target()).await;
        proxy.unwrap()
    }

    pub(crate) async fn streams(&self) -> StreamsAsyncClientProxy {
        let proxy = StreamsAsyncClientProxy::connect(self.target()).await;
        proxy.unwrap()
    }
}

impl Drop for TonicServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the test asks of the service, and sees of it.
#[derive(Clone, Default)]
pub(crate) struct Service(Arc<State>);

#[derive(Default)]
struct State {
    running: watch::Sender<usize>,
    released: watch::Sender<bool>,
}

/// A handler that runs.
struct Running(Service);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.running.send_modify(|running| *running -= 1);
    }
}

impl Service {
    fn enter(&self) -> Running {
        self.0.running.send_modify(|running| *running += 1);
        Running(self.clone())
    }

    /// Waits until so many handlers run.
    pub(crate) async fn until_running(&self, wanted: usize) {
        let mut running = self.0.running.subscribe();
        running
            .wait_for(|running| *running == wanted)
            .await
            .unwrap();
    }

    /// Lets every call of `Hold` go on, those to come as well.
    pub(crate) fn release_all(&self) {
        self.0.released.send_replace(true);
    }
}

/// A response with the metadata that came with the request.
fn with_metadata<T, R>(request: &Request<T>, reply: R) -> Response<R> {
    let mut response = Response::new(reply);
    for entry in request.metadata().iter() {
        match entry {
            KeyAndValueRef::Ascii(key, value) if key.as_str().starts_with("x-") => {
                response.metadata_mut().append(key, value.clone());
            }
            KeyAndValueRef::Binary(key, value) => {
                response.metadata_mut().append_bin(key, value.clone());
            }
            KeyAndValueRef::Ascii(..) => {}
        }
    }
    response
}

#[tonic::async_trait]
impl Probe for Service {
    async fn echo(&self, request: Request<Payload>) -> Result<Response<Payload>, Status> {
        let reply = request.get_ref().clone();
        Ok(with_metadata(&request, reply))
    }

    async fn hold(&self, request: Request<Payload>) -> Result<Response<Payload>, Status> {
        let _running = self.enter();
        let mut released = self.0.released.subscribe();
        released.wait_for(|released| *released).await.unwrap();
        Ok(Response::new(request.into_inner()))
    }

    async fn fail(&self, request: Request<Failure>) -> Result<Response<()>, Status> {
        let metadata = with_metadata(&request, ()).metadata().clone();
        let failure = request.into_inner();
        Err(Status::with_details_and_metadata(
            tonic::Code::from_i32(failure.code as i32),
            failure.message,
            failure.details,
            metadata,
        ))
    }

    async fn inspect(&self, request: Request<()>) -> Result<Response<Seen>, Status> {
        let metadata = request.metadata().iter().filter_map(|entry| match entry {
            KeyAndValueRef::Ascii(key, value) => {
                Some((key.to_string(), value.to_str().ok()?.to_owned()))
            }
            KeyAndValueRef::Binary(..) => None,
        });
        Ok(Response::new(Seen {
            metadata: metadata.collect(),
            ..Seen::default()
        }))
    }

    async fn produce(&self, request: Request<Size>) -> Result<Response<Payload>, Status> {
        let data = Bytes::from(vec![b'x'; request.get_ref().bytes as usize]);
        Ok(Response::new(Payload { data }))
    }

    async fn panic(&self, _: Request<Panics>) -> Result<Response<()>, Status> {
        Err(Status::unimplemented("nobody panics here"))
    }

    type SubscribeStream = Replies<Payload>;

    async fn subscribe(
        &self,
        request: Request<Size>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let running = self.enter();
        let data = Bytes::from(vec![b'x'; request.get_ref().bytes as usize]);
        let payloads = tokio_stream::iter(std::iter::repeat(Payload { data }));
        let replies = payloads.map(move |payload| {
            let _running = &running;
            Ok(payload)
        });
        Ok(Response::new(Box::pin(replies)))
    }
}

#[tonic::async_trait]
impl Streams for Service {
    type CountStream = Replies<Number>;

    async fn count(
        &self,
        request: Request<CountRequest>,
    ) -> Result<Response<Self::CountStream>, Status> {
        let running = self.enter();
        let CountRequest {
            up_to, code, hangs, ..
        } = *request.get_ref();
        let numbers = tokio_stream::iter((1..=up_to).map(|value| Ok(Number { value })));
        let end = match tonic::Code::from_i32(code as i32) {
            tonic::Code::Ok => None,
            code => Some(Err(Status::new(code, "counted far enough"))),
        };
        let rest: Replies<Number> = match hangs {
            true => Box::pin(tokio_stream::pending()),
            false => Box::pin(tokio_stream::iter(end)),
        };
        let replies = numbers.chain(rest).map(move |reply| {
            let _running = &running;
            reply
        });
        Ok(with_metadata(&request, Box::pin(replies)))
    }

    async fn sum(&self, request: Request<Streaming<Number>>) -> Result<Response<Number>, Status> {
        let _running = self.enter();
        let mut sum = 0;
        let mut numbers = request.into_inner();
        while let Some(number) = numbers.message().await? {
            if number.value == u64::MAX {
                return Err(Status::out_of_range("too large to add"));
            }
            sum += number.value;
        }
        Ok(Response::new(Number { value: sum }))
    }

    type ChatStream = Replies<Chunk>;

    async fn chat(
        &self,
        request: Request<Streaming<Chunk>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Ok(Response::new(Box::pin(request.into_inner())))
    }
}
