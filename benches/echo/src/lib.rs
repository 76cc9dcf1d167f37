//! A hand-written multiplexed echo: what many calls over one connection cost without an RPC system. Its client puts calls into
//! frames of its own, or into JSON-RPC for servers that speak it.

mod client;
mod frames;
mod json_rpc;

use bytes::{Bytes, BytesMut};

pub use client::EchoClient;
pub use frames::{REPEAT, decode, encode};

/// The buffers' initial size and the least room for a read, in bytes.
pub const READ_SIZE: usize = 32 * 1024;

/// How calls and their answers become bytes.
#[derive(Clone, Copy)]
pub struct Frames {
    /// Appends a call with its number and its text.
    encode: fn(&mut BytesMut, u32, &[u8]),
    /// Takes the next answer off the front of what was read, with the number of its call; none until it is complete.
    decode: fn(&mut BytesMut) -> Option<(u32, Bytes)>,
}

impl Frames {
    /// Those of the bare echo.
    pub const BARE: Self = Self {
        encode: frames::encode,
        decode: frames::decode,
    };

    /// JSON-RPC 2.0 over TCP, a line for each call of `Echo.Echo`.
    pub const JSON_RPC: Self = Self {
        encode: json_rpc::encode,
        decode: json_rpc::decode,
    };
}
