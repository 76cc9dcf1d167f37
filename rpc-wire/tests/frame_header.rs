//! What every frame begins with: its layout, its rules, and what is told to strangers.

use proptest::prelude::*;
use rpc_wire::frame::{
    Flags, FrameError, FrameHeader, FrameType, HEADER_LEN, cancel, data_header, ping, window,
};

fn encoded(header: FrameHeader) -> [u8; HEADER_LEN] {
    let mut bytes = Vec::new();
    header.encode(&mut bytes);
    bytes.try_into().expect("16 bytes")
}

fn header(frame_type: FrameType, flags: Flags, stream_id: u32) -> FrameHeader {
    FrameHeader {
        frame_type,
        flags,
        stream_id,
        metadata_len: 0,
        body_len: 0,
    }
}

fn parse(header: FrameHeader) -> Result<FrameHeader, FrameError> {
    FrameHeader::parse(&encoded(header))
}

const FLAGS: [Flags; 7] = [
    Flags::END_STREAM,
    Flags::END_MESSAGE,
    Flags::COMPRESSED,
    Flags::STATUS,
    Flags::NOT_EXECUTED,
    Flags::CHECKSUM,
    Flags::IGNORABLE,
];

#[test]
fn the_header_is_laid_out_as_documented() {
    let header = FrameHeader {
        frame_type: FrameType::Request,
        flags: Flags::END_STREAM | Flags::END_MESSAGE,
        stream_id: 0x0a0b_0c0d,
        metadata_len: 0x01_0203,
        body_len: 0x0405_0607,
    };
    let bytes = [
        0x12, 0x34, 2, 2, 0x0a, 0x0b, 0x0c, 0x0d, 0x03, 1, 2, 3, 4, 5, 6, 7,
    ];
    assert_eq!(encoded(header), bytes);
    assert_eq!(FrameHeader::parse(&bytes), Ok(header));
    assert_eq!(header.payload_len(), 0x01_0203 + 0x0405_0607);
}

#[test]
fn a_checksum_counts_to_the_payload_and_not_to_the_body() {
    let plain = data_header(1, Flags::END_MESSAGE, 10);
    let checked = FrameHeader {
        flags: plain.flags | Flags::CHECKSUM,
        ..plain
    };
    assert_eq!(plain.frame_len(), 26);
    assert_eq!(checked.frame_len(), 30);
}

#[test]
fn a_stranger_is_recognised_by_its_first_bytes() {
    let error = FrameHeader::parse(b"GET / HTTP/1.1\r\n").expect_err("not ours");
    assert_eq!(
        error,
        FrameError::NotThisProtocol {
            first: b"GET ".to_vec()
        }
    );
    assert!(error.to_string().contains("those of HTTP;"), "{error}");
    assert!(FrameHeader::check_prefix(b"G").is_err());
    assert_eq!(FrameHeader::check_prefix(&[]), Ok(()));
    assert_eq!(FrameHeader::check_prefix(&[0x12, 0x34]), Ok(()));
    assert_eq!(
        FrameHeader::check_prefix(&[0x12, 0x34, 1]),
        Err(FrameError::UnsupportedVersion(1))
    );
}

#[test]
fn another_version_is_told_from_another_protocol() {
    let mut bytes = encoded(header(FrameType::Settings, Flags::NONE, 0));
    bytes[2] = 3;
    assert_eq!(
        FrameHeader::parse(&bytes),
        Err(FrameError::UnsupportedVersion(3))
    );
}

#[test]
fn an_unknown_type_is_an_error_unless_the_frame_may_be_ignored() {
    for value in [0, 10, 0x7f, 0x80, 0xff] {
        let unknown = FrameType::Extension(value);
        for stream_id in [0, 1] {
            let required = header(unknown, Flags::NONE, stream_id);
            assert_eq!(parse(required), Err(FrameError::UnknownType(value)));
            let ignorable = header(unknown, Flags::from_bits(0xc7), stream_id);
            assert_eq!(parse(ignorable), Ok(ignorable));
        }
    }
}

#[test]
fn every_type_has_its_flags_and_no_others() {
    use FrameType::{Cancel, Data, GoAway, Ping, Pong, Request, Response, Window};
    let message = Flags::END_STREAM | Flags::END_MESSAGE | Flags::COMPRESSED | Flags::CHECKSUM;
    let of_type = [
        (Request, 1, 0, message),
        (Data, 1, 1, message),
        (Cancel, 1, 4, Flags::CHECKSUM),
        (Window, 1, 4, Flags::CHECKSUM),
        (Ping, 0, 8, Flags::CHECKSUM),
        (Pong, 0, 8, Flags::CHECKSUM),
        (GoAway, 0, 0, Flags::CHECKSUM),
        (FrameType::Settings, 0, 0, Flags::CHECKSUM),
    ];
    for (frame_type, stream_id, body_len, allowed) in of_type {
        for flag in FLAGS {
            let parsed = parse(FrameHeader {
                body_len,
                ..header(frame_type, flag, stream_id)
            });
            assert_eq!(
                parsed.is_ok(),
                allowed.contains(flag),
                "{frame_type} with {flag:?}"
            );
        }
    }
    let final_flags = message | Flags::STATUS | Flags::NOT_EXECUTED;
    for flag in FLAGS {
        let parsed = parse(header(Response, Flags::END_STREAM | flag, 1));
        assert_eq!(
            parsed.is_ok(),
            final_flags.contains(flag),
            "final RESPONSE with {flag:?}"
        );
    }
}

