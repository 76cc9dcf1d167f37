//! Frames to bytes and back: pure functions over buffers.
//!
//! A frame is a header of [`HEADER_LEN`] bytes, then metadata, then a body, then - where the flag
//! [`Flags::CHECKSUM`] says so - a checksum of [`CHECKSUM_LEN`] bytes:
//!
//! * [`FrameHeader`] is the fixed part of every frame. Parsing one checks all that can be checked
//!   without knowing the connection: magic, version, type, flags, stream and fixed lengths.
//! * SETTINGS, CANCEL, WINDOW, PING, PONG and GOAWAY are encoded whole, header included, and
//!   decoded from their body: [`Settings`], [`cancel`], [`window`], [`ping`] and [`GoAway`].
//! * REQUEST, RESPONSE and DATA carry messages, which their sender encodes in place; here are
//!   their metadata, [`RequestMetadata`] and [`ResponseMetadata`], the body of an error,
//!   [`StatusBody`], and [`data_header`].
//!
//! A [`FrameError`] is always an error of the whole connection.

pub mod cancel;
pub(crate) mod checksum;
mod control;
mod data;
mod error;
mod flags;
mod frame_type;
mod goaway;
mod head;
mod header;
pub mod ping;
mod request;
mod response;
mod settings;
mod user_metadata;
pub mod window;

pub use data::{data_header, plain_message};
pub use error::FrameError;
pub use flags::Flags;
pub use frame_type::FrameType;
pub use goaway::{GoAway, GoAwayCode};
pub use header::FrameHeader;
pub use request::RequestMetadata;
pub use response::{ResponseMetadata, StatusBody};
pub use settings::{Features, Settings};
pub use user_metadata::MetadataEntry;
pub(crate) use user_metadata::too_many_entries;

/// The first two bytes of every frame.
pub const MAGIC: u16 = 0x1234;

/// The version of the protocol that this crate speaks: the third byte of every frame.
pub const VERSION: u8 = 2;

/// Length of a frame's header, in bytes.
pub const HEADER_LEN: usize = 16;

/// Length of the checksum behind the body of a frame with [`Flags::CHECKSUM`], in bytes.
pub const CHECKSUM_LEN: usize = 4;

/// Length of the body of a PING or PONG, in bytes.
pub const PING_LEN: usize = 8;
