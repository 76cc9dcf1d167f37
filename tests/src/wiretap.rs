//! A wire that keeps what goes over it, and may change a bit of it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::raw::{RawFrame, take_frame};

/// A proxy in front of a server. Dropped, it takes no more connections.
pub struct Wiretap {
    address: SocketAddr,
    /// From the clients, and from the server.
    ways: [Arc<Mutex<Way>>; 2],
    task: JoinHandle<()>,
}

/// What goes one way, over all connections together.
#[derive(Default)]
struct Way {
    seen: Vec<u8>,
    /// The bit that is changed, counted from the first.
    damaged: Option<usize>,
}

impl Way {
    /// Keeps bytes as they came, and changes them.
    fn pass(&mut self, bytes: &mut [u8]) {
        let begin = self.seen.len();
        self.seen.extend_from_slice(bytes);
        let bit = self.damaged.and_then(|bit| bit.checked_sub(begin * 8));
        if let Some(bit) = bit.filter(|bit| *bit < bytes.len() * 8) {
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

impl Wiretap {
    /// A wire to a server.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("there is a free port");
        let address = listener.local_addr().expect("it listens");
        let ways = <[Arc<Mutex<Way>>; 2]>::default();
        let [up, down] = ways.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server).await;
                let (from_server, to_server) = server.expect("the server listens").into_split();
                let (from_client, to_client) = client.into_split();
                tokio::spawn(carry(from_client, to_server, up.clone()));
                tokio::spawn(carry(from_server, to_client, down.clone()));
            }
        });
        Wiretap {
            address,
            ways,
            task,
        }
    }

    /// The target that clients connect to.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The frames of clients so far.
    pub fn from_clients(&self) -> Vec<RawFrame> {
        frames(&self.ways[0])
    }

    /// The frames of the server so far.
    pub fn from_server(&self) -> Vec<RawFrame> {
        frames(&self.ways[1])
    }

    /// Changes a bit of what clients send next.
    pub fn damage_from_clients(&self, bit: usize) {
        damage(&self.ways[0], bit);
    }

    /// Changes a bit of what the server sends next.
    pub fn damage_from_server(&self, bit: usize) {
        damage(&self.ways[1], bit);
    }
}

impl Drop for Wiretap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn damage(way: &Mutex<Way>, bit: usize) {
    let mut way = way.lock().unwrap_or_else(PoisonError::into_inner);
    way.damaged = Some(way.seen.len() * 8 + bit);
}

fn frames(way: &Mutex<Way>) -> Vec<RawFrame> {
    let way = way.lock().unwrap_or_else(PoisonError::into_inner);
    let mut bytes = BytesMut::from(&way.seen[..]);
    drop(way);
    std::iter::from_fn(|| take_frame(&mut bytes)).collect()
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: Arc<Mutex<Way>>) {
    let mut buffer = vec![0; 64 * 1024];
    // A connection that is reset is closed too.
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let bytes = &mut buffer[..count];
        way.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pass(bytes);
        if to.write_all(bytes).await.is_err() {
            return;
        }
    }
}
