//! User metadata.

use prost::Message;
use rpc_wire::frame::{RequestMetadata, ResponseMetadata};
use rpc_wire::{Code, Metadata, MetadataValue};

use crate::input::Input;

/// Reads bytes as the metadata of a REQUEST and of a RESPONSE, and as keys and values for
/// [`Metadata`]. What is accepted comes back as it was, from there and from the wire.
///
/// # Panics
///
/// If it does not.
pub fn metadata(bytes: &[u8]) {
    if let Ok(request) = RequestMetadata::decode_checked(bytes) {
        request.user_metadata().iter().for_each(round_trip);
    }
    if let Ok(response) = ResponseMetadata::decode_checked(bytes) {
        response.user_metadata().iter().for_each(round_trip);
    }
    round_trip(&insert(bytes));
}

/// Puts entries into metadata as a program would; each has a key and a value.
fn insert(bytes: &[u8]) -> Metadata {
    let mut input = Input(bytes);
    let mut metadata = Metadata::new();
    while !input.is_empty() {
        let key = String::from_utf8_lossy(input.string());
        let value = input.string();
        if metadata.append_bin(&key, value.to_vec()).is_ok() {
            let last = metadata.get_all(&key).last();
            assert_eq!(last, Some(MetadataValue::Binary(value)));
        }
        let text = String::from_utf8_lossy(value);
        if metadata.append(&key, &*text).is_ok() {
            let last = metadata.get_all(&key).last();
            assert_eq!(last, Some(MetadataValue::Ascii(&text)));
        }
    }
    metadata
}

/// Through the wire and back.
fn round_trip(metadata: &Metadata) {
    let sent = ResponseMetadata::new(Code::Ok, metadata).encode_to_vec();
    let received = ResponseMetadata::decode_checked(&sent).expect("it was encoded");
    let received = received.user_metadata().expect("it was accepted before");
    assert_eq!(*metadata, received);
}
