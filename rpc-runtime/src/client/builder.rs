//! How a channel behaves.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rpc_wire::Status;
use rpc_wire::frame::{Features, Settings};
use rpc_wire::session::ClientConfig;
use tokio::runtime::Handle;

use super::blocking;
use super::channel::{Channel, Core};
use super::compression::Compress;
use super::{establish, runtime};
use crate::compression::{self, Compression, DEFAULT_COMPRESS_FROM, DEFAULT_MAX_RATIO};
use crate::connection::observer::{ConnectionEvent, Observer};
use crate::middleware::Layers;
use crate::pool::{self, ClientPool, PoolConfig, SessionConfig};
use crate::retry::{self, Policy, RetryBudget, Rules, ServiceConfig, Way};
use crate::transport::{self, ClientTls, Connector, Target};

/// Deadline of a call that sets none: long enough for nearly everything, and nothing waits for
/// ever because somebody forgot.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Configures a [`Channel`].
#[must_use]
pub struct ChannelBuilder {
    to: To,
    timeout: Option<Duration>,
    pub(super) connections: SessionConfig,
    pub(super) pool: PoolConfig,
    tls: Option<ClientTls>,
    /// The connections are made as everybody's are.
    pub(super) shared: bool,
    pub(super) compress_from: usize,
    /// How calls are repeated that do not say.
    pub(super) policy: Option<Policy>,
    pub(super) retry_budget: Option<RetryBudget>,
    /// What it says, or what is wrong with it.
    pub(super) service_config: Result<ServiceConfig, String>,
    /// What is around calls.
    pub(super) layers: Layers,
}

enum To {
    Target(String),
    Connector(Arc<dyn Connector>),
    /// A target whose streams the connector opens.
    TargetBy(String, Arc<dyn Connector>),
}

impl ChannelBuilder {
    pub(super) fn new(target: &str) -> Self {
        Self::to(To::Target(target.to_owned()))
    }

    pub(crate) fn with_connector(connector: impl Connector) -> Self {
        Self::to(To::Connector(Arc::new(connector)))
    }

    fn to(to: To) -> Self {
        let settings = Settings {
            compression: compression::names(Compression::ALL),
            ..Settings::default()
        };
        let session = ClientConfig {
            settings,
            ..ClientConfig::default()
        };
        ChannelBuilder {
            to,
            timeout: Some(DEFAULT_TIMEOUT),
            connections: SessionConfig {
                session,
                keepalive_interval: None,
                keepalive_timeout: None,
                observer: Observer::default(),
                compresses: false,
                max_ratio: DEFAULT_MAX_RATIO,
            },
            pool: PoolConfig::default(),
            tls: None,
            shared: true,
            compress_from: DEFAULT_COMPRESS_FROM,
            policy: None,
            retry_budget: None,
            service_config: Ok(ServiceConfig::default()),
            layers: Layers::default(),
        }
    }

    /// The time that a call may take in all, from its start to its reply, unless the call sets
    /// its own or its method has one, `option (rpc.timeout)`; 30 seconds unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Calls that set no deadline wait for ever.
    pub fn no_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// Silence on a connection with calls after which the server is sent a PING; 10 seconds unless
    /// set, and never less than the server agrees to; on gRPC targets 5.5 minutes, because
    /// gRPC servers commonly close connections with more PINGs. `Duration::MAX` sends none. The channel gets a
    /// connection of its own.
    ///
    /// A call that begins after such a silence brings a PING along, so that a connection which
    /// died unnoticed is given up after [`keepalive_timeout`](Self::keepalive_timeout).
    pub fn keepalive_interval(mut self, interval: Duration) -> Self {
        self.connections.keepalive_interval = Some(interval);
        self.shared = false;
        self
    }

    /// Further silence after which a server that was sent a PING is given up: its calls end with
    /// UNAVAILABLE. 10 seconds unless set, on gRPC targets 20. The channel gets a connection of its own.
    pub fn keepalive_timeout(mut self, timeout: Duration) -> Self {
        self.connections.keepalive_timeout = Some(timeout);
        self.shared = false;
        self
    }

    /// Calls `observe` when a connection is made and when it ends, on the connection's own task: it
    /// must not block. The same events are traced at level DEBUG. The channel gets a connection of
    /// its own.
    pub fn on_connection(
        mut self,
        observe: impl Fn(ConnectionEvent<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.connections.observer = Observer::new(observe);
        self.shared = false;
        self
    }

    /// Largest reply that is accepted, in bytes; 4 MiB unless set. A call with a larger one ends
    /// with RESOURCE_EXHAUSTED. The channel gets a connection of its own.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.connections.session.max_message_size = bytes as u64;
        self.shared = false;
        self
    }

    /// Largest metadata of a reply, in bytes; 16 KiB unless set, which is the least. A call with
    /// larger ones ends with RESOURCE_EXHAUSTED. The channel gets a connection of its own.
    pub fn max_metadata_size(mut self, bytes: u32) -> Self {
        let least = rpc_wire::DEFAULT_MAX_METADATA_SIZE;
        self.connections.session.settings.max_metadata_size = bytes.clamp(least, 0xff_ffff);
        self.shared = false;
        self
    }

