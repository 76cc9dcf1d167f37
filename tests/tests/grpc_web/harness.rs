//! Calls of gRPC-Web over HTTP/1.1.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost::Message;
use rpc_runtime::Server;
use rpc_tests::{Http1Answer, Http1Client, TestServer, TestStreams, envelope, envelopes};

pub(crate) const WEB: &str = "application/grpc-web+proto";
pub(crate) const TEXT: &str = "application/grpc-web-text";

pub(crate) const ECHO: &str = "/probe.Probe/Echo";
pub(crate) const FAIL: &str = "/probe.Probe/Fail";
pub(crate) const HOLD: &str = "/probe.Probe/Hold";
pub(crate) const COUNT: &str = "/streams.Streams/Count";

/// The flag of the envelope that trailers stand in.
const TRAILERS: u8 = 0x80;

/// Serves the test services, configured by the test.
pub(crate) async fn start_with(configure: impl FnOnce(Server) -> Server) -> TestServer {
    TestServer::start_with(|server| configure(server).service(TestStreams::default())).await
}

pub(crate) async fn start() -> TestServer {
    start_with(|server| server).await
}

/// How a call was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) headers: BTreeMap<String, String>,
    /// The messages, with their flags.
    pub(crate) envelopes: Vec<(u8, Vec<u8>)>,
    /// Those of the body; those among the headers if there is no body.
    pub(crate) trailers: BTreeMap<String, String>,
}

impl Reply {
    /// Takes apart a body that is not text.
    pub(crate) fn of(headers: BTreeMap<String, String>, body: &[u8]) -> Self {
        let mut envelopes = envelopes(body);
        let trailers = match envelopes.pop() {
            Some((flags, lines)) => {
                assert_eq!(flags, TRAILERS, "the last message is the trailers");
                parse(&String::from_utf8(lines).unwrap())
            }
            None => headers.clone(),
        };
        assert!(envelopes.iter().all(|(flags, _)| flags & TRAILERS == 0));
        Reply {
            headers,
            envelopes,
            trailers,
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn trailer(&self, name: &str) -> &str {
        self.trailers.get(name).map_or("", String::as_str)
    }

    /// The `grpc-status`.
    pub(crate) fn status(&self) -> &str {
        self.trailer("grpc-status")
    }

    /// The messages, none of which is compressed.
    pub(crate) fn messages<M: Message + Default>(&self) -> Vec<M> {
        let plain = |(flags, message): &(u8, Vec<u8>)| {
            assert_eq!(*flags, 0);
            M::decode(&message[..]).unwrap()
        };
        self.envelopes.iter().map(plain).collect()
    }
}

fn parse(lines: &str) -> BTreeMap<String, String> {
    assert!(lines.is_empty() || lines.ends_with("\r\n"));
    let lines = lines.split_terminator("\r\n");
    let trailers = lines.map(|line| line.split_once(": ").unwrap());
    trailers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The bytes of a body as text, which may be put together of padded pieces.
pub(crate) fn from_text(text: &[u8]) -> Vec<u8> {
    assert!(text.len().is_multiple_of(4), "each piece is padded");
    let groups = text.chunks(4);
    groups
        .flat_map(|group| BASE64_STANDARD.decode(group).unwrap())
        .collect()
}

pub(crate) fn to_text(bytes: &[u8]) -> Vec<u8> {
    BASE64_STANDARD.encode(bytes).into_bytes()
}

/// A message as a request has it.
pub(crate) fn request(message: &impl Message) -> Vec<u8> {
    envelope(0, &message.encode_to_vec())
}

/// Makes a call with this body.
pub(crate) async fn call_body(
    client: &mut Http1Client,
    path: &str,
    headers: &[&str],
    body: &[u8],
) -> Reply {
    let content_type = format!("content-type: {WEB}");
    let headers = [&[&*content_type], headers].concat();
    let answer = client.call(&format!("POST {path}"), &headers, body).await;
    assert_eq!(
        answer.status,
        200,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    let Http1Answer { headers, body, .. } = answer;
    Reply::of(headers, &body)
}

/// Makes a call with one request.
pub(crate) async fn call(
    client: &mut Http1Client,
    path: &str,
    headers: &[&str],
    message: &impl Message,
) -> Reply {
    call_body(client, path, headers, &request(message)).await
}
