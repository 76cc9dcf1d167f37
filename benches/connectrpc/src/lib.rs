//! The code that connectrpc generates for the echo service, and the log records.
#![allow(missing_docs, reason = "the generated code has none everywhere")]

mod client;

use bench_common::LogRecord as Neutral;

use self::bench::{LogRecord, LogReply, LogReplyView};

pub use client::{ConnectClient, connect};

connectrpc::include_generated!();

/// The records that every peer answers with.
pub fn log_reply() -> LogReply {
    let records = bench_common::log_records().into_iter();
    LogReply {
        records: records.map(log_record).collect(),
        ..LogReply::default()
    }
}

fn log_record(record: Neutral) -> LogRecord {
    LogRecord {
        time_unix_ns: record.time_unix_ns,
        severity: record.severity,
        service: record.service,
        message: record.message,
        attributes: record.attributes.into_iter().collect(),
        ..LogRecord::default()
    }
}

/// The bytes of all texts in the records, which are read where they arrived.
pub fn text_bytes(reply: &LogReplyView<'_>) -> usize {
    let bytes = reply.records.iter().map(|record| {
        let attributes = record.attributes.iter();
        let attributes = attributes.map(|(key, value)| key.len() + value.len());
        record.service.len() + record.message.len() + attributes.sum::<usize>()
    });
    bytes.sum()
}
