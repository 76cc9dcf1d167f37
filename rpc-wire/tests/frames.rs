//! Frames survive their bytes, and no bytes make the parser fall over.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message;
use rpc_wire::frame::{
    Features, Flags, FrameError, FrameHeader, FrameType, GoAway, GoAwayCode, HEADER_LEN,
    MetadataEntry, RequestMetadata, ResponseMetadata, Settings, StatusBody, cancel, data_header,
    ping, window,
};
use rpc_wire::{Code, INITIAL_STREAM_WINDOW, MAX_GOAWAY_MESSAGE_LEN, Metadata, Status};

/// Splits a frame into its parsed header and what follows.
fn split(frame: &[u8]) -> (FrameHeader, &[u8]) {
    let (header, payload) = frame
        .split_first_chunk::<HEADER_LEN>()
        .expect("a whole header");
    let header = FrameHeader::parse(header).expect("a header that is right");
    assert_eq!(header.frame_len(), frame.len());
    (header, payload)
}

/// A frame on stream 1 with this metadata and body.
fn message_frame(frame_type: FrameType, flags: Flags, metadata: &[u8], body: &[u8]) -> Vec<u8> {
    let header = FrameHeader {
        frame_type,
        flags,
        stream_id: 1,
        metadata_len: metadata.len() as u32,
        body_len: body.len() as u32,
    };
    let mut frame = Vec::new();
    header.encode(&mut frame);
    [frame.as_slice(), metadata, body].concat()
}

#[test]
fn settings_that_are_left_out_are_the_assumed_ones() {
    assert_eq!(Settings::decode(&[]), Ok(Settings::assumed()));
}

