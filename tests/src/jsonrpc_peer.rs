//! A client of JSON-RPC over TCP, in the hands of a test.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A TCP connection that JSON is sent over.
pub struct JsonRpcPeer {
    stream: BufReader<TcpStream>,
}

impl JsonRpcPeer {
    /// Connects to a server and sends nothing.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("somebody listens");
        stream.set_nodelay(true).expect("the socket is open");
        JsonRpcPeer {
            stream: BufReader::new(stream),
        }
    }

    /// Sends any text.
    pub async fn send(&mut self, text: impl AsRef<[u8]>) {
        let sent = self.stream.get_mut().write_all(text.as_ref()).await;
        sent.expect("the peer reads");
    }

    /// Sends any text; false if the peer does not take it any more.
    pub async fn try_send(&mut self, text: impl AsRef<[u8]>) -> bool {
        let sent = self.stream.get_mut().write_all(text.as_ref()).await;
        sent.is_ok()
    }

    /// Sends what the socket takes without waiting; says how much.
    pub fn send_now(&self, bytes: &[u8]) -> usize {
        self.stream.get_ref().try_write(bytes).unwrap_or(0)
    }

    /// Sends a request; `params` and `id` are JSON.
    pub async fn request(&mut self, method: &str, params: &str, id: &str) {
        self.send(request(method, params, id) + "\n").await;
    }

    /// Sends a request and waits for the answer.
    pub async fn call(&mut self, method: &str, params: &str) -> Value {
        self.request(method, params, "1").await;
        let answer = self.answer().await;
        assert_eq!(answer["id"], 1, "{answer}");
        answer
    }

    /// Sends no more.
    pub async fn end(&mut self) {
        let ended = self.stream.get_mut().shutdown().await;
        ended.expect("the connection is open");
    }

    /// The line that comes next, without its end; `None` if there is none.
    pub async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        // A connection that is reset has ended too.
        let read = self.stream.read_line(&mut line).await.unwrap_or(0);
        (read > 0).then(|| line.trim_end_matches('\n').to_owned())
    }

    /// The answer that comes next.
    pub async fn answer(&mut self) -> Value {
        let line = self.line().await.expect("the server answers");
        serde_json::from_str(&line).expect("answers are JSON")
    }

    /// All that comes before the server closes.
    pub async fn rest(mut self) -> String {
        let mut rest = String::new();
        // A connection that is reset is closed too.
        let _ = self.stream.read_to_string(&mut rest).await;
        rest
    }

    /// What one request is answered with, sent on a connection of its own.
    pub async fn once(address: SocketAddr, text: &str) -> String {
        let mut peer = JsonRpcPeer::connect(address).await;
        peer.send(text).await;
        peer.end().await;
        peer.rest().await
    }
}

/// A request; `params` and `id` are JSON.
fn request(method: &str, params: &str, id: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params},"id":{id}}}"#)
}
