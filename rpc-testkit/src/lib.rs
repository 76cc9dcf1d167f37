//! Faulty networks for tests.
//!
//! A [`FaultProxy`] stands between a client and a server on TCP; a [`VirtualLink`] is a connection in
//! memory, driven by tokio's clock, so that tests with `tokio::time::pause` take no time. Both
//! treat each [`Direction`] as its [`Faults`] say, which may change while bytes flow. A
//! [`CountingAllocator`] tells what it all cost.
//!
//! Nothing here knows what the bytes mean: it serves any protocol.
//!
//! ```
//! use std::time::Duration;
//! use rpc_testkit::{Direction, FaultProxy, Faults};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! # let upstream = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let server = upstream.local_addr()?;
//! let proxy = FaultProxy::start(server).await?;
//! // Connect to proxy.local_addr() instead of the server, then make the network worse:
//! proxy.set(Direction::ToServer, Faults::new().delay(Duration::from_millis(50)).split(1..=7));
//! proxy.set(Direction::ToClient, Faults::new().stall());
//! proxy.cut_all();
//! # Ok(()) }
//! ```

mod allocator;
mod faults;
mod lane;
mod line;
mod link;
mod proxy;

pub use allocator::CountingAllocator;
pub use faults::{Direction, Faults};
pub use link::{LinkEnd, VirtualLink};
pub use proxy::{FaultProxy, ProxyStats};
