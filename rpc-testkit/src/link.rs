//! A connection in memory.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::faults::{Direction, Faults};
use crate::line::Line;

/// A connection in memory with a network's faults, and the handle to it; clones are handles to the
/// same.
///
/// Delays and bandwidth follow tokio's clock, so that with `tokio::time::pause` no test waits for
/// them. The ends are what any transport is: give one to a server and one to a client.
///
/// ```
/// use std::time::Duration;
/// use rpc_testkit::{Direction, Faults, VirtualLink};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// tokio::time::pause();
/// let (link, mut client, mut server) = VirtualLink::open();
/// link.set(Direction::ToServer, Faults::new().delay(Duration::from_secs(3_600)));
/// client.write_all(b"hello").await?;
/// let mut hello = [0; 5];
/// server.read_exact(&mut hello).await?;
/// assert_eq!(&hello, b"hello");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct VirtualLink {
    line: Arc<Line>,
}

impl VirtualLink {
    /// A link without faults, with the client's end and the server's.
    pub fn open() -> (VirtualLink, LinkEnd, LinkEnd) {
        Self::open_with(Faults::new(), Faults::new())
    }

    /// A link with faults from its beginning on.
    pub fn open_with(to_server: Faults, to_client: Faults) -> (VirtualLink, LinkEnd, LinkEnd) {
        let line = Line::new(to_server, to_client, 0);
        let (client, server) = LinkEnd::both(&line);
        (VirtualLink { line }, client, server)
    }

    /// Changes the faults of a direction, in place of those before, for bytes that are stuck as well.
    pub fn set(&self, direction: Direction, faults: Faults) {
        self.line.set(direction, faults);
    }

    /// Cuts the link: both ends fail with `ConnectionReset`, and what was on its way is lost.
    pub fn cut(&self) {
        self.line.cut();
    }

    /// Ends a direction behind what was sent so far, and swallows what is sent further.
    pub fn finish(&self, direction: Direction) {
        self.line.finish(direction);
    }

    /// Bytes that arrived in a direction.
    pub fn bytes(&self, direction: Direction) -> u64 {
        self.line.arrived(direction)
    }
}

impl fmt::Debug for VirtualLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualLink")
            .field("bytes_to_server", &self.bytes(Direction::ToServer))
            .field("bytes_to_client", &self.bytes(Direction::ToClient))
            .finish_non_exhaustive()
    }
}

/// One end of a [`VirtualLink`]. Shut down or dropped, it ends its direction, and the other end
/// reads on what was sent.
///
/// Reading and writing are cancel safe: what was not read stays, what was written is sent.
pub struct LinkEnd {
    line: Arc<Line>,
    /// Where it writes.
    direction: Direction,
    timer: Option<Pin<Box<Sleep>>>,
}

impl LinkEnd {
    /// The client's end and the server's.
    pub(crate) fn both(line: &Arc<Line>) -> (LinkEnd, LinkEnd) {
        let [client, server] = Direction::BOTH.map(|direction| LinkEnd {
            line: Arc::clone(line),
            direction,
            timer: None,
        });
        (client, server)
    }
}

impl AsyncRead for LinkEnd {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let end = self.get_mut();
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let direction = end.direction.reverse();
        end.line.poll_receive(direction, buffer, &mut end.timer, cx)
    }
}

impl AsyncWrite for LinkEnd {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.line.poll_send(self.direction, bytes, cx)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.finish(self.direction);
        Poll::Ready(Ok(()))
    }
}

impl Drop for LinkEnd {
    fn drop(&mut self) {
        self.line.leave(self.direction);
    }
}

impl fmt::Debug for LinkEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkEnd")
            .field("writes", &self.direction)
            .finish_non_exhaustive()
    }
}
