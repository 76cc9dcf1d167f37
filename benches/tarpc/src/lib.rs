//! The echo service as tarpc describes it, and what its programs share.

mod mirror;

use std::collections::HashMap;

use bench_common::max_message_size;
use serde::{Deserialize, Serialize};
use tarpc::serde_transport::{self, Transport};
use tarpc::tokio_serde::formats::Bincode;
use tarpc::tokio_util::codec::LengthDelimitedCodec;
use tokio::io::{AsyncRead, AsyncWrite};

pub use mirror::{Mirror, answer};

/// Gives back what it is given.
#[tarpc::service]
pub trait Echo {
    /// Answers with `text`.
    async fn echo(text: String) -> String;

    /// Answers with the log records that all peers have in common.
    async fn logs() -> Vec<LogRecord>;
}

/// What the protobuf peers have as a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LogRecord {
    /// Nanoseconds since 1970.
    pub time_unix_ns: u64,
    /// From 1 to 24, as OpenTelemetry counts.
    pub severity: i32,
    /// Who wrote it.
    pub service: String,
    /// What happened.
    pub message: String,
    /// What else is known.
    pub attributes: HashMap<String, String>,
}

/// Room in the queues between callers and connection, on both sides: more than the workload has in flight, so that no
/// call waits for a place. (tarpc's limit of 1,000 calls in flight is out of reach already.)
pub const QUEUE_LENGTH: usize = 1024;

/// bincode over length-delimited frames, of the default size unless the load raises it.
///
/// # Errors
///
/// When the environment has no valid limit.
pub fn transport<S, Item, SinkItem>(
    stream: S,
) -> anyhow::Result<Transport<S, Item, SinkItem, Bincode<Item, SinkItem>>>
where
    S: AsyncRead + AsyncWrite,
    Item: for<'a> Deserialize<'a>,
    SinkItem: Serialize,
{
    let mut frames = LengthDelimitedCodec::builder();
    if let Some(bytes) = max_message_size()? {
        frames.max_frame_length(bytes);
    }
    let framed = frames.new_framed(stream);
    Ok(serde_transport::new(framed, Bincode::default()))
}

/// The bytes of all texts in the records.
pub fn text_bytes(records: &[LogRecord]) -> usize {
    let bytes = records.iter().map(|record| {
        let attributes = record.attributes.iter();
        let attributes = attributes.map(|(key, value)| key.len() + value.len());
        record.service.len() + record.message.len() + attributes.sum::<usize>()
    });
    bytes.sum()
}
