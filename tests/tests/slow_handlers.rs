//! Handlers that burn CPU before they first wait hold up no other calls of their connection, unless
//! their method has proved fast; and then not for long.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rpc_runtime::{Context, Server, Status, rpc_service};
use rpc_tests::library::{Entry, Key, Library, LibraryAsyncClientProxy};
use rpc_tests::{LIMIT, within};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

/// Calls among which two in a row are fast, though a machine that is busy makes others slow.
const ENOUGH: usize = 300;

/// What a handler that burns CPU does at least.
const LEAST_BURNED: Duration = Duration::from_millis(10);

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
            // However soon that is, the handler has not proved fast.
            let is_slow = begun.elapsed() > LEAST_BURNED;
            if is_slow && self.found.load(Ordering::Relaxed) != found {
                let text = "meanwhile".to_owned();
                return Ok(Entry { text });
            }
            std::hint::spin_loop();
        }
        Ok(Entry::default())
    }
}

/// A client of a server which has threads of its own, that no client wakes by being on them.
struct Burning {
    servers: Runtime,
    clients: Runtime,
    library: LibraryAsyncClientProxy,
    begun: mpsc::UnboundedReceiver<()>,
}

impl Burning {
    /// The target of the client begins with `scheme`.
    fn start(scheme: &str) -> Self {
        let servers = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let clients = Builder::new_current_thread().enable_all().build().unwrap();
        let (sender, begun) = mpsc::unbounded_channel();
        let server = Server::new().service(Burner {
            begun: sender,
            found: AtomicUsize::new(0),
        });
        let bound = servers.block_on(server.bind("127.0.0.1:0")).unwrap();
        let target = format!("{scheme}{}", bound.local_addr());
        servers.spawn(bound.serve());
        let connecting = LibraryAsyncClientProxy::connect(target);
        let library = clients.block_on(within(LIMIT, connecting)).unwrap();
        Burning {
            servers,
            clients,
            library,
            begun,
        }
    }

    /// Whether another call of the connection is served while a handler burns CPU for up to so many
    /// milliseconds.
    fn serves_others(&mut self, milliseconds: u64) -> bool {
        let name = milliseconds.to_string();
        self.clients.block_on(within(LIMIT, async {
            let slow = tokio::spawn(self.library.lend(Key { name }));
            self.begun.recv().await.unwrap();
            self.library.find(Key::default()).await.unwrap();
            slow.await.unwrap().unwrap().text == "meanwhile"
        }))
    }

    /// Calls the method without burning anything until it has proved fast, however busy the machine is.
    fn prove_fast(&mut self) {
        let name = "0".to_owned();
        self.clients.block_on(within(LIMIT, async {
            for _ in 0..ENOUGH {
                let key = Key { name: name.clone() };
                self.library.lend(key).await.unwrap();
                self.begun.recv().await.unwrap();
            }
        }));
    }

    fn end(self) {
        self.servers.shutdown_background();
    }
}

#[test]
fn a_method_that_nobody_knows_holds_up_no_other_calls_of_its_connection() {
    for scheme in ["rpc://", "grpc://"] {
        let mut burning = Burning::start(scheme);
        for _ in 0..10 {
            assert!(burning.serves_others(10_000), "{scheme}");
        }
        burning.end();
    }
}

#[test]
fn a_method_that_was_fast_and_is_slow_soon_holds_up_no_other_calls_any_more() {
    let mut burning = Burning::start("rpc://");
    burning.prove_fast();
    while !burning.serves_others(20) {}
    for _ in 0..10 {
        assert!(burning.serves_others(10_000));
    }
    burning.end();
}
