//! A connection over HTTP.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use rpc_wire::session::too_many_unread;
use rpc_wire::{Code, INITIAL_STREAM_WINDOW, Metadata, Status};
#[cfg(feature = "jsonrpc")]
use tokio::sync::Semaphore;

use super::budget::{Budget, Exhausted, Share};
use super::dispatch::Dispatch;
use super::drive::{Driven, drive};
use super::executor::{Answered, InlineFirst};
use super::gateway::Services;
use super::io::HttpIo;
use super::prefix::{Version, version};
use super::reply::ReplyBody;
use super::requests::Requests;
use super::upgrade::Upgrade;
use crate::compression::{Compression, Decompression, Received};
use crate::connection::refusal::close;
use crate::connection::server_config::ConnectionConfig;
use crate::server::{CallParts, GatewayConnection, Router};
use crate::transport::PeerIdentity;

/// The algorithm that changes nothing.
pub(crate) const IDENTITY: &str = "identity";

/// Largest window of HTTP/2, in bytes.
const MAX_WINDOW: u32 = i32::MAX as u32;

/// Streams that a client may have begun and reset before the server came to accept them. Few, because
/// a server that accepts as fast as it reads leaves none; over it the connection ends.
const MAX_RESET_STREAMS: usize = 20;

/// Streams that may be reset because of the client's own mistakes before the connection ends.
const MAX_ERROR_STREAMS: usize = 1_024;

/// What there is besides metadata in the headers of a request, in bytes: its path, and what clients say
/// of themselves.
const OTHER_HEADERS: u32 = 8 * 1024;

/// Headers of an HTTP/1.1 request: as many as metadata may have entries.
const MAX_HEADERS: usize = rpc_wire::MAX_METADATA_ENTRIES;

/// What services know of their connection.
pub(crate) struct HttpConnection {
    pub(crate) router: Arc<Router>,
    pub(crate) config: ConnectionConfig,
    peer: Option<SocketAddr>,
    identity: Option<Arc<PeerIdentity>>,
    pub(super) requests: Arc<Requests>,
    /// What is kept of requests that are not whole.
    pub(super) parts: Arc<Budget>,
    /// Replies that wait for the client.
    replies: Arc<Budget>,
    /// Places for calls of which one request has many.
    #[cfg(feature = "jsonrpc")]
    pub(crate) batched: Arc<Semaphore>,
    pub(super) upgrade: Upgrade,
}

impl HttpConnection {
    /// What comes with a call over this connection.
    pub(crate) fn call_parts(&self, metadata: Metadata) -> CallParts {
        CallParts {
            metadata,
            peer: self.peer,
            identity: self.identity.clone(),
            ..CallParts::default()
        }
    }

    /// A share of the replies that wait for the client, which holds nothing yet.
    #[cfg(feature = "jsonrpc")]
    pub(crate) fn reply_share(&self) -> Share {
        self.replies.share()
    }

    /// Has a reply of this size wait for the client until what is given is dropped, or holds another size.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED if the client has left as many unread as it may.
    pub(crate) fn hold_reply(&self, length: usize) -> Result<Share, Status> {
        let mut share = self.replies.share();
        share.hold(length).map_err(unread)?;
        Ok(share)
    }

    /// What requests may be compressed with.
    pub(crate) fn of_requests(&self) -> impl Iterator<Item = Compression> {
        let algorithms = self.config.http_requests.iter().copied();
        algorithms.filter(|algorithm| is_known(algorithm.name()))
    }

    /// What replies may be compressed with, the server's first choice first.
    #[cfg(any(feature = "grpc", feature = "http"))]
    pub(crate) fn of_replies(&self) -> impl Iterator<Item = Compression> {
        let names = self.config.session.settings.compression.iter();
        names
            .filter(|name| is_known(name))
            .filter_map(|name| Compression::from_name(name))
    }

    /// What requests may be compressed with, as headers such as `accept-encoding` list it.
    pub(crate) fn accepted_encodings(&self) -> String {
        let names = self.of_requests().map(Compression::name);
        let names: Vec<_> = names.chain([IDENTITY]).collect();
        names.join(", ")
    }

    /// How requests are decompressed whose algorithm a header calls `name`. `corrupt` is the code of those that cannot
    /// be.
    ///
    /// # Errors
    ///
    /// UNIMPLEMENTED if the server does not support the algorithm.
    pub(crate) fn decompression(
        &self,
        name: Option<&str>,
        corrupt: Code,
    ) -> Result<Decompression, Status> {
        let algorithm = match name.filter(|name| !name.is_empty() && *name != IDENTITY) {
            None => None,
            Some(name) => {
                let known = self.of_requests().find(|known| known.name() == name);
                Some(known.ok_or_else(|| self.not_taken(name))?)
            }
        };
        Ok(Decompression {
            algorithm,
            received: Received::Requests,
            max_message_size: self.max_message_size(),
            max_ratio: self.config.max_compression_ratio,
            corrupt,
        })
    }

