//! Frames as they are read and written.

use prost::Message;
use rpc_wire::frame::{
    Flags, FrameError, FrameHeader, FrameType, GoAway, HEADER_LEN, RequestMetadata,
    ResponseMetadata, Settings, StatusBody, cancel, ping, window,
};

use crate::input::Input;
use crate::made::made_frames;

/// Reads bytes as frames, as they are and made into frames. What can be read is written again, and
/// read again it is the same.
///
/// # Panics
///
/// If it is not.
pub fn frames(bytes: &[u8]) {
    read(bytes);
    read(&made_frames(&mut Input(bytes)));
}

fn read(mut bytes: &[u8]) {
    while let Some(frame) = next_frame(&mut bytes) {
        let Ok(once) = again(frame) else { continue };
        let twice = again(&once).expect("what was written can be read");
        assert_eq!(once, twice);
    }
}

/// Reads bytes that a session wrote.
///
/// # Panics
///
/// If they are not whole frames of the protocol.
pub(crate) fn assert_well_formed(mut bytes: &[u8]) {
    while let Some(frame) = next_frame(&mut bytes) {
        again(frame).expect("a session writes what the protocol allows");
    }
    assert!(bytes.is_empty(), "half a frame: {bytes:?}");
}

/// Takes a whole frame off the bytes, if one is there and its header is right.
fn next_frame<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let header = FrameHeader::parse(bytes.first_chunk::<HEADER_LEN>()?).ok()?;
    let (frame, rest) = bytes.split_at_checked(header.frame_len())?;
    *bytes = rest;
    Some(frame)
}

/// Writes what a frame says.
fn again(frame: &[u8]) -> Result<Vec<u8>, FrameError> {
    let (head, payload) = frame.split_first_chunk().expect("it has a header");
    let header = FrameHeader::parse(head)?;
    let (metadata, rest) = payload.split_at(header.metadata_len as usize);
    let body = &rest[..header.body_len as usize];
    let mut out = Vec::new();
    let id = header.stream_id;
    match header.frame_type {
        FrameType::Settings => Settings::decode(body)?.encode(&mut out),
        FrameType::GoAway => GoAway::decode(body)?.encode(&mut out),
        FrameType::Ping => ping::encode_ping(ping::decode(body)?, &mut out),
        FrameType::Pong => ping::encode_pong(ping::decode(body)?, &mut out),
        FrameType::Cancel => cancel::encode(id, cancel::decode(body)?, &mut out),
        FrameType::Window => window::encode(id, window::decode(body)?, &mut out),
        FrameType::Request => {
            let metadata = RequestMetadata::decode_checked(metadata)?;
            metadata.user_metadata()?;
            write(header, &metadata.encode_to_vec(), body, &mut out);
        }
        FrameType::Response => {
            let metadata = ResponseMetadata::decode_checked(metadata)?;
            metadata.user_metadata()?;
            let whole = header.flags.contains(Flags::STATUS | Flags::END_MESSAGE);
            let body = match whole {
                true => StatusBody::decode_checked(body)?.encode_to_vec(),
                false => body.to_vec(),
            };
            write(header, &metadata.encode_to_vec(), &body, &mut out);
        }
        FrameType::Data | FrameType::Extension(_) => write(header, metadata, body, &mut out),
    }
    Ok(out)
}

fn write(header: FrameHeader, metadata: &[u8], body: &[u8], out: &mut Vec<u8>) {
    let header = FrameHeader {
        metadata_len: metadata.len() as u32,
        body_len: body.len() as u32,
        ..header
    };
    header.encode(out);
    out.extend_from_slice(metadata);
    out.extend_from_slice(body);
    if header.flags.contains(Flags::CHECKSUM) {
        // Whether it is right is for the connection to say.
        out.extend_from_slice(&[0; 4]);
    }
}
