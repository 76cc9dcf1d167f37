//! The server, as tarpc's examples build it: a task for each call.

use std::sync::Arc;

use bench_common::LogRecord as Neutral;
use futures_util::StreamExt;
use tarpc::context::Context;
use tarpc::server::{Channel, Config};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{Echo, LogRecord, QUEUE_LENGTH, transport};

/// Answers the calls of one connection.
///
/// # Errors
///
/// When the environment has no valid limit.
pub async fn answer<S>(stream: S, mirror: Mirror) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let config = Config {
        pending_response_buffer: QUEUE_LENGTH,
    };
    config
        .channel(transport(stream)?)
        .execute(mirror.serve())
        .for_each(async |call| {
            tokio::spawn(call);
        })
        .await;
    Ok(())
}

/// Gives back what it is given.
#[derive(Clone)]
pub struct Mirror {
    logs: Arc<[LogRecord]>,
}

impl Default for Mirror {
    fn default() -> Self {
        let records = bench_common::log_records().into_iter();
        Self {
            logs: records.map(log_record).collect(),
        }
    }
}

impl Echo for Mirror {
    async fn echo(self, _: Context, text: String) -> String {
        text
    }

    async fn logs(self, _: Context) -> Vec<LogRecord> {
        self.logs.to_vec()
    }
}

fn log_record(record: Neutral) -> LogRecord {
    LogRecord {
        time_unix_ns: record.time_unix_ns,
        severity: record.severity,
        service: record.service,
        message: record.message,
        attributes: record.attributes.into_iter().collect(),
    }
}
