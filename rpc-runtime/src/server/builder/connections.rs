//! How long connections last, and who hears of them.

use std::time::Duration;

use rpc_wire::session::Keepalive;

use super::Server;
use crate::connection::observer::{ConnectionEvent, Observer};
use crate::connection::server_config::DEFAULT_KEEPALIVE;

impl Server {
    /// How long a client has to identify itself after connecting, TLS handshake included; 10 seconds
    /// unless set.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.connection.handshake_timeout = timeout;
        self
    }

    /// How long a frame may take from its first byte to its last; 30 seconds unless set. A
    /// client that is slower loses its connection.
    #[must_use]
    pub fn frame_timeout(mut self, timeout: Duration) -> Self {
        self.connection.frame_timeout = timeout;
        self
    }

    /// How long a client may take nothing of what is written to it, or keep large replies to its calls waiting
    /// for a window and grant none; 30 seconds unless set. Then it loses its connection. As long, and for 12 seconds at most, is a client waited for at an orderly end that
    /// does not say whether its last replies have arrived; counted from the last of them, or its last PONG.
    #[must_use]
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.connection.write_timeout = timeout;
        self
    }

    /// Silence on a connection with calls after which the client is sent a PING; 30 seconds unless
    /// set, and never less than the client agrees to. `Duration::MAX` sends none.
    #[must_use]
    pub fn keepalive_interval(mut self, interval: Duration) -> Self {
        self.keepalive().interval = interval;
        self
    }

    /// Further silence after which a client that was sent a PING is given up: its calls are
    /// cancelled. 10 seconds unless set.
    #[must_use]
    pub fn keepalive_timeout(mut self, timeout: Duration) -> Self {
        self.keepalive().timeout = timeout;
        self
    }

    fn keepalive(&mut self) -> &mut Keepalive {
        let keepalive = &mut self.connection.session.keepalive;
        keepalive.get_or_insert(DEFAULT_KEEPALIVE)
    }

    /// Time without calls after which a connection is closed; 10 minutes unless set. Clients are
    /// told first, so that no call is lost.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.connection.idle_timeout = timeout;
        self
    }

    /// Age at which clients are told to make another connection, a tenth more or less for each;
    /// no limit unless set. Calls that run go on where they are. It lets a load balancer in front
    /// of several servers spread clients anew.
    #[must_use]
    pub fn max_connection_age(mut self, age: Duration) -> Self {
        self.connection.max_age = Some(age);
        self
    }

    /// Calls `observe` when a connection begins and when it ends, on the connection's own task: it
    /// must not block. The same events are traced at level DEBUG.
    #[must_use]
    pub fn on_connection(
        mut self,
        observe: impl Fn(ConnectionEvent<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.connection.observer = Observer::new(observe);
        self
    }
}
