//! The code that this project generates for the echo service, and what its programs share.

mod client;
mod mirror;

use bench_common::LogRecord as Neutral;

pub use client::{NativeClient, connect};
pub use mirror::serve;

rpc_runtime::include_proto!("bench");

/// The records that every peer answers with.
pub fn log_reply() -> LogReply {
    let records = bench_common::log_records().into_iter();
    LogReply {
        records: records.map(log_record).collect(),
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

/// The bytes of all texts in the records.
pub fn text_bytes(reply: &LogReply) -> usize {
    let bytes = reply.records.iter().map(|record| {
        let attributes = record.attributes.iter();
        let attributes = attributes.map(|(key, value)| key.len() + value.len());
        record.service.len() + record.message.len() + attributes.sum::<usize>()
    });
    bytes.sum()
}
