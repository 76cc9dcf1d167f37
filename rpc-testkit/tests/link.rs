//! A virtual link does to bytes what it was told, by tokio's clock.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::io::ErrorKind;
use std::time::Duration;

use rpc_testkit::{Direction, Faults, LinkEnd, VirtualLink};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

const LATENCY: Duration = Duration::from_secs(60);

fn numbers(count: usize) -> Vec<u8> {
    (0..count).map(|number| number as u8).collect()
}

async fn read(end: &mut LinkEnd, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    end.read_exact(&mut bytes).await.expect("they arrive");
    bytes
}

/// Sends through faults what is then read to its end.
async fn through(faults: Faults, sent: Vec<u8>) -> Vec<u8> {
    let (_link, mut client, mut server) = VirtualLink::open_with(faults, Faults::new());
    let sending = tokio::spawn(async move {
        client.write_all(&sent).await.expect("somebody reads");
    });
    let mut received = Vec::new();
    server.read_to_end(&mut received).await.expect("no cut");
    sending.await.expect("it was sent");
    received
}

#[tokio::test]
async fn without_faults_everything_passes_both_ways_and_ends_when_an_end_is_dropped() {
    let sent = numbers(1_000_000);
    assert!(through(Faults::new(), sent.clone()).await == sent);
    let (link, mut client, mut server) = VirtualLink::open();
    server.write_all(b"back").await.unwrap();
    assert_eq!(read(&mut client, 4).await, b"back");
    assert_eq!(link.bytes(Direction::ToClient), 4);
    drop(client);
    assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    let error = server.write(b"x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[tokio::test(start_paused = true)]
async fn a_delay_shifts_everything_by_itself_and_keeps_many_pieces_in_flight() {
    let (link, mut client, mut server) = VirtualLink::open();
    link.set(Direction::ToServer, Faults::new().delay(LATENCY));
    let start = Instant::now();
    for _ in 0..10 {
        client.write_all(b"piece").await.unwrap();
    }
    read(&mut server, 50).await;
    assert_eq!(start.elapsed(), LATENCY);
    // The other direction has none.
    server.write_all(b"x").await.unwrap();
    read(&mut client, 1).await;
    assert_eq!(start.elapsed(), LATENCY);
}

#[tokio::test(start_paused = true)]
async fn bandwidth_spreads_bytes_over_time() {
    let start = Instant::now();
    through(Faults::new().bytes_per_second(1_000), numbers(300_000)).await;
    assert_eq!(start.elapsed().as_secs(), 300);
}

#[tokio::test]
async fn a_sender_waits_once_as_much_is_on_its_way_as_may_be() {
    tokio::time::pause();
    for (faults, capacity) in [
        (Faults::new(), 64 * 1024),
        (Faults::new().capacity(1_000), 1_000),
        (Faults::new().capacity(1_000_000), 1_000_000),
    ] {
        let faults = faults.delay(LATENCY);
        let (_link, mut client, mut server) = VirtualLink::open_with(faults, Faults::new());
        let sent = numbers(1_000_001);
        let mut count = 0;
        let sending = async {
            while count < sent.len() {
                count += client.write(&sent[count..]).await.unwrap();
            }
        };
        tokio::time::timeout(LATENCY / 2, sending)
            .await
            .unwrap_err();
        assert_eq!(count, capacity);
        assert_eq!(read(&mut server, capacity).await, numbers(capacity));
        client.write_all(b"room").await.unwrap();
    }
}

#[tokio::test]
async fn split_pieces_have_the_sizes_that_were_asked_for() {
    let faults = Faults::new().split(2..=5).seed(7);
    let (_link, mut client, mut server) = VirtualLink::open_with(faults, Faults::new());
    client.write_all(&numbers(1_000)).await.unwrap();
    drop(client);
    let (mut received, mut sizes) = (Vec::new(), Vec::new());
    let mut buffer = [0; 100];
    loop {
        match server.read(&mut buffer).await.unwrap() {
            0 => break,
            count => {
                received.extend_from_slice(&buffer[..count]);
                sizes.push(count);
            }
        }
    }
    assert_eq!(received, numbers(1_000));
    let last = sizes.pop();
    assert!(last.is_some() && sizes.iter().all(|size| (2..=5).contains(size)));
    assert!((2..=5).all(|size| sizes.contains(&size)), "{sizes:?}");
}

#[tokio::test]
async fn a_byte_is_corrupted_where_it_was_asked_for_however_it_is_sent() {
    for position in [0, 1, 999] {
        let faults = Faults::new().corrupt_at(position).split(1..=1);
        let mut expected = numbers(1_000);
        expected[position as usize] ^= 0xff;
        assert_eq!(through(faults, numbers(1_000)).await, expected);
    }
}

#[tokio::test]
async fn random_corruption_follows_from_the_seed() {
    let faults = || Faults::new().corrupt_one_in(100);
    let sent = numbers(100_000);
    let received = through(faults().seed(1), sent.clone()).await;
    let flipped = received.iter().zip(&sent);
    let flipped: Vec<_> = flipped.filter(|(one, other)| one != other).collect();
    assert!((500..2_000).contains(&flipped.len()), "{}", flipped.len());
    assert!(
        flipped
            .iter()
            .all(|(one, other)| (*one ^ *other).is_power_of_two())
    );
    assert!(through(faults().seed(1), sent.clone()).await == received);
    assert!(through(faults().seed(2), sent).await != received);
}

#[tokio::test(start_paused = true)]
async fn a_stall_holds_everything_up_until_it_is_lifted() {
    let (link, mut client, mut server) = VirtualLink::open();
    link.set(Direction::ToServer, Faults::new().stall());
    let sending = tokio::spawn(async move {
        client.write_all(&numbers(100_000)).await.unwrap();
        client
    });
    let stalled = tokio::time::timeout(LATENCY, server.read(&mut [0])).await;
    assert!(stalled.is_err());
    assert!(!sending.is_finished(), "more than the buffer was taken");
    link.set(Direction::ToServer, Faults::new());
    assert_eq!(read(&mut server, 100_000).await, numbers(100_000));
    sending.await.unwrap();
}

#[tokio::test]
async fn a_cut_fails_both_ends_at_once_and_where_it_was_asked_for() {
    let (link, mut client, mut server) = VirtualLink::open();
    client.write_all(b"lost").await.unwrap();
    let reading = tokio::spawn(async move { client.read(&mut [0]).await });
    tokio::task::yield_now().await;
    link.cut();
    for error in [
        reading.await.unwrap().unwrap_err(),
        server.read(&mut [0]).await.unwrap_err(),
        server.write(b"x").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }

    let faults = Faults::new().cut_at(10);
    let (_link, mut client, mut server) = VirtualLink::open_with(faults, Faults::new());
    client.write_all(&numbers(20)).await.unwrap();
    assert_eq!(read(&mut server, 10).await, numbers(10));
    let error = server.read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let error = client.write(b"x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_finished_direction_ends_behind_what_was_sent_and_the_other_goes_on() {
    let (link, mut client, mut server) = VirtualLink::open();
    client.write_all(b"sent").await.unwrap();
    link.finish(Direction::ToServer);
    client.write_all(b"swallowed").await.unwrap();
    let mut received = Vec::new();
    server.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, b"sent");
    server.write_all(b"answer").await.unwrap();
    assert_eq!(read(&mut client, 6).await, b"answer");
    assert_eq!(
        through(Faults::new().finish_at(5), numbers(200_000)).await,
        numbers(5)
    );
}
