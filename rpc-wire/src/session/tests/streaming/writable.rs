//! Back-pressure: who may send, who waits, and who is woken.

use super::super::lone::*;
use super::*;
use crate::frame::Flags;
use crate::session::send_queue::OUTPUT_TARGET;

fn client_writable(client: &mut LoneClient) -> Vec<usize> {
    let mut writable = Vec::new();
    client.session.take_writable(|index| writable.push(*index));
    writable
}

#[test]
fn a_stream_with_a_message_in_part_is_full_until_that_is_sent() {
    let mut client = LoneClient::established();
    let id = client.start(&Call::new(TALK, ""));
    assert_eq!(client.session.send(id, body(1, 2 * MIB)), Offered::Taken);
    assert_eq!(client.session.send(id, Bytes::from("x")), Offered::Full);
    assert_eq!(client.session.send(id, Bytes::from("x")), Offered::Full);
    client.sent();
    assert!(client_writable(&mut client).is_empty(), "it has no window");
    client.send(&window(id, 1000)).unwrap();
    client.sent();
    assert!(client_writable(&mut client).is_empty(), "nor enough of it");
    client.send(&window(id, 2_000_000)).unwrap();
    client.sent();
    assert_eq!(client_writable(&mut client), [0], "woken once");
    assert!(client_writable(&mut client).is_empty());
    assert_eq!(client.session.send(id, Bytes::from("x")), Offered::Taken);
}

#[test]
fn a_busy_connection_takes_no_more_until_its_output_was_taken() {
    let mut client = LoneClient::established();
    let id = client.start(&Call::new(TALK, ""));
    let other = client.start(&Call::new(TALK, ""));
    let mut taken = 0;
    while client.session.send(id, body(1, 10_000)) == Offered::Taken {
        taken += 1;
    }
    assert_eq!(taken, OUTPUT_TARGET / 10_000 + 1);
    assert_eq!(client.session.send(other, Bytes::from("x")), Offered::Full);
    assert!(
        client_writable(&mut client).is_empty(),
        "the output is not taken"
    );
    client.sent();
    let mut writable = client_writable(&mut client);
    writable.sort_unstable();
    assert_eq!(writable, [0, 1]);
    assert_eq!(client.session.send(other, Bytes::from("x")), Offered::Taken);
}

#[test]
fn a_stream_that_ends_while_it_is_full_is_visited_no_later_than_others() {
    let mut pair = Pair::established();
    let index = pair.start_streaming(COLLECT);
    pair.client_send(index, body(1, 2 * MIB));
    assert_eq!(pair.client_send(index, "x"), Offered::Full);
    pair.fail(index, &Status::not_found("enough"));
    pair.settle();
    assert_eq!(pair.client_writable, [index]);
    assert_eq!(pair.client_send(index, "x"), Offered::Closed);
}

#[test]
fn streams_that_always_have_more_to_send_take_turns() {
    let mut client = LoneClient::established();
    let calls: Vec<_> = (0..5).map(|_| client.start(&Call::new(TALK, ""))).collect();
    let mut sent = [0; 5];
    let mut writable: Vec<usize> = (0..5).collect();
    for _ in 0..50 {
        for index in writable.drain(..) {
            let id = calls[index];
            client.send(&window(id, 1_000_000)).unwrap();
            while client.session.send(id, body(1, 10_000)) == Offered::Taken {
                sent[index] += 1;
            }
        }
        client.session.take_output(&mut Output::default());
        client.session.take_writable(|index| writable.push(*index));
    }
    let (least, most) = (sent.iter().min().unwrap(), sent.iter().max().unwrap());
    assert!(least * 2 > *most, "messages sent: {sent:?}");
}

#[test]
fn small_messages_do_not_starve_a_large_one_of_another_stream() {
    let mut client = LoneClient::established();
    let small = client.start(&Call::new(TALK, ""));
    let large = client.start(&Call::new(TALK, ""));
    client.sent();
    assert_eq!(client.session.send(large, body(1, 900_000)), Offered::Taken);
    for _ in 0..20 {
        client.send(&window(small, 1_000_000)).unwrap();
        while client.session.send(small, body(1, 10_000)) == Offered::Taken {}
        client.session.take_output(&mut Output::default());
        client.session.take_writable(|_| {});
    }
    assert_eq!(
        client.session.send(large, Bytes::from("x")),
        Offered::Taken,
        "the large message is sent"
    );
}

#[test]
fn a_stream_in_part_cannot_end_well_until_it_is_writable() {
    let mut pair = Pair::established();
    let index = pair.start_replying(LIST);
    let id = pair.id(index);
    pair.server_send(index, "not read yet");
    pair.server_send(index, body(1, 2 * MIB));
    assert!(pair.server.is_sending(id));
    pair.settle();
    assert!(pair.server.is_sending(id), "the rest has no window");
    pair.server_writable.clear();
    let read = pair.client_reads_all(index);
    assert!(read == ["not read yet".into(), body(1, 2 * MIB)]);
    assert_eq!(pair.server_writable, [id], "woken without an offer");
    assert!(!pair.server.is_sending(id));
}

#[test]
fn streams_of_messages_count_once_at_both_ends_until_they_end() {
    let mut pair = Pair::established();
    let index = pair.start_replying(TALK);
    let other = pair.start_replying(LIST);
    let open = |pair: &Pair| (pair.client.open_streams(), pair.server.open_streams());
    assert_eq!(open(&pair), (2, 2));
    pair.client_send(index, body(1, 2 * MIB));
    pair.server_send(index, body(1, 2 * MIB));
    pair.server_send(other, body(1, 2 * MIB));
    pair.settle();
    assert_eq!(open(&pair), (2, 2), "messages in part are no streams");
    pair.half_close(index);
    pair.settle();
    assert_eq!(open(&pair), (2, 2));
    assert!(pair.server_reads_all(index) == [body(1, 2 * MIB)]);
    assert!(pair.client_reads_all(index) == [body(1, 2 * MIB)]);
    assert!(pair.is_half_closed(index));
    assert_eq!(open(&pair), (2, 2), "the half-close rode on the last piece");
    assert!(pair.answer(index, b""));
    assert_eq!(open(&pair), (2, 1));
    pair.settle();
    assert_eq!(open(&pair), (1, 1));
    pair.release(other);
    pair.settle();
    assert_eq!(open(&pair), (0, 0));
}

#[test]
fn open_streams_count_against_the_limit() {
    let mut client = LoneClient::with_server(&crate::frame::Settings {
        max_concurrent_streams: 1,
        ..Default::default()
    });
    client.start(&Call::new(TALK, ""));
    assert_eq!(client.session.capacity(), 0);
    client.session.finish_sending(1);
    assert_eq!(client.session.capacity(), 0, "half-closed is not closed");
    client.send(&response(1, Flags::NONE, b"")).unwrap();
    client.send(&response(1, WHOLE, b"")).unwrap();
    assert_eq!(client.session.capacity(), 1);
}
