//! The code that ttrpc generates for the echo service, and the log records.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "what is generated unwraps and has no docs"
)]

use bench_common::LogRecord as Neutral;

use self::echo::{LogRecord, LogReply};

include!(concat!(env!("OUT_DIR"), "/modules.rs"));

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

/// The bytes of all texts in the records.
pub fn text_bytes(reply: &LogReply) -> usize {
    let bytes = reply.records.iter().map(|record| {
        let attributes = record.attributes.iter();
        let attributes = attributes.map(|(key, value)| key.len() + value.len());
        record.service.len() + record.message.len() + attributes.sum::<usize>()
    });
    bytes.sum()
}
