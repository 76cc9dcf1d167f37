//! Calls over one connection: a oneshot channel for each, a task that writes and a task that reads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bench_common::{Client, Messages};
use bytes::{Bytes, BytesMut};
use slab::Slab;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::{Frames, READ_SIZE, REPEAT};

/// A connection.
#[derive(Clone)]
pub struct EchoClient {
    connection: Arc<Connection>,
}

struct Connection {
    frames: Frames,
    state: Mutex<State>,
    output_grew: Notify,
}

#[derive(Default)]
struct State {
    /// Frames that the writer has not taken yet.
    output: BytesMut,
    /// The caller of every call without an answer, under the number of the call.
    callers: Slab<oneshot::Sender<Bytes>>,
    /// Who takes the messages of the only stream, those of one read at a time.
    stream: Option<mpsc::Sender<Vec<Bytes>>>,
}

impl EchoClient {
    /// A connection to `address`, with these frames.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached.
    pub async fn connect(address: String, frames: Frames) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let connection = Arc::new(Connection {
            frames,
            state: Mutex::default(),
            output_grew: Notify::new(),
        });
        tokio::spawn(Arc::clone(&connection).write(writer));
        tokio::spawn(Arc::clone(&connection).read(reader));
        Ok(Self { connection })
    }
}

impl Client for EchoClient {
    async fn echo(&mut self, text: String) -> anyhow::Result<String> {
        let (caller, answer) = oneshot::channel();
        self.connection.send(&text, |state| {
            Ok(u32::try_from(state.callers.insert(caller))?)
        })?;
        Ok(String::from_utf8(answer.await?.into())?)
    }

    async fn stream(&mut self, text: String, messages: &mut Messages<'_>) -> anyhow::Result<()> {
        let (sender, mut reads) = mpsc::channel(1);
        self.connection.send(&text, |state| {
            state.stream = Some(sender);
            Ok(REPEAT)
        })?;
        while let Some(read) = reads.recv().await {
            for message in read {
                if !messages.take(&String::from_utf8(message.into())?)? {
                    return Ok(());
                }
            }
        }
        anyhow::bail!("the stream ended early")
    }
}

impl Connection {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a call with the number that `enter` gives it to the writer.
    fn send(
        &self,
        text: &str,
        enter: impl FnOnce(&mut State) -> anyhow::Result<u32>,
    ) -> anyhow::Result<()> {
        let mut state = self.lock();
        let call = enter(&mut state)?;
        (self.frames.encode)(&mut state.output, call, text.as_bytes());
        drop(state);
        self.output_grew.notify_one();
        Ok(())
    }

    /// Who takes these messages, if there are any.
    fn stream_of(&self, messages: &[Bytes]) -> Option<mpsc::Sender<Vec<Bytes>>> {
        let stream = &self.lock().stream;
        stream.clone().filter(|_| !messages.is_empty())
    }

    async fn write(self: Arc<Self>, mut writer: OwnedWriteHalf) -> anyhow::Result<()> {
        let mut output = BytesMut::with_capacity(READ_SIZE);
        loop {
            self.output_grew.notified().await;
            // Swapping keeps both buffers in use for ever.
            std::mem::swap(&mut output, &mut self.lock().output);
            writer.write_all(&output).await?;
            output.clear();
        }
    }

    async fn read(self: Arc<Self>, mut reader: OwnedReadHalf) -> anyhow::Result<()> {
        let mut input = BytesMut::with_capacity(READ_SIZE);
        loop {
            input.reserve(READ_SIZE);
            if reader.read_buf(&mut input).await? == 0 {
                return Ok(());
            }
            let mut messages = Vec::new();
            while let Some((call, body)) = (self.frames.decode)(&mut input) {
                if call == REPEAT {
                    messages.push(body);
                    continue;
                }
                let caller = self.lock().callers.try_remove(call as usize);
                if let Some(caller) = caller {
                    // A caller that is gone needs no answer.
                    caller.send(body).ok();
                }
            }
            if let Some(stream) = self.stream_of(&messages)
                && stream.send(messages).await.is_err()
            {
                return Ok(());
            }
        }
    }
}
