//! What a decompression bomb costs. Alone in its process, so that only its own memory is counted.
#![allow(unsafe_code, reason = "a global allocator is unsafe to implement")]
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::write::GzEncoder;
use rpc_runtime::{Code, Compression};
use rpc_tests::{LIMIT, RawPeer, TestServer, compressed_request_frame, within};
use rpc_wire::frame::{Flags, FrameType, Settings, data_header};

/// Counts what is in use, and the most that ever was.
struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn taken(bytes: usize) {
    let used = USED.fetch_add(bytes, Ordering::Relaxed) + bytes;
    MOST.fetch_max(used, Ordering::Relaxed);
}

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        taken(size);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const GIB: usize = 1 << 30;

/// Gzip of zeros: members of 16 MiB, one after another.
fn gzip_bomb(length: usize) -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..256 {
        member.write_all(&[0; 64 * 1024]).unwrap();
    }
    member.finish().unwrap().repeat(length >> 24)
}

/// Zstd of zeros: four bytes for each 128 KiB.
fn zstd_bomb(length: usize) -> Vec<u8> {
    let header: u32 = (128 * 1024) << 3 | 1 << 1;
    let [low, middle, high, _] = header.to_le_bytes();
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];
    frame.extend([low, middle, high, 0].repeat(length >> 17));
    // An empty last block.
    frame.extend([1, 0, 0]);
    frame
}

/// A whole request in pieces.
fn request(id: u32, body: &[u8]) -> Vec<u8> {
    let mut pieces = body.chunks(16 * 1024).peekable();
    let first = pieces.next().unwrap();
    let mut bytes = compressed_request_frame(id, "probe.Probe/Echo", first);
    if pieces.peek().is_some() {
        // Neither the stream nor the message ends with the first piece.
        bytes[8] = Flags::COMPRESSED.bits();
    }
    while let Some(piece) = pieces.next() {
        let flags = match pieces.peek() {
            Some(_) => Flags::NONE,
            None => Flags::END_MESSAGE | Flags::END_STREAM,
        };
        data_header(id, flags, piece.len() as u32).encode(&mut bytes);
        bytes.extend_from_slice(piece);
    }
    bytes
}

#[tokio::test]
async fn a_bomb_of_gibibytes_costs_what_a_large_message_costs() {
    let bombs = [
        (Compression::Gzip, gzip_bomb(GIB / 2)),
        (Compression::Zstd, zstd_bomb(4 * GIB)),
    ];
    for (algorithm, bomb) in bombs {
        assert!(bomb.len() < 1 << 20, "it fits into the first window");
        let server = TestServer::start_with(|server| server.compression([algorithm])).await;
        let settings = Settings {
            compression: vec![algorithm.name().to_owned()],
            ..Settings::default()
        };
        let mut peer = RawPeer::client_with(server.socket_addr(), &settings).await;
        let request = request(1, &bomb);
        let before = USED.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        peer.send(&request).await;
        let answer = within(LIMIT, peer.expect(FrameType::Response)).await;
        let taken = MOST.load(Ordering::Relaxed) - before;
        let (code, message) = answer.status();
        assert_eq!(code, Code::ResourceExhausted);
        assert!(message.contains("max_message_size of 4194304 bytes after decompression"));
        println!("{algorithm}: {} bytes took {taken}", bomb.len());
        // The bomb itself, and the largest message as a vector that grows: twice, and once more
        // where it moved from.
        assert!(taken < 16 << 20, "{algorithm}: {taken} bytes");
    }
}
