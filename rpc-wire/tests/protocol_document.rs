//! Every hexdump in `docs/protocol.md` is what this crate reads and writes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use prost::Message;
use rpc_wire::frame::{
    Flags, FrameError, FrameHeader, FrameType, GoAway, HEADER_LEN, RequestMetadata,
    ResponseMetadata, Settings, StatusBody, cancel, data_header, ping, window,
};
use rpc_wire::{Code, Metadata};

/// One frame of a hexdump.
struct Dump {
    bytes: Vec<u8>,
    /// The comments of its lines.
    comments: Vec<String>,
}

impl Dump {
    fn header(&self) -> FrameHeader {
        let head = self
            .bytes
            .first_chunk::<HEADER_LEN>()
            .expect("a whole header");
        let header = FrameHeader::parse(head).expect("a header that is right");
        assert_eq!(header.frame_len(), self.bytes.len(), "{header:?}");
        header
    }
}

/// The frames of each block that is marked as a hexdump. An empty line stands between frames.
fn hexdumps() -> Vec<Vec<Dump>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let text = fs::read_to_string(path).expect("the document is there");
    let blocks = text.split("```hexdump\n").skip(1);
    blocks
        .map(|rest| {
            rest.split("```")
                .next()
                .expect("split gives one part at least")
                .split("\n\n")
                .map(dump)
                .collect()
        })
        .collect()
}

fn dump(text: &str) -> Dump {
    let mut dump = Dump {
        bytes: Vec::new(),
        comments: Vec::new(),
    };
    for line in text.lines() {
        let (bytes, comment) = line.split_once('|').expect("bytes | comment");
        let bytes = bytes
            .split_whitespace()
            .map(|byte| u8::from_str_radix(byte, 16).expect("hexadecimal"));
        dump.bytes.extend(bytes);
        dump.comments.push(comment.trim().to_owned());
    }
    dump
}

/// Decodes a frame and encodes what was decoded.
fn encode_again(dump: &Dump) -> Result<Vec<u8>, FrameError> {
    let header = dump.header();
    let (metadata, rest) = dump.bytes[HEADER_LEN..].split_at(header.metadata_len as usize);
    let body = &rest[..header.body_len as usize];
    let mut out = Vec::new();
    match header.frame_type {
        FrameType::Settings => Settings::decode(body)?.encode(&mut out),
        FrameType::GoAway => GoAway::decode(body)?.encode(&mut out),
        FrameType::Ping => ping::encode_ping(ping::decode(body)?, &mut out),
        FrameType::Pong => ping::encode_pong(ping::decode(body)?, &mut out),
        FrameType::Cancel => {
            cancel::encode(header.stream_id, cancel::decode(body)?, &mut out);
        }
        FrameType::Window => {
            window::encode(header.stream_id, window::decode(body)?, &mut out);
        }
        FrameType::Request => {
            let metadata = RequestMetadata::decode_checked(metadata)?;
            metadata.user_metadata()?;
            write(&mut out, header, &metadata.encode_to_vec(), body);
        }
        FrameType::Response => {
            let metadata = ResponseMetadata::decode_checked(metadata)?;
            metadata.user_metadata()?;
            let status;
            let body = if header.flags.contains(Flags::STATUS) {
                status = StatusBody::decode_checked(body)?.encode_to_vec();
                &status[..]
            } else {
                body
            };
            write(&mut out, header, &metadata.encode_to_vec(), body);
        }
        FrameType::Data => {
            let header = data_header(header.stream_id, header.flags, header.body_len);
            write(&mut out, header, &[], body);
        }
        FrameType::Extension(_) => write(&mut out, header, metadata, body),
    }
    Ok(out)
}

fn write(out: &mut Vec<u8>, header: FrameHeader, metadata: &[u8], body: &[u8]) {
    let header = FrameHeader {
        metadata_len: metadata.len() as u32,
        body_len: body.len() as u32,
        ..header
    };
    header.encode(out);
    out.extend_from_slice(metadata);
    out.extend_from_slice(body);
    if header.flags.contains(Flags::CHECKSUM) {
        out.extend_from_slice(&crc32c(out).to_be_bytes());
    }
}

