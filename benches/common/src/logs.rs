//! The log records of the load that is heavy to decode: what every peer's server answers with, whatever its own type of them is.

/// Records in a reply.
const RECORDS: u64 = 50;

/// One record, about 400 bytes as protobuf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// Nanoseconds since 1970.
    pub time_unix_ns: u64,
    /// From 1 to 24, as OpenTelemetry counts.
    pub severity: i32,
    /// Who wrote it.
    pub service: String,
    /// What happened.
    pub message: String,
    /// A map, in no order.
    pub attributes: Vec<(String, String)>,
}

impl LogRecord {
    /// The bytes of all its texts: of service, message, and the keys and values of its attributes.
    pub fn text_bytes(&self) -> usize {
        let attributes = self.attributes.iter();
        let attributes = attributes.map(|(key, value)| key.len() + value.len());
        self.service.len() + self.message.len() + attributes.sum::<usize>()
    }
}

/// The records that a server has to answer with, the same in every process.
pub fn log_records() -> Vec<LogRecord> {
    (0..RECORDS).map(record).collect()
}

fn record(index: u64) -> LogRecord {
    let attributes = [
        ("http.request.method", "POST".to_owned()),
        ("http.response.status_code", (200 + index).to_string()),
        ("url.path", format!("/v1/customers/{index:06}/orders")),
        ("client.address", format!("10.20.{index}.40")),
        ("k8s.pod.name", format!("checkout-7d9c5b6f4-{index:05}")),
        ("cloud.region", "eu-central-1".to_owned()),
        ("user.id", format!("user-{:08}", index * 7_919)),
        ("trace_id", format!("{:032x}", index * 0x9e37_79b9)),
    ];
    LogRecord {
        time_unix_ns: 1_700_000_000_000_000_000 + index * 1_000_003,
        severity: 9,
        service: "checkout".to_owned(),
        message: format!(
            "order {index} was accepted and is shipped as soon as its payment has been confirmed"
        ),
        attributes: attributes
            .map(|(key, value)| (key.to_owned(), value))
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_have_the_size_that_the_load_promises() {
        let records = log_records();
        assert_eq!(records.len(), 50);
        // Tags, lengths and the time take another 70 bytes or so.
        for record in &records {
            assert!((310..350).contains(&record.text_bytes()), "{record:?}");
        }
    }
}
