//! Every number of the protocol: its name, its unit and the reason for its value.

use std::time::Duration;

/// Largest message that is accepted unless configured otherwise, in bytes: 4 MiB.
///
/// The same as gRPC's default, so that a service which moves from gRPC behaves the same.
pub const DEFAULT_MAX_MESSAGE_SIZE: u64 = 4 * 1024 * 1024;

/// Largest metadata block of a frame that is accepted unless configured otherwise, in bytes: 16 KiB.
///
/// It is also the least that a peer may announce, so that a client may send this much before the
/// server's SETTINGS arrive.
pub const DEFAULT_MAX_METADATA_SIZE: u32 = 16 * 1024;

/// Entries of user metadata that a frame may have.
///
/// A small entry takes many times its encoded size in memory: with this many, 16 KiB of metadata
/// become less than 40.
pub const MAX_METADATA_ENTRIES: usize = 256;

/// Flow-control window of a new stream, per direction, in bytes: 1 MiB.
///
/// It is also the least that a peer may announce. Nearly every unary message fits, so that the
/// usual call never waits for a WINDOW frame.
pub const INITIAL_STREAM_WINDOW: u32 = 1024 * 1024;

/// Largest body of one frame that is accepted unless configured otherwise, in bytes: 16 KiB.
///
/// It is also the least that a peer may announce. Small enough that a large message does not hold
/// up the small ones beside it, large enough that the 16-byte header costs a tenth of a percent.
pub const DEFAULT_MAX_FRAME_BODY: u32 = 16 * 1024;

/// Largest frame body that a peer may announce to accept, in bytes: 16 MiB.
///
/// As the 24 bits of HTTP/2: room for peers on fast links who want few frames, while a frame that is read
/// whole before anything is done with it stays small beside a machine's memory.
pub const MAX_FRAME_BODY: u32 = 16 * 1024 * 1024;

/// Streams that a client may have open before the server's SETTINGS arrive.
///
/// Enough to pipeline behind the connection's first bytes without overrunning a careful server.
pub const ASSUMED_MAX_CONCURRENT_STREAMS: u32 = 128;

/// Streams of one connection that a server runs at a time unless configured otherwise: 1,024.
///
/// Some ten times what a client with calls of usual length keeps busy: at a millisecond each they are a
/// million calls a second. Little enough that what each may hold (a window, a task) is bounded for a
/// connection, and that all of them have their place in the table that is looked up by index.
pub const DEFAULT_MAX_CONCURRENT_STREAMS: u32 = 1_024;

/// Method numbers of one connection; a client sends paths for methods beyond them.
///
/// Bounds the table that a peer can make the other side keep.
pub const MAX_METHOD_NUMBERS: u16 = 1_024;

/// Longest method path, in bytes.
///
/// With [`MAX_METHOD_NUMBERS`] it bounds the path table of one connection at 1 MiB.
pub const MAX_PATH_LEN: usize = 1_024;

/// Longest message text of a GOAWAY frame, in bytes; longer ones are cut when sent.
pub const MAX_GOAWAY_MESSAGE_LEN: usize = 1_024;

/// Least time between two PINGs that a peer accepts unless configured otherwise: 10 seconds.
///
/// Short enough to notice a dead peer in time, long enough that idle connections stay idle.
pub const DEFAULT_MIN_PING_INTERVAL: Duration = Duration::from_secs(10);

/// Bytes of requests that one connection of a server may hold before handlers have taken them,
/// unless configured otherwise: 256 MiB, so that a thousand calls may each have a quarter of a
/// mebibyte on its way, and a peer cannot fill the windows of all its streams.
pub const DEFAULT_MAX_UNREAD_INPUT: u64 = 256 * 1024 * 1024;

/// Bytes of replies that one connection of a server may hold for its client, unless configured
/// otherwise: 256 MiB, as for requests.
pub const DEFAULT_MAX_QUEUED_REPLIES: usize = 256 * 1024 * 1024;

/// Message bytes that one connection grants beyond the initial windows of its streams, 16 MiB, besides
/// one message that is granted all it needs: with it several large messages advance at the same time
/// while the largest wait for their turn, so that a peer with many streams cannot make this side hold
/// them all.
pub const DEFAULT_GRANT_BUDGET: u64 = 16 * 1024 * 1024;