/// CRC-32C, a bit at a time.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0x82f6_3b78
            } else {
                crc >> 1
            }
        })
    })
}

/// The bytes of the block that begins a connection with this REQUEST or its answer.
fn exchange(frame_type: FrameType) -> Vec<u8> {
    let is_wanted = |block: &Vec<Dump>| {
        let types: Vec<_> = block.iter().map(|dump| dump.header().frame_type).collect();
        types == [FrameType::Settings, frame_type]
    };
    let block = hexdumps()
        .into_iter()
        .find(is_wanted)
        .expect("the document has the exchange");
    block.into_iter().flat_map(|dump| dump.bytes).collect()
}

/// `HelloRequest` and `HelloReply`.
#[derive(Clone, PartialEq, prost::Message)]
struct Hello {
    #[prost(string, tag = "1")]
    msg: String,
}

fn hello(msg: &str) -> Vec<u8> {
    Hello {
        msg: msg.to_owned(),
    }
    .encode_to_vec()
}

fn whole(frame_type: FrameType, stream_id: u32) -> FrameHeader {
    let flags = Flags::END_STREAM | Flags::END_MESSAGE;
    FrameHeader {
        frame_type,
        flags,
        stream_id,
        metadata_len: 0,
        body_len: 0,
    }
}

#[test]
fn every_hexdump_is_decoded_and_encoded_to_the_same_bytes() {
    for dump in hexdumps().iter().flatten() {
        assert_eq!(
            encode_again(dump),
            Ok(dump.bytes.clone()),
            "{:?}",
            dump.comments
        );
    }
}

#[test]
fn the_comments_of_every_hexdump_tell_its_header() {
    for dump in hexdumps().iter().flatten() {
        let FrameHeader {
            frame_type,
            flags,
            stream_id,
            metadata_len,
            body_len,
        } = dump.header();
        let flags = format!("{flags:?}").replace("Flags(", "").replace(')', "");
        let expected = [
            format!("magic, version 2, {frame_type}; stream {stream_id}"),
            format!("{flags}; metadata {metadata_len}, body {body_len} bytes"),
        ];
        assert_eq!(dump.comments[..2], expected);
    }
}

#[test]
fn every_frame_type_and_every_flag_has_a_hexdump() {
    let headers: Vec<FrameHeader> = hexdumps()
        .iter()
        .flatten()
        .map(|dump| dump.header())
        .collect();
    let types: BTreeSet<u8> = headers
        .iter()
        .map(|header| header.frame_type.value())
        .collect();
    assert_eq!(types, (1..=9).chain([0x80]).collect());
    let flags = headers
        .iter()
        .fold(Flags::NONE, |flags, header| flags | header.flags);
    assert_eq!(flags.bits(), !0x40);
}

#[test]
fn the_exchange_is_a_call_of_hello_with_world() {
    let settings = Settings {
        max_message_size: Some(4_194_304),
        ..Settings::assumed()
    };
    let mut request = RequestMetadata {
        method: 1,
        path: "helloworld.Hello/Hello".to_owned(),
        timeout_us: 30_000_000,
        ..RequestMetadata::default()
    };
    let mut from_client = Vec::new();
    settings.encode(&mut from_client);
    let header = whole(FrameType::Request, 1);
    write(
        &mut from_client,
        header,
        &request.encode_to_vec(),
        &hello("world"),
    );
    assert_eq!(exchange(FrameType::Request), from_client);

    let response = ResponseMetadata::new(Code::Ok, &Metadata::new());
    let mut from_server = Vec::new();
    Settings::default().encode(&mut from_server);
    let header = whole(FrameType::Response, 1);
    write(
        &mut from_server,
        header,
        &response.encode_to_vec(),
        &hello("Hello world"),
    );
    assert_eq!(exchange(FrameType::Response), from_server);

    request.path.clear();
    let mut again = Vec::new();
    write(
        &mut again,
        whole(FrameType::Request, 2),
        &request.encode_to_vec(),
        &hello("world"),
    );
    assert!(hexdumps().iter().flatten().any(|dump| dump.bytes == again));
}

#[test]
fn the_checksum_is_the_one_of_the_document() {
    assert_eq!(crc32c(b"123456789"), 0xe306_9283);
}
