//! What `--verbose` shows of a call.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rpc_runtime::{Metadata, Status};
use serde_json::{Value, json};

use super::requests::Sizes;
use crate::client::{Client, Protocol, metadata_json, metadata_text, milliseconds};
use crate::definitions::Method;
use crate::output::{FAINT, Output, printable, styled};

/// Follows a call, and tells what it has seen if it is to.
pub(super) struct Trace {
    tells: bool,
    path: &'static str,
    begun: Instant,
    headers: Metadata,
    trailers: Metadata,
    replies: u64,
    bytes: u64,
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Trace {
    /// Begins with what is known before the call is made.
    pub(super) fn begin(
        client: &Client,
        method: &Method,
        tells: bool,
        output: &mut Output,
    ) -> Self {
        client.meter().restart();
        let trace = Trace {
            tells,
            path: method.descriptor().path(),
            begun: Instant::now(),
            headers: Metadata::new(),
            trailers: Metadata::new(),
            replies: 0,
            bytes: 0,
            first: None,
            last: None,
        };
        // Over HTTP the first call connects.
        if client.target().protocol != Protocol::Http {
            trace.connection(client, output);
        }
        trace.tell(">", trace.path, output);
        trace.metadata(">", client.metadata(), output);
        trace
    }

    fn tell(&self, mark: &str, text: impl std::fmt::Display, output: &mut Output) {
        if self.tells {
            output.note(format_args!("{} {text}", styled(FAINT, mark)));
        }
    }

    fn metadata(&self, mark: &str, metadata: &Metadata, output: &mut Output) {
        for (key, value) in metadata.iter() {
            self.tell(
                mark,
                format_args!("{key}: {}", printable(&metadata_text(value))),
                output,
            );
        }
    }

    fn connection(&self, client: &Client, output: &mut Output) {
        let Some(opened) = client.meter().last_opened() else {
            return;
        };
        let protocol = client.target().protocol.name();
        let stages = opened.stages(client.connected_in());
        let stages: Vec<_> = stages
            .iter()
            .map(|(name, took)| format!("{name} {}", milliseconds(*took)))
            .collect();
        let line = format!(
            "connected to {} by {protocol}: {}",
            opened.peer,
            stages.join(", ")
        );
        self.tell("*", line, output);
        if let Some((_, tls)) = &opened.tls {
            let alpn = tls.alpn.as_deref().unwrap_or("none");
            self.tell(
                "*",
                format_args!("{}, {}, ALPN {alpn}", tls.version, tls.cipher),
                output,
            );
        }
    }

    /// The metadata ahead of the replies are there.
    pub(super) fn headers(&mut self, headers: Metadata, output: &mut Output) {
        self.metadata("<", &headers, output);
        self.headers = headers;
    }

    /// A reply of this many bytes has arrived.
    pub(super) fn reply(&mut self, bytes: usize) {
        let now = Instant::now();
        self.first.get_or_insert(now);
        self.last = Some(now);
        self.replies += 1;
        self.bytes += bytes as u64;
    }

    /// The replies have ended well.
    pub(super) fn trailers(&mut self, trailers: Metadata) {
        self.trailers = trailers;
    }

    /// The call has ended.
    pub(super) fn end(
        &self,
        client: &Client,
        sizes: &Sizes,
        ended: &Result<(), Status>,
        output: &mut Output,
    ) {
        if !self.tells {
            return;
        }
        if output.is_json() {
            output.report(&self.to_json(client, sizes, ended));
            return;
        }
        if client.target().protocol == Protocol::Http {
            self.connection(client, output);
        }
        let (code, trailers) = match ended {
            Ok(()) => ("OK", &self.trailers),
            Err(status) => (status.code().name(), status.metadata()),
        };
        self.tell("<", format_args!("status {code}"), output);
        self.metadata("<", trailers, output);
        let (requests, sent) = (
            sizes.messages.load(Ordering::Relaxed),
            sizes.bytes.load(Ordering::Relaxed),
        );
        let (replies, received, traffic) = (self.replies, self.bytes, client.meter().traffic());
        let sizes = format!(
            "requests: {requests}, {sent} bytes; replies: {replies}, {received} bytes; on the wire {} bytes sent, {} received",
            traffic.sent, traffic.received
        );
        self.tell("*", sizes, output);
        let times = self.times(client).into_iter();
        let times: Vec<_> = times
            .map(|(name, took)| format!("{name} {}", milliseconds(took)))
            .collect();
        self.tell("*", times.join(", "), output);
    }

    /// Since the call began: when the request had left, when the first and last replies were there, and the end.
    fn times(&self, client: &Client) -> Vec<(&'static str, Duration)> {
        let moments = [
            ("request sent", client.meter().traffic().asked),
            ("first reply", self.first),
            ("last reply", self.last),
            ("end", Some(Instant::now())),
        ];
        let since = |(name, moment): (_, Option<Instant>)| {
            Some((name, moment?.saturating_duration_since(self.begun)))
        };
        moments.into_iter().filter_map(since).collect()
    }

    fn to_json(&self, client: &Client, sizes: &Sizes, ended: &Result<(), Status>) -> Value {
        let traffic = client.meter().traffic();
        let opened = client.meter().last_opened().unwrap_or_default();
        let (code, trailers) = match ended {
            Ok(()) => ("OK", &self.trailers),
            Err(status) => (status.code().name(), status.metadata()),
        };
        json!({ "call": {
            "method": self.path,
            "target": client.target().to_string(),
            "protocol": client.target().protocol.name(),
            "peer": opened.peer,
            "connect_ms": in_ms(opened.stages(client.connected_in())),
            "tls": opened.tls.as_ref().map(|(_, details)| details),
            "status": code,
            "headers": metadata_json(&self.headers),
            "trailers": metadata_json(trailers),
            "requests": sizes.messages.load(Ordering::Relaxed),
            "request_bytes": sizes.bytes.load(Ordering::Relaxed),
            "replies": self.replies,
            "reply_bytes": self.bytes,
            "wire_bytes_sent": traffic.sent,
            "wire_bytes_received": traffic.received,
            "times_ms": in_ms(self.times(client)),
        }})
    }
}

fn in_ms(times: Vec<(&'static str, Duration)>) -> Value {
    let times = times.into_iter();
    times
        .map(|(name, took)| (name.replace(' ', "_"), took.as_secs_f64() * 1e3))
        .collect()
}