    fn not_taken(&self, name: &str) -> Status {
        let accepted = self.accepted_encodings();
        Status::unimplemented(format!(
            "the request is compressed with {name:?}, and the server takes {accepted}; what it takes is set by \
             Server::compression"
        ))
    }

    /// Largest request, in bytes.
    pub(crate) fn max_message_size(&self) -> u64 {
        self.config.session.max_message_size
    }
}

/// Whether clients over HTTP know the algorithm of this name.
fn is_known(name: &str) -> bool {
    ["gzip", "zstd"].contains(&name)
}

/// What is said of a reply that finds no room.
pub(crate) fn unread(exhausted: Exhausted) -> Status {
    let size = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
    too_many_unread(size(exhausted.held), size(exhausted.max))
}

/// Serves a connection until it ends; says why it ended. Dropped, it cancels the calls.
pub(super) async fn serve(services: Arc<Services>, connection: GatewayConnection) -> String {
    let GatewayConnection {
        mut opened,
        peer,
        identity,
        router,
        config,
        mut shutdown,
    } = connection;
    let requests = Arc::new(Requests::new(
        config.session.settings.max_concurrent_streams,
    ));
    let write_timeout = config.write_timeout;
    let session = &config.session;
    #[cfg(feature = "jsonrpc")]
    let batched = Semaphore::new(session.settings.max_concurrent_streams as usize);
    let parts = Budget::new(session.max_unread_input);
    let replies = Budget::new(session.max_queued_replies as u64);
    let shared = Arc::new(HttpConnection {
        router,
        config,
        peer,
        identity,
        requests: Arc::clone(&requests),
        parts,
        replies,
        #[cfg(feature = "jsonrpc")]
        batched: Arc::new(batched),
        upgrade: Upgrade::default(),
    });
    let dispatch = Dispatch {
        services,
        connection: Arc::clone(&shared),
    };
    let version = version(&opened.input);
    let input = std::mem::take(&mut opened.input);
    let io = HttpIo::new(
        &mut opened.transport,
        input,
        requests,
        version,
        write_timeout,
    );
    let ended = match version {
        Version::Http1 => {
            let mut serving = http1(&shared.config).serve_connection(TokioIo::new(io), dispatch);
            let ended = drive(Pin::new(&mut serving), &shared, &mut shutdown).await;
            // A client that was not told of it does not speak the other protocol.
            if let (Ok(_), Some(next)) = (&ended, shared.upgrade.take()) {
                let rest = serving.into_parts();
                opened.input = rest.io.into_inner().unread(&rest.read_buf);
                shutdown.report_again();
                return next(GatewayConnection {
                    opened,
                    peer,
                    identity: shared.identity.clone(),
                    router: Arc::clone(&shared.router),
                    config: shared.config.clone(),
                    shutdown,
                })
                .await;
            }
            ended
        }
        Version::Http2 => {
            let max_streams = shared.config.session.settings.max_concurrent_streams;
            let serving = Answered::new(max_streams as usize, |executor| {
                http2(&shared.config, executor).serve_connection(TokioIo::new(io), dispatch)
            });
            drive(pin!(serving), &shared, &mut shutdown).await
        }
    };
    close(opened.transport).await;
    ended.unwrap_or_else(|reason| reason)
}

pub(super) fn http1(config: &ConnectionConfig) -> http1::Builder {
    let mut builder = http1::Builder::new();
    let settings = &config.session.settings;
    builder
        .timer(TokioTimer::new())
        // It would count while the connection is idle, too.
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .max_header_size((settings.max_metadata_size + OTHER_HEADERS) as usize);
    builder
}

fn http2(config: &ConnectionConfig, requests: InlineFirst) -> http2::Builder<InlineFirst> {
    let mut builder = http2::Builder::new(requests);
    let settings = &config.session.settings;
    let max_unread = u32::try_from(config.session.max_unread_input).unwrap_or(MAX_WINDOW);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(settings.max_concurrent_streams)
        .max_header_list_size(settings.max_metadata_size.saturating_add(OTHER_HEADERS))
        .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
        .max_local_error_reset_streams(MAX_ERROR_STREAMS)
        .initial_stream_window_size(INITIAL_STREAM_WINDOW)
        // What one stream holds up is to hold up no other.
        .initial_connection_window_size(max_unread.clamp(INITIAL_STREAM_WINDOW, MAX_WINDOW));
    if let Some(keepalive) = config.session.keepalive {
        builder
            .keep_alive_interval(keepalive.interval)
            .keep_alive_timeout(keepalive.timeout);
    }
    builder
}

impl<S> Driven for http1::Connection<TokioIo<HttpIo<'_>>, S>
where
    S: Service<Request<Incoming>, Response = Response<ReplyBody>, Error = Infallible>,
{
    fn shut_down(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<S> Driven for Answered<http2::Connection<TokioIo<HttpIo<'_>>, S, InlineFirst>>
where
    S: Service<Request<Incoming>, Response = Response<ReplyBody>, Error = Infallible>,
    S::Future: Send + 'static,
{
    fn shut_down(self: Pin<&mut Self>) {
        self.project().connection.graceful_shutdown();
    }
}
