//! How a pool behaves.

use std::time::Duration;

use rpc_wire::Status;

use crate::connection::client_driver::DriverConfig;

/// Connections to one address, unless configured otherwise: with a server's default of 1,024 streams each they carry
/// 8,192 calls at once, and they are few enough that a thousand clients do not exhaust a server.
const DEFAULT_MAX_CONNECTIONS: usize = 8;

/// Time without calls after which a connection is closed, unless configured otherwise: most
/// middleboxes forget a connection no sooner.
const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Time to connect, unless configured otherwise: a few retransmissions of the first packet.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Callers that may wait, unless configured otherwise: far more than an honest burst, and a bound for one that
/// is not.
const DEFAULT_MAX_WAITING: usize = 262_144;

/// Time to answer a check, unless configured otherwise: several round trips around the world.
const DEFAULT_CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// How a channel's connections are pooled; see [`ChannelBuilder::pool`](crate::ChannelBuilder::pool).
///
/// Every field has a method of the same name on the builder.
///
/// ```
/// use std::time::Duration;
/// use rpc_runtime::{Channel, PoolConfig};
///
/// let mut pool = PoolConfig::default();
/// pool.max_connections = 2;
/// pool.acquire_timeout = Some(Duration::from_millis(500));
/// let builder = Channel::builder("127.0.0.1:8000").pool(pool);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolConfig {
    /// Connections that are open or being opened at the most; 8. Those that are ending, while their last
    /// calls finish, do not count as long as there are not twice as many in all.
    pub max_connections: usize,
    /// Calls that one connection carries at a time; as many as the server allows (`max_concurrent_streams`)
    /// unless set. With 1 each call has a connection to itself.
    pub max_streams_per_connection: Option<u32>,
    /// Connections that are made at the start and stay although nobody uses them, each replaced when it
    /// ends; 0.
    pub min_idle: usize,
    /// Connections that may be without calls; a connection that becomes one too many is closed at
    /// once. Any number unless set: `idle_timeout` sees to them.
    pub max_idle: Option<usize>,
    /// Time without calls after which a connection is closed; 5 minutes.
    pub idle_timeout: Duration,
    /// Age at which a connection takes no more calls and ends with its last, a tenth more or less, so
    /// that connections which began together do not end together. None unless set.
    pub max_lifetime: Option<Duration>,
    /// Time that an attempt to connect may take; 10 seconds.
    pub connect_timeout: Duration,
    /// Time that a call may wait for a place on a connection; until its deadline unless set.
    pub acquire_timeout: Option<Duration>,
    /// Calls that may wait for a place at a time; 262,144.
    pub max_waiting: usize,
    /// When connections are asked whether their server is there, beside keepalive; never.
    pub health_check: HealthCheck,
}

impl Default for PoolConfig {
    fn default() -> Self {
        PoolConfig {
            max_connections: DEFAULT_MAX_CONNECTIONS,
            max_streams_per_connection: None,
            min_idle: 0,
            max_idle: None,
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
            max_lifetime: None,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            acquire_timeout: None,
            max_waiting: DEFAULT_MAX_WAITING,
            health_check: HealthCheck::default(),
        }
    }
}

impl PoolConfig {
    /// What the drivers of the pool's connections need to know.
    pub(super) fn driver(&self) -> DriverConfig {
        DriverConfig {
            handshake_timeout: self.connect_timeout,
            idle_timeout: self.idle_timeout,
            max_age: self.max_lifetime,
        }
    }

    /// # Errors
    ///
    /// INVALID_ARGUMENT if no pool can be like this; it names the setting and its value.
    pub(crate) fn validate(&self) -> Result<(), Status> {
        let wrong =
            |message: String| Err(Status::invalid_argument(message).with_may_have_run(false));
        let Self {
            max_connections,
            min_idle,
            max_idle,
            ..
        } = self;
        if *max_connections == 0 {
            return wrong("max_connections is 0: no call could be made; set at least 1".to_owned());
        }
        if self.max_streams_per_connection == Some(0) {
            return wrong(
                "max_streams_per_connection is 0: no call could be made; set at least 1".to_owned(),
            );
        }
        if self.max_waiting == 0 {
            return wrong(
                "max_waiting is 0: a call waits while its connection is made; set at least 1"
                    .to_owned(),
            );
        }
        if self.health_check.interval == Some(Duration::ZERO) {
            return wrong(
                "health_check.interval is 0: connections would be checked without a pause; leave it out for no checks"
                    .to_owned(),
            );
        }
        if min_idle > max_connections {
            return wrong(format!(
                "min_idle is {min_idle}, more than max_connections, which is {max_connections}"
            ));
        }
        match max_idle {
            Some(max_idle) if max_idle < min_idle => wrong(format!(
                "max_idle is {max_idle}, less than min_idle, which is {min_idle}"
            )),
            _ => Ok(()),
        }
    }
}

/// When a connection without calls is asked, by a PING, whether its server is there. One that does not
/// answer is closed, and no call meets it.
///
/// A connection on which anything arrived within the server's least interval between PINGs, 10 seconds
/// unless it says otherwise, has passed without being asked. Connections with calls are looked after by
/// [`keepalive_interval`](crate::ChannelBuilder::keepalive_interval).
///
/// ```
/// use std::time::Duration;
/// use rpc_runtime::{Channel, HealthCheck};
///
/// let check = HealthCheck::default().on_borrow().every(Duration::from_secs(30));
/// let builder = Channel::builder("127.0.0.1:8000").health_check(check);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthCheck {
    /// Before a call gets a connection. It costs a call after a pause a round trip.
    pub on_borrow: bool,
    /// When the last call of a connection has ended.
    pub on_return: bool,
    /// In the background, each time so much has passed.
    pub interval: Option<Duration>,
    /// Time to answer; 2 seconds.
    pub timeout: Duration,
}

impl Default for HealthCheck {
    /// No checks.
    fn default() -> Self {
        HealthCheck {
            on_borrow: false,
            on_return: false,
            interval: None,
            timeout: DEFAULT_CHECK_TIMEOUT,
        }
    }
}

impl HealthCheck {
    /// Checks a connection before a call gets it.
    #[must_use]
    pub fn on_borrow(mut self) -> Self {
        self.on_borrow = true;
        self
    }

    /// Checks a connection when its last call has ended.
    #[must_use]
    pub fn on_return(mut self) -> Self {
        self.on_return = true;
        self
    }

    /// Checks the connections without calls each time that `interval` has passed.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// The time that a server has to answer.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}