    /// Whom to trust, and which certificate to show, on a target with the scheme `rpcs` or `grpcs`. Without
    /// it the operating system's roots are trusted. The channel gets a connection of its own.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: ClientTls) -> Self {
        self.tls = Some(tls);
        self.shared = false;
        self
    }

    /// Opens the streams to the target in a way of the caller's own, TLS included; which protocol is spoken on them, and what
    /// servers are told of where they are, stays the target's. The channel gets a connection of its own.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), rpc_runtime::Status> {
    /// use rpc_runtime::Channel;
    /// use tokio::net::TcpStream;
    ///
    /// let tunnel = || TcpStream::connect("127.0.0.1:9443");
    /// let channel = Channel::builder("grpc://hello.example.com:443").connector(tunnel).connect().await?;
    /// # Ok(()) }
    /// ```
    pub fn connector(mut self, connector: impl Connector) -> Self {
        let connector = Arc::new(connector);
        self.to = match self.to {
            To::Target(target) | To::TargetBy(target, _) => To::TargetBy(target, connector),
            To::Connector(_) => To::Connector(connector),
        };
        self.shared = false;
        self
    }

    /// Whether every frame has a checksum, so that a bit which was changed on the way ends the
    /// connection instead of reaching anybody; not unless set. It takes effect if the server does not
    /// mind, which servers of this library do not, and not on gRPC targets. The channel gets a connection of its own.
    ///
    /// TCP and TLS have checksums of their own; this one is for faults between them, in proxies and
    /// in memory. It costs a few percent of the time of large messages.
    pub fn checksum(mut self, checksum: bool) -> Self {
        let features = &mut self.connections.session.settings.features;
        match checksum {
            true => *features |= Features::CHECKSUM,
            false => *features &= !Features::CHECKSUM,
        }
        self.shared = false;
        self
    }

    #[doc(hidden)]
    pub fn first_stream_id(mut self, id: u32) -> Self {
        self.connections.session.first_stream_id = id;
        self.shared = false;
        self
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// As [`Channel::connect`].
    pub async fn connect(self) -> Result<Channel, Status> {
        let channel = self.connect_lazy()?;
        establish::established(&channel.core.pool).await?;
        Ok(channel)
    }

    /// A channel that connects with its first call. It belongs to the tokio runtime around the
    /// caller, or to the library's own if there is none.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT if the target cannot be understood.
    pub fn connect_lazy(self) -> Result<Channel, Status> {
        let runtime = runtime::current()?;
        self.on(runtime)
    }

    /// Connects from code that is not async. The channel belongs to the library's own runtime.
    ///
    /// # Errors
    ///
    /// As [`Channel::connect`].
    pub fn connect_blocking(self) -> Result<Channel, Status> {
        let channel = self.connect_lazy_blocking()?;
        blocking::wait(establish::established(&channel.core.pool))?;
        Ok(channel)
    }

    /// A channel for code that is not async, which connects with its first call. It belongs to
    /// the library's own runtime.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT if the target cannot be understood.
    pub fn connect_lazy_blocking(self) -> Result<Channel, Status> {
        let runtime = runtime::library()?;
        self.on(runtime)
    }

    fn on(self, runtime: Handle) -> Result<Channel, Status> {
        self.check_pool()?;
        let ChannelBuilder {
            to,
            timeout,
            connections,
            pool,
            tls,
            shared,
            compress_from,
            policy,
            retry_budget,
            service_config,
            layers,
        } = self;
        let service_config = service_config.map_err(Status::invalid_argument)?;
        let compress = match connections.compresses {
            true => Compress::From(compress_from),
            false => Compress::Never,
        };
        let (target, connector) = match to {
            To::Connector(connector) => (None, connector),
            To::Target(text) => {
                let target = Target::parse(&text)?;
                let connector = transport::connector(target.clone(), tls)?;
                (Some(target), connector)
            }
            To::TargetBy(text, connector) => (Some(Target::parse(&text)?), connector),
        };
        let dialer = pool::dialer(target.as_ref(), connector, connections, &pool)?;
        let make = || ClientPool::new(dialer, pool, runtime.clone()).on_close(wake_waiting);
        let pool = match target.filter(|_| shared) {
            Some(target) => pool::shared(&runtime, target.to_string(), make),
            None => pool::register(make()),
        };
        Ok(Channel::new(Core {
            pool,
            timeout,
            compress,
            rules: Rules::new(service_config, policy, retry_budget),
            interceptors: layers.chain(),
        }))
    }
}

impl fmt::Debug for ChannelBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelBuilder")
            .field("timeout", &self.timeout)
            .field("connections", &self.connections)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

/// Calls that wait to be sent again end with the pool that they would go through.
fn wake_waiting(pool: &ClientPool) {
    retry::manager().rouse_all(Way::of(pool));
}
