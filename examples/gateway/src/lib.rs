//! Redis's protocol (RESP) as one more way to call a server's methods, with messages as JSON:
//!
//! ```console
//! $ redis-cli -p 8000 CALL helloworld.Hello/Hello '{"msg":"world"}'
//! "{\"msg\":\"Hello world\"}"
//! $ echo 'CALL helloworld.Hello/Hello {"msg":"world"}' | nc -N 127.0.0.1 8000
//! $21
//! {"msg":"Hello world"}
//! ```

mod command;

use std::error::Error;

use rpc_runtime::bytes::{BufMut, BytesMut};
use rpc_runtime::gateway::{Calls, Connection, Gateway, Prefix};
use rpc_runtime::json::{JsonOptions, Transcoder};
use rpc_runtime::middleware::Body;
use rpc_runtime::{MethodKind, Status};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// What connections begin with: an array, which clients send a command as, or a command that somebody types.
const BEGINNINGS: [&[u8]; 3] = [b"*", b"CALL ", b"PING"];

/// Answers `CALL path json` and `PING`.
#[derive(Debug)]
pub struct Redis;

impl Gateway for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn probe(&self, first: &[u8]) -> Prefix {
        let prefixes = BEGINNINGS.map(|beginning| Prefix::compare(first, beginning));
        let known = [Prefix::Match, Prefix::NeedMore];
        let known = known.into_iter().find(|prefix| prefixes.contains(prefix));
        known.unwrap_or(Prefix::NoMatch)
    }

    /// Answers one command after the other, as Redis does.
    async fn serve(&self, mut connection: Connection) -> Result<(), Box<dyn Error + Send + Sync>> {
        let calls = connection.calls();
        // A client may be silent for long between commands, and not within one.
        while !connection.fill_buf().await?.is_empty() {
            let limit = connection.frame_timeout();
            let words = match timeout(limit, command::read(&mut connection)).await? {
                Ok(words) => words,
                Err(error) => {
                    // Nobody can say where the next command begins.
                    connection.write_all(&failure("ERR", &error)).await?;
                    return Err(error);
                }
            };
            connection.write_all(&answer(&calls, &words).await).await?;
        }
        Ok(())
    }
}

/// The answer to a command.
async fn answer(calls: &Calls, words: &[Vec<u8>]) -> BytesMut {
    let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
    match words[..] {
        [b"PING"] => BytesMut::from("+PONG\r\n"),
        [b"CALL", path, json] => match call(calls, path, json).await {
            Ok(reply) => bulk(&reply),
            Err(status) => failure(status.code().name(), status.message()),
        },
        _ => failure("ERR", "the commands are CALL path json, and PING"),
    }
}

/// Calls a method; gives the reply as JSON.
async fn call(calls: &Calls, path: &[u8], json: &[u8]) -> Result<BytesMut, Status> {
    let call = calls.prepare(&String::from_utf8_lossy(path))?;
    if call.method().kind() != MethodKind::Unary {
        return Err(Status::unimplemented(
            "a command has one answer, and the method has streams",
        ));
    }
    let transcoder = Transcoder::for_method(call.method(), JsonOptions::new())?;
    let request = Body::message(transcoder.decode_request(json)?);
    let (_, mut replies) = call.run(request).await?.into_parts();
    let reply = replies.next_message().await?.unwrap_or_default();
    let mut json = BytesMut::new();
    transcoder.encode_reply(&reply, &mut json)?;
    Ok(json)
}

/// A string of any bytes.
fn bulk(bytes: &[u8]) -> BytesMut {
    let mut answer = BytesMut::from(format!("${}\r\n", bytes.len()).as_bytes());
    answer.put_slice(bytes);
    answer.put_slice(b"\r\n");
    answer
}

/// An error, which is one line.
fn failure(code: &str, message: impl ToString) -> BytesMut {
    let message = message.to_string().replace(['\r', '\n'], " ");
    BytesMut::from(format!("-{code} {message}\r\n").as_bytes())
}
