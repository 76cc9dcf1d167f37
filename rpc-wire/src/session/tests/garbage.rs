//! Whatever a peer sends, a session gives an error or goes on; it never panics.

use proptest::collection::vec;
use proptest::prelude::*;

use super::lone::*;
use super::*;
use crate::frame::{Flags, FrameHeader, FrameType, Settings};

/// Frames that are well formed, mostly, in an order that nobody would choose.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    let frame_type = prop_oneof![
        Just(FrameType::Request),
        Just(FrameType::Response),
        Just(FrameType::Data),
        Just(FrameType::Cancel),
        Just(FrameType::Window),
        Just(FrameType::Ping),
        Just(FrameType::Pong),
        Just(FrameType::GoAway),
        Just(FrameType::Extension(0x80)),
    ];
    let small = vec(any::<u8>(), 0..20);
    let frame = (frame_type, any::<u8>(), 0..6_u32, small.clone(), small).prop_map(
        |(frame_type, flags, stream_id, metadata, body)| {
            let flags = match frame_type {
                FrameType::Extension(_) => Flags::IGNORABLE,
                FrameType::Request | FrameType::Response => Flags::from_bits(flags & 0x1f),
                FrameType::Data => Flags::from_bits(flags & 0x07),
                _ => Flags::NONE,
            };
            match frame_type {
                FrameType::Request => request(stream_id, flags, ECHO, &body),
                FrameType::Data => data(stream_id, flags, &body),
                FrameType::Cancel => cancel(stream_id, Code::from_value(u32::from(flags.bits()))),
                FrameType::Window => window(stream_id, u32::from_be_bytes([body.len() as u8; 4])),
                FrameType::Ping => ping(u64::from(stream_id)),
                FrameType::Pong => pong(*b"draining"),
                FrameType::Response if body.len() % 2 == 0 => response(stream_id, flags, &body),
                _ => frame(frame_type, flags, stream_id, &metadata, &body),
            }
        },
    );
    vec(frame, 0..30).prop_map(|frames| frames.concat())
}

fn receive(bytes: &[u8], chunk: usize) {
    let mut server = LoneServer::established();
    let mut client = LoneClient::established();
    for index in 0..3 {
        client.start(&Call::echo(body(index, index * 20_000)));
    }
    for chunk in bytes.chunks(chunk) {
        if let Err(error) = server.send(chunk) {
            server.session.fail(&error);
            server.session.cancel_all(&mut server.handlers);
            break;
        }
    }
    for chunk in bytes.chunks(chunk) {
        if client.send(chunk).is_err() {
            let reason = Status::unavailable("garbage");
            client.session.lost(u64::MAX, &reason, &mut client.calls);
            assert!(client.calls.outcomes.iter().all(Option::is_some));
            break;
        }
    }
    server.sent();
    client.sent();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200), chunk in 1..50_usize) {
        receive(&bytes, chunk);
    }

    #[test]
    fn arbitrary_frames_never_panic(bytes in frames(), chunk in 1..100_usize) {
        receive(&bytes, chunk);
    }

    #[test]
    fn frames_with_a_flipped_bit_never_panic(bytes in frames(), at in any::<prop::sample::Index>()) {
        let mut bytes = bytes;
        if !bytes.is_empty() {
            let bit = at.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        receive(&bytes, usize::MAX);
    }

    #[test]
    fn arbitrary_settings_never_panic(body in vec(any::<u8>(), 0..40)) {
        let bytes = frame(FrameType::Settings, Flags::NONE, 0, &[], &body);
        let mut server = LoneServer::new(ServerConfig::default());
        if server.send(&bytes).is_ok() {
            server.send(&request(1, WHOLE, ECHO, &super::body(1, 10_000))).unwrap();
            server.sent();
        }
    }

    #[test]
    fn any_header_is_refused_or_waits_for_no_more_than_a_frame(head in any::<[u8; 13]>()) {
        let mut bytes = vec![0x12, 0x34, 2];
        bytes.extend_from_slice(&head);
        let mut server = LoneServer::established();
        if server.send(&bytes).is_ok() && server.buffered() > 0 {
            let header = FrameHeader::parse(bytes[..].try_into().unwrap()).unwrap();
            let settings = Settings::default();
            let most = settings.max_frame_body + settings.max_metadata_size;
            prop_assert!(header.payload_len() <= most as usize + 4);
        }
    }
}
