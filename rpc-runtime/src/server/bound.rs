//! A server that listens.

use std::fmt;
use std::future::{Future, pending};
use std::net::SocketAddr;

use super::accept::Acceptor;
use super::{ServeError, ShutdownReport};
use crate::transport::Listener;

/// A server that listens; clients may connect already and wait.
pub struct BoundServer {
    pub(super) listener: Listener,
    pub(super) acceptor: Acceptor,
}

impl BoundServer {
    /// The TCP address it listens on; the first of them if a name has several.
    ///
    /// # Panics
    ///
    /// If it does not listen on TCP: what `unix:` and `mem:` have is a [`target`](Self::target).
    pub fn local_addr(&self) -> SocketAddr {
        let address = self.listener.local_addr();
        address.expect("a server that does not listen on TCP has a target and no local_addr")
    }

    /// What clients connect to, such as `127.0.0.1:8000`, `rpcs://127.0.0.1:8443` or
    /// `unix:/run/hello.sock`.
    ///
    /// ```
    /// # async fn example(server: rpc_runtime::Server) -> Result<(), Box<dyn std::error::Error>> {
    /// use rpc_runtime::Channel;
    ///
    /// let bound = server.bind("mem:hello").await?;
    /// let target = bound.target();
    /// tokio::spawn(bound.serve());
    /// let channel = Channel::connect(target).await?;
    /// # Ok(()) }
    /// ```
    pub fn target(&self) -> String {
        let target = self.listener.target();
        match self.acceptor.tls {
            Some(_) => format!("rpcs://{target}"),
            None => target,
        }
    }

    /// Serves until the future is dropped, which ends every connection.
    ///
    /// # Errors
    ///
    /// None at present: accepting goes on after whatever error a single connection causes.
    pub async fn serve(self) -> Result<(), ServeError> {
        self.serve_with_shutdown(pending()).await.map(drop)
    }

    /// Serves until `signal` completes. Then no connection is accepted any more, clients are
    /// told to go elsewhere, calls that were accepted finish, and their replies are written. What
    /// takes longer than the grace period is cancelled. Gives what became of those calls.
    ///
    /// [`shutdown_signal`](crate::shutdown_signal) is a signal for processes.
    ///
    /// # Errors
    ///
    /// None at present, as [`serve`](Self::serve).
    pub async fn serve_with_shutdown(
        self,
        signal: impl Future<Output = ()>,
    ) -> Result<ShutdownReport, ServeError> {
        let closing = self.listener.closing();
        let signal = async move {
            signal.await;
            if let Some(closing) = closing {
                closing.admit_no_more();
            }
        };
        Ok(self.acceptor.run(self.listener, signal).await)
    }
}

impl fmt::Debug for BoundServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundServer")
            .field("target", &self.target())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::future::{poll_fn, ready};
    use std::pin::pin;
    use std::task::Poll;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use crate::server::Server;

    #[tokio::test]
    async fn who_connects_once_the_shutdown_has_begun_is_not_reset_but_meets_the_next_server() {
        let bound = Server::new().bind("127.0.0.1:0").await.unwrap();
        let address = bound.local_addr();
        let mut serving = Box::pin(bound.serve_with_shutdown(ready(())));
        // Polled once, it still accepts who has connected; it will never know who does so from here on.
        let begun = poll_fn(|cx| Poll::Ready(serving.as_mut().poll(cx))).await;
        assert!(begun.is_pending());
        let mut connect = pin!(TcpStream::connect(address));
        let begun = poll_fn(|cx| Poll::Ready(connect.as_mut().poll(cx))).await;
        assert!(begun.is_pending(), "{begun:?}");
        drop(serving);
        let next = TcpListener::bind(address).await.unwrap();
        let answering = tokio::spawn(async move {
            let (mut accepted, _) = next.accept().await.unwrap();
            accepted.write_all(b"next").await.unwrap();
        });
        let mut heard = String::new();
        let mut client = connect.await.unwrap();
        client.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "next");
        answering.await.unwrap();
    }
}
