//! Frames made of decisions.

use prost::Message;
use rpc_wire::MethodKind;
use rpc_wire::frame::{Flags, FrameHeader, FrameType, RequestMetadata};

use crate::input::Input;

/// The kinds of methods there are.
pub(crate) const KINDS: [MethodKind; 4] = [
    MethodKind::Unary,
    MethodKind::ServerStreaming,
    MethodKind::ClientStreaming,
    MethodKind::BidiStreaming,
];

/// Frames that are well formed, mostly, in an order that nobody would choose.
pub(crate) fn made_frames(input: &mut Input<'_>) -> Vec<u8> {
    let mut frames = Vec::new();
    while !input.is_empty() {
        make_frame(input, &mut frames);
    }
    frames
}

/// Appends a frame that is well formed, mostly.
fn make_frame(input: &mut Input<'_>, out: &mut Vec<u8>) {
    let frame_type = match input.below(13) {
        0 | 1 => FrameType::Request,
        2 | 3 => FrameType::Response,
        4 | 5 => FrameType::Data,
        6 => FrameType::Cancel,
        7 => FrameType::Window,
        8 => FrameType::Ping,
        9 => FrameType::Pong,
        10 => FrameType::GoAway,
        11 => FrameType::Settings,
        _ => FrameType::Extension(0x80),
    };
    let (flags, stream_id) = (input.byte(), u32::from(input.byte() % 8));
    let (metadata, body, flags, stream_id) = match frame_type {
        FrameType::Request => {
            let kind = KINDS[input.below(KINDS.len())];
            let metadata = RequestMetadata {
                method: u32::from(input.byte() % 4),
                path: path(kind).to_owned(),
                timeout_us: u64::from(input.byte()),
                ..RequestMetadata::default()
            };
            let metadata = metadata.encode_to_vec();
            (metadata, input.string(), flags & 0x07, stream_id)
        }
        FrameType::Response => (
            input.string().to_vec(),
            input.string(),
            flags & 0x1f,
            stream_id,
        ),
        FrameType::Data => (Vec::new(), input.string(), flags & 0x07, stream_id),
        FrameType::Cancel | FrameType::Window => (Vec::new(), input.bytes(4), 0, stream_id),
        FrameType::Ping | FrameType::Pong => (Vec::new(), input.bytes(8), 0, 0),
        _ => (Vec::new(), input.string(), flags & 0x80, 0),
    };
    let header = FrameHeader {
        frame_type,
        flags: Flags::from_bits(flags),
        stream_id,
        metadata_len: metadata.len() as u32,
        body_len: body.len() as u32,
    };
    header.encode(out);
    out.extend_from_slice(&metadata);
    out.extend_from_slice(body);
}

/// A method of a kind.
pub(crate) fn path(kind: MethodKind) -> &'static str {
    match kind {
        MethodKind::Unary => "fuzz.Fuzz/Unary",
        MethodKind::ServerStreaming => "fuzz.Fuzz/Replies",
        MethodKind::ClientStreaming => "fuzz.Fuzz/Requests",
        MethodKind::BidiStreaming => "fuzz.Fuzz/Both",
    }
}