#[test]
fn the_reserved_flag_is_an_error() {
    let reserved = header(FrameType::Request, Flags::from_bits(0x41), 1);
    assert_eq!(parse(reserved), Err(FrameError::ReservedFlags(0x41)));
}

#[test]
fn leading_metadata_comes_alone_and_a_status_is_not_compressed() {
    let leading = header(FrameType::Response, Flags::NONE, 1);
    assert_eq!(parse(leading), Ok(leading));
    assert!(
        parse(FrameHeader {
            body_len: 1,
            ..leading
        })
        .is_err()
    );
    for flag in [
        Flags::END_MESSAGE,
        Flags::COMPRESSED,
        Flags::STATUS,
        Flags::NOT_EXECUTED,
    ] {
        assert!(
            parse(FrameHeader {
                flags: flag,
                ..leading
            })
            .is_err(),
            "{flag:?}"
        );
    }
    let compressed_status = Flags::END_STREAM | Flags::STATUS | Flags::COMPRESSED;
    assert!(
        parse(FrameHeader {
            flags: compressed_status,
            ..leading
        })
        .is_err()
    );
}

#[test]
fn a_frame_is_on_the_connection_or_on_a_stream_as_its_type_says() {
    use FrameType::{Cancel, Data, GoAway, Ping, Pong, Request, Response, Window};
    for frame_type in [Request, Response, Data, Cancel, Window] {
        let wrong = Err(FrameError::StreamId {
            frame_type,
            stream_id: 0,
        });
        assert_eq!(parse(header(frame_type, Flags::NONE, 0)), wrong);
    }
    for frame_type in [FrameType::Settings, Ping, Pong, GoAway] {
        let wrong = Err(FrameError::StreamId {
            frame_type,
            stream_id: 7,
        });
        assert_eq!(parse(header(frame_type, Flags::NONE, 7)), wrong);
    }
}

#[test]
fn only_requests_and_responses_have_metadata() {
    for (frame_type, stream_id) in [
        (FrameType::Data, 1),
        (FrameType::Cancel, 1),
        (FrameType::Ping, 0),
    ] {
        let wrong = FrameHeader {
            metadata_len: 9,
            ..header(frame_type, Flags::NONE, stream_id)
        };
        assert_eq!(
            parse(wrong),
            Err(FrameError::UnexpectedMetadata {
                frame_type,
                length: 9
            })
        );
    }
}

#[test]
fn lengths_that_do_not_fit_the_type_are_errors() {
    let cancel = FrameHeader {
        body_len: 5,
        ..header(FrameType::Cancel, Flags::NONE, 1)
    };
    assert!(matches!(
        parse(cancel),
        Err(FrameError::FixedBodyLength { expected: 4, .. })
    ));
    let ping = FrameHeader {
        body_len: u32::MAX,
        ..header(FrameType::Ping, Flags::NONE, 0)
    };
    assert!(matches!(
        parse(ping),
        Err(FrameError::FixedBodyLength { expected: 8, .. })
    ));
    let settings = FrameHeader {
        body_len: 16_385,
        ..header(FrameType::Settings, Flags::NONE, 0)
    };
    assert!(matches!(
        parse(settings),
        Err(FrameError::BodyLength { limit: 16_384, .. })
    ));
    assert_eq!(
        parse(data_header(1, Flags::NONE, 0)),
        Err(FrameError::EmptyData)
    );
    assert!(cancel::decode(&[0; 3]).is_err());
    assert!(window::decode(&[]).is_err());
    assert!(ping::decode(&[0; 9]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_header_of_ours_with_any_fields_is_parsed_as_sent_or_refused(fields: [u8; 13]) {
        let mut bytes = [0x12, 0x34, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes[3..].copy_from_slice(&fields);
        if let Ok(header) = FrameHeader::parse(&bytes) {
            prop_assert_eq!(encoded(header), bytes);
        }
    }

    #[test]
    fn a_flipped_bit_in_a_header_is_seen_or_harmless(
        body_len in 1_u32..16_384,
        bit in 0_usize..HEADER_LEN * 8,
    ) {
        let original = data_header(9, Flags::END_MESSAGE, body_len);
        let mut bytes = encoded(original);
        bytes[bit / 8] ^= 1 << (bit % 8);
        match FrameHeader::parse(&bytes) {
            Ok(header) => prop_assert_ne!(header, original),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
