//! Tells clients that are not served why.

use std::io;

use bytes::BytesMut;
use rpc_wire::frame::{GoAway, GoAwayCode, MAGIC, Settings};
use rpc_wire::session::Output;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::wire::Wire;
use crate::transport::{BoxTransport, Opened};

/// Waits until a client has shown that it speaks the protocol, tells it why it is refused, and
/// closes. Nothing of what it asks for is executed, and it is told so.
///
/// # Errors
///
/// If the connection breaks before that, or the client speaks something else.
pub(crate) async fn refuse(mut opened: Opened, reason: &str) -> io::Result<()> {
    while opened.input.len() < size_of_val(&MAGIC) {
        if opened.transport.read_buf(&mut opened.input).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    if !opened.input.starts_with(&MAGIC.to_be_bytes()) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frames = Vec::new();
    Settings::default().encode(&mut frames);
    let goaway = GoAway {
        last_stream_id: 0,
        code: GoAwayCode::ExcessiveLoad,
        message: reason.to_owned(),
        versions: Vec::new(),
    };
    goaway.encode(&mut frames);
    tell(opened.transport, &frames).await
}

/// Sends a client its last words, and closes.
///
/// # Errors
///
/// If the connection breaks before they are written.
pub(crate) async fn tell(mut transport: BoxTransport, last: &[u8]) -> io::Result<()> {
    transport.write_all(last).await?;
    close(transport).await;
    Ok(())
}

/// Closes so that the peer can read what was written, whatever it sends meanwhile.
pub(crate) async fn close(transport: BoxTransport) {
    Wire::<Output>::new(transport, BytesMut::new())
        .close()
        .await;
}
