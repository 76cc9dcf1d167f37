//! Calls to servers, whatever protocol they speak: messages go and come encoded.

mod args;
mod connect;
mod dialer;
mod explained;
mod failure;
mod metadata;
mod meter;
mod replies;
mod target;
mod tls;
mod trust_anyone;

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::Stream;
use rpc_runtime::dynamic::Encoded;
use rpc_runtime::{Call, Channel, Metadata, MethodDescriptor, Status};

use self::connect::ConnectClient;
use self::dialer::Dialer;
use crate::error::Result;

pub(crate) use self::args::{ServerArgs, positive_time, time};
pub(crate) use self::failure::{call_failed, cannot_connect};
pub(crate) use self::metadata::{metadata_json, metadata_text};
pub(crate) use self::meter::{Meter, Opened, milliseconds};
pub(crate) use self::replies::Replies;
pub(crate) use self::target::{Protocol, Route, Target};
pub(crate) use self::tls::{Certificate, TlsDetails};

/// Largest message that is read, in bytes: who types a command wants to see what there is.
pub(crate) const MAX_MESSAGE_SIZE: usize = 256 * 1024 * 1024;

/// Largest metadata that are read, in bytes.
const MAX_METADATA_SIZE: u32 = 1024 * 1024;

/// How long calls have to be cancelled at the server when the command ends.
const GOODBYE: Duration = Duration::from_millis(200);

/// How messages are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Protobuf,
    Json,
}

/// The requests of a call, encoded.
pub(crate) enum Requests {
    One(Bytes),
    Many(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
}

/// A call to be made.
pub(crate) struct Outgoing {
    pub(crate) method: &'static MethodDescriptor,
    pub(crate) requests: Requests,
    /// Of requests and replies: the client's [format](Client::format), or protobuf.
    pub(crate) format: Format,
    pub(crate) metadata: Metadata,
    pub(crate) timeout: Option<Duration>,
}

/// The way to a server.
pub(crate) struct Client {
    way: Way,
    target: Target,
    meter: Arc<Meter>,
    metadata: Metadata,
    connected_in: Duration,
}

enum Way {
    Channel(Channel<Encoded>),
    Http(Box<ConnectClient>),
}

impl Way {
    async fn open(target: &Target, args: &ServerArgs, dialer: Dialer) -> Result<Self, Status> {
        Ok(match target.protocol {
            Protocol::Http => Way::Http(Box::new(ConnectClient::connect(dialer, target).await?)),
            _ => Way::Channel(open_channel(target, args, dialer).await?.with_codec()),
        })
    }
}

impl Client {
    /// Connects to `target`.
    ///
    /// # Errors
    ///
    /// Why there is no connection, and what to do about it.
    pub(crate) async fn connect(target: &Target, args: &ServerArgs) -> Result<Self> {
        match Self::try_connect(target, args).await? {
            Ok(client) => Ok(client),
            Err(status) => Err(cannot_connect(target, args, &status).await),
        }
    }

    /// As [`connect`](Self::connect), with the bare status of a connection that did not come about.
    ///
    /// # Errors
    ///
    /// What is wrong with the arguments.
    pub(crate) async fn try_connect(
        target: &Target,
        args: &ServerArgs,
    ) -> Result<Result<Self, Status>> {
        let dialer = Dialer::new(target, args)?;
        let meter = dialer.meter();
        let begin = Instant::now();
        let way = match Way::open(target, args, dialer).await {
            Ok(way) => way,
            Err(status) => return Ok(Err(status)),
        };
        let connected_in = match way {
            Way::Http(_) => Duration::ZERO,
            Way::Channel(_) => begin.elapsed(),
        };
        Ok(Ok(Client {
            way,
            target: target.clone(),
            meter,
            metadata: args.metadata(),
            connected_in,
        }))
    }

    /// Where it leads to.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// How messages are best encoded for this server.
    pub(crate) fn format(&self) -> Format {
        match self.way {
            Way::Channel(_) => Format::Protobuf,
            Way::Http(_) => Format::Json,
        }
    }

    /// What is measured of its connections.
    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// What is sent with every call.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// How long connecting took, with the protocol's own handshake; nothing over HTTP, whose handshake is the first call's.
    pub(crate) fn connected_in(&self) -> Duration {
        self.connected_in
    }

    /// Makes a call, as far as its reply or the beginning of its stream.
    ///
    /// # Errors
    ///
    /// How the call ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future, or the replies, cancels the call.
    pub(crate) async fn call(&self, call: Outgoing) -> Result<Replies, Status> {
        match &self.way {
            Way::Http(http) => http.call(call).await.map(Replies::http),
            Way::Channel(channel) => call_by(channel, call).await,
        }
    }

    /// Has calls that were dropped cancelled at the server, and closes.
    pub(crate) async fn close(self) {
        if let Way::Channel(channel) = &self.way {
            channel.close_within(GOODBYE).await;
        }
    }
}

async fn open_channel(
    target: &Target,
    args: &ServerArgs,
    dialer: Dialer,
) -> Result<Channel, Status> {
    Channel::builder(target.to_string())
        .connector(dialer)
        .connect_timeout(args.connect_timeout)
        .max_message_size(MAX_MESSAGE_SIZE)
        .max_metadata_size(MAX_METADATA_SIZE)
        .max_connections(1)
        .no_timeout()
        .connect()
        .await
}

async fn call_by(channel: &Channel<Encoded>, call: Outgoing) -> Result<Replies, Status> {
    let (method, metadata, timeout) = (call.method, call.metadata, call.timeout);
    if method.kind().server_streams() {
        let call = match call.requests {
            Requests::One(request) => channel.server_streaming(method, &request),
            Requests::Many(requests) => channel.bidi_streaming(method, requests),
        };
        let replies = with_options(call, metadata, timeout).await?;
        return Ok(Replies::stream(replies));
    }
    let call = match call.requests {
        Requests::One(request) => channel.unary(method, &request),
        Requests::Many(requests) => channel.client_streaming(method, requests),
    };
    let reply = with_options(call, metadata, timeout)
        .with_metadata()
        .await?;
    let (message, metadata) = reply.into_parts();
    Ok(Replies::one(message, metadata))
}

fn with_options<T>(call: Call<T>, metadata: Metadata, timeout: Option<Duration>) -> Call<T> {
    let call = call.metadata(metadata);
    match timeout {
        Some(timeout) => call.timeout(timeout),
        None => call,
    }
}
