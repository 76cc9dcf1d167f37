//! Two servers that are restarted all the time, each behind a proxy that does what it wants.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use rpc_testkit::{Direction, FaultProxy, Faults};
use rpc_tests::TestServer;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::book::{Book, BookService};

/// Servers, each with a proxy.
const SERVERS: usize = 2;

/// How long a server that shuts down waits for its calls.
const GRACE: Duration = Duration::from_millis(200);

pub(crate) struct Network {
    addresses: [SocketAddr; SERVERS],
    stop: watch::Sender<bool>,
    sites: Vec<JoinHandle<()>>,
}

impl Network {
    pub(crate) async fn start(seed: u64, book: &Arc<Book>) -> Self {
        let stop = watch::Sender::new(false);
        let mut sites = Vec::new();
        let mut addresses = Vec::new();
        for number in 0..SERVERS as u64 {
            let random = Rng::with_seed(seed.wrapping_add(number));
            let site = Site::start(random, Arc::clone(book), stop.subscribe()).await;
            addresses.push(site.proxy.local_addr());
            sites.push(tokio::spawn(site.run()));
        }
        Network {
            addresses: addresses.try_into().expect("one for each server"),
            stop,
            sites,
        }
    }

    /// Where clients connect to.
    pub(crate) fn addresses(&self) -> [SocketAddr; SERVERS] {
        self.addresses
    }

    /// Ends connections, then servers; waits until no handler is left.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        for site in self.sites {
            site.await.expect("servers do not panic");
        }
    }
}

/// A server behind a proxy.
struct Site {
    random: Rng,
    book: Arc<Book>,
    proxy: FaultProxy,
    server: TestServer,
    stop: watch::Receiver<bool>,
}

async fn serve(book: &Arc<Book>) -> TestServer {
    let service = BookService(Arc::clone(book));
    TestServer::start_with(|server| {
        let server = server.max_concurrent_streams(64).shutdown_grace(GRACE);
        server.service(service)
    })
    .await
}

impl Site {
    async fn start(random: Rng, book: Arc<Book>, stop: watch::Receiver<bool>) -> Self {
        let server = serve(&book).await;
        let proxy = FaultProxy::start(server.socket_addr()).await.unwrap();
        Site {
            random,
            book,
            proxy,
            server,
            stop,
        }
    }

    async fn run(mut self) {
        while self.pause(5..100).await.is_continue() {
            match self.random.u8(..20) {
                0..12 => self.spoil(),
                12..15 => self.proxy.cut_all(),
                15 | 16 => self
                    .proxy
                    .finish_all(self.random.choice(Direction::BOTH).unwrap()),
                17 => {
                    self.proxy.refuse(true);
                    let _ = self.pause(5..300).await;
                    self.proxy.refuse(false);
                }
                _ => self.restart().await,
            }
        }
        drop(self.proxy);
        self.server.shut_down().await;
    }

    /// Waits for a while, or until the end.
    async fn pause(&mut self, milliseconds: std::ops::Range<u64>) -> ControlFlow<()> {
        let pause = Duration::from_millis(self.random.u64(milliseconds));
        match tokio::time::timeout(pause, self.stop.wait_for(|stop| *stop)).await {
            Ok(_) => ControlFlow::Break(()),
            Err(_) => ControlFlow::Continue(()),
        }
    }

    /// Makes one direction another one.
    fn spoil(&mut self) {
        let random = &mut self.random;
        let faults = Faults::new().seed(random.u64(..));
        let faults = match random.u8(..10) {
            0..4 => faults,
            4 => faults.delay(Duration::from_millis(random.u64(1..50))),
            5 => faults.split(1..=random.usize(1..100)),
            6 => faults.stall(),
            7 => faults.bytes_per_second(random.u64(20_000..2_000_000)),
            8 => faults.cut_at(random.u64(0..100_000)),
            _ => faults.finish_at(random.u64(0..100_000)),
        };
        let direction = random.choice(Direction::BOTH).unwrap();
        self.proxy.set(direction, faults);
    }

    /// Another server takes the place of this one, which is shut down or dies.
    async fn restart(&mut self) {
        let old = std::mem::replace(&mut self.server, serve(&self.book).await);
        self.proxy.set_upstream(self.server.socket_addr());
        match self.random.bool() {
            true => drop(old.shut_down().await),
            false => old.kill().await,
        }
    }
}
