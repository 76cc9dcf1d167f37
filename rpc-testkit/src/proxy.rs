//! A TCP proxy that spoils connections.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs, lookup_host};
use tokio::task::JoinHandle;

use crate::faults::{Direction, Faults};
use crate::line::Line;
use crate::link::LinkEnd;

/// Pause after an error of `accept`, such as too many open files: it would come again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A proxy on 127.0.0.1 before a server, which treats connections as it is told. Dropped, it cuts
/// them all.
///
/// What is set holds for the connections that are open and for those to come.
///
/// ```
/// use rpc_testkit::{Direction, FaultProxy, Faults};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// # let upstream = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let server = upstream.local_addr()?;
/// let proxy = FaultProxy::start(server).await?;
/// let mut client = tokio::net::TcpStream::connect(proxy.local_addr()).await?;
/// proxy.set(Direction::ToServer, Faults::new().split(1..=1));
/// # use tokio::io::AsyncWriteExt;
/// client.write_all(b"byte by byte").await?;
/// # let (mut accepted, _) = upstream.accept().await?;
/// # tokio::io::AsyncReadExt::read_exact(&mut accepted, &mut [0; 12]).await?;
/// assert_eq!(proxy.stats().accepted, 1);
/// # Ok(()) }
/// ```
pub struct FaultProxy {
    local_addr: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    state: Mutex<State>,
}

struct State {
    upstream: SocketAddr,
    to_server: Faults,
    to_client: Faults,
    refusing: bool,
    accepted: u64,
    /// Connections that are open.
    lines: Vec<Arc<Line>>,
    /// Bytes of connections that have ended.
    bytes_to_server: u64,
    bytes_to_client: u64,
}

/// Counts of a [`FaultProxy`] since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxyStats {
    /// Connections that were accepted, without those that were refused.
    pub accepted: u64,
    /// Those of them that are open.
    pub open: usize,
    /// Bytes passed on to the server.
    pub bytes_to_server: u64,
    /// Bytes passed on to clients.
    pub bytes_to_client: u64,
}

impl FaultProxy {
    /// Starts a proxy before the server at `upstream`, in the runtime around the caller.
    ///
    /// # Errors
    ///
    /// If `upstream` has no address, or no port is free.
    pub async fn start(upstream: impl ToSocketAddrs) -> io::Result<FaultProxy> {
        let upstream = lookup_host(upstream).await?.next();
        let upstream = upstream.ok_or(io::ErrorKind::AddrNotAvailable)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let local_addr = listener.local_addr()?;
        let state = State {
            upstream,
            to_server: Faults::new(),
            to_client: Faults::new(),
            refusing: false,
            accepted: 0,
            lines: Vec::new(),
            bytes_to_server: 0,
            bytes_to_client: 0,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(FaultProxy {
            local_addr,
            shared,
            task,
        })
    }

    /// Where clients connect to.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Connections to come go to the server at `upstream`. Those that are open stay where they are.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        self.shared.lock().upstream = upstream;
    }

    /// Changes the faults of a direction, in place of those before.
    pub fn set(&self, direction: Direction, faults: Faults) {
        let mut state = self.shared.lock();
        *state.faults(direction) = faults.clone();
        for line in &state.lines {
            line.set(direction, faults.clone());
        }
    }

    /// Changes the faults of both directions.
    pub fn set_both(&self, faults: Faults) {
        for direction in Direction::BOTH {
            self.set(direction, faults.clone());
        }
    }

    /// Resets the connections that are open. New ones are welcome.
    pub fn cut_all(&self) {
        for line in &self.shared.lock().lines {
            line.cut();
        }
    }

    /// Ends a direction of the connections that are open, behind what was sent so far: the receiver
    /// sees the end of the stream, and what is sent further is lost.
    pub fn finish_all(&self, direction: Direction) {
        for line in &self.shared.lock().lines {
            line.finish(direction);
        }
    }

    /// Whether new connections are reset as soon as they are accepted. Those that are open go on.
    pub fn refuse(&self, refusing: bool) {
        self.shared.lock().refusing = refusing;
    }

    /// Counts since the start.
    pub fn stats(&self) -> ProxyStats {
        let state = self.shared.lock();
        let mut stats = ProxyStats {
            accepted: state.accepted,
            open: state.lines.len(),
            bytes_to_server: state.bytes_to_server,
            bytes_to_client: state.bytes_to_client,
        };
        for line in &state.lines {
            stats.bytes_to_server += line.arrived(Direction::ToServer);
            stats.bytes_to_client += line.arrived(Direction::ToClient);
        }
        stats
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut_all();
    }
}

impl fmt::Debug for FaultProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultProxy")
            .field("local_addr", &self.local_addr)
            .field("upstream", &self.shared.lock().upstream)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl State {
    fn faults(&mut self, direction: Direction) -> &mut Faults {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The line of a new connection; `None` if it is refused.
    fn open(&self) -> Option<Arc<Line>> {
        let mut state = self.lock();
        if state.refusing {
            return None;
        }
        let line = Line::new(
            state.to_server.clone(),
            state.to_client.clone(),
            state.accepted,
        );
        state.accepted += 1;
        state.lines.push(Arc::clone(&line));
        Some(line)
    }

    fn close(&self, line: &Arc<Line>) {
        let mut state = self.lock();
        state.lines.retain(|other| !Arc::ptr_eq(other, line));
        state.bytes_to_server += line.arrived(Direction::ToServer);
        state.bytes_to_client += line.arrived(Direction::ToClient);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        match shared.open() {
            Some(line) => {
                tokio::spawn(serve(client, line, Arc::clone(&shared)));
            }
            None => reset(&client),
        }
    }
}

/// Serves a connection to its end.
async fn serve(client: TcpStream, line: Arc<Line>, shared: Arc<Shared>) {
    let upstream = shared.lock().upstream;
    match TcpStream::connect(upstream).await {
        Ok(server) => pass_on(client, server, &line).await,
        Err(_) => reset(&client),
    }
    shared.close(&line);
}

/// Passes bytes on both ways until both directions have ended, or one end breaks: then the other
/// is reset.
async fn pass_on(mut client: TcpStream, mut server: TcpStream, line: &Arc<Line>) {
    // Pieces stay pieces. An error shows when the socket is used.
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let (mut near, mut far) = LinkEnd::both(line);
    let passed = async {
        tokio::try_join!(
            copy_bidirectional(&mut client, &mut near),
            copy_bidirectional(&mut server, &mut far),
        )
    };
    let whole = tokio::select! {
        () = line.until_cut() => false,
        passed = passed => passed.is_ok(),
    };
    if !whole {
        reset(&client);
        reset(&server);
    }
}

/// Makes the close of a socket a reset.
fn reset(socket: &TcpStream) {
    // Whoever is reset already needs no further one.
    let _ = socket.set_zero_linger();
}
