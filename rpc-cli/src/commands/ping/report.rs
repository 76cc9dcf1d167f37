//! What `rpc ping` has found out.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Certificate, Client, Opened, Protocol, Target, TlsDetails, milliseconds};
use crate::error::Result;
use crate::output::{FAINT, GOOD, Output, STRONG, printable, styled};

/// How soon a certificate has to be renewed, in days, for it to be said aloud.
const SOON: i64 = 14;

/// Times, names and versions of one server.
pub(super) struct Report {
    target: Target,
    others: Vec<Target>,
    /// How the connection was made, once it was told.
    opened: Option<Opened>,
    connected_in: Duration,
    trips: Vec<Duration>,
    health: String,
}

impl Report {
    pub(super) fn new(client: &Client, others: Vec<Target>) -> Self {
        Report {
            target: client.target().clone(),
            others,
            opened: None,
            connected_in: client.connected_in(),
            trips: Vec::new(),
            health: String::new(),
        }
    }

    /// Tells how the connection was made, once there is one.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(super) fn begin(&mut self, client: &Client, output: &mut Output) -> Result<()> {
        if self.opened.is_some() {
            return Ok(());
        }
        self.opened = client.meter().last_opened();
        let Some(opened) = self.opened.as_ref().filter(|_| !output.is_json()) else {
            return Ok(());
        };
        output.line(format_args!(
            "{} at {} speaks {}",
            styled(STRONG, &self.target),
            opened.peer,
            self.protocol(opened)
        ))?;
        for (stage, took) in opened.stages(self.connected_in) {
            output.line(format_args!("  {stage:<9} {:>10}", milliseconds(took)))?;
        }
        match &opened.tls {
            Some((_, details)) => write_tls(details, output),
            None => Ok(()),
        }
    }

    /// The protocol with its version.
    fn protocol(&self, opened: &Opened) -> String {
        let alpn = opened
            .tls
            .as_ref()
            .and_then(|(_, details)| details.alpn.as_deref());
        match (self.target.protocol, alpn) {
            (Protocol::Http, Some("h2")) => "Connect over HTTP/2".to_owned(),
            (Protocol::Http, _) => "Connect over HTTP/1.1".to_owned(),
            (protocol, _) => protocol.name().to_owned(),
        }
    }

    /// Tells of a round trip.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(super) fn round_trip(
        &mut self,
        number: u32,
        took: Duration,
        health: String,
        output: &mut Output,
    ) -> Result<()> {
        if !output.is_json() {
            let line = format!("{} health {}", milliseconds(took), printable(&health));
            output.line(format_args!(
                "{} {line}",
                styled(FAINT, format_args!("round trip {number}:"))
            ))?;
        }
        self.trips.push(took);
        self.health = health;
        Ok(())
    }

    /// Tells all in all.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(super) fn write(&self, output: &mut Output) -> Result<()> {
        if output.is_json() {
            return output.json(&self.to_json());
        }
        let mut sorted = self.trips.clone();
        sorted.sort_unstable();
        if let Some(max) = sorted.last() {
            output.line(format_args!(
                "{} {}, min {}, p50 {}, p99 {}, max {}",
                styled(GOOD, "round trips:"),
                sorted.len(),
                milliseconds(percentile(&sorted, 0)),
                milliseconds(percentile(&sorted, 50)),
                milliseconds(percentile(&sorted, 99)),
                milliseconds(*max),
            ))?;
        }
        if !self.others.is_empty() {
            let others: Vec<_> = self.others.iter().map(ToString::to_string).collect();
            output.line(format_args!("it also answers at {}", others.join(", ")))?;
        }
        Ok(())
    }

    fn to_json(&self) -> Value {
        let opened = self.opened.clone().unwrap_or_default();
        let in_ms = |time: Duration| time.as_secs_f64() * 1e3;
        let stages = opened.stages(self.connected_in).into_iter();
        let stages: serde_json::Map<_, _> = stages
            .map(|(stage, took)| (stage.to_owned(), in_ms(took).into()))
            .collect();
        let mut sorted = self.trips.clone();
        sorted.sort_unstable();
        json!({
            "target": self.target.to_string(),
            "also": self.others.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "peer": opened.peer,
            "protocol": self.protocol(&opened),
            "connect_ms": stages,
            "tls": opened.tls.as_ref().map(|(_, details)| details),
            "health": self.health,
            "round_trips_ms": self.trips.iter().map(|trip| in_ms(*trip)).collect::<Vec<_>>(),
            "min_ms": in_ms(percentile(&sorted, 0)),
            "p50_ms": in_ms(percentile(&sorted, 50)),
            "p99_ms": in_ms(percentile(&sorted, 99)),
        })
    }
}

fn write_tls(details: &TlsDetails, output: &mut Output) -> Result<()> {
    let alpn = details.alpn.as_deref().unwrap_or("none");
    output.line(format_args!(
        "  {}, {}, ALPN {alpn}",
        details.version, details.cipher
    ))?;
    match &details.certificate {
        Some(certificate) => write_certificate(certificate, output),
        None => Ok(()),
    }
}

fn write_certificate(certificate: &Certificate, output: &mut Output) -> Result<()> {
    let Certificate {
        subject,
        issuer,
        names,
        not_after,
        days_left,
        ..
    } = certificate;
    output.line(format_args!("  certificate {subject}, issued by {issuer}"))?;
    if !names.is_empty() {
        output.line(format_args!("  for {}", names.join(", ")))?;
    }
    let left = match *days_left {
        left if left < 0 => "it has expired".to_owned(),
        left if left < SOON => format!("only {left} days are left"),
        left => format!("{left} days are left"),
    };
    output.line(format_args!("  valid until {not_after}: {left}"))
}

/// The time that this many percent of the sorted times do not exceed; nothing if there are none.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 0), Duration::from_millis(1));
        assert_eq!(percentile(&times, 50), Duration::from_millis(100));
        assert_eq!(percentile(&times, 99), Duration::from_millis(198));
        assert_eq!(percentile(&times[..1], 99), Duration::from_millis(1));
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }
}
