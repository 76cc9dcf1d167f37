//! A fault proxy does to TCP connections what it was told, while they are open.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::io::ErrorKind;
use std::time::Duration;

use rpc_testkit::{Direction, FaultProxy, Faults};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A listener behind a proxy.
async fn start() -> (TcpListener, FaultProxy) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = FaultProxy::start(listener.local_addr().unwrap()).await;
    (listener, proxy.unwrap())
}

/// Both ends of a connection through a proxy.
async fn connect(listener: &TcpListener, proxy: &FaultProxy) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(proxy.local_addr()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    (client, server)
}

async fn read(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).await.expect("they arrive");
    bytes
}

async fn is_reset(stream: &mut TcpStream) -> bool {
    let read = stream.read(&mut [0]).await;
    read.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
}

#[tokio::test]
async fn bytes_pass_and_are_counted_and_a_close_is_passed_on() {
    let (listener, proxy) = start().await;
    let (mut client, mut server) = connect(&listener, &proxy).await;
    client.write_all(&[7; 300_000]).await.unwrap();
    assert!(read(&mut server, 300_000).await == [7; 300_000]);
    client.shutdown().await.unwrap();
    assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    server.write_all(b"after").await.unwrap();
    assert_eq!(proxy.stats().open, 1);
    drop(server);
    assert_eq!(read(&mut client, 5).await, b"after");
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    while proxy.stats().open > 0 {
        tokio::task::yield_now().await;
    }
    let stats = proxy.stats();
    assert_eq!((stats.bytes_to_server, stats.bytes_to_client), (300_000, 5));
}

#[tokio::test]
async fn faults_change_on_connections_that_are_open_and_hold_for_new_ones() {
    let (listener, proxy) = start().await;
    let (mut client, mut server) = connect(&listener, &proxy).await;
    client.write_all(b"before").await.unwrap();
    assert_eq!(read(&mut server, 6).await, b"before");

    proxy.set_both(Faults::new().stall());
    let (mut second, mut second_server) = connect(&listener, &proxy).await;
    client.write_all(b"x").await.unwrap();
    second.write_all(b"y").await.unwrap();
    for server in [&mut server, &mut second_server] {
        let read = tokio::time::timeout(Duration::from_millis(20), server.read_u8());
        assert!(read.await.is_err(), "it passed the stall");
    }
    proxy.set(Direction::ToServer, Faults::new().corrupt_at(1));
    assert_eq!(read(&mut server, 1).await, b"x");
    assert_eq!(read(&mut second_server, 1).await, b"y");
    second.write_all(b"\x01").await.unwrap();
    assert_eq!(read(&mut second_server, 1).await, [!1]);
}

#[tokio::test]
async fn cut_connections_are_reset_on_both_sides_and_new_ones_work() {
    let (listener, proxy) = start().await;
    let (mut client, mut server) = connect(&listener, &proxy).await;
    client.write_all(b"x").await.unwrap();
    read(&mut server, 1).await;
    proxy.cut_all();
    assert!(is_reset(&mut client).await && is_reset(&mut server).await);

    let (mut client, mut server) = connect(&listener, &proxy).await;
    client.write_all(b"x").await.unwrap();
    read(&mut server, 1).await;
    drop(proxy);
    assert!(is_reset(&mut client).await && is_reset(&mut server).await);
}

#[tokio::test]
async fn one_end_that_is_reset_resets_the_other() {
    let (listener, proxy) = start().await;
    let (client, mut server) = connect(&listener, &proxy).await;
    client.set_zero_linger().unwrap();
    drop(client);
    assert!(is_reset(&mut server).await);
    // The same where there is no other end.
    drop(listener);
    let mut client = TcpStream::connect(proxy.local_addr()).await.unwrap();
    assert!(is_reset(&mut client).await);
}

#[tokio::test]
async fn a_finished_direction_is_a_half_close() {
    let (listener, proxy) = start().await;
    let (mut client, mut server) = connect(&listener, &proxy).await;
    client.write_all(b"x").await.unwrap();
    read(&mut server, 1).await;
    proxy.finish_all(Direction::ToServer);
    assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    client.write_all(b"lost").await.unwrap();
    server.write_all(b"answer").await.unwrap();
    assert_eq!(read(&mut client, 6).await, b"answer");
}

#[tokio::test]
async fn refused_connections_are_reset_and_the_others_go_on() {
    let (listener, proxy) = start().await;
    let (mut client, mut server) = connect(&listener, &proxy).await;
    proxy.refuse(true);
    let mut refused = TcpStream::connect(proxy.local_addr()).await.unwrap();
    assert!(is_reset(&mut refused).await);
    client.write_all(b"x").await.unwrap();
    assert_eq!(read(&mut server, 1).await, b"x");
    proxy.refuse(false);
    connect(&listener, &proxy).await;
    assert_eq!(proxy.stats().accepted, 2);
}

#[tokio::test]
async fn a_new_upstream_is_for_connections_to_come() {
    let (listener, proxy) = start().await;
    let (mut client, mut server) = connect(&listener, &proxy).await;
    let second = TcpListener::bind("127.0.0.1:0").await.unwrap();
    proxy.set_upstream(second.local_addr().unwrap());
    connect(&second, &proxy).await;
    client.write_all(b"x").await.unwrap();
    assert_eq!(read(&mut server, 1).await, b"x");
}
