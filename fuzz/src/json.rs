//! JSON and protobuf, each as the other.

use std::sync::LazyLock;

use bytes::{Bytes, BytesMut};
use rpc_runtime::codegen::Service;
use rpc_runtime::json::{JsonOptions, Transcoder};
use rpc_runtime::{Code, rpc_service};
use rpc_tests::kinds::{Kinds, KindsServer};

/// Nobody calls it.
struct NoKinds;

#[rpc_service(unimplemented)]
impl Kinds for NoKinds {}

/// For the message that has fields of all kinds.
static TRANSCODER: LazyLock<Transcoder> = LazyLock::new(|| {
    let server = KindsServer::new(NoKinds);
    let (_, method) = server.descriptor().method("All").expect("it is there");
    Transcoder::for_method(method, JsonOptions::new()).expect("it has descriptors")
});

/// Makes what the target needs, so that its memory is not that of the first input.
pub fn prepare_json() {
    LazyLock::force(&TRANSCODER);
}

/// Reads bytes as JSON and as protobuf. What is accepted in one form has the other, and comes back from
/// there as it was.
///
/// # Panics
///
/// If it does not.
pub fn json(bytes: &[u8]) {
    if let Ok(protobuf) = TRANSCODER.decode_request(bytes) {
        let json = write(&protobuf).expect("it was read");
        assert_eq!(write(&read(&json)), Some(json.clone()), "{json:?}");
    }
    let Some(json) = write(bytes) else {
        return;
    };
    match TRANSCODER.decode_request(&json) {
        // What protobuf has in several forms has one in JSON.
        Ok(protobuf) => {
            let json = write(&protobuf).expect("it was read");
            assert_eq!(write(&read(&json)), Some(json.clone()), "{json:?}");
        }
        // Lists and maps count as levels in JSON.
        Err(status) => assert_eq!(status.code(), Code::ResourceExhausted, "{json:?}: {status}"),
    }
}

fn read(json: &[u8]) -> Bytes {
    let protobuf = TRANSCODER.decode_request(json);
    protobuf.unwrap_or_else(|status| panic!("{json:?}: {status}"))
}

fn write(protobuf: &[u8]) -> Option<BytesMut> {
    let mut json = BytesMut::new();
    TRANSCODER.encode_reply(protobuf, &mut json).ok()?;
    Some(json)
}