#[test]
fn settings_out_of_range_are_errors_that_name_the_field() {
    let wrong = [
        Settings {
            max_concurrent_streams: 0,
            ..Settings::default()
        },
        Settings {
            initial_stream_window: INITIAL_STREAM_WINDOW - 1,
            ..Settings::default()
        },
        Settings {
            max_frame_body: 1 << 25,
            ..Settings::default()
        },
        Settings {
            max_metadata_size: 0,
            ..Settings::default()
        },
    ];
    let names = [
        "max_concurrent_streams",
        "initial_stream_window",
        "max_frame_body",
        "max_metadata_size",
    ];
    for (settings, expected) in wrong.into_iter().zip(names) {
        let mut frame = Vec::new();
        settings.encode(&mut frame);
        match Settings::decode(split(&frame).1) {
            Err(FrameError::SettingOutOfRange { name, .. }) => assert_eq!(name, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[test]
fn a_request_names_its_method_by_a_number_or_a_path() {
    let request = RequestMetadata::default();
    assert_eq!(request.validate(), Err(FrameError::NoMethod));
    assert_eq!(
        RequestMetadata {
            method: 1_024,
            ..request.clone()
        }
        .validate(),
        Ok(())
    );
    assert_eq!(
        RequestMetadata {
            method: 1_025,
            ..request.clone()
        }
        .validate(),
        Err(FrameError::MethodNumber(1_025))
    );
    let path = |length| RequestMetadata {
        path: "p".repeat(length),
        ..request.clone()
    };
    assert_eq!(path(1_024).validate(), Ok(()));
    assert_eq!(
        RequestMetadata::decode_checked(&path(1_025).encode_to_vec()),
        Err(FrameError::PathTooLong {
            length: 1_025,
            limit: 1_024
        })
    );
}

#[test]
fn a_timeout_of_less_than_a_microsecond_is_not_sent_as_none() {
    let mut request = RequestMetadata::default();
    assert_eq!(request.timeout(), None);
    request.set_timeout(Some(Duration::ZERO));
    assert_eq!(request.timeout(), Some(Duration::from_micros(1)));
    request.set_timeout(Some(Duration::MAX));
    assert_eq!(request.timeout_us, u64::MAX);
    request.set_timeout(None);
    assert_eq!(request.timeout(), None);
}

#[test]
fn user_metadata_that_breaks_the_rules_is_malformed() {
    for (key, value) in [
        ("Upper", "x"),
        ("", "x"),
        ("text", "\u{7f}"),
        ("text", "\u{e9}"),
    ] {
        let entry = MetadataEntry {
            key: key.to_owned(),
            value: Bytes::from(value),
        };
        let request = RequestMetadata {
            metadata: vec![entry],
            ..RequestMetadata::default()
        };
        assert!(
            matches!(request.user_metadata(), Err(FrameError::Malformed { .. })),
            "{key:?}"
        );
    }
}

#[test]
fn the_usual_response_has_no_metadata_bytes() {
    assert_eq!(
        ResponseMetadata::new(Code::Ok, &Metadata::new()).encoded_len(),
        0
    );
}

#[test]
fn a_long_goaway_text_is_cut_between_characters() {
    let goaway = GoAway {
        last_stream_id: 1,
        code: GoAwayCode::InternalError,
        message: "\u{e9}".repeat(MAX_GOAWAY_MESSAGE_LEN) + "x",
        versions: Vec::new(),
    };
    let mut frame = Vec::new();
    goaway.encode(&mut frame);
    let decoded = GoAway::decode(split(&frame).1).expect("what was encoded");
    assert_eq!(decoded.message.len(), MAX_GOAWAY_MESSAGE_LEN);
    assert!(goaway.message.starts_with(&decoded.message));
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let text = ("[0-9a-z_.-]{1,12}", "[ -~]{0,20}");
    let binary = ("[0-9a-z_.-]{1,12}-bin", any::<Vec<u8>>());
    (
        prop::collection::vec(text, 0..4),
        prop::collection::vec(binary, 0..4),
    )
        .prop_map(|(texts, binaries)| {
            let mut metadata = Metadata::new();
            for (key, value) in texts.into_iter().filter(|(key, _)| !key.ends_with("-bin")) {
                metadata.append(key, value).expect("within the rules");
            }
            for (key, value) in binaries {
                metadata.append_bin(key, value).expect("within the rules");
            }
            metadata
        })
}

fn settings() -> impl Strategy<Value = Settings> {
    let sizes = (
        1_u32..,
        INITIAL_STREAM_WINDOW..,
        16_384..=16_777_216_u32,
        16_384..=16_777_215_u32,
    );
    let rest = (
        any::<Option<u64>>(),
        any::<u32>(),
        any::<u64>(),
        prop::collection::vec(".*", 0..3),
    );
    (sizes, rest).prop_map(
        |((streams, window, body, metadata), (message, ping, features, compression))| Settings {
            max_concurrent_streams: streams,
            initial_stream_window: window,
            max_frame_body: body,
            max_metadata_size: metadata,
            max_message_size: message,
            min_ping_interval: Duration::from_millis(ping.into()),
            features: features | Features::CHECKSUM,
            compression,
        },
    )
}

fn goaway() -> impl Strategy<Value = GoAway> {
    (any::<u32>(), 0_u32..7, ".{0,100}", any::<Vec<u8>>()).prop_map(
        |(last_stream_id, code, message, versions)| {
            let code = GoAwayCode::from_value(code);
            GoAway {
                last_stream_id,
                code,
                message,
                versions,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn settings_round_trip(settings in settings()) {
        let mut frame = Vec::new();
        settings.encode(&mut frame);
        let (header, body) = split(&frame);
        prop_assert_eq!((header.frame_type, header.stream_id), (FrameType::Settings, 0));
        prop_assert_eq!(Settings::decode(body), Ok(settings));
    }

    #[test]
    fn goaway_round_trips(goaway in goaway()) {
        let mut frame = Vec::new();
        goaway.encode(&mut frame);
        let (header, body) = split(&frame);
        prop_assert_eq!((header.frame_type, header.stream_id), (FrameType::GoAway, 0));
        prop_assert_eq!(GoAway::decode(body), Ok(goaway));
    }

    #[test]
    fn cancel_window_ping_and_pong_round_trip(
        stream_id in 1_u32..,
        code in 0_u32..17,
        increment: u32,
        opaque: [u8; 8],
    ) {
        let mut frame = Vec::new();
        cancel::encode(stream_id, Code::from_value(code), &mut frame);
        let (header, body) = split(&frame);
        prop_assert_eq!((header.frame_type, header.stream_id), (FrameType::Cancel, stream_id));
        prop_assert_eq!(cancel::decode(body), Ok(Code::from_value(code)));

        frame.clear();
        window::encode(stream_id, increment, &mut frame);
        let (header, body) = split(&frame);
        prop_assert_eq!((header.frame_type, header.stream_id), (FrameType::Window, stream_id));
        prop_assert_eq!(window::decode(body), Ok(increment));

        frame.clear();
        ping::encode_ping(opaque, &mut frame);
        prop_assert_eq!(split(&frame).0.frame_type, FrameType::Ping);
        prop_assert_eq!(ping::decode(split(&frame).1), Ok(opaque));

        frame.clear();
        ping::encode_pong(opaque, &mut frame);
        prop_assert_eq!(split(&frame).0.frame_type, FrameType::Pong);
        prop_assert_eq!(ping::decode(split(&frame).1), Ok(opaque));
    }

    #[test]
    fn requests_round_trip(
        (method, path) in (0_u32..=1_024, "[a-zA-Z./]{1,40}"),
        timeout_us: u64,
        metadata in metadata(),
        attempt: u32,
        trace in (".{0,20}", ".{0,20}"),
        body: Vec<u8>,
    ) {
        let request = RequestMetadata {
            method,
            path,
            timeout_us,
            metadata: ResponseMetadata::new(Code::Ok, &metadata).metadata,
            attempt,
            traceparent: trace.0,
            tracestate: trace.1,
        };
        let flags = Flags::END_STREAM | Flags::END_MESSAGE;
        let frame = message_frame(FrameType::Request, flags, &request.encode_to_vec(), &body);
        let (header, payload) = split(&frame);
        prop_assert_eq!((header.frame_type, header.flags), (FrameType::Request, flags));
        let (encoded, message) = payload.split_at(header.metadata_len as usize);
        prop_assert_eq!(RequestMetadata::decode_checked(encoded), Ok(request.clone()));
        prop_assert_eq!(message, body);
        prop_assert_eq!(request.user_metadata(), Ok(metadata));
    }

    #[test]
    fn responses_with_a_status_round_trip(
        code in 0_u32..17,
        metadata in metadata(),
        pushback: Option<u64>,
        message in ".*",
        details: Vec<u8>,
    ) {
        let mut response = ResponseMetadata::new(Code::from_value(code), &metadata);
        response.retry_pushback_ms = pushback;
        let body = StatusBody::new(&Status::unknown(&message).with_details(details.clone()));
        let flags = Flags::END_STREAM | Flags::END_MESSAGE | Flags::STATUS;
        let frame = message_frame(
            FrameType::Response, flags, &response.encode_to_vec(), &body.encode_to_vec(),
        );
        let (header, payload) = split(&frame);
        prop_assert_eq!((header.frame_type, header.flags), (FrameType::Response, flags));
        let (encoded, status) = payload.split_at(header.metadata_len as usize);

        let decoded = ResponseMetadata::decode_checked(encoded).unwrap();
        prop_assert_eq!(&decoded, &response);
        prop_assert_eq!(decoded.status_code(), Code::from_value(code));
        prop_assert_eq!(decoded.user_metadata(), Ok(metadata));
        let decoded = StatusBody::decode_checked(status).unwrap();
        prop_assert_eq!((decoded.message, &decoded.details[..]), (message, &details[..]));
    }

    #[test]
    fn data_round_trips(stream_id in 1_u32.., bits in 0_u8..8, body in prop::collection::vec(any::<u8>(), 1..100)) {
        let mut frame = Vec::new();
        data_header(stream_id, Flags::from_bits(bits), body.len() as u32).encode(&mut frame);
        frame.extend_from_slice(&body);
        let (header, payload) = split(&frame);
        prop_assert_eq!((header.frame_type, header.stream_id), (FrameType::Data, stream_id));
        prop_assert_eq!((header.flags.bits(), payload), (bits, &body[..]));
    }

    #[test]
    fn extension_frames_round_trip(value in 0x80_u8.., stream_id: u32, metadata: Vec<u8>, body: Vec<u8>) {
        let mut frame = Vec::new();
        let header = FrameHeader {
            frame_type: FrameType::Extension(value),
            flags: Flags::IGNORABLE,
            stream_id,
            metadata_len: metadata.len() as u32,
            body_len: body.len() as u32,
        };
        header.encode(&mut frame);
        frame.extend(metadata.into_iter().chain(body));
        prop_assert_eq!(split(&frame).0, header);
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes: Vec<u8>, head: [u8; HEADER_LEN]) {
        let _ = FrameHeader::parse(&head);
        let _ = FrameHeader::check_prefix(&bytes);
        let _ = Settings::decode(&bytes);
        let _ = GoAway::decode(&bytes);
        let _ = cancel::decode(&bytes);
        let _ = window::decode(&bytes);
        let _ = ping::decode(&bytes);
        let _ = RequestMetadata::decode_checked(&bytes).map(|request| request.user_metadata());
        let _ = ResponseMetadata::decode_checked(&bytes).map(|response| response.user_metadata());
        let _ = StatusBody::decode_checked(&bytes);
    }
}
