//! The requests of a call, from JSON that is given, in a file, or on standard input.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, io, thread};

use bytes::Bytes;
use futures_util::stream;
use prost_reflect::MessageDescriptor;
use rpc_runtime::Status;
use serde_json::Deserializer;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use crate::client::{Format, Requests};
use crate::definitions::{Method, hints};
use crate::error::{Error, Result};
use crate::exit::Exit;

/// Where the requests are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Json(String),
    File(PathBuf),
    Stdin,
}

impl FromStr for Given {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match (text, text.strip_prefix('@')) {
            ("-", _) => Self::Stdin,
            (_, Some(path)) => Self::File(path.into()),
            (json, None) => Self::Json(json.to_owned()),
        })
    }
}

/// Requests that are ready to be sent.
pub(super) struct Prepared {
    pub(super) requests: Requests,
    pub(super) sizes: Arc<Sizes>,
    /// What is wrong with a request that is read while the call runs. Later ones are not sent.
    pub(super) mistakes: mpsc::Receiver<Error>,
}

/// How many requests were taken to be sent, and how many bytes they have.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    pub(super) messages: AtomicU64,
    pub(super) bytes: AtomicU64,
}

impl Sizes {
    fn add(&self, request: &Bytes) {
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.bytes
            .fetch_add(request.len() as u64, Ordering::Relaxed);
    }
}

/// What is known of the requests' method.
#[derive(Clone)]
struct Encoder {
    method: Method,
    message: MessageDescriptor,
    format: Format,
}

/// Reads and encodes the requests of a method; those of standard input, if it takes a stream, as they arrive.
///
/// # Errors
///
/// What is no JSON, or no such message; or a file that cannot be read.
pub(super) fn prepare(
    given: Option<&Given>,
    method: &Method,
    message: &MessageDescriptor,
    format: Format,
) -> Result<Prepared> {
    let encoder = Encoder {
        method: method.clone(),
        message: message.clone(),
        format,
    };
    let streams = method.descriptor().kind().client_streams();
    let text = match given {
        None if !streams => "{}".to_owned(),
        None | Some(Given::Stdin) if streams => return Ok(from_stdin(encoder)),
        None | Some(Given::Stdin) => io::read_to_string(io::stdin())
            .map_err(|error| input(format!("standard input cannot be read: {error}")))?,
        Some(Given::File(path)) => {
            fs::read_to_string(path).map_err(|error| Error::file("read", path, &error))?
        }
        Some(Given::Json(json)) => json.clone(),
    };
    let values = Deserializer::from_str(&text).into_iter::<&RawValue>();
    let values: Vec<_> = values
        .collect::<Result<_, _>>()
        .map_err(|error| no_json(&error))?;
    let sizes = Arc::<Sizes>::default();
    let requests = if streams {
        let numbered = values.iter().zip(1..);
        let encoded = numbered.map(|(value, number)| encoder.encode(value.get(), Some(number)));
        let encoded: Vec<_> = encoded.collect::<Result<_>>()?;
        encoded.iter().for_each(|request| sizes.add(request));
        Requests::Many(Box::pin(stream::iter(encoded)))
    } else {
        let [_] = values[..] else {
            return Err(one_request(method, values.len()));
        };
        let request = encoder.encode(&text, None)?;
        sizes.add(&request);
        Requests::One(request)
    };
    Ok(Prepared {
        requests,
        sizes,
        mistakes: mpsc::channel(1).1,
    })
}

/// Reads requests in a thread, because standard input cannot be awaited.
fn from_stdin(encoder: Encoder) -> Prepared {
    let (sender, requests) = mpsc::channel::<Bytes>(1);
    let (mistake, mistakes) = mpsc::channel(1);
    let sizes = Arc::<Sizes>::default();
    let counted = Arc::clone(&sizes);
    thread::spawn(move || {
        let values = Deserializer::from_reader(io::stdin().lock()).into_iter::<Box<RawValue>>();
        for (value, number) in values.zip(1..) {
            let value = value.map_err(|error| no_json(&error));
            match value.and_then(|value| encoder.encode(value.get(), Some(number))) {
                Ok(request) => {
                    counted.add(&request);
                    if sender.blocking_send(request).is_err() {
                        return;
                    }
                }
                Err(error) => {
                    // Whoever made the call may have gone.
                    let _ = mistake.blocking_send(error);
                    // The stream does not end well, so it does not end.
                    loop {
                        thread::park();
                    }
                }
            }
        }
    });
    let requests = stream::unfold(requests, async |mut requests| {
        let request = requests.recv().await?;
        Some((request, requests))
    });
    Prepared {
        requests: Requests::Many(Box::pin(requests)),
        sizes,
        mistakes,
    }
}

impl Encoder {
    fn encode(&self, json: &str, number: Option<usize>) -> Result<Bytes> {
        let encoded = self.method.encode(json.as_bytes(), self.format);
        encoded.map_err(|status| self.mistake(json, number, &status))
    }

    fn mistake(&self, json: &str, number: Option<usize>, status: &Status) -> Error {
        let place = number.map_or(String::new(), |number| format!("request {number}: "));
        let error = input(format!("{place}{}", status.message()));
        match hints(&self.message, json.as_bytes()).first() {
            Some(hint) => error.with_help(hint),
            None => error,
        }
    }
}

fn input(message: String) -> Error {
    Error::new(Exit::Input, message)
}

fn no_json(error: &serde_json::Error) -> Error {
    input(format!("the request is no JSON: {error}"))
}

fn one_request(method: &Method, given: usize) -> Error {
    let path = method.descriptor().path();
    let message = match given {
        0 => format!("{path} takes one request, and there is none in what is given"),
        given => format!("{path} takes one request, and {given} are given"),
    };
    Error::new(Exit::Usage, message)
}
