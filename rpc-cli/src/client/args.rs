//! The arguments that say which server is meant and how it is reached.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rpc_runtime::Metadata;

/// How a server is reached.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServerArgs {
    /// Trust the root certificates in this PEM file, in place of the operating system's
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    pub(crate) ca: Option<PathBuf>,

    /// Show this certificate chain, in PEM, to servers that ask for one
    #[arg(
        long,
        value_name = "FILE",
        requires = "key",
        help_heading = "Connection"
    )]
    pub(crate) cert: Option<PathBuf>,

    /// The private key of --cert, in PEM
    #[arg(
        long,
        value_name = "FILE",
        requires = "cert",
        help_heading = "Connection"
    )]
    pub(crate) key: Option<PathBuf>,

    /// Expect the server's certificate to be for this name, in place of the target's host
    #[arg(long, value_name = "NAME", help_heading = "Connection")]
    pub(crate) server_name: Option<String>,

    /// Accept any certificate: whoever is between you and the server can read and change everything
    #[arg(long, conflicts_with = "ca", help_heading = "Connection")]
    pub(crate) insecure: bool,

    /// How long connecting may take, such as 500ms
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time, help_heading = "Connection")]
    pub(crate) connect_timeout: Duration,

    /// Send this metadata with every call; may be repeated. Values of keys that end in -bin are base64
    #[arg(short = 'H', long = "header", value_name = "KEY: VALUE", value_parser = header, help_heading = "Connection")]
    pub(crate) headers: Vec<Header>,
}

impl ServerArgs {
    /// What is sent with every call.
    pub(crate) fn metadata(&self) -> Metadata {
        let mut metadata = Metadata::new();
        for Header { key, value } in &self.headers {
            let appended = match value {
                HeaderValue::Text(text) => metadata.append(key, text),
                HeaderValue::Binary(bytes) => metadata.append_bin(key, bytes.clone()),
            };
            debug_assert!(appended.is_ok(), "it was accepted when it was parsed");
        }
        metadata
    }
}

/// One entry of the metadata.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    key: String,
    value: HeaderValue,
}

#[derive(Clone, Debug)]
enum HeaderValue {
    Text(String),
    Binary(Vec<u8>),
}

/// Parses `key: value`.
fn header(text: &str) -> Result<Header, String> {
    let (key, value) = text.split_once(':').ok_or("write KEY: VALUE")?;
    let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
    let mut checked = Metadata::new();
    let (value, accepted) = if Metadata::is_binary_key(&key) {
        let bytes = STANDARD.decode(value);
        let bytes = bytes.map_err(|error| format!("the value of {key} is not base64: {error}"))?;
        let accepted = checked.append_bin(&key, bytes.clone());
        (HeaderValue::Binary(bytes), accepted)
    } else {
        let accepted = checked.append(&key, value);
        (HeaderValue::Text(value.to_owned()), accepted)
    };
    accepted.map_err(|error| error.to_string())?;
    Ok(Header { key, value })
}

/// Parses a time such as `1.5s`, `500ms` or `2m`.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| c != '.' && !c.is_ascii_digit());
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err("write a number and a unit: us, ms, s, m or h, such as 500ms".to_owned()),
    };
    let number: f64 = number
        .parse()
        .map_err(|_| format!("{number:?} is no number"))?;
    Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}

/// Parses a time that is not 0.
pub(crate) fn positive_time(text: &str) -> Result<Duration, String> {
    match time(text)? {
        Duration::ZERO => Err("it has to be longer".to_owned()),
        time => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

    use super::*;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(time("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(time("250us"), Ok(Duration::from_micros(250)));
        assert_eq!(time("2m"), Ok(Duration::from_secs(120)));
        for wrong in ["", "5", "s", "1.2.3s", "5 s", "-1s"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn headers_are_checked_when_they_are_parsed() {
        assert!(
            matches!(header("X-Key: a:b").unwrap(), Header { key, value: HeaderValue::Text(text) }
            if key == "x-key" && text == "a:b")
        );
        assert!(
            matches!(header("trace-bin: AQI=").unwrap().value, HeaderValue::Binary(bytes) if bytes == [1, 2])
        );
        for wrong in ["no colon", "a key: x", "trace-bin: ?", ": x"] {
            assert!(header(wrong).is_err(), "{wrong}");
        }
    }
}
