//! Handlers that burn CPU before they first wait hold up the calls of their connection until their
//! method has proved slow.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rpc_runtime::{Context, Server, Status, rpc_service};
use rpc_tests::library::{Entry, Key, Library, LibraryAsyncClientProxy};
use rpc_tests::{LIMIT, within};

/// How long a slow handler keeps its thread, unless another handler runs meanwhile.
const BURNED: Duration = Duration::from_millis(50);

/// Counts the calls of `find` that were answered.
#[derive(Default)]
struct Burner {
    found: AtomicUsize,
}

#[rpc_service(unimplemented)]
impl Library for Burner {
    /// Fast.
    async fn find(&self, _: Context, _: Key) -> Result<Entry, Status> {
        self.found.fetch_add(1, Ordering::Relaxed);
        Ok(Entry::default())
    }

    /// Never waits. Says whether `find` ran meanwhile.
    async fn lend(&self, _: Context, _: Key) -> Result<Entry, Status> {
        let found = self.found.load(Ordering::Relaxed);
        let begun = Instant::now();
        while begun.elapsed() < BURNED {
            if self.found.load(Ordering::Relaxed) != found {
                let text = "meanwhile".to_owned();
                return Ok(Entry { text });
            }
            std::hint::spin_loop();
        }
        Ok(Entry::default())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_method_that_proved_slow_holds_up_no_other_calls_of_its_connection() {
    let server = Server::new().service(Burner::default());
    let bound = server.bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().to_string();
    tokio::spawn(bound.serve());
    let library = LibraryAsyncClientProxy::connect(address).await.unwrap();

    let both_at_once = || async {
        // Sent in this order, on one connection.
        let (slow, fast) = tokio::join!(library.lend(Key::default()), library.find(Key::default()));
        fast.unwrap();
        slow.unwrap().text == "meanwhile"
    };
    assert!(!both_at_once().await, "it has not proved slow yet");
    within(LIMIT, async { while !both_at_once().await {} }).await;
}
