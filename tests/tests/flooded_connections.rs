//! Connections on which there is always something to read and to write: deadlines and the shutdown have
//! their turn all the same.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::future::pending;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use prost::Message;
use rpc_runtime::{Context, Server, Status, rpc_service};
use rpc_tests::flaky::{Flaky, Word};
use rpc_tests::{LIMIT, frame, request_frame, within};
use rpc_wire::frame::{Flags, FrameType, RequestMetadata, Settings};
use tokio::sync::{Notify, oneshot};

/// Answers `Again` when it is polled for the second time, and `Once` never.
struct Late {
    cancelled: Arc<Notify>,
}

/// Tells that a handler was dropped.
struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[rpc_service(unimplemented)]
impl Flaky for Late {
    async fn once(&self, _cx: Context, _word: Word) -> Result<Word, Status> {
        let _dropped = OnDrop(Arc::clone(&self.cancelled));
        pending().await
    }

    async fn again(&self, _cx: Context, word: Word) -> Result<Word, Status> {
        tokio::task::yield_now().await;
        Ok(word)
    }
}

/// A client that begins with a call that has a deadline, and asks without end for what is answered later.
fn flood(server: SocketAddr) -> [JoinHandle<()>; 2] {
    let mut writer = TcpStream::connect(server).unwrap();
    let mut reader = writer.try_clone().unwrap();
    let reading = thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        while reader.read(&mut buffer).is_ok_and(|count| count > 0) {}
    });
    let writing = thread::spawn(move || {
        let metadata = RequestMetadata {
            path: "flaky.Flaky/Once".to_owned(),
            timeout_us: 300_000,
            ..RequestMetadata::default()
        };
        let whole = Flags::END_MESSAGE | Flags::END_STREAM;
        let mut frames = Vec::new();
        Settings::default().encode(&mut frames);
        let metadata = metadata.encode_to_vec();
        frames.extend(frame(FrameType::Request, whole, 1, &metadata, &[]));
        for first in (2..).step_by(512) {
            for id in first..first + 512 {
                frames.extend(request_frame(id, "flaky.Flaky/Again", &[]));
            }
            if writer.write_all(&frames).is_err() {
                return;
            }
            frames.clear();
        }
    });
    [reading, writing]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_and_replies_without_end_hold_up_neither_a_deadline_nor_the_shutdown() {
    within(LIMIT, async {
        let cancelled = Arc::new(Notify::new());
        let service = Late {
            cancelled: Arc::clone(&cancelled),
        };
        let server = Server::new()
            .service(service)
            .shutdown_grace(LIMIT * 2)
            .write_timeout(Duration::from_secs(1));
        let bound = server.bind("127.0.0.1:0").await.unwrap();
        let threads = flood(bound.local_addr());
        let (shutdown, signal) = oneshot::channel::<()>();
        let signal = async { signal.await.unwrap_or(()) };
        let serving = tokio::spawn(bound.serve_with_shutdown(signal));
        cancelled.notified().await;
        shutdown.send(()).unwrap();
        serving.await.unwrap().unwrap();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    })
    .await;
}
