//! A stream of requests and a stream of replies, which do not wait for each other.

use rpc_runtime::{Context, Status, Streaming, rpc_service};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;

use crate::proto::{Line, Room};

/// Lines that are kept for somebody who is slow to read them.
const KEPT_LINES: usize = 64;

/// A room that everybody may enter. Clones are the same room.
#[derive(Clone, Debug)]
pub struct OpenRoom {
    lines: broadcast::Sender<Line>,
}

impl Default for OpenRoom {
    fn default() -> Self {
        OpenRoom {
            lines: broadcast::Sender::new(KEPT_LINES),
        }
    }
}

#[rpc_service]
impl Room for OpenRoom {
    async fn chat(
        &self,
        _cx: Context,
        said: Streaming<Line>,
    ) -> Result<impl Stream<Item = Result<Line, Status>> + Send + 'static, Status> {
        let (replies, stream) = mpsc::channel(1);
        // Whoever enters hears what is said from here on, so it is subscribed before the handler
        // answers.
        let heard = self.lines.subscribe();
        tokio::spawn(attend(self.lines.clone(), said, heard, replies));
        Ok(ReceiverStream::new(stream))
    }
}

/// Sees to one participant until it leaves. When this ends, `replies` is dropped, and with it the
/// stream of replies ends well.
async fn attend(
    room: broadcast::Sender<Line>,
    mut said: Streaming<Line>,
    mut heard: broadcast::Receiver<Line>,
    replies: mpsc::Sender<Result<Line, Status>>,
) {
    loop {
        let reply = tokio::select! {
            line = said.message() => match line {
                Ok(Some(line)) => {
                    // There is a listener: this participant.
                    let _ = room.send(line);
                    continue;
                }
                // It has nothing more to say, or its call was cancelled.
                Ok(None) | Err(_) => return,
            },
            line = heard.recv() => match line {
                Ok(line) => Ok(line),
                Err(RecvError::Lagged(missed)) => {
                    Err(Status::data_loss(format!("too slow: {missed} lines were missed")))
                }
                Err(RecvError::Closed) => return,
            },
        };
        // This waits for a participant who is slow to read.
        if replies.send(reply).await.is_err() {
            return;
        }
    }
}
