//! A protocol of lines, its gateway and its client.

use std::error::Error;
use std::fmt::Write;
use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use rpc_runtime::gateway::{Calls, Connection, Gateway, Prefix};
use rpc_runtime::middleware::Body;
use rpc_runtime::{Metadata, Status};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Answers lines such as `call probe.Probe/Echo 0a0178`, in turn: with a line for what was sent ahead, one
/// for each reply, and one for the end. A client that closes cancels its call.
pub(crate) struct Lines;

/// The line that its gateway panics at.
pub(crate) const PANIC: &str = "call panic";

impl Gateway for Lines {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn probe(&self, first: &[u8]) -> Prefix {
        Prefix::compare(first, b"call ")
    }

    fn alpn(&self) -> &'static [&'static [u8]] {
        &[b"lines"]
    }

    async fn serve(&self, mut connection: Connection) -> Result<(), Box<dyn Error + Send + Sync>> {
        let calls = connection.calls();
        let mut line = String::new();
        while connection.read_line(&mut line).await? > 0 {
            assert_ne!(line.trim(), PANIC);
            let answer = tokio::select! {
                answer = answer(&calls, line.trim()) => answer,
                ended = client_gone(&mut connection, &calls) => return ended,
            };
            connection.write_all(answer.as_bytes()).await?;
            line.clear();
        }
        Ok(())
    }
}

/// Ready when the client sends no more.
async fn client_gone(
    connection: &mut Connection,
    calls: &Calls,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    if connection.fill_buf().await?.is_empty() && !calls.is_draining() {
        return Ok(());
    }
    pending().await
}

/// What a line comes to.
async fn answer(calls: &Calls, line: &str) -> String {
    let mut lines = String::new();
    match call(calls, line, &mut lines).await {
        Ok(()) => lines.push_str("ok\n"),
        Err(status) => writeln!(lines, "{:?} {}", status.code(), status.message()).unwrap(),
    }
    lines
}

/// Makes the call of a line: path, messages, and how long it may take, in milliseconds.
async fn call(calls: &Calls, line: &str, lines: &mut String) -> Result<(), Status> {
    let mut words = line.split(' ').skip(1);
    let mut call = calls.prepare(words.next().unwrap())?;
    let messages = words.next().unwrap_or_default().split(',');
    let mut messages: Vec<_> = messages.map(unhex).map(Ok).collect();
    let requests = match call.method().kind().client_streams() {
        true => Body::stream(futures_util::stream::iter(messages)),
        false => Body::message(messages.remove(0)?),
    };
    let mut metadata = Metadata::new();
    metadata.insert("from", "lines").unwrap();
    call = call.metadata(metadata);
    if let Some(timeout) = words.next() {
        call = call.timeout(Duration::from_millis(timeout.parse().unwrap()));
    }
    let (metadata, mut replies) = call.run(requests).await?.into_parts();
    if let Some(from) = metadata.get("from") {
        writeln!(lines, "from {from}").unwrap();
    }
    while let Some(reply) = replies.next_message().await? {
        writeln!(lines, "reply {}", hex(&reply)).unwrap();
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Bytes {
    let digits = text.as_bytes().chunks(2);
    let bytes = digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap());
    bytes.collect()
}

/// A client of [`Lines`].
pub(crate) struct LinesPeer {
    stream: BufReader<TcpStream>,
}

impl LinesPeer {
    /// Connects to a server and sends nothing.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        LinesPeer {
            stream: BufReader::new(stream),
        }
    }

    /// Sends any bytes.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends a call of one message, and does not wait.
    pub(crate) async fn begin(&mut self, path: &str, message: &impl Message) {
        let message = hex(&message.encode_to_vec());
        self.send(format!("call {path} {message}\n").as_bytes())
            .await;
    }

    /// Calls a method; gives the replies, or the line of the error.
    pub(crate) async fn call<T: Message + Default>(
        &mut self,
        path: &str,
        message: &impl Message,
    ) -> Result<Vec<T>, String> {
        self.begin(path, message).await;
        self.answer().await
    }

    /// The answer that comes next.
    pub(crate) async fn answer<T: Message + Default>(&mut self) -> Result<Vec<T>, String> {
        let mut replies = Vec::new();
        loop {
            let line = self.line().await;
            match line.split_once(' ') {
                Some(("reply", message)) => replies.push(T::decode(unhex(message)).unwrap()),
                Some(("from", _)) => {}
                None if line == "ok" => return Ok(replies),
                _ => return Err(line),
            }
        }
    }

    /// The line that comes next.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.unwrap();
        assert!(line.ends_with('\n'), "it ends: {line:?}");
        line.trim_end().to_owned()
    }

    /// All that comes until the server closes.
    pub(crate) async fn rest(mut self) -> String {
        let mut rest = String::new();
        self.stream.read_to_string(&mut rest).await.unwrap();
        rest
    }
}
