//! How a connection to a gRPC server begins.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use h2::client::{Builder, Connection, SendRequest};
use rpc_wire::{INITIAL_STREAM_WINDOW, Stage, Status};

use super::GrpcConfig;
use super::heard::{Heard, Hearing};
use super::moving::Moving;
use super::protocol::{Grpc, Shared};
use crate::connection::foreign::{self, ForeignConnection};
use crate::connection::keeper::Keeper;
use crate::grpc::frame::Framed;
use crate::transport::BoxTransport;

/// What all replies of a connection may be ahead of their readers, in bytes: as much as there is, so that streams
/// which nobody reads hold up no others. Each is bounded by its own window.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;

/// Largest frame that the server may send, in bytes: four times the least, so that large replies need fewer.
const MAX_FRAME_SIZE: u32 = 64 * 1024;

/// Room beside metadata for what gRPC has in headers itself, in bytes: above all an error's message and details.
const HEADER_ROOM: u32 = 64 * 1024;

/// Cancelled calls of which late frames are passed over without telling the server again.
const MAX_CANCELLED: usize = 1024;

/// Connects to a gRPC server over `transport`, and waits for its SETTINGS: so a call is never sent to what is none,
/// and nothing is sent beyond the number of streams that the server allows.
///
/// # Errors
///
/// Nobody at the other end speaks HTTP/2.
pub(crate) async fn connect(
    transport: BoxTransport,
    config: GrpcConfig,
    address: Arc<str>,
    max_calls: usize,
    keeper: Arc<dyn Keeper>,
) -> Result<(Arc<ForeignConnection>, foreign::Moving), Status> {
    let (transport, hearing) = Heard::new(transport);
    let (send, mut connection) = begin(&config, transport)
        .await
        .map_err(|error| no_server(&error, &hearing))?;
    established(&mut connection, &hearing).await?;

    let keepalive = config.keepalive;
    let shared = Arc::new(Shared::new(send, config, Arc::clone(&hearing)));
    let protocol = Box::new(Grpc::new(Arc::clone(&shared)));
    let foreign = ForeignConnection::new(protocol, address, max_calls, keeper);
    let moving = Moving::new(connection, shared, Arc::clone(&foreign), keepalive);
    Ok((foreign, Box::pin(moving)))
}

async fn begin(
    config: &GrpcConfig,
    transport: Heard,
) -> Result<(SendRequest<Framed>, Connection<Heard, Framed>), h2::Error> {
    Builder::new()
        // The server says how many it allows.
        .initial_max_send_streams(0)
        .initial_window_size(INITIAL_STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(MAX_FRAME_SIZE)
        .max_header_list_size(config.max_metadata_size.saturating_add(HEADER_ROOM))
        .max_concurrent_reset_streams(MAX_CANCELLED)
        .enable_push(false)
        .handshake(transport)
        .await
}

/// Waits for the server's SETTINGS.
async fn established(
    connection: &mut Connection<Heard, Framed>,
    hearing: &Hearing,
) -> Result<(), Status> {
    let mut connection = pin!(connection);
    poll_fn(|cx| match connection.as_mut().poll(cx) {
        Poll::Ready(Ok(())) => {
            Poll::Ready(Err(no_server(&"the server closed the connection", hearing)))
        }
        Poll::Ready(Err(error)) => Poll::Ready(Err(no_server(&error, hearing))),
        Poll::Pending if connection.max_concurrent_send_streams() > 0 => Poll::Ready(Ok(())),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// What is wrong with a server that does not speak HTTP/2, as far as its first bytes tell.
fn no_server(error: &dyn fmt::Display, hearing: &Hearing) -> Status {
    let first = hearing.first();
    let what = match &first[..] {
        [] => format!(
            "{error}, without a word; does it speak gRPC? A server of the native protocol is rpc://, one that expects \
             TLS grpcs://"
        ),
        [b'H', b'T', b'T', b'P', b'/', b'1', ..] => {
            let text = String::from_utf8_lossy(&first);
            let line = text.lines().next().unwrap_or_default();
            format!(
                "the server speaks HTTP/1, and gRPC takes HTTP/2: it answered {line:?}; is it the right port?"
            )
        }
        [0x15, 0x03, ..] => "the server speaks TLS; write grpcs:// in place of grpc://".to_owned(),
        _ => format!("the server does not speak HTTP/2: {error}; is it a gRPC server?"),
    };
    no_connection(&what)
}

fn no_connection(why: &str) -> Status {
    Status::unavailable(why)
        .with_stage(Stage::Connect)
        .with_may_have_run(false)
}
