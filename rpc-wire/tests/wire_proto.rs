//! `proto/rpc/wire.proto` and the messages of this crate are the same.
//!
//! Each message is encoded by this crate with every field set, and decoded by what the `.proto`
//! says: a difference in a number, a name or a type shows as a wrong or unknown field.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use protox::prost_reflect::{DescriptorPool, DynamicMessage};
use rpc_wire::frame::{
    GoAway, GoAwayCode, HEADER_LEN, MetadataEntry, RequestMetadata, ResponseMetadata, Settings,
    StatusBody,
};

/// What `wire.proto` reads in `bytes`, in protobuf's text format.
///
/// Panics if a field is unknown or any field of the message is missing.
fn read_as(message: &str, bytes: &[u8]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto");
    let files = protox::compile(["rpc/wire.proto"], [folder]).expect("wire.proto compiles");
    let pool = DescriptorPool::from_file_descriptor_set(files).expect("it is complete");
    let descriptor = pool
        .get_message_by_name(message)
        .expect("wire.proto has the message");

    let dynamic = DynamicMessage::decode(descriptor.clone(), bytes).expect("it is protobuf");
    assert_eq!(
        dynamic.unknown_fields().count(),
        0,
        "{message} lacks a field of the crate"
    );
    for field in descriptor.fields() {
        assert!(
            dynamic.has_field(&field),
            "the crate's {message} lacks {}",
            field.name()
        );
    }
    assert_eq!(
        dynamic.encode_to_vec(),
        bytes,
        "{message} is encoded in another way"
    );
    dynamic.to_text_format()
}

/// The body of a frame that was encoded whole.
fn body(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut frame = Vec::new();
    encode(&mut frame);
    frame.split_off(HEADER_LEN)
}

fn entries() -> Vec<MetadataEntry> {
    vec![MetadataEntry {
        key: "k".to_owned(),
        value: Bytes::from("v"),
    }]
}

#[test]
fn settings_are_as_in_wire_proto() {
    let settings = Settings {
        max_concurrent_streams: 1,
        initial_stream_window: 2_000_000,
        max_frame_body: 30_000,
        max_metadata_size: 40_000,
        max_message_size: Some(u64::MAX),
        min_ping_interval: Duration::from_secs(6),
        features: 1 << 63,
        compression: vec!["gzip".to_owned(), "zstd".to_owned()],
    };
    assert_eq!(
        read_as("rpc.wire.Settings", &body(|out| settings.encode(out))),
        "max_concurrent_streams:1,initial_stream_window:2000000,max_frame_body:30000,\
         max_metadata_size:40000,max_message_size:18446744073709551615,\
         min_ping_interval_ms:6000,features:9223372036854775808,compression:[\"gzip\",\"zstd\"]"
    );
}

#[test]
fn request_metadata_is_as_in_wire_proto() {
    let request = RequestMetadata {
        method: 1,
        path: "p".to_owned(),
        timeout_us: u64::MAX,
        metadata: entries(),
        attempt: 5,
        traceparent: "tp".to_owned(),
        tracestate: "ts".to_owned(),
    };
    assert_eq!(
        read_as("rpc.wire.RequestMetadata", &request.encode_to_vec()),
        "method:1,path:\"p\",timeout_us:18446744073709551615,metadata:[{key:\"k\",value:\"v\"}],\
         attempt:5,traceparent:\"tp\",tracestate:\"ts\""
    );
}

#[test]
fn response_metadata_is_as_in_wire_proto() {
    let response = ResponseMetadata {
        code: 1,
        metadata: entries(),
        retry_pushback_ms: Some(u64::MAX),
    };
    assert_eq!(
        read_as("rpc.wire.ResponseMetadata", &response.encode_to_vec()),
        "code:1,metadata:[{key:\"k\",value:\"v\"}],retry_pushback_ms:18446744073709551615"
    );
}

#[test]
fn an_explicit_zero_is_told_from_an_absent_field() {
    let response = ResponseMetadata {
        retry_pushback_ms: Some(0),
        ..ResponseMetadata::default()
    };
    let decoded = ResponseMetadata::decode_checked(&response.encode_to_vec());
    assert_eq!(decoded, Ok(response));
}

#[test]
fn a_status_body_is_as_in_wire_proto() {
    let status = StatusBody {
        message: "m".to_owned(),
        details: Bytes::from("d"),
    };
    assert_eq!(
        read_as("rpc.wire.StatusBody", &status.encode_to_vec()),
        "message:\"m\",details:\"d\""
    );
}

#[test]
fn goaway_is_as_in_wire_proto() {
    let goaway = GoAway {
        last_stream_id: u32::MAX,
        code: GoAwayCode::UnsupportedVersion,
        message: "m".to_owned(),
        versions: vec![2, 3],
    };
    assert_eq!(
        read_as("rpc.wire.GoAway", &body(|out| goaway.encode(out))),
        "last_stream_id:4294967295,code:2,message:\"m\",versions:[2,3]"
    );
}
