//! Handlers that burn CPU before they first wait hold up the calls of their connection until their
//! method has proved slow.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rpc_runtime::{Context, Server, Status, rpc_service};
use rpc_tests::library::{Entry, Key, Library, LibraryAsyncClientProxy};
use rpc_tests::{LIMIT, within};
use tokio::runtime::Builder;
use tokio::sync::mpsc;

/// Counts the calls of `find` that were answered.
struct Burner {
    begun: mpsc::UnboundedSender<()>,
    found: AtomicUsize,
}

#[rpc_service(unimplemented)]
impl Library for Burner {
    /// Fast.
    async fn find(&self, _: Context, _: Key) -> Result<Entry, Status> {
        self.found.fetch_add(1, Ordering::Relaxed);
        Ok(Entry::default())
    }

    /// Keeps its thread for the milliseconds that the key names, or until `find` runs, and says
    /// whether it did.
    async fn lend(&self, _: Context, key: Key) -> Result<Entry, Status> {
        let found = self.found.load(Ordering::Relaxed);
        let burned = Duration::from_millis(key.name.parse().unwrap());
        let begun = Instant::now();
        let _ = self.begun.send(());
        while begun.elapsed() < burned {
            if self.found.load(Ordering::Relaxed) != found {
                let text = "meanwhile".to_owned();
                return Ok(Entry { text });
            }
            std::hint::spin_loop();
        }
        Ok(Entry::default())
    }
}

/// The server has threads of its own, which no client wakes by being on them.
#[test]
fn a_method_that_proved_slow_holds_up_no_other_calls_of_its_connection() {
    let servers = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let clients = Builder::new_current_thread().enable_all().build().unwrap();
    let (begun, mut slow_begun) = mpsc::unbounded_channel();
    let found = AtomicUsize::new(0);
    let server = Server::new().service(Burner { begun, found });
    let bound = servers.block_on(server.bind("127.0.0.1:0")).unwrap();
    let address = bound.local_addr().to_string();
    servers.spawn(bound.serve());

    clients.block_on(within(LIMIT, async {
        let library = LibraryAsyncClientProxy::connect(address).await.unwrap();
        let mut find_while_burning = async |milliseconds: u64| {
            let name = milliseconds.to_string();
            let slow = tokio::spawn(library.lend(Key { name }));
            slow_begun.recv().await.unwrap();
            library.find(Key::default()).await.unwrap();
            slow.await.unwrap().unwrap().text == "meanwhile"
        };
        assert!(!find_while_burning(20).await, "it has not proved slow yet");
        while !find_while_burning(20).await {}
        // From now on the connection is always free.
        for _ in 0..10 {
            assert!(find_while_burning(10_000).await);
        }
    }));
}
