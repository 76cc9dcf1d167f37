//! Requests that are read whole.

use std::future::poll_fn;

use bytes::{Bytes, BytesMut};
use rpc_wire::Status;
use rpc_wire::session::Encoded;

use super::body::RequestBody;
use crate::compression::Decompression;
use crate::connection::reschedule::step_aside;

impl RequestBody {
    /// All of a body, decompressed, and whether it had arrived compressed.
    ///
    /// # Errors
    ///
    /// As [`collect`](Self::collect) and [`Decompression::undo`].
    pub(crate) async fn collect_plain(
        self,
        decompression: Decompression,
    ) -> Result<(Bytes, bool), Status> {
        let body = self.collect(decompression.max_message_size).await?;
        plain(body, decompression).await
    }

    /// All of a body.
    ///
    /// # Errors
    ///
    /// As [`poll_data`](Self::poll_data); RESOURCE_EXHAUSTED if it is longer than `max` bytes, which is
    /// the setting max_message_size.
    pub(crate) async fn collect(mut self, max: u64) -> Result<Bytes, Status> {
        if self.size_hint().lower() > max {
            return Err(too_large(max));
        }
        let Some(first) = self.data().await? else {
            return Ok(Bytes::new());
        };
        if self.size_hint().exact() == Some(0) && first.len() as u64 <= max {
            return Ok(first);
        }
        let mut whole = BytesMut::from(first);
        while whole.len() as u64 <= max {
            self.keep(whole.len())?;
            match self.data().await? {
                Some(data) => whole.extend_from_slice(&data),
                None => return Ok(whole.freeze()),
            }
        }
        Err(too_large(max))
    }

    async fn data(&mut self) -> Result<Option<Bytes>, Status> {
        poll_fn(|cx| self.poll_data(true, cx)).await
    }
}

/// Decompresses what has all of a request, and says whether it was compressed: it is if there is an algorithm, unless
/// it is empty.
///
/// # Errors
///
/// As [`Decompression::undo`].
pub(crate) async fn plain(
    bytes: Bytes,
    decompression: Decompression,
) -> Result<(Bytes, bool), Status> {
    let compressed = decompression.algorithm.is_some() && !bytes.is_empty();
    if compressed {
        // It takes a while, which the other calls of the connection need not wait for.
        step_aside().await;
    }
    let plain = decompression.undo(Encoded { bytes, compressed })?;
    Ok((plain, compressed))
}

/// What is said of a request that is too large.
fn too_large(max: u64) -> Status {
    Status::resource_exhausted(format!(
        "the request is over the server's limit max_message_size of {max} bytes"
    ))
}
